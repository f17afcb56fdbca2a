package lead

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
)

// boardRows is how many leads a board shows at most.
const boardRows = 500

// ClosedCount is how many leads are closed in one way.
type ClosedCount struct {
	Type  Closing `json:"type"`
	Count int64   `json:"count"`
}

// Balance compares the journal with the leads: Opened comes from the journal,
// Open and Closed from the leads themselves. Difference = Opened − (Open + Σ
// Closed) and CallsWithoutLead must be 0.
type Balance struct {
	Opened           int64         `json:"opened"`
	Open             int64         `json:"open"`
	Closed           []ClosedCount `json:"closed"`
	Difference       int64         `json:"difference"`
	CallsWithoutLead int64         `json:"calls_without_lead" doc:"inbound calls, our own and those the switch saw, that no lead answers for"`
}

// ClassCount is how many open leads are of a class, and their value together.
type ClassCount struct {
	Class string `json:"class"`
	Count int64  `json:"count"`
	Value string `json:"value"`
}

// FreeAgent is somebody who could take a lead now, in the words of presence.
type FreeAgent struct {
	UserID     int64     `json:"user_id"`
	Name       string    `json:"name"`
	State      string    `json:"state"`
	Registered bool      `json:"registered"`
	Since      time.Time `json:"since"`
	CallID     *int64    `json:"call_id,omitempty"`
}

// Free knows who is free now. The call room does.
type Free interface {
	Free(ctx context.Context) ([]FreeAgent, error)
}

// Board is the lead-loss board: what is being lost now, and who could save it.
// Rows are open leads by time past due, then by value.
type Board struct {
	AsOf    time.Time    `json:"as_of"`
	Balance Balance      `json:"balance"`
	Classes []ClassCount `json:"classes"`
	Rows    []Lead       `json:"rows"`
	Free    []FreeAgent  `json:"free"`
}

const sqlBalance = `
select (select count(*) from lead_entries where kind = 'opened'),
       (select count(*) from leads where state = 'open'),
       ` + sqlCallsWithoutLead + `,
       coalesce((select jsonb_object_agg(closing, n) from (
           select closing, count(*) as n from leads where state = 'closed' group by closing) c), '{}'), now()`

// sqlCallsWithoutLead counts the calls of our books without a lead, and those
// that the switch saw without a call in our books. A call that the switch saw
// just now may still be on its way to us; evidence that is settled was compared
// once and is left to Check.
const sqlCallsWithoutLead = `(select count(*) from calls where direction = 'in' and lead_id is null)
	+ (select count(*) from witnessed_calls w where not w.settled and ` + witnessedInbound + ` and not exists (
	   select 1 from calls k where k.asterisk_id = w.asterisk_id and k.uniqueid = w.uniqueid))`

const witnessedInbound = `w.uniqueid = w.linkedid and w.started_at < now() - interval '10 seconds'`

const (
	sqlBoardRows = "select" + leadColumns +
		" from (select * from leads_now l where l.state = 'open' and %s order by l.due_at, l.value desc, l.id limit $1) l" + leadJoins +
		" order by l.due_at, l.value desc, l.id"
	sqlClasses = "select class, count(*), sum(value)::text from leads_now l where state = 'open' and %s group by class"
)

// sqlOwnBalance is sqlBalance of the leads that somebody may see; calls without
// a lead are nobody's.
const sqlOwnBalance = `
select (select count(*) from lead_entries e join leads l on l.id = e.lead_id where e.kind = 'opened' and %[1]s),
       (select count(*) from leads l where l.state = 'open' and %[1]s), 0::bigint,
       coalesce((select jsonb_object_agg(closing, n) from (
           select closing, count(*) as n from leads l where l.state = 'closed' and %[1]s group by closing) c), '{}'), now()`

// mine is the condition that ctx's actor may read the lead l, and its arguments
// after those given.
func mine(ctx context.Context, args ...any) (string, []any) {
	where := Leads.Where(ctx, access.Read, "l", func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	})
	return where, args
}

// balance returns the balance and the moment it was drawn.
func (l *Ledger) balance(ctx context.Context) (b Balance, at time.Time, err error) {
	var closed map[Closing]int64
	where, args := mine(ctx)
	sql := sqlBalance
	if where != "true" {
		sql = fmt.Sprintf(sqlOwnBalance, where)
	}
	err = l.db.Conn(ctx).QueryRow(ctx, sql, args...).Scan(&b.Opened, &b.Open, &b.CallsWithoutLead, &closed, &at)
	if err != nil {
		return Balance{}, time.Time{}, fmt.Errorf("balance: %w", err)
	}
	b.Difference = b.Opened - b.Open
	for _, c := range Closings {
		b.Closed = append(b.Closed, ClosedCount{Type: c, Count: closed[c]})
		b.Difference -= closed[c]
	}
	return b, at, nil
}

// Board draws the board for ctx's actor. free may be nil. All who may see every
// lead and ask at the same time share one drawing, which begins after the last
// of them has asked.
func (l *Ledger) Board(ctx context.Context, free Free) (Board, error) {
	draw := l.draw
	if access.ScopeOf(ctx, access.Lead, access.Read) == access.All {
		draw = func(ctx context.Context) (Board, error) { return l.boards.get(ctx, l.drawAll) }
	}
	out, err := draw(ctx)
	if err != nil {
		return Board{}, err
	}
	if out.Rows, err = l.seen(ctx, out.Rows); err != nil {
		return Board{}, err
	}
	out.Free = []FreeAgent{}
	if free != nil {
		out.Free, err = free.Free(ctx)
	}
	return out, err
}

// drawAll draws what is the same for all who may see every lead.
func (l *Ledger) drawAll(ctx context.Context) (Board, error) {
	return l.draw(access.WithActor(ctx, access.Actor{}))
}

// draw reads the leads that ctx's actor may see.
func (l *Ledger) draw(ctx context.Context) (Board, error) {
	var out Board
	var err error
	if out.Balance, out.AsOf, err = l.balance(ctx); err != nil {
		return Board{}, err
	}
	if out.Classes, err = l.classes(ctx); err != nil {
		return Board{}, err
	}
	where, args := mine(ctx, boardRows)
	rows, err := l.db.Conn(ctx).Query(ctx, fmt.Sprintf(sqlBoardRows, where), args...)
	if err != nil {
		return Board{}, fmt.Errorf("board: %w", err)
	}
	if out.Rows, err = pgx.CollectRows(rows, scanLead); err != nil {
		return Board{}, fmt.Errorf("board: %w", err)
	}
	return out, nil
}

// classes counts the open leads of every class, also of those with none.
func (l *Ledger) classes(ctx context.Context) ([]ClassCount, error) {
	where, args := mine(ctx)
	rows, err := l.db.Conn(ctx).Query(ctx, fmt.Sprintf(sqlClasses, where), args...)
	if err != nil {
		return nil, fmt.Errorf("count classes: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ClassCount])
	if err != nil {
		return nil, fmt.Errorf("count classes: %w", err)
	}
	all := make([]ClassCount, len(Classes))
	for i, class := range Classes {
		all[i] = ClassCount{Class: class, Value: "0.00"}
		for _, f := range found {
			if f.Class == class {
				all[i].Count, all[i].Value = f.Count, money(f.Value)
			}
		}
	}
	return all, nil
}
