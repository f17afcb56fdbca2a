package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"centralita/cmd/centralita/machine"
)

// statusCommand tells what runs on a data directory; it fails when nothing does.
func statusCommand(_ context.Context, args []string) error {
	flags := newFlags("status")
	data := flags.String("data", string(machine.DefaultDir()), "data directory")
	asJSON := flags.Bool("json", false, "for programs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	state, err := machine.Dir(*data).ReadState()
	if err != nil && !errors.Is(err, machine.ErrNotRunning) {
		return err
	}
	if *asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(state); err != nil {
			return err
		}
	} else if err == nil {
		printState(state)
	} else {
		fmt.Println(err)
	}
	if err != nil {
		return errSilent
	}
	return nil
}

func printState(s machine.State) {
	fmt.Printf("running since %s, version %s\n", s.StartedAt.Local().Format("2006-01-02 15:04:05"), s.Version)
	for _, row := range [][2]string{
		{"web", s.HTTP}, {"sip trunk", s.SIP}, {"postgres", s.Postgres}, {"redis", s.Redis}, {"ari", s.ARI}, {"twilio", s.Twilio}, {"data", s.DataDir},
	} {
		if row[1] != "" {
			fmt.Printf("  %-10s %s\n", row[0], row[1])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.PIDs)) {
		fmt.Printf("  %-10s process %d\n", name, s.PIDs[name])
	}
	for _, l := range s.Logins {
		fmt.Printf("  %-10s %s / %s\n", l.Role, l.Login, l.Password)
	}
}
