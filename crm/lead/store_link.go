package lead

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// keyed is what linking needs to know of a lead.
type keyed struct {
	id       int64
	identity string
	line     int64
	open     bool
	openedAt time.Time
}

const keyedColumns = "id, identity, coalesce(line_id, 0), state = 'open', opened_at"

func scanKeyed(row pgx.Row) (k keyed, err error) {
	err = row.Scan(&k.id, &k.identity, &k.line, &k.open, &k.openedAt)
	return k, err
}

// LinkClient makes a lead, its calls and its interactions those of a client.
// When the client has an open lead on that line already, the younger of the two
// is closed as the duplicate of the older, which takes over what was counted.
// It fails with kind NotFound when there is no such lead, and Invalid when
// there is no such client.
func (l *Ledger) LinkClient(ctx context.Context, leadID, clientID int64) error {
	return l.link(ctx, leadID, clientID, 0)
}

// link is LinkClient; point is the contact point that the client got by it, if any.
func (l *Ledger) link(ctx context.Context, leadID, clientID, point int64) error {
	return l.db.InTx(ctx, func(ctx context.Context) error {
		if err := Leads.CheckID(ctx, l.db, access.Change, leadID); err != nil {
			return err
		}
		k, err := scanKeyed(l.db.Conn(ctx).QueryRow(ctx, `
			select `+keyedColumns+` from leads
			where id = (select coalesce(duplicate_of, id) from leads where id = $1) for update`, leadID))
		if postgres.IsNoRows(err) {
			return errNoLead
		}
		if err != nil {
			return fmt.Errorf("lock lead: %w", err)
		}
		if err := l.linkHistory(ctx, k.id, leadID, clientID, point); err != nil {
			return err
		}
		if err := l.rekey(ctx, k, clientID); err != nil {
			return err
		}
		l.changed(ctx, k.id, &clientID)
		return nil
	})
}

// sqlLinked writes the link down before it is made, with what it takes to undo it.
const sqlLinked = `
insert into lead_entries (lead_id, kind, user_id, detail)
select id, 'linked', nullif($3::bigint, 0),
       jsonb_build_object('client_id', $2::bigint, 'point_id', $4::bigint, 'responsible_before', responsible_id)
from leads where id = $1`

// linkHistory gives the client what hangs on the lead, and on the duplicate by
// which it was named.
func (l *Ledger) linkHistory(ctx context.Context, lead, alias, client, point int64) error {
	batch := &pgx.Batch{}
	batch.Queue(sqlLinked, lead, client, access.ActorFrom(ctx).UserID, point)
	batch.Queue(`
		update leads set client_id = $2, updated_at = now(),
		       responsible_id = coalesce(responsible_id, (select responsible_id from clients where id = $2))
		where id in ($1, $3)`, lead, client, alias)
	if alias != lead { // a duplicate, which is closed
		batch.Queue("update leads set identity = $2 where id = $1", alias, clientIdentity(client))
	}
	batch.Queue("update interactions set client_id = $2 where lead_id in ($1, $3)", lead, client, alias)
	batch.Queue("update calls set client_id = $2 where lead_id in ($1, $3)", lead, client, alias)
	err := l.db.Conn(ctx).SendBatch(ctx, batch).Close()
	if _, ok := postgres.ForeignKeyViolation(err); ok {
		return fault.Wrap(err, fault.Invalid, "client_unknown", "There is no such client.")
	}
	if err != nil {
		return fmt.Errorf("link lead: %w", err)
	}
	return nil
}

// rekey gives k the identity of the client. A contact of the client that opens
// a lead at this very moment makes it try again, and finds that lead.
func (l *Ledger) rekey(ctx context.Context, k keyed, client int64) error {
	identity := clientIdentity(client)
	if k.identity == identity {
		return nil
	}
	for range 3 {
		err := l.savepoint(ctx, func(ctx context.Context) error { return l.rekeyOnce(ctx, k, identity) })
		if _, taken := postgres.UniqueViolation(err); !taken {
			return err
		}
	}
	return fault.New(fault.Unavailable, "busy", "Too much is happening to this lead at once. Try again.")
}

func (l *Ledger) rekeyOnce(ctx context.Context, k keyed, identity string) error {
	conn := l.db.Conn(ctx)
	if k.open {
		other, err := scanKeyed(conn.QueryRow(ctx, `
			select `+keyedColumns+` from leads
			where state = 'open' and identity = $1 and coalesce(line_id, 0) = $2 and id <> $3 for update`, identity, k.line, k.id))
		switch {
		case err == nil && other.openedAt.After(k.openedAt):
			if err := l.merge(ctx, other.id, k.id, identity); err != nil {
				return err
			}
		case err == nil:
			return l.merge(ctx, k.id, other.id, identity)
		case !errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("find the client's lead: %w", err)
		}
	}
	_, err := conn.Exec(ctx, "update leads set identity = $2 where id = $1", k.id, identity)
	return err
}

// sqlAbsorb adds to the lead $1 what was counted on $2. What was missed last,
// and whether it was made good, comes from the one that was missed last.
const sqlAbsorb = `
update leads a set
	contacts = a.contacts + b.contacts, attempts = a.attempts + b.attempts,
	opened_at = least(a.opened_at, b.opened_at), last_contact_at = greatest(a.last_contact_at, b.last_contact_at),
	touched_at = least(a.touched_at, b.touched_at), last_attempt_at = greatest(a.last_attempt_at, b.last_attempt_at),
	answered_at = greatest(a.answered_at, b.answered_at), reached_at = greatest(a.reached_at, b.reached_at),
	missed_at = greatest(a.missed_at, b.missed_at),
	resolved_at = case when b.missed_at > a.missed_at or a.missed_at is null then b.resolved_at else a.resolved_at end,
	resolved_by = case when b.missed_at > a.missed_at or a.missed_at is null then b.resolved_by else a.resolved_by end,
	next_step_at = coalesce(a.next_step_at, b.next_step_at), next_step_set_at = coalesce(a.next_step_set_at, b.next_step_set_at),
	next_step_note = case when a.next_step_at is null then b.next_step_note else a.next_step_note end,
	responsible_id = coalesce(a.responsible_id, b.responsible_id), value = greatest(a.value, b.value),
	note = case when a.note = '' then b.note else a.note end, recovered = a.recovered or b.recovered,
	last_outcome = case when b.last_contact_at > a.last_contact_at then b.last_outcome else a.last_outcome end, updated_at = now()
from leads b where a.id = $1 and b.id = $2`

// merge closes a lead as the duplicate of another, which goes on for both under
// the identity.
func (l *Ledger) merge(ctx context.Context, from, into int64, identity string) error {
	reason := fmt.Sprintf("same client: goes on as lead #%d", into)
	actor := access.ActorFrom(ctx)
	batch := &pgx.Batch{}
	batch.Queue(sqlAbsorb, into, from)
	batch.Queue("update leads set duplicate_of = $1 where duplicate_of = $2", into, from)
	batch.Queue(sqlClose+", lease_user_id = null, lease_until = null, lease_call_id = null, duplicate_of = $6, identity = $7 where id = $1",
		from, Duplicate, reason, actor.UserID, actor.Role(), into, identity)
	batch.Queue(sqlClosedEntry, from, actor.UserID, Duplicate, reason)
	if err := l.db.Conn(ctx).SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("merge leads: %w", err)
	}
	l.changed(ctx, from, nil)
	return l.followed(ctx, "closed", from)
}
