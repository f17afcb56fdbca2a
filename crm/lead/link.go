package lead

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// Clients is the client base, as far as linking a lead needs it. All but Linked run in ctx's transaction.
type Clients interface {
	// CanRead returns nil when ctx's actor may see the client.
	CanRead(ctx context.Context, client int64) error
	// Adopt makes a number (E.164) the client's and returns the contact point; 0 when it is his already, or when
	// ctx's actor may not change him.
	Adopt(ctx context.Context, client int64, e164 string) (point int64, err error)
	// Disown removes a contact point that Adopt made, unless it is gone already.
	Disown(ctx context.Context, client, point int64) error
	// Linked is told after the commit: the lead is the client's now, nobody's when client is 0.
	Linked(ctx context.Context, lead, client int64)
}

var (
	errNotLinked = fault.New(fault.Conflict, "lead_not_linked", "This lead belongs to no client.")
	errMerged    = fault.New(fault.Conflict, "lead_merged", "Two enquiries of this client were joined; they cannot be taken apart.")
	errNewerOpen = fault.New(fault.Conflict, "newer_lead_open", "A newer lead of the same caller is open on this line.")
)

// Link makes a lead that of an existing client, and its number his. The lead
// returned is closed when the client had an older one that goes on for both.
func (l *Ledger) Link(ctx context.Context, clients Clients, id, client int64) (after Lead, err error) {
	err = l.db.InTx(ctx, func(ctx context.Context) error {
		before, err := l.lock(ctx, id)
		if err != nil {
			return err
		}
		if err := before.may(ctx, access.Change); err != nil {
			return err
		}
		if err := clients.CanRead(ctx, client); err != nil {
			return err
		}
		if err := before.leasedToOther(access.ActorFrom(ctx).UserID); err != nil {
			return err
		}
		var point int64
		if before.Number != "" {
			if point, err = clients.Adopt(ctx, client, before.Number); err != nil {
				return err
			}
		}
		if err := l.link(ctx, id, client, point); err != nil {
			return err
		}
		if after, err = l.get(ctx, id); err != nil {
			return err
		}
		postgres.AfterCommit(ctx, func() { clients.Linked(context.WithoutCancel(ctx), id, client) })
		return l.audit.Record(ctx, "link", "lead", id, map[string]any{"client_id": before.ClientID},
			map[string]any{"client_id": client, "contact_point_id": point})
	})
	return l.shown(ctx, after, err)
}

// linked is what the journal keeps of the last link, to take it back by.
type linked struct {
	Point       int64  `json:"point_id"`
	Responsible *int64 `json:"responsible_before"`
}

// Unlink takes a lead away from its client: what Link did is undone, also the
// number it gave him. It fails with kind Conflict when the lead has no client
// (lead_not_linked), was joined with another one (lead_merged), or when a newer
// lead of the number is open (newer_lead_open).
func (l *Ledger) Unlink(ctx context.Context, clients Clients, id int64) (after Lead, err error) {
	err = l.db.InTx(ctx, func(ctx context.Context) error {
		before, err := l.lock(ctx, id)
		if err != nil {
			return err
		}
		if err := before.may(ctx, access.Change); err != nil {
			return err
		}
		last, err := l.lastLink(ctx, before)
		if err != nil {
			return err
		}
		client := *before.ClientID
		if err := l.unlink(ctx, id, last); err != nil {
			return err
		}
		if last.Point != 0 {
			if err := clients.Disown(ctx, client, last.Point); err != nil {
				return err
			}
		}
		if after, err = l.get(ctx, id); err != nil {
			return err
		}
		l.changed(ctx, id, &client)
		postgres.AfterCommit(ctx, func() { clients.Linked(context.WithoutCancel(ctx), id, 0) })
		return l.audit.Record(ctx, "unlink", "lead", id, map[string]any{"client_id": client}, map[string]any{"client_id": nil})
	})
	return l.shown(ctx, after, err)
}

// lastLink says how a lead came to its client, or why that cannot be undone.
func (l *Ledger) lastLink(ctx context.Context, lead Lead) (last linked, err error) {
	if lead.ClientID == nil {
		return last, errNotLinked
	}
	var merged bool
	err = l.db.Conn(ctx).QueryRow(ctx, `
		select exists (select 1 from leads where duplicate_of = $1 or (id = $1 and duplicate_of is not null)),
		       coalesce((select detail from lead_entries where lead_id = $1 and kind = 'linked' order by id desc limit 1), '{}')`,
		lead.ID).Scan(&merged, &last)
	if err != nil {
		return last, fmt.Errorf("read link: %w", err)
	}
	if merged {
		return last, errMerged
	}
	if last == (linked{}) {
		last.Responsible = lead.ResponsibleID
	}
	return last, nil
}

func (l *Ledger) unlink(ctx context.Context, id int64, last linked) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		update leads set client_id = null, responsible_id = $2, updated_at = now(),
		       identity = case when number <> '' then 'n:' || number else 'u:unlinked/' || id end
		where id = $1`, id, last.Responsible)
	batch.Queue("update interactions set client_id = null where lead_id = $1", id)
	batch.Queue("update calls set client_id = null where lead_id = $1", id)
	batch.Queue(sqlEntry, id, "unlinked", access.ActorFrom(ctx).UserID, map[string]any{})
	err := l.db.Conn(ctx).SendBatch(ctx, batch).Close()
	if _, taken := postgres.UniqueViolation(err); taken {
		return errNewerOpen
	}
	if err != nil {
		return fmt.Errorf("unlink lead: %w", err)
	}
	return nil
}
