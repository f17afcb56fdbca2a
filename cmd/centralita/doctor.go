package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"centralita/cmd/centralita/doctor"
	"centralita/cmd/centralita/machine"
	"centralita/frontend"
)

// doctorCommand says what is wrong; it fails when something must be mended.
func doctorCommand(ctx context.Context, args []string) error {
	flags := newFlags("doctor")
	data := flags.String("data", string(machine.DefaultDir()), "data directory")
	asJSON := flags.Bool("json", false, "for programs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := filepath.Abs(*data)
	if err != nil {
		return err
	}
	findings := doctor.Examine(ctx, doctor.Patient{Dir: machine.Dir(dir), Getenv: os.Getenv, AppBuilt: frontend.Built()})
	fit := doctor.Fit(findings)
	if *asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(map[string]any{"fit": fit, "checks": findings}); err != nil {
			return err
		}
	} else {
		printFindings(findings)
	}
	if !fit {
		return errSilent
	}
	return nil
}

func printFindings(findings []doctor.Finding) {
	for _, f := range findings {
		fmt.Printf("%-4s  %-20s %s\n", f.State, f.Name, f.Detail)
		if f.Mend != "" {
			fmt.Printf("      %-20s → %s\n", "", f.Mend)
		}
	}
}
