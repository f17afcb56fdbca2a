package main

import (
	"context"
	"errors"
	"os/exec"

	"centralita/internal/siptest"
)

// measureLedger counts the calls that the callers know of and the product does
// not, and has the ledger checked.
func measureLedger(ctx context.Context, w *world, r *report) error {
	var numbers []string
	var failed []error
	for _, t := range w.placed {
		if t.call.Record().Heeded() {
			numbers = append(numbers, t.from)
		}
		var over *siptest.EndedError
		if t.err != nil && !errors.As(t.err, &over) {
			failed = append(failed, t.err)
		}
	}
	var lost, fallen int
	err := w.db.Conn(ctx).QueryRow(ctx, `
select count(*) filter (where c.id is null), count(*) filter (where c.phase = 'fallback' or c.recovered)
from unnest($1::text[]) n left join calls c on c.caller_raw = n and c.lead_id is not null`, numbers).Scan(&lost, &fallen)
	if err != nil {
		return err
	}
	r.add(figure{Figure: "calls lost over the run", Ours: stats{}, Verdict: []target{
		atMost("of "+show(float64(len(numbers)))+" calls", float64(lost), 0), atMost("served by the fall-back", float64(fallen), 0),
	}})
	if len(failed) > 0 {
		r.note("%d calls into the product did not go as the caller wished; the first: %v", len(failed), failed[0])
	}
	balanced := 0.0
	cmd := exec.CommandContext(ctx, w.bin, "ledger", "check")
	cmd.Env = append(plainEnviron(), "DATABASE_URL="+w.store.url())
	said, err := cmd.CombinedOutput()
	if err != nil {
		balanced = 1
		r.note("ledger check: %v: %s", err, said)
	}
	r.add(figure{Figure: "the ledger balances", Verdict: []target{atMost("difference", balanced, 0)}})
	rss, err := w.resident(ctx)
	if err == nil {
		r.note("resident memory of the server after the run: %s MB", show(rss))
	}
	return err
}
