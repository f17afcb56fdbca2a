package merge_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/field"
	"centralita/crm/lead"
	"centralita/crm/line"
	"centralita/crm/merge"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// world is a client base with two lines in Spain and one supervisor, Anna.
type world struct {
	testing.TB
	db      *postgres.DB
	clients *client.Service
	leads   *lead.Ledger
	fields  *field.Service
	merges  *merge.Service
	lines   []int64
	tags    []int64
	source  int64
	calls   int
}

// silent tells nobody.
type silent struct{}

func (silent) Signal(context.Context, string, any) {}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, db: pgtest.New(t)}
	w.exec(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ('anna', 'Anna', '', '{supervisor}', 'a1', '')`)
	for i := range 2 {
		w.lines = append(w.lines, w.id(`insert into lines (name, number, country) values ($1, $2, 'ES') returning id`,
			fmt.Sprintf("Line %d", i), fmt.Sprintf("+3491100000%d", i)))
	}
	for _, name := range []string{"VIP", "Debtor"} {
		w.tags = append(w.tags, w.id(`insert into tags (name) values ($1) returning id`, name))
	}
	w.source = w.id(`insert into client_sources (name) values ('Fair') returning id`)
	journal := audit.NewLog(w.db)
	queue, err := jobs.New(w.db, slog.New(slog.DiscardHandler))
	w.ok(err)
	w.leads = lead.NewLedger(w.db, journal, silent{})
	w.clients = client.New(w.db, client.Ports{
		Lines: line.New(w.db, journal, silent{}), Leads: w.leads, Audit: journal, Live: silent{},
		CauseText: func(int) string { return "" },
	})
	w.fields = field.New(w.db, field.Ports{Clients: w.clients, Audit: journal, Live: silent{}, Queue: queue, Fold: client.Fold})
	w.merges = merge.New(w.db, merge.Ports{Clients: w.clients, Leads: w.leads, Fields: w.fields, Queue: queue, Audit: journal, Live: silent{}})
	return w
}

func (w *world) ctx() context.Context {
	return access.WithActor(w.Context(), access.Actor{UserID: 1, Login: "anna", Name: "Anna", Roles: []string{access.Supervisor}})
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Conn(w.Context()).Exec(w.Context(), sql, args...); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) id(sql string, args ...any) (id int64) {
	w.Helper()
	if err := w.db.Conn(w.Context()).QueryRow(w.Context(), sql, args...).Scan(&id); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
	return id
}

// person creates one with phones and e-mail addresses.
func (w *world) person(name string, points ...string) client.Client {
	w.Helper()
	in := client.NewClient{Fields: client.Fields{Kind: "person", Name: name}}
	for _, p := range points {
		kind := "phone"
		if strings.Contains(p, "@") {
			kind = "email"
		}
		in.ContactPoints = append(in.ContactPoints, client.NewPoint{Kind: kind, Raw: p})
	}
	c, err := w.clients.Create(w.ctx(), in)
	w.ok(err)
	return c
}

// call files an inbound call of a client over a number, that has ended, and returns its lead.
func (w *world) call(line, client int64, e164 string, at time.Time) int64 {
	w.Helper()
	w.calls++
	id := w.id(`insert into calls (asterisk_id, uniqueid, direction, phase, started_at, ended_at, e164, client_id, state)
		values ('pbx', $1, 'in', 'ended', $2, $2, $3, nullif($4::bigint, 0), '{}') returning id`, fmt.Sprintf("u%d", w.calls), at, e164, client)
	var f lead.Filed
	w.ok(w.db.InTx(w.ctx(), func(ctx context.Context) (err error) {
		f, err = w.leads.Open(ctx, lead.Contact{Source: "call", LineID: line, ClientID: client, E164: e164, Raw: e164, CallID: id,
			UniqueKey: fmt.Sprint(id), At: at})
		if err != nil {
			return err
		}
		_, err = w.db.Conn(ctx).Exec(ctx, "update calls set lead_id = $2 where id = $1", id, f.LeadID)
		return err
	}))
	return f.LeadID
}

// merge makes one of two, as they are now.
func (w *world) merge(winner, loser int64, fields map[string]merge.Choice) merge.Merge {
	w.Helper()
	m, err := w.merges.Merge(w.ctx(), w.order(winner, loser, fields))
	w.ok(err)
	return m
}

func (w *world) order(winner, loser int64, fields map[string]merge.Choice) merge.Order {
	w.Helper()
	a, err := w.clients.Get(w.ctx(), winner)
	w.ok(err)
	b, err := w.clients.Get(w.ctx(), loser)
	w.ok(err)
	return merge.Order{WinnerID: winner, LoserID: loser, WinnerVersion: a.Version, LoserVersion: b.Version, Fields: fields}
}

// balanced fails the test when the ledger is not.
func (w *world) balanced() {
	w.Helper()
	r, err := w.leads.Check(w.Context())
	w.ok(err)
	if !r.OK() {
		w.Fatalf("the ledger does not balance: %+v", r)
	}
}

// apart are the tables that a merge and its undoing may leave a trace in: the books of merges, the logs, the queue.
var apart = []string{"client_merges", "client_merge_rows", "duplicate_pairs", "lead_entries", "audit_", "river_", "goose_"}

// base is every row of every other table as text, without the counters by which readers notice changes.
func (w *world) base() map[string]string {
	w.Helper()
	tables := w.texts(`select relname::text from pg_class where relkind in ('r', 'p') and not relispartition
		and relnamespace = current_schema()::regnamespace order by 1`)
	base := map[string]string{}
	for _, t := range tables {
		skip := false
		for _, a := range apart {
			skip = skip || strings.HasPrefix(t, a)
		}
		if skip {
			continue
		}
		row := "to_jsonb(t)"
		if t == "clients" {
			row += " - 'version' - 'updated_at'"
		}
		for i, line := range w.texts(fmt.Sprintf(`select (%s)::text from %q t order by 1`, row, t)) {
			base[fmt.Sprintf("%s %d", t, i)] = line
		}
	}
	return base
}

func (w *world) texts(sql string) []string {
	w.Helper()
	rows, err := w.db.Conn(w.Context()).Query(w.Context(), sql)
	w.ok(err)
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		w.ok(rows.Scan(&s))
		all = append(all, s)
	}
	w.ok(rows.Err())
	return all
}
