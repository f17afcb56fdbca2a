package lead

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
)

const sqlEntry = `
insert into lead_entries (lead_id, kind, user_id, detail) values ($1, $2, nullif($3::bigint, 0), $4::jsonb)`

// furthest bounds how far ahead a next step may lie.
const furthest = 5 * 365 * 24 * time.Hour

// NextStep dates what happens next with an open lead, or clears it when at is
// nil. at must lie in the future.
func (l *Ledger) NextStep(ctx context.Context, id int64, at *time.Time, note string) (Lead, error) {
	note, err := tidy(note, "note")
	if err != nil {
		return Lead{}, err
	}
	now := l.now()
	if at != nil && (!at.After(now) || at.After(now.Add(furthest))) {
		return Lead{}, fault.New(fault.Invalid, "time_in_past", "The next step must lie in the future.").WithField("body.at", "not in the future")
	}
	user := access.ActorFrom(ctx).UserID
	return l.change(ctx, id, "next_step", func(_ context.Context, before Lead, b *pgx.Batch) error {
		if err := before.mayWork(user); err != nil {
			return err
		}
		b.Queue(`update leads set next_step_at = $2, next_step_note = $3, updated_at = now(),
			next_step_set_at = case when $2::timestamptz is null then null else clock_timestamp() end where id = $1`, id, at, note)
		b.Queue(sqlEntry, id, "next_step", user, map[string]any{"at": at, "note": note})
		return nil
	})
}

// mayWork fails when the lead is closed or on lease to somebody else.
func (l Lead) mayWork(user int64) error {
	if l.State != "open" {
		return errClosed
	}
	return l.leasedToOther(user)
}

// Assign makes a user responsible for an open lead; nil makes nobody. The user
// must be active.
func (l *Ledger) Assign(ctx context.Context, id int64, user *int64) (Lead, error) {
	return l.change(ctx, id, "assign", func(ctx context.Context, before Lead, b *pgx.Batch) error {
		if before.State != "open" {
			return errClosed
		}
		if user != nil {
			var active bool
			err := l.db.Conn(ctx).QueryRow(ctx, "select exists (select 1 from users where id = $1 and active)", *user).Scan(&active)
			if err != nil {
				return err
			}
			if !active {
				return fault.New(fault.Invalid, "user_unknown", "There is no such active user.").WithField("body.user_id", "unknown")
			}
		}
		b.Queue("update leads set responsible_id = $2, updated_at = now() where id = $1", id, user)
		b.Queue(sqlEntry, id, "assigned", access.ActorFrom(ctx).UserID, map[string]any{"user_id": user})
		return nil
	})
}

// SetNote replaces the note of a lead, open or closed.
func (l *Ledger) SetNote(ctx context.Context, id int64, note string) (Lead, error) {
	note, err := tidy(note, "note")
	if err != nil {
		return Lead{}, err
	}
	user := access.ActorFrom(ctx).UserID
	return l.change(ctx, id, "note", func(_ context.Context, _ Lead, b *pgx.Batch) error {
		b.Queue("update leads set note = $2, updated_at = now() where id = $1", id, note)
		b.Queue(sqlEntry, id, "note", user, map[string]any{"note": note})
		return nil
	})
}
