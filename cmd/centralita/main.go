// Command centralita is the whole product in one binary: wiring only. Each
// command turns flags into configuration and hands over to the rooms.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// command is one word after `centralita`. run returns nil, an error to show, or
// errSilent when everything has been said.
type command struct {
	name, summary string // an empty summary hides it from the help
	run           func(ctx context.Context, args []string) error
}

// commands are in the order of the help.
var commands = []command{
	{"run", "start everything on this machine, private and on loopback", runCommand},
	{"serve", "run one server, everything by URL from the environment", serveCommand},
	{"call", "place a SIP call with audible sound into a running instance", callCommand(runningTrunk)},
	{"user", "add, list and disable users, set passwords", userCommand},
	{"audit", "verify that nobody has changed the log of who did what", auditCommand},
	{"ledger", "check that no lead and no call is lost", ledgerCommand},
	{"doctor", "say what is wrong with this machine, and how to mend it", doctorCommand},
	{"demo", "fill an empty base with a firm to look at, or add clients by the million", demoCommand},
	{"status", "tell ports, processes and logins of a running instance", statusCommand},
	{"version", "print the version", versionCommand},
	{"twilio", "", twilioCommand},
	{"openapi", "", openapiCommand},
}

// errSilent fails a command that has already said why.
var errSilent = errors.New("failed")

// main is the only place that ends the process.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := dispatch(ctx, os.Args[1:], os.Stderr)
	stop()
	var code exitCode
	switch {
	case errors.As(err, &code):
		os.Exit(int(code))
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errSilent):
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "centralita:", err)
		os.Exit(1)
	}
}

// dispatch runs the command that args name.
func dispatch(ctx context.Context, args []string, help io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(help)
		return flag.ErrHelp
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(ctx, args[1:])
		}
	}
	usage(help)
	return fmt.Errorf("unknown command %q", args[0])
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: centralita COMMAND [flags]   (COMMAND -h tells its flags)")
	for _, c := range commands {
		if c.summary != "" {
			fmt.Fprintf(w, "  %-8s %s\n", c.name, c.summary)
		}
	}
}

// newFlags returns a flag set that reports errors instead of exiting.
func newFlags(name string) *flag.FlagSet {
	return flag.NewFlagSet("centralita "+name, flag.ContinueOnError)
}
