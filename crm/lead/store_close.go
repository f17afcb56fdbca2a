package lead

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

const (
	sqlClose = `
update leads set state = 'closed', closing = $2, closing_reason = $3, closed_by = nullif($4::bigint, 0), closed_role = $5,
	closed_at = now(), updated_at = now()`
	sqlClosedEntry = `
insert into lead_entries (lead_id, kind, user_id, closing, detail)
values ($1, 'closed', nullif($2::bigint, 0), $3, jsonb_build_object('reason', $4::text))`
	sqlReopen = `
update leads set state = 'open', closing = null, closing_reason = '', closed_by = null, closed_role = '', closed_at = null,
	duplicate_of = null, updated_at = now() where id = $1`
	sqlReopenedEntry = `
insert into lead_entries (lead_id, kind, user_id, closing, detail)
values ($1, 'reopened', nullif($2::bigint, 0), $3, jsonb_build_object('reason', $4::text))`
)

// change locks a lead, lets fn look at it and say what to do, and does that
// together with the audit entry, in one transaction. It returns the lead as it
// is afterwards.
func (l *Ledger) change(ctx context.Context, id int64, action string, fn func(ctx context.Context, before Lead, b *pgx.Batch) error) (Lead, error) {
	var after Lead
	err := l.db.InTx(ctx, func(ctx context.Context) error {
		before, err := l.lock(ctx, id)
		if err != nil {
			return err
		}
		if err := before.may(ctx, access.Change); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		if err := fn(ctx, before, batch); err != nil {
			return err
		}
		if err := l.db.Conn(ctx).SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		if after, err = l.get(ctx, id); err != nil {
			return err
		}
		l.changed(ctx, id, after.ClientID)
		return l.audit.Record(ctx, action, "lead", id, before.essence(), after.essence())
	})
	return l.shown(ctx, after, err)
}

// lock reads a lead and keeps others from changing it until ctx's transaction ends.
func (l *Ledger) lock(ctx context.Context, id int64) (Lead, error) {
	if _, err := l.db.Conn(ctx).Exec(ctx, "select 1 from leads where id = $1 for no key update", id); err != nil {
		return Lead{}, fmt.Errorf("lock lead: %w", err)
	}
	return l.get(ctx, id)
}

// essence is what the audit keeps of a lead.
func (l Lead) essence() map[string]any {
	return map[string]any{"state": l.State, "closing": l.Closing, "closing_reason": l.ClosingReason, "responsible_id": l.ResponsibleID,
		"next_step_at": l.NextStepAt, "next_step_note": l.NextStepNote, "note": l.Note}
}

// Close closes an open lead on behalf of ctx's actor. See Closing for the rules
// of reasons; only who may assign leads writes off somebody else's. It fails
// with kind Conflict and code leased while another user has the lead on lease.
func (l *Ledger) Close(ctx context.Context, id int64, closing Closing, reason string) (Lead, error) {
	reason, err := tidy(reason, "reason")
	if err != nil {
		return Lead{}, err
	}
	actor := access.ActorFrom(ctx)
	return l.change(ctx, id, "close", func(ctx context.Context, before Lead, b *pgx.Batch) error {
		if err := before.mayClose(actor, closing, reason); err != nil {
			return err
		}
		if err := before.leasedToOther(actor.UserID); err != nil {
			return err
		}
		b.Queue(sqlClose+", lease_user_id = null, lease_until = null, lease_call_id = null where id = $1",
			id, closing, reason, actor.UserID, actor.Role())
		b.Queue(sqlClosedEntry, id, actor.UserID, closing, reason)
		return l.followed(ctx, "closed", id)
	})
}

// Reopen takes a closing back. It fails with kind Conflict when the lead is
// open, or when a newer one of the same identity and line is.
func (l *Ledger) Reopen(ctx context.Context, id int64, reason string) (Lead, error) {
	reason, err := tidy(reason, "reason")
	if err != nil {
		return Lead{}, err
	}
	lead, err := l.change(ctx, id, "reopen", func(ctx context.Context, before Lead, _ *pgx.Batch) error {
		if before.State != "closed" {
			return errOpen
		}
		return l.reopen(ctx, id, *before.Closing, reason, access.ActorFrom(ctx).UserID)
	})
	if _, taken := postgres.UniqueViolation(err); taken {
		return Lead{}, fault.Wrap(err, fault.Conflict, "newer_lead_open", "A newer lead of the same caller is open on this line.")
	}
	return lead, err
}

func (l *Ledger) reopen(ctx context.Context, id int64, closing Closing, reason string, user int64) error {
	batch := &pgx.Batch{}
	batch.Queue(sqlReopen, id)
	batch.Queue(sqlReopenedEntry, id, user, closing, reason)
	if err := l.db.Conn(ctx).SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("reopen lead: %w", err)
	}
	return l.followed(ctx, "reopened", id)
}
