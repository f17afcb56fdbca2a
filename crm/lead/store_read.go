package lead

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

const leadColumns = `
	l.id, l.line_id, coalesce(n.name, ''), coalesce(n.number, ''), coalesce(n.color, ''), l.client_id, coalesce(c.name, ''),
	l.number, l.raw, l.caller_name, l.source, l.state, l.class, l.responsible_id, coalesce(r.name, ''), l.value::text, l.currency,
	l.note, l.recovered, l.opened_at, l.last_contact_at, l.touched_at, l.answered_at, l.contacts, l.attempts, l.last_attempt_at,
	l.next_step_at, l.next_step_note, case when e.lease_end > now() then l.lease_user_id end, coalesce(u.name, ''), e.lease_end,
	l.lease_call_id, l.closing, l.closing_reason, coalesce(b.name, ''), l.closed_at, l.due_at,
	greatest(0, coalesce(floor(extract(epoch from now() - l.due_at)), 0))::bigint, l.last_outcome`

const leadTables = " from leads_now l" + leadJoins

const leadJoins = `
	left join lines n on n.id = l.line_id
	left join clients c on c.id = l.client_id
	left join users r on r.id = l.responsible_id
	left join users u on u.id = l.lease_user_id
	left join users b on b.id = l.closed_by
	cross join lateral (select case when l.lease_user_id is not null then ` + leaseEnd + ` end as lease_end) e`

func scanLead(row pgx.CollectableRow) (l Lead, err error) {
	var line, holder, leaseCall *int64
	var until *time.Time
	var ref LineRef
	var holderName, raw string
	err = row.Scan(&l.ID, &line, &ref.Name, &ref.Number, &ref.Color, &l.ClientID, &l.ClientName,
		&l.Number, &raw, &l.CallerName, &l.Source, &l.State, &l.Class, &l.ResponsibleID, &l.ResponsibleName, &l.Value, &l.Currency,
		&l.Note, &l.Recovered, &l.OpenedAt, &l.LastContactAt, &l.TouchedAt, &l.AnsweredAt, &l.Contacts, &l.Attempts, &l.LastAttemptAt,
		&l.NextStepAt, &l.NextStepNote, &holder, &holderName, &until,
		&leaseCall, &l.Closing, &l.ClosingReason, &l.ClosedByName, &l.ClosedAt, &l.DueAt,
		&l.OverdueSeconds, &l.LastOutcome)
	if err != nil {
		return Lead{}, err
	}
	if line != nil {
		ref.ID = *line
		l.Line = &ref
	}
	if holder != nil {
		l.Lease = &LeaseRef{UserID: *holder, UserName: holderName, Until: *until, CallID: leaseCall}
	}
	l.Value, l.NumberDisplay = money(l.Value), displayed(l.Number, raw)
	return l, nil
}

// displayed is a number for people: as it is written where it belongs, or as it was claimed.
func displayed(e164, raw string) string {
	if e164 != "" {
		return phone.Display(e164)
	}
	return raw
}

// money takes the digits off that PostgreSQL keeps beyond the second, where they are zeros.
func money(s string) string {
	whole, fraction, _ := strings.Cut(s, ".")
	for len(fraction) > 2 && strings.HasSuffix(fraction, "0") {
		fraction = fraction[:len(fraction)-1]
	}
	return whole + "." + (fraction + "00")[:max(2, len(fraction))]
}

// get reads one lead.
func (l *Ledger) get(ctx context.Context, id int64) (Lead, error) {
	rows, err := l.db.Conn(ctx).Query(ctx, "select"+leadColumns+leadTables+" where l.id = $1", id)
	if err != nil {
		return Lead{}, fmt.Errorf("read lead: %w", err)
	}
	lead, err := pgx.CollectExactlyOneRow(rows, scanLead)
	if postgres.IsNoRows(err) {
		return Lead{}, errNoLead
	}
	return lead, err
}

// Get returns a lead with its journal, as ctx's actor may see them.
func (l *Ledger) Get(ctx context.Context, id int64) (LeadDetail, error) {
	lead, err := l.read(ctx, id)
	if err != nil {
		return LeadDetail{}, err
	}
	mask := access.FieldMask(ctx, access.PhoneField)
	rows, err := l.db.Conn(ctx).Query(ctx, `
		select e.id, e.at, e.kind, coalesce(u.name, ''), e.call_id, e.message_id, e.closing, e.detail
		from lead_entries e left join users u on u.id = e.user_id
		where e.lead_id = $1 order by e.id limit 1000`, id)
	if err != nil {
		return LeadDetail{}, fmt.Errorf("read journal: %w", err)
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e LeadEntry, err error) {
		var detail map[string]any
		err = row.Scan(&e.ID, &e.At, &e.Kind, &e.UserName, &e.CallID, &e.MessageID, &e.Closing, &detail)
		e.Detail = mask.Prose(describe(detail))
		return e, err
	})
	if err != nil {
		return LeadDetail{}, fmt.Errorf("read journal: %w", err)
	}
	lead, err = l.shown(ctx, lead, nil)
	return LeadDetail{Lead: lead, Entries: entries}, err
}

// describe makes the detail of an entry text: the words a person gave when
// there are any, else what is known, sorted by name.
func describe(detail map[string]any) string {
	for _, key := range []string{"reason", "note", "outcome", "why"} {
		if s, ok := detail[key].(string); ok && s != "" {
			return s
		}
	}
	var parts []string
	for key, value := range detail {
		if value == nil || value == "" || value == false {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			continue
		}
		parts = append(parts, key+": "+strings.Trim(string(text), `"`))
	}
	sort.Strings(parts)
	return strings.Join(parts, ", ")
}

// Callable returns what is needed to call an open lead back: a number in E.164,
// its line and its client, 0 where it has none. The number is that of point, a
// contact point of the client; with 0 the lead's own, or that of its client if
// he has one alone. It fails with kind Conflict when the lead is closed, has no
// number that could be dialled, or several of which one must be chosen.
func (l *Ledger) Callable(ctx context.Context, id, point int64) (number string, line, client int64, err error) {
	lead, err := l.read(ctx, id)
	switch {
	case err != nil:
		return "", 0, 0, err
	case lead.State != "open":
		return "", 0, 0, errClosed
	}
	if number = lead.Number; number == "" || point != 0 {
		if number, err = l.clientNumber(ctx, lead, point); err != nil {
			return "", 0, 0, err
		}
	}
	if lead.Line != nil {
		line = lead.Line.ID
	}
	if lead.ClientID != nil {
		client = *lead.ClientID
	}
	return number, line, client, nil
}

// clientNumber returns a number of a lead's client.
func (l *Ledger) clientNumber(ctx context.Context, lead Lead, point int64) (string, error) {
	if lead.ClientID == nil {
		return "", errNoNumber
	}
	rows, err := l.db.Conn(ctx).Query(ctx, `
		select value from contact_points where client_id = $1 and kind = 'phone' and value like '+%' and ($2::bigint = 0 or id = $2) limit 2`,
		*lead.ClientID, point)
	if err != nil {
		return "", fmt.Errorf("read numbers: %w", err)
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[string])
	switch {
	case err != nil:
		return "", fmt.Errorf("read numbers: %w", err)
	case len(numbers) == 0:
		return "", errNoNumber
	case len(numbers) > 1:
		return "", errChoose
	}
	return numbers[0], nil
}
