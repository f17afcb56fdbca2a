package lead

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
)

// sqlNew opens a lead, with its journal entry and its contact, under ids that were taken for them before, so that
// nothing has to wait for it. It does nothing, and the ids stay unused, when sqlOpen would find more to do.
const sqlNew = `
with l as (
	insert into leads (id, line_id, identity, client_id, number, raw, caller_name, source, responsible_id, value, opened_at, last_contact_at)
	select $1, nullif($3::bigint, 0), $4, nullif($5::bigint, 0), $6, $7, $8, $9,
	       coalesce(nullif($10::bigint, 0), (select responsible_id from clients where id = $5)),
	       coalesce(nullif((select lead_value from lines where id = $3), 0), (select lead_value from firms), 0), $11::timestamptz, $11
	where ($3 = 0 or exists (select 1 from lines where id = $3))
	  and ($5 = 0 or $6 = '' or not exists (
	      select 1 from leads where state = 'open' and identity = 'n:' || $6 and coalesce(line_id, 0) = $3))
	returning id
), e as (
	insert into lead_entries (lead_id, at, kind, call_id, detail) select id, $11, 'opened', nullif($12::bigint, 0), '{}' from l
)
insert into interactions (id, kind, direction, at, client_id, lead_id, line_id, ref_id)
select $2, $9, 'in', $11, nullif($5, 0), id, nullif($3, 0), $12 from l where $12 <> 0`

// ids are those of leads and of contacts that nothing has yet.
type ids struct {
	mu   sync.Mutex
	free []idPair
}

type idPair struct{ Lead, Contact int64 }

const takeIDs = `
select nextval(pg_get_serial_sequence('leads', 'id')), nextval(pg_get_serial_sequence('interactions', 'id'))
from generate_series(1, 50)`

// take returns a lead's and a contact's new id. Most of the time the store is not asked.
func (i *ids) take(ctx context.Context, l *Ledger) (next idPair, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.free) == 0 {
		rows, err := l.db.Conn(ctx).Query(ctx, takeIDs)
		if err != nil {
			return next, fmt.Errorf("take ids of leads: %w", err)
		}
		if i.free, err = pgx.CollectRows(rows, pgx.RowToStructByPos[idPair]); err != nil {
			return next, fmt.Errorf("take ids of leads: %w", err)
		}
	}
	next, i.free = i.free[0], i.free[1:]
	return next, nil
}

// OpenNew is Open for an inbound contact that, by all that is known, opens a new lead: it travels with the next
// statement of ctx's transaction, or its commit. When the contact does not open one after all (it was filed before, or
// there is an open lead), that fails, or whatever in the transaction refers to the lead does; then Open is to be asked.
func (l *Ledger) OpenNew(ctx context.Context, c Contact) (Filed, error) {
	c = c.clean()
	id, err := l.ids.take(ctx, l)
	if err != nil {
		return Filed{}, err
	}
	err = l.db.Later(ctx, sqlNew, []any{id.Lead, id.Contact, c.LineID, c.identity(), c.ClientID, c.E164, c.Raw, c.Caller,
		c.Source, c.ResponsibleID, c.At, c.refID()}, nil)
	if err != nil {
		return Filed{}, fmt.Errorf("open new lead: %w", err)
	}
	if err := l.followed(ctx, "opened", id.Lead); err != nil {
		return Filed{}, err
	}
	var client *int64
	if c.ClientID != 0 {
		client = &c.ClientID
	}
	l.changed(ctx, id.Lead, client)
	return Filed{LeadID: id.Lead, InteractionID: id.Contact, Opened: true}, nil
}
