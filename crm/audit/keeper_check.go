package audit

import (
	"context"
	"fmt"
	"time"

	"centralita/internal/postgres"
)

// checks verifies the whole log once a day, by one server, and whenever somebody
// asks.
func (k *Keeper) checks(ctx context.Context) {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-k.check:
			asked = true
		case <-tick.C:
		}
		if !asked && !k.overdue(ctx) {
			continue
		}
		if err := k.verify(ctx); err != nil && ctx.Err() == nil {
			k.opts.Logger.WarnContext(ctx, "log not verified", "error", err)
		}
	}
}

// overdue reports whether nobody has verified the log for a day.
func (k *Keeper) overdue(ctx context.Context) bool {
	last, err := k.log.lastCheck(ctx)
	return err == nil && (last == nil || k.opts.Now().Sub(last.At) >= verifyEvery)
}

// Ask has the log verified soon; State says when it is done.
func (k *Keeper) Ask() {
	k.mu.Lock()
	k.state.Verifying = true
	k.mu.Unlock()
	select {
	case k.check <- struct{}{}:
	default:
	}
}

func (k *Keeper) verify(ctx context.Context) error {
	defer func() {
		k.mu.Lock()
		k.state.Verifying = false
		k.mu.Unlock()
	}()
	verdict, err := k.log.Verify(ctx, k.opts.Dir, nil)
	if err != nil {
		return err
	}
	var first *Finding
	if !verdict.OK {
		first = &verdict.Findings[0]
		k.opts.Logger.ErrorContext(ctx, "THE LOG WAS CHANGED", "findings", verdict.Bad, "first", first.Text)
		if err := k.log.alert(ctx, "log.changed", first.Text); err != nil {
			return err
		}
		k.opts.Alarm()
	}
	_, err = k.log.db.Conn(ctx).Exec(ctx, "insert into audit_checks (seq, took_ms, finding) values ($1, $2, $3)",
		verdict.Entries, verdict.Took.Milliseconds(), first)
	if err != nil {
		return fmt.Errorf("note verification: %w", err)
	}
	return nil
}

// lastCheck returns the last verification by any server, or nil.
func (l *Log) lastCheck(ctx context.Context) (*Check, error) {
	var c Check
	err := l.db.Conn(ctx).QueryRow(ctx, "select at, seq, took_ms, finding from audit_checks order by id desc limit 1").
		Scan(&c.At, &c.Seq, &c.TookMS, &c.Finding)
	if postgres.IsNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read verification: %w", err)
	}
	return &c, nil
}

// State returns what this server knows of the chain.
func (k *Keeper) State(ctx context.Context) (Seals, error) {
	checked, err := k.log.lastCheck(ctx)
	if err != nil {
		return Seals{}, err
	}
	state := k.Seals()
	state.Checked = checked
	return state, nil
}

// Seals is State without what other servers have done.
func (k *Keeper) Seals() Seals {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state
}
