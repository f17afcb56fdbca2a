// Package witness reads Asterisk's own evidence of calls and makes the books agree with it. What callers did while
// no server of ours was there to see it - they reached the fall-back, hung up, left a message - stands in Asterisk's
// event log, which depends on nothing of ours but the disk.
//
// Rows are folded into one line per inbound call, in the transaction that moves the bookmark, so that killed at any
// instant nothing is read twice or skipped. A call is judged only some seconds after its last row: whoever handles it
// normally has stored it by then.
package witness

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"centralita/asterisk/cel"
	"centralita/callcenter"
)

// grace is how old the last row of a call must be before it is judged.
const grace = 2 * time.Second

// Store keeps the evidence.
type Store interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	Bookmark(ctx context.Context, file string) (cel.Bookmark, error)
	SetBookmark(ctx context.Context, file string, b cel.Bookmark) error
	// Note folds rows into the evidence, in order.
	Note(ctx context.Context, rows []cel.Row) error
	// Unsettled returns evidence the books may not agree with yet, whose last row is older than grace.
	Unsettled(ctx context.Context, grace time.Duration) ([]callcenter.Evidence, error)
}

// Settler marks evidence that nothing more will come of.
type Settler interface {
	Settle(ctx context.Context, asteriskID, channel string) error
}

// Floor makes the books agree with one piece of evidence.
type Floor interface {
	Recover(ctx context.Context, e callcenter.Evidence) error
}

// Witness reads one event log.
type Witness struct {
	file    string
	store   Store
	settler Settler
	floor   Floor
	log     *slog.Logger
}

// New returns a witness of the event log at file.
func New(file string, store Store, settler Settler, floor Floor, log *slog.Logger) *Witness {
	return &Witness{file, store, settler, floor, log}
}

// Run reads until ctx ends.
func (w *Witness) Run(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := w.CatchUp(ctx); err != nil && ctx.Err() == nil {
			w.log.Error("evidence not read", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// CatchUp reads what is new and settles what can be settled.
func (w *Witness) CatchUp(ctx context.Context) error {
	for more := true; more; {
		err := w.store.InTx(ctx, func(ctx context.Context) (err error) {
			more, err = w.read(ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return w.settle(ctx)
}

func (w *Witness) read(ctx context.Context) (more bool, err error) {
	from, err := w.store.Bookmark(ctx, w.file)
	if err != nil {
		return false, err
	}
	batch, err := cel.Read(w.file, from)
	if err != nil || batch.Next == from {
		return false, err
	}
	if batch.Damaged > 0 {
		w.log.Warn("rows of the event log were torn by a crash", "rows", batch.Damaged)
	}
	if err := w.store.Note(ctx, inbound(batch.Rows)); err != nil {
		return false, err
	}
	return batch.More, w.store.SetBookmark(ctx, w.file, batch.Next)
}

// inbound keeps the rows that tell of callers' own channels.
func inbound(rows []cel.Row) []cel.Row {
	kept := make([]cel.Row, 0, len(rows))
	for _, r := range rows {
		if r.UniqueID != r.LinkedID || !strings.HasPrefix(r.Channel, "PJSIP/trunk-") {
			continue
		}
		switch r.Type {
		case cel.ChannelStart, cel.ChannelEnd, cel.Answer, cel.Hangup, cel.UserDefined:
			kept = append(kept, r)
		}
	}
	return kept
}

func (w *Witness) settle(ctx context.Context) error {
	unsettled, err := w.store.Unsettled(ctx, grace)
	if err != nil {
		return err
	}
	for _, e := range unsettled {
		if err := w.floor.Recover(ctx, e); err != nil {
			w.log.Error("call not recovered", "channel", e.Channel, "error", err)
			continue
		}
		if e.EndedAt.IsZero() {
			continue
		}
		if err := w.settler.Settle(ctx, e.AsteriskID, e.Channel); err != nil {
			return err
		}
	}
	return nil
}
