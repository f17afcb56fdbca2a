package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"
)

// figure is one line of the table.
type figure struct {
	Figure  string   `json:"figure"`
	Peer    string   `json:"peer,omitempty"`
	Ours    stats    `json:"ours"`
	Theirs  *stats   `json:"theirs,omitempty"`
	Verdict []target `json:"verdict"`
}

// target is a value and what it has to reach. Least: it must not be below the
// limit; otherwise it must not be above it.
type target struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Limit float64 `json:"limit"`
	Least bool    `json:"least,omitempty"`
	OK    bool    `json:"ok"`
}

func atMost(what string, value, limit float64) target {
	return target{What: what, Value: value, Limit: limit, OK: value <= limit}
}

func atLeast(what string, value, limit float64) target {
	return target{What: what, Value: value, Limit: limit, Least: true, OK: value >= limit}
}

// String is the target in the table. A value that is no number fails.
func (t target) String() string {
	sign, word := "≤", "FAIL"
	if t.Least {
		sign = "≥"
	}
	if t.OK {
		word = "PASS"
	}
	return fmt.Sprintf("%s %s %s %s **%s**", t.What, show(t.Value), sign, show(t.Limit), word)
}

// report is what was measured so far.
type report struct {
	Machine machineNote `json:"machine"`
	Seed    uint64      `json:"seed"`
	Clients int         `json:"clients"`
	Short   bool        `json:"short"`
	Began   time.Time   `json:"began"`
	Took    string      `json:"took"`
	Figures []figure    `json:"figures"`
	Notes   []string    `json:"notes,omitempty"`

	dir string
}

func newReport(w *world) *report {
	return &report{
		Machine: describeMachine(w), Seed: w.seed, Clients: w.clients, Short: w.short, Began: time.Now().UTC(), dir: w.out,
	}
}

func (r *report) add(f figure) {
	r.Figures = append(r.Figures, f)
	progress("  %s: %s", f.Figure, row(f))
}

func (r *report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
	progress("  "+format, args...)
}

// publish prints the table and keeps it as JSON.
func (r *report) publish(out io.Writer) error {
	r.Took = time.Since(r.Began).Round(time.Second).String()
	fmt.Fprintf(out, "%s\n%d clients, seed %d, began %s, took %s\n\n", r.Machine, r.Clients, r.Seed, r.Began.Format(time.RFC3339), r.Took)
	fmt.Fprintln(out, "| figure | ours: n (failed) · p50 / p95 / p99 / max | peer of the same run | ratio and target |\n| --- | --- | --- | --- |")
	for _, f := range r.Figures {
		fmt.Fprintf(out, "| %s | %s |\n", f.Figure, row(f))
	}
	for _, n := range r.Notes {
		fmt.Fprintf(out, "\n%s\n", n)
	}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return err
	}
	name := filepath.Join(r.dir, r.Began.Format("20060102T150405Z")+".json")
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nwritten to %s\n", name)
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

// row is a figure without its name.
func row(f figure) string {
	theirs := ""
	if f.Theirs != nil {
		theirs = f.Peer + ": " + f.Theirs.String()
	}
	verdict := ""
	for i, t := range f.Verdict {
		if i > 0 {
			verdict += "; "
		}
		verdict += t.String()
	}
	return f.Ours.String() + " | " + theirs + " | " + verdict
}

// String is a sample in the table.
func (s stats) String() string {
	if s.N == 0 && s.Failures == 0 {
		return ""
	}
	text := fmt.Sprintf("%d (%d) · %s / %s / %s / %s ms", s.N, s.Failures, show(s.P50), show(s.P95), show(s.P99), show(s.Max))
	if s.PerSecond > 0 {
		text += fmt.Sprintf(", %.0f/s", s.PerSecond)
	}
	return text
}

// MarshalJSON leaves out times that nothing was measured of.
func (s stats) MarshalJSON() ([]byte, error) {
	type plain stats
	for _, v := range []*float64{&s.P50, &s.P95, &s.P99, &s.Max} {
		if math.IsNaN(*v) {
			*v = -1
		}
	}
	return json.Marshal(plain(s))
}

// show writes a number with as many digits as it deserves.
func show(v float64) string {
	switch {
	case math.IsNaN(v):
		return "none"
	case v != 0 && math.Abs(v) < 1:
		return fmt.Sprintf("%.3f", v)
	case math.Abs(v) < 100 && v != math.Trunc(v):
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
