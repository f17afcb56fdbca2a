package lead_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/lead"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// signals counts what browsers would be told.
type signals struct {
	mu    sync.Mutex
	kinds map[string]int
}

func (s *signals) Signal(ctx context.Context, kind string, _ any) {
	postgres.AfterCommit(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.kinds[kind]++
	})
}

func (s *signals) count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kinds[kind]
}

// world is a ledger with two lines, four users and a few clients.
type world struct {
	testing.TB
	ctx     context.Context
	db      *postgres.DB
	ledger  *lead.Ledger
	signals *signals
	lines   []int64
	clients []int64
	users   map[string]access.Actor
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, ctx: t.Context(), db: pgtest.New(t), signals: &signals{kinds: map[string]int{}}, users: map[string]access.Actor{}}
	w.ledger = lead.NewLedger(w.db, audit.NewLog(w.db), w.signals)
	for i, role := range []string{access.Operator, access.Operator, access.Manager, access.Admin} {
		login := fmt.Sprintf("%s%d", role, i)
		id := w.id(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ($1, $1, '', array[$2], $1, '') returning id`, login, role)
		w.users[login] = access.Actor{UserID: id, Login: login, Name: login, Roles: []string{role}}
	}
	for i := range 2 {
		w.lines = append(w.lines, w.id(`insert into lines (name, number, country, lead_value) values ($1, $2, 'ES', 150) returning id`,
			fmt.Sprintf("Line %d", i), fmt.Sprintf("+3491000000%d", i)))
	}
	for i := range 3 {
		w.clients = append(w.clients, w.id(`insert into clients (kind, name, name_key) values ('person', $1, $1) returning id`, fmt.Sprintf("client %d", i)))
	}
	return w
}

func (w *world) id(sql string, args ...any) (id int64) {
	w.Helper()
	if err := w.db.Conn(w.ctx).QueryRow(w.ctx, sql, args...).Scan(&id); err != nil {
		w.Fatal(err)
	}
	return id
}

func (w *world) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Conn(w.ctx).Exec(w.ctx, sql, args...); err != nil {
		w.Fatal(err)
	}
}

// as is a context in which a user acts.
func (w *world) as(login string) context.Context { return access.WithActor(w.ctx, w.users[login]) }

// call is an inbound call from a number at some time, not filed yet.
func (w *world) call(e164 string, at time.Time) lead.Contact {
	w.Helper()
	id := w.id(`insert into calls (asterisk_id, uniqueid, direction, phase, started_at, state) values ('pbx', $1, 'in', 'arrived', $2, '{}') returning id`,
		fmt.Sprintf("u%d", time.Now().UnixNano()), at)
	return lead.Contact{Source: "call", LineID: w.lines[0], E164: e164, Raw: e164, CallID: id, UniqueKey: fmt.Sprintf("pbx/%d", id), At: at}
}

// file opens or continues a lead as the call room does: in its transaction.
func (w *world) file(c lead.Contact) lead.Filed {
	w.Helper()
	var f lead.Filed
	err := w.db.InTx(w.ctx, func(ctx context.Context) (err error) {
		if f, err = w.ledger.Open(ctx, c); err != nil || c.CallID == 0 {
			return err
		}
		_, err = w.db.Conn(ctx).Exec(ctx, "update calls set lead_id = $2 where id = $1", c.CallID, f.LeadID)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return f
}

func (w *world) get(id int64) lead.LeadDetail {
	w.Helper()
	got, err := w.ledger.Get(w.ctx, id)
	if err != nil {
		w.Fatal(err)
	}
	return got
}

// ok fails the test on an error.
func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// balanced fails the test when the ledger is not.
func (w *world) balanced() {
	w.Helper()
	r, err := w.ledger.Check(w.ctx)
	w.ok(err)
	if !r.OK() {
		w.Fatalf("the ledger does not balance: %+v", r)
	}
}
