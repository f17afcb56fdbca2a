package lead

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// LineBalance is the balance of one line; LineID 0 is leads without a line.
type LineBalance struct {
	LineID     int64             `json:"line_id"`
	Line       string            `json:"line"`
	Opened     int64             `json:"opened"`
	Open       int64             `json:"open"`
	Closed     map[Closing]int64 `json:"closed"`
	Difference int64             `json:"difference"`
}

// Findings are things that must not be: how many, and the first ones by name.
type Findings struct {
	Count int64    `json:"count"`
	First []string `json:"first"`
}

// Report is the outcome of a check of the whole ledger.
type Report struct {
	Lines []LineBalance `json:"lines"`
	Total Balance       `json:"total"`
	// Journal are leads whose own state is not what their journal says.
	Journal Findings `json:"journal_disagrees"`
	// Calls are inbound calls in our books without a lead.
	Calls Findings `json:"calls_without_lead"`
	// Witnessed are calls that the switch saw and our books do not know.
	Witnessed Findings `json:"witnessed_without_call"`
	// Contacts are calls and messages that came in, whose lead has no entry of them.
	Contacts Findings `json:"contacts_without_entry"`
}

// OK reports whether the ledger balances and nothing is missing.
func (r Report) OK() bool {
	for _, l := range r.Lines {
		if l.Difference != 0 {
			return false
		}
	}
	return r.Total.Difference == 0 && r.Total.CallsWithoutLead == 0 &&
		r.Journal.Count+r.Calls.Count+r.Witnessed.Count+r.Contacts.Count == 0
}

const sqlLineBalances = `
select coalesce(l.line_id, 0), coalesce(n.name, ''), coalesce(sum(e.opened), 0)::bigint, count(*) filter (where l.state = 'open'),
       coalesce(jsonb_object_agg(l.closing, 0) filter (where l.closing is not null), '{}')
from leads l
left join lines n on n.id = l.line_id
left join (select lead_id, count(*) as opened from lead_entries where kind = 'opened' group by lead_id) e on e.lead_id = l.id
group by 1, 2 order by 1`

const sqlLineClosings = `
select coalesce(line_id, 0), closing, count(*) from leads where state = 'closed' group by 1, 2`

// The findings; each selects the names of what must not be.
const (
	sqlJournalDisagrees = `
	select 'lead ' || l.id || ': ' || l.state || ' ' || coalesce(l.closing, '') || ', journal: ' || coalesce(e.opened, 0) || ' × opened, last '
	       || coalesce(last.kind || ' ' || coalesce(last.closing, ''), 'none')
	from leads l
	left join (select lead_id, count(*) filter (where kind = 'opened') as opened, max(id) as last from lead_entries
	           where kind in ('opened', 'closed', 'reopened') group by lead_id) e on e.lead_id = l.id
	left join lead_entries last on last.lead_id = l.id and last.id = e.last
	where coalesce(e.opened, 0) <> 1
	   or (l.state = 'closed') <> (last.kind = 'closed')
	   or l.state = 'closed' and l.closing is distinct from last.closing`
	sqlCallsLeadless = `
	select 'call ' || id || ' of ' || started_at from calls where direction = 'in' and lead_id is null`
	sqlWitnessedUnknown = `
	select w.asterisk_id || '/' || w.uniqueid || ' of ' || w.started_at from witnessed_calls w
	where ` + witnessedInbound + ` and not exists (
	   select 1 from calls k where k.asterisk_id = w.asterisk_id and k.uniqueid = w.uniqueid)`
	sqlContactsUnwritten = `
	select i.kind || ' ' || i.ref_id || ', lead ' || i.lead_id from interactions i
	where i.direction = 'in' and i.lead_id is not null and i.kind in ('call', 'sms') and not exists (
	   select 1 from lead_entries e where e.lead_id = i.lead_id and e.kind in ('opened', 'continued')
	   and case i.kind when 'call' then e.call_id else e.message_id end = i.ref_id)`
)

// Check compares the journal with the leads, line by line and lead by lead, and
// both with the calls in our books and in the switch's own evidence. It reads
// one consistent state of the database.
func (l *Ledger) Check(ctx context.Context) (Report, error) {
	var r Report
	err := l.db.InTx(ctx, func(ctx context.Context) error {
		_, err := l.db.Conn(ctx).Exec(ctx, "set transaction isolation level repeatable read, read only")
		if err != nil {
			return fmt.Errorf("check: %w", err)
		}
		if r.Total, _, err = l.balance(ctx); err != nil {
			return err
		}
		if r.Lines, err = l.lineBalances(ctx); err != nil {
			return err
		}
		for sql, into := range map[string]*Findings{sqlJournalDisagrees: &r.Journal, sqlCallsLeadless: &r.Calls,
			sqlWitnessedUnknown: &r.Witnessed, sqlContactsUnwritten: &r.Contacts} {
			if *into, err = l.find(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
	return r, err
}

func (l *Ledger) lineBalances(ctx context.Context) ([]LineBalance, error) {
	rows, err := l.db.Conn(ctx).Query(ctx, sqlLineBalances)
	if err != nil {
		return nil, fmt.Errorf("check lines: %w", err)
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b LineBalance, err error) {
		err = row.Scan(&b.LineID, &b.Line, &b.Opened, &b.Open, &b.Closed)
		b.Difference = b.Opened - b.Open
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("check lines: %w", err)
	}
	rows, err = l.db.Conn(ctx).Query(ctx, sqlLineClosings)
	if err != nil {
		return nil, fmt.Errorf("check lines: %w", err)
	}
	var line, count int64
	var closing Closing
	_, err = pgx.ForEachRow(rows, []any{&line, &closing, &count}, func() error {
		for i := range lines {
			if lines[i].LineID == line {
				lines[i].Closed[closing] = count
				lines[i].Difference -= count
			}
		}
		return nil
	})
	return lines, err
}

func (l *Ledger) find(ctx context.Context, sql string) (Findings, error) {
	rows, err := l.db.Conn(ctx).Query(ctx, "select name, count(*) over () from ("+sql+") f (name) limit 20")
	if err != nil {
		return Findings{}, fmt.Errorf("check: %w", err)
	}
	f := Findings{First: []string{}}
	var name string
	_, err = pgx.ForEachRow(rows, []any{&name, &f.Count}, func() error {
		f.First = append(f.First, name)
		return nil
	})
	if err != nil {
		return Findings{}, fmt.Errorf("check: %w", err)
	}
	return f, nil
}
