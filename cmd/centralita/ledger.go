package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"centralita/cmd/centralita/machine"
	"centralita/crm/audit"
	"centralita/crm/lead"
	"centralita/internal/postgres"
)

// ledgerCommand checks the lead ledger: it prints the balance, line by line and in all, and fails when it is not 0.
func ledgerCommand(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "check" {
		return errors.New("usage: centralita ledger check [--json] [--data DIR | --database URL]")
	}
	flags := newFlags("ledger check")
	open := databaseFlags(flags)
	asJSON := flags.Bool("json", false, "for programs")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	db, err := open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	report, err := lead.NewLedger(db, audit.NewLog(db), silent{}).Check(ctx)
	if err != nil {
		return err
	}
	if err := printReport(os.Stdout, report, *asJSON); err != nil {
		return err
	}
	if !report.OK() {
		return errSilent
	}
	return nil
}

// silent is where a command's signals go: it has no browsers.
type silent struct{}

func (silent) Signal(context.Context, string, any) {}
func (silent) KickUser(context.Context, int64)     {}
func (silent) KickSession(context.Context, int64)  {}

func printReport(w io.Writer, r lead.Report, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(struct {
			OK bool `json:"ok"`
			lead.Report
		}{r.OK(), r})
	}
	fmt.Fprintf(w, "%-24s %8s = %8s + %-8s difference\n", "line", "opened", "open", "closed")
	for _, l := range r.Lines {
		name := l.Line
		if l.LineID == 0 {
			name = "(no line)"
		}
		printBalance(w, name, l.Opened, l.Open, l.Difference)
	}
	printBalance(w, "all", r.Total.Opened, r.Total.Open, r.Total.Difference)
	for _, c := range r.Total.Closed {
		fmt.Fprintf(w, "  %-22s %8d\n", c.Type, c.Count)
	}
	for _, f := range []struct {
		what string
		lead.Findings
	}{
		{"leads whose journal says otherwise", r.Journal}, {"calls without lead", r.Calls},
		{"calls the switch saw and we did not", r.Witnessed}, {"contacts their lead does not know", r.Contacts},
	} {
		fmt.Fprintf(w, "%-40s %d\n", f.what, f.Count)
		for _, name := range f.First {
			fmt.Fprintf(w, "  %s\n", name)
		}
	}
	verdict := "the ledger balances"
	if !r.OK() {
		verdict = "THE LEDGER DOES NOT BALANCE"
	}
	_, err := fmt.Fprintln(w, verdict)
	return err
}

func printBalance(w io.Writer, name string, opened, open, difference int64) {
	runes := []rune(name)
	name = string(runes[:min(len(runes), 24)])
	fmt.Fprintf(w, "%-24s %8d = %8d + %-8d %d\n", name, opened, open, opened-open-difference, difference)
}

// databaseFlags adds the flags that say which database is meant and returns what opens it: the one named by URL, by
// the environment, or of the instance that runs on a data directory.
func databaseFlags(flags interface {
	String(name, value, usage string) *string
}) func(context.Context) (*postgres.DB, error) {
	url := flags.String("database", os.Getenv("DATABASE_URL"), "database URL; default: that of the running instance")
	data := flags.String("data", string(machine.DefaultDir()), "data directory of the running instance")
	return func(ctx context.Context) (*postgres.DB, error) {
		if *url == "" {
			state, err := machine.Dir(*data).ReadState()
			if err != nil {
				return nil, err
			}
			*url = state.Postgres
		}
		return postgres.Open(ctx, *url)
	}
}
