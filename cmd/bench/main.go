// Command bench measures the product against the least that could do the same
// work: every figure has its floor or its peer, measured in the same run, on the
// same machine, in alternation. Nothing is cached between runs but the client
// base, and every failure counts.
//
// It runs a private instance through `centralita run`, with a PostgreSQL, an
// Asterisk and ports of its own, all on loopback. The peers live in a second
// process (`bench peer`), so that both sides reach the measuring process through
// the same kind of sockets. Callers and desk phones are SIP agents of this
// process. The table goes to standard output as Markdown, and to a JSON file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:])
	stop()
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

// command runs what args name: the peers' process, or the bench itself.
func command(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "peer" {
		return peerCommand(ctx, args[1:])
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	return bench(ctx, o)
}

// bench measures everything that o asks for and prints the table, as far as it
// came.
func bench(ctx context.Context, o options) (err error) {
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	w, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	r := newReport(w)
	for _, part := range parts {
		if !o.wants(part.name) {
			continue
		}
		progress("%s", part.name)
		if err := part.measure(ctx, w, r); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", part.name, err), r.publish(os.Stdout))
		}
	}
	return r.publish(os.Stdout)
}

// parts are measured in this order: memory before anything has been used, the
// ledger when all is done.
var parts = []struct {
	name    string
	measure func(context.Context, *world, *report) error
}{
	{"memory", measureMemory},
	{"pop", measurePop},
	{"painted", measurePainted},
	{"offer", measureOffer},
	{"backlog", measureBacklog},
	{"lookup", measureLookup},
	{"lead", measureLead},
	{"base", measureBase},
	{"ledger", measureLedger},
}

// progress says on standard error what goes on.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
