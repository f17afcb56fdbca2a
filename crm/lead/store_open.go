package lead

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// sqlOpen opens a lead, or continues the open one of the identity and line,
// with its journal entry, in one statement. It does nothing
// when the contact was filed before, or when the client has an open lead from
// the time when only his number was known, which must be made his first.
// With $16 a number without a client is its owner's, when that is one for sure.
const sqlOpen = `
with who as materialized (
	select coalesce(nullif($3::bigint, 0), case when $16 and $4 <> '' then (
		select min(client_id) from contact_readings where e164 = $4 and confidence >= 60 having count(distinct client_id) = 1) end) as client
), l as (
	insert into leads (line_id, identity, client_id, number, raw, caller_name, source, responsible_id, value, note,
	                   recovered, opened_at, last_contact_at)
	select nullif($1::bigint, 0), coalesce('c:' || client, $2), client, $4, $5, $6, $7,
	       coalesce(nullif($8::bigint, 0), (select responsible_id from clients where id = client)),
	       coalesce(nullif((select lead_value from lines where id = $1), 0), (select lead_value from firms), 0),
	       $9, $10, $11::timestamptz, $11
	from who
	where ($1 = 0 or exists (select 1 from lines where id = $1))
	  and not exists (select 1 from interactions where kind = $7 and ref_id = $12::bigint and $12 <> 0)
	  and case when client is not null and $4 <> '' then not exists (
	      select 1 from leads where state = 'open' and identity = 'n:' || $4 and coalesce(line_id, 0) = $1) else true end
	on conflict (identity, coalesce(line_id, 0)) where state = 'open' do update set
		contacts = leads.contacts + 1,
		last_contact_at = greatest(leads.last_contact_at, excluded.last_contact_at),
		caller_name = case when excluded.caller_name <> '' then excluded.caller_name else leads.caller_name end,
		number = case when leads.number = '' then excluded.number else leads.number end,
		responsible_id = coalesce(leads.responsible_id, excluded.responsible_id),
		note = case when leads.note = '' then excluded.note else leads.note end,
		updated_at = now()
	returning id, client_id, contacts = 1 as opened, line_id, responsible_id, value, opened_at
), e as (
	insert into lead_entries (lead_id, at, kind, user_id, call_id, message_id, detail)
	select id, $11, case when opened then 'opened' else 'continued' end, nullif($13::bigint, 0), nullif($14::bigint, 0),
	       nullif($15::bigint, 0), case when $10 then '{"recovered": true}'::jsonb else '{}' end
	from l
)`

// sqlOpenContact adds the contact's own row to the timeline.
const sqlOpenContact = `, i as (
	insert into interactions (kind, direction, at, client_id, lead_id, line_id, user_id, ref_id)
	select $7, 'in', $11, client_id, id, nullif($1, 0), nullif($13, 0), $12 from l where $12 <> 0
	returning id
)`

// sqlOpened ends sqlOpen for a caller who needs to know where it went only.
const sqlOpened = sqlOpenContact + `
select l.id, l.client_id, l.opened, coalesce((select id from i), 0) from l`

// openArgs are the parameters of sqlOpen; user acts, 0 for the system.
func openArgs(c Contact, user int64) []any {
	return []any{c.LineID, c.identity(), c.ClientID, c.E164, c.Raw, c.Caller, c.Source, c.ResponsibleID, c.Note, c.Recovered,
		c.At, c.refID(), user, c.CallID, c.MessageID, c.Source == "manual"}
}

// filing is a row of sqlOpened.
type filing struct {
	Filed
	client *int64
}

func scanFiling(row pgx.Row) (f filing, err error) {
	err = row.Scan(&f.LeadID, &f.client, &f.Opened, &f.InteractionID)
	return f, err
}

// Open files a contact: one inbound opens a lead or continues the open one of
// its identity and line; one outbound is filed under the lead it is made for,
// or the open one of its identity, and opens none. It is one round trip in
// ctx's transaction. A contact that was filed before (same CallID or MessageID)
// is found again and counted once.
func (l *Ledger) Open(ctx context.Context, c Contact) (Filed, error) {
	c = c.clean()
	if c.Direction == "out" {
		return l.fileOut(ctx, c)
	}
	f, err := l.open(ctx, c, func(ctx context.Context, c Contact) (filing, error) {
		return scanFiling(l.db.Conn(ctx).QueryRow(ctx, sqlOpen+sqlOpened, openArgs(c, c.UserID)...))
	})
	if err != nil {
		return Filed{}, err
	}
	l.changed(ctx, f.LeadID, f.client)
	return f.Filed, nil
}

// open files a contact; when that opens a lead, whoever follows hears of it in
// the same transaction.
func (l *Ledger) open(ctx context.Context, c Contact, file func(context.Context, Contact) (filing, error)) (f filing, err error) {
	if l.follow == nil || !l.wants(ctx, "opened") {
		return l.mended(ctx, c, file)
	}
	err = l.db.InTx(ctx, func(ctx context.Context) error {
		if f, err = l.mended(ctx, c, file); err != nil || !f.Opened {
			return err
		}
		return l.followed(ctx, "opened", f.LeadID)
	})
	return f, err
}

// mended runs file and, when it did nothing, finds out why and mends that.
func (l *Ledger) mended(ctx context.Context, c Contact, file func(context.Context, Contact) (filing, error)) (filing, error) {
	for range 3 {
		f, err := file(ctx, c)
		switch {
		case err == nil:
			return f, nil
		case !errors.Is(err, pgx.ErrNoRows):
			return filing{}, openError(err)
		}
		f, err = l.filedBefore(ctx, c)
		if err == nil || !errors.Is(err, pgx.ErrNoRows) {
			return f, err
		}
		if err := l.mend(ctx, c); err != nil {
			return filing{}, err
		}
	}
	return filing{}, fault.New(fault.Unavailable, "busy", "Too much is happening to this lead at once. Try again.")
}

// openError gives a reference to what is not there a name.
func openError(err error) error {
	key, ok := postgres.ForeignKeyViolation(err)
	if !ok {
		return fmt.Errorf("open lead: %w", err)
	}
	if key == "leads_client_id_fkey" {
		return unknown("client_id", err)
	}
	return unknown("user_id", err)
}

func unknown(field string, cause error) error {
	return fault.Wrap(cause, fault.Invalid, "reference_unknown", "This refers to something that is not there.").WithField("body."+field, "unknown")
}

// filedBefore finds the contact by its own id.
func (l *Ledger) filedBefore(ctx context.Context, c Contact) (f filing, err error) {
	if c.refID() == 0 {
		return filing{}, pgx.ErrNoRows
	}
	err = l.db.Conn(ctx).QueryRow(ctx,
		"select coalesce(lead_id, 0), client_id, id from interactions where kind = $1 and ref_id = $2", c.Source, c.refID()).
		Scan(&f.LeadID, &f.client, &f.InteractionID)
	return f, err
}

// mend finds out why a contact could not be filed: its line is unknown, or the
// open lead of its number must become the client's first.
func (l *Ledger) mend(ctx context.Context, c Contact) error {
	var line bool
	err := l.db.Conn(ctx).QueryRow(ctx, "select $1 = 0 or exists (select 1 from lines where id = $1)", c.LineID).Scan(&line)
	if err != nil {
		return fmt.Errorf("find line: %w", err)
	}
	if !line {
		return unknown("line_id", nil)
	}
	if c.ClientID == 0 {
		if c.ClientID, err = l.owner(ctx, c.E164); err != nil || c.ClientID == 0 {
			return err
		}
	}
	var stray int64
	err = l.db.Conn(ctx).QueryRow(ctx,
		"select id from leads where state = 'open' and identity = $1 and coalesce(line_id, 0) = $2",
		numberIdentity(c.E164), c.LineID).Scan(&stray)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find lead of number: %w", err)
	}
	return l.LinkClient(ctx, stray, c.ClientID)
}

const sqlFileOut = `
with l as (
	select id, client_id from (
		select id, client_id, line_id from leads where $1::bigint <> 0 and id = $1
		union all
		select id, client_id, line_id from leads where $1 = 0 and state = 'open' and identity = any($2::text[])) both_ways
	order by (coalesce(line_id, 0) = $3::bigint) desc, id limit 1
), i as (
	insert into interactions (kind, direction, at, client_id, lead_id, line_id, user_id, ref_id)
	select $4, 'out', $5::timestamptz, coalesce(nullif($6::bigint, 0), (select client_id from l)), (select id from l),
	       nullif($3, 0), nullif($7::bigint, 0), $8::bigint
	on conflict (kind, ref_id) do update set at = interactions.at
	returning id, lead_id, client_id
)
select coalesce(lead_id, 0), client_id, false, id from i`

// fileOut files a contact that we made; it has a row of its own somewhere.
func (l *Ledger) fileOut(ctx context.Context, c Contact) (Filed, error) {
	identities := []string{c.identity()}
	if c.ClientID != 0 && c.E164 != "" {
		identities = append(identities, numberIdentity(c.E164))
	}
	f, err := scanFiling(l.db.Conn(ctx).QueryRow(ctx, sqlFileOut,
		c.LeadID, identities, c.LineID, c.Source, c.At, c.ClientID, c.UserID, c.refID()))
	if err != nil {
		return Filed{}, fmt.Errorf("file contact: %w", err)
	}
	if f.client != nil {
		l.signals.Signal(ctx, "timeline.changed", map[string]int64{"client_id": *f.client})
	}
	return f.Filed, nil
}
