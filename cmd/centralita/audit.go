package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"centralita/cmd/centralita/machine"
	"centralita/crm/audit"
)

const auditUsage = `usage: centralita audit verify   [--json] [--dir DIR] [--data DIR | --database URL]
       centralita audit restored --reason WHY [--dir DIR] [--data DIR | --database URL]
       centralita audit erase    --reason WHY --entity KIND --id ID [--data DIR | --database URL]`

// auditCommand verifies the log, declares that a restore has set it back, and
// erases what it knows of a thing.
func auditCommand(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New(auditUsage)
	}
	switch args[0] {
	case "verify":
		return auditVerify(ctx, args[1:])
	case "restored":
		return auditRestored(ctx, args[1:])
	case "erase":
		return auditErase(ctx, args[1:])
	}
	return errors.New(auditUsage)
}

// checkpointFlag adds the flag that says where the checkpoints are: as named, as
// the environment has it, or of the instance in the data directory.
func checkpointFlag(flags interface {
	String(name, value, usage string) *string
}) func(data string) string {
	dir := flags.String("dir", os.Getenv("CENTRALITA_AUDIT_DIR"), "directory of the checkpoints; default: that of the data directory")
	return func(data string) string {
		if *dir != "" {
			return *dir
		}
		return machine.Dir(data).Audit()
	}
}

// auditVerify walks the whole log. It fails when anything is wrong, and names the
// first bad row first.
func auditVerify(ctx context.Context, args []string) error {
	flags := newFlags("audit verify")
	open, where := databaseFlags(flags), checkpointFlag(flags)
	asJSON := flags.Bool("json", false, "for programs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir := where(flags.Lookup("data").Value.String())
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("there are no checkpoints to compare with: %w", err)
	}
	db, err := open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	verdict, err := audit.NewLog(db).Verify(ctx, dir, progress(*asJSON))
	if err != nil {
		return err
	}
	if *asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(verdict)
	} else {
		err = printVerdict(os.Stdout, verdict)
	}
	if err == nil && !verdict.OK {
		err = errSilent
	}
	return err
}

// progress tells every few seconds how far a long walk is.
func progress(quiet bool) func(int64) {
	if quiet {
		return nil
	}
	start := time.Now()
	told := start
	return func(entries int64) {
		if now := time.Now(); now.Sub(told) > 3*time.Second {
			told = now
			fmt.Fprintf(os.Stderr, "%d entries, %.0f/s\n", entries, float64(entries)/now.Sub(start).Seconds())
		}
	}
}

func printVerdict(w io.Writer, v audit.Verdict) error {
	for _, f := range v.Findings {
		fmt.Fprintf(w, "%-14s %s\n", f.Kind, describeFinding(f))
	}
	if more := v.Bad - int64(len(v.Findings)); more > 0 {
		fmt.Fprintf(w, "%-14s %d\n", "and more", more)
	}
	fmt.Fprintf(w, "%d entries, %d not sealed yet, %.0f/s\n", v.Entries, v.Unsealed, float64(v.Entries)/max(v.Took.Seconds(), 0.001))
	if v.LastAt != nil {
		fmt.Fprintf(w, "%d checkpoints, the last of %s; entries up to %d are vouched for\n", v.Checkpoints, v.LastAt.Format(time.RFC3339), v.Anchored)
	} else {
		fmt.Fprintln(w, "no checkpoint: nobody vouches for the chain as a whole")
	}
	for _, r := range v.Restores {
		fmt.Fprintln(w, "restore:", r)
	}
	if v.Erased > 0 {
		fmt.Fprintf(w, "%d entries without their texts\n", v.Erased)
	}
	verdict := "the log holds"
	if !v.OK {
		verdict = "THE LOG WAS CHANGED"
	}
	_, err := fmt.Fprintln(w, verdict)
	return err
}

func describeFinding(f audit.Finding) string {
	text := f.Text
	if f.Seq > 0 {
		text = fmt.Sprintf("place %d: %s", f.Seq, text)
	}
	if f.At != nil {
		text += " (" + f.At.Format(time.RFC3339) + ")"
	}
	return text
}

// auditRestored declares that the log was set back on purpose.
func auditRestored(ctx context.Context, args []string) error {
	flags := newFlags("audit restored")
	open, where := databaseFlags(flags), checkpointFlag(flags)
	reason := flags.String("reason", "", "why an older state was restored, and which")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir := where(flags.Lookup("data").Value.String())
	db, err := open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	end, err := audit.NewLog(db).DeclareRestore(ctx, dir, *reason)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("declared: the log was set back to its %d entries\n", end.Seq)
	return err
}

// auditErase takes what the log knows of a thing out of it.
func auditErase(ctx context.Context, args []string) error {
	flags := newFlags("audit erase")
	open := databaseFlags(flags)
	entity := flags.String("entity", "", "kind of the thing, like client")
	id := flags.Int64("id", 0, "number of the thing")
	reason := flags.String("reason", "", "why")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *entity == "" || *id <= 0 {
		return errors.New(auditUsage)
	}
	db, err := open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	n, err := audit.NewLog(db).Erase(ctx, *entity, *id, *reason)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%d entries have lost their texts; who did what and when stays\n", n)
	return err
}
