package reminder_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/lead"
	"centralita/crm/line"
	"centralita/crm/message"
	"centralita/crm/reminder"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/internal/twiliosim"
	"centralita/realtime"
	livestore "centralita/realtime/store"
)

const (
	account  = "AC00000000000000000000000000000001"
	token    = "0123456789abcdef0123456789abcdef"
	mobile   = "+34600111222"
	patience = 60 * time.Second // for whatever a busy machine has to do
)

// clock is a wall clock that steps when it is told to, and runs otherwise.
type clock struct {
	mu   sync.Mutex
	step time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.step)
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.step += d
}

// rig is a firm with a user, a client and a Twilio, on real parts.
type rig struct {
	t       *testing.T
	db      *postgres.DB
	sim     *twiliosim.Server
	queue   *jobs.Queue
	access  *access.Service
	service *reminder.Service
	clock   clock
	user    int64
	client  int64
}

func newRig(t *testing.T) *rig {
	t.Helper()
	t.Parallel() // most of the time is spent waiting
	r := &rig{t: t, db: pgtest.New(t)}
	r.sim = twiliosim.New(twiliosim.Options{AccountSID: account, AuthToken: token})
	api := httptest.NewServer(r.sim)
	t.Cleanup(func() { r.sim.Close(); api.Close() })
	if err := r.assemble(api.URL); err != nil {
		t.Fatal(err)
	}
	r.exec(`insert into firms (id, name, country, time_zone) values (1, 'Acme', 'ES', 'Europe/Madrid')
		on conflict (id) do update set name = 'Acme', country = 'ES', time_zone = 'Europe/Madrid'`)
	r.user = r.int(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ('ana', 'Ana', 'x', '{manager}', 'a1', 'x') returning id`)
	r.client = r.int(`insert into clients (kind, name, name_key, responsible_id) values ('person', 'Iván', 'ivan', $1) returning id`, r.user)
	r.exec(`insert into contact_points (client_id, kind, raw, value) values ($1, 'phone', $2, $2)`, r.client, mobile)
	return r
}

// assemble puts the real rooms together, as the server does.
func (r *rig) assemble(api string) (err error) {
	live := realtime.NewLog(livestore.New(r.db), realtime.NewLocalBus())
	log := audit.NewLog(r.db)
	if r.queue, err = jobs.New(r.db, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if r.access, err = access.New(r.db, log, live, access.Options{}); err != nil {
		return err
	}
	ledger := lead.NewLedger(r.db, log, live)
	clients := client.New(r.db, client.Ports{Lines: line.New(r.db, log, live), Leads: ledger, Audit: log, Live: live, CauseText: strconv.Itoa})
	messages, err := message.New(r.db, message.Ports{Queue: r.queue, Audit: log, Live: live, Leads: ledger, Clients: clients},
		message.Options{AccountSID: account, AuthToken: token, From: "+15005550006", BaseURL: api, Now: r.clock.now})
	if err != nil {
		return err
	}
	r.service = reminder.New(r.db, reminder.Ports{Queue: r.queue, Messages: messages, Audit: log, Live: live, Now: r.clock.now})
	return nil
}

// start has the queue work until the test ends.
func (r *rig) start() {
	r.t.Helper()
	if err := r.queue.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := r.queue.Stop(ctx); err != nil {
			r.t.Error(err)
		}
	})
}

func (r *rig) exec(sql string, args ...any) {
	r.t.Helper()
	if _, err := r.db.Conn(r.t.Context()).Exec(r.t.Context(), sql, args...); err != nil {
		r.t.Fatalf("%s: %v", sql, err)
	}
}

func (r *rig) int(sql string, args ...any) (n int64) {
	r.t.Helper()
	if err := r.db.Conn(r.t.Context()).QueryRow(r.t.Context(), sql, args...).Scan(&n); err != nil {
		r.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// until waits for a query to count n.
func (r *rig) until(n int64, sql string, args ...any) {
	r.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for got := r.int(sql, args...); got != n; got = r.int(sql, args...) {
		select {
		case <-deadline.C:
			r.t.Fatalf("%d instead of %d: %s", got, n, sql)
		case <-tick.C:
		}
	}
}

func (r *rig) asUser() context.Context {
	return access.WithActor(r.t.Context(), access.Actor{UserID: r.user, Name: "Ana", Roles: []string{"manager"}})
}

// in returns the local time in Madrid that is a while away by the rig's clock,
// at the next full minute.
func (r *rig) in(d time.Duration) string {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		r.t.Fatal(err)
	}
	return r.clock.now().Add(d).Add(time.Minute).In(madrid).Format("2006-01-02T15:04")
}

// toClient drafts an SMS to the client.
func (r *rig) toClient(text string, local string) reminder.Draft {
	return reminder.Draft{ClientID: r.client, Audience: "client", Channel: "sms", Text: text, LocalTime: local}
}

// toSelf drafts a word to the user.
func (r *rig) toSelf(text string, local string) reminder.Draft {
	return reminder.Draft{Audience: "user", Channel: "app", Text: text, LocalTime: local}
}

func (r *rig) create(d reminder.Draft) reminder.Reminder {
	r.t.Helper()
	made, err := r.service.Create(r.asUser(), d)
	if err != nil {
		r.t.Fatalf("%+v: %v", d, err)
	}
	return made
}

func (r *rig) events(kind string) int64 {
	return r.int(`select count(*) from live_events where user_id = $1 and kind = $2`, r.user, kind)
}
