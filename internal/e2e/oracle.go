package e2e

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/asterisk/ari"
	"centralita/internal/siptest"
)

// Query asks the product's database for rows, each a T or its fields in order; it is patient with one that is coming back.
func Query[T any](p *Product, sql string, args ...any) []T {
	p.t.Helper()
	var rows []T
	p.eventually(time.Minute, "the database answers", func() (err error) {
		rows, err = tryQuery[T](p, sql, args...)
		return err
	})
	return rows
}

func tryQuery[T any](p *Product, sql string, args ...any) ([]T, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.State().Postgres)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	if reflect.TypeFor[T]().Kind() != reflect.Struct {
		return pgx.CollectRows(rows, pgx.RowTo[T])
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// Stored is an inbound call as the books have it.
type Stored struct {
	ID        int64
	Raw, Name string
	E164      string
	ClientID  *int64
	LeadID    *int64
	Phase     string
	Outcome   string
	Recovered bool
	Leads     int // rows of leads that it points at
}

const inboundCalls = `
select c.id, c.caller_raw, c.caller_name, c.e164, c.client_id, c.lead_id, c.phase, c.outcome, c.recovered,
       (select count(*)::int from leads l where l.id = c.lead_id)
from calls c where c.direction = 'in' and c.started_at >= $1 order by c.id`

// Inbound returns the inbound calls that began after since.
func (p *Product) Inbound(since time.Time) []Stored {
	p.t.Helper()
	return Query[Stored](p, inboundCalls, since)
}

// Booked waits until the books have exactly one call from a number, that is over, with a lead, and returns both.
func (p *Product) Booked(from string) (Call, Lead) {
	p.t.Helper()
	var call Call
	p.eventually(time.Minute, "one call of "+from+" is over and has a lead", func() error {
		rows, err := tryQuery[Stored](p, strings.Replace(inboundCalls, "c.started_at >= $1", "c.caller_raw = $1", 1), from)
		if err != nil {
			return err
		}
		if len(rows) != 1 || rows[0].Leads != 1 || rows[0].Outcome == "" {
			return fmt.Errorf("%+v", rows)
		}
		a, err := p.As("admin").Try("GET", fmt.Sprintf("/calls/%d", rows[0].ID), nil)
		if err == nil && a.Status == 200 {
			call = want[Call](p.t, "call", a)
			return nil
		}
		return fmt.Errorf("%s: %w", a, err)
	})
	return call, Get[Lead](p.As("admin"), fmt.Sprintf("/leads/%d", call.LeadID))
}

// Reconcile compares a caller's journal with the books: every call that got any 1xx or 2xx must have exactly one
// row and one lead within limit, and no call more may have a row. Calls are told apart by their numbers.
func (p *Product) Reconcile(records []siptest.Record, limit time.Duration) {
	p.t.Helper()
	since := time.Now()
	for _, r := range records {
		if r.Started.Before(since) {
			since = r.Started
		}
	}
	p.eventually(limit, "the books agree with the callers", func() error {
		rows, err := tryQuery[Stored](p, inboundCalls, since.Add(-time.Second))
		if err != nil {
			return err
		}
		return disagreement(records, rows)
	})
}

// disagreement says what callers and books do not agree upon.
func disagreement(records []siptest.Record, rows []Stored) error {
	booked := map[string][]Stored{}
	for _, r := range rows {
		booked[r.Raw] = append(booked[r.Raw], r)
	}
	var wrong []string
	heeded := 0
	for _, r := range records {
		mine := booked[r.From]
		switch {
		case !r.Heeded() && len(mine) == 0:
			continue
		case !r.Heeded() && len(mine) == 1:
			// It reached the switch, and the reply was lost on the caller.
		case len(mine) != 1:
			wrong = append(wrong, fmt.Sprintf("%s (%s, %v) has %d calls", r.From, r.Kind, r.Statuses, len(mine)))
			continue
		}
		heeded++
		if mine[0].Leads != 1 {
			wrong = append(wrong, fmt.Sprintf("call %d of %s has no lead", mine[0].ID, r.From))
		}
		if mine[0].Outcome == "" {
			wrong = append(wrong, fmt.Sprintf("call %d of %s is still %s", mine[0].ID, r.From, mine[0].Phase))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d of %d calls: %s", len(wrong), len(records), strings.Join(wrong[:min(len(wrong), 8)], "; "))
	}
	return nil
}

// Switch is an ARI client that looks on.
func (p *Product) Switch() *ari.Client {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pbx != nil {
		return p.pbx
	}
	s := p.State()
	client, err := ari.New(ari.Config{URL: s.ARI, Username: s.ARIUser, Password: s.ARISecret, App: "lookout", Timeout: 10 * time.Second})
	if err != nil {
		p.t.Fatal(err)
	}
	p.pbx = client
	return client
}

// Quiet returns when no channel and no bridge is left in the switch, and nobody is reserved for a call.
func (p *Product) Quiet() {
	p.t.Helper()
	p.eventually(30*time.Second, "nothing is left in the switch", func() error {
		channels, err := p.Switch().Channels(context.Background())
		if err != nil {
			return err
		}
		bridges, err := p.Switch().Bridges(context.Background())
		if err != nil {
			return err
		}
		if len(channels)+len(bridges) > 0 {
			return fmt.Errorf("channels %+v, bridges %+v", channels, bridges)
		}
		return nil
	})
	p.eventually(30*time.Second, "nobody is reserved", func() error {
		type taken struct{ User, Call int64 }
		rows, err := tryQuery[taken](p, `select user_id, call_id from agents where call_id is not null`)
		if err == nil && len(rows) > 0 {
			err = fmt.Errorf("%+v", rows)
		}
		return err
	})
}

// Settled is what must hold at the end of every test.
func (p *Product) Settled() {
	p.t.Helper()
	p.AwaitServer()
	p.Quiet()
	var said string
	p.eventually(time.Minute, "the ledger balances", func() (err error) {
		if said, err = p.LedgerCheck(); err != nil {
			err = fmt.Errorf("%w\n%s", err, said)
		}
		return err
	})
	if log := p.Log("server"); strings.Contains(log, "WARNING: DATA RACE") {
		p.t.Errorf("data race in the server:\n%s", tail(log[strings.Index(log, "WARNING: DATA RACE"):], 400))
	}
	if log := p.Log("server"); strings.Contains(log, "panic:") {
		p.t.Errorf("panic in the server:\n%s", tail(log[strings.Index(log, "panic:"):], 100))
	}
}
