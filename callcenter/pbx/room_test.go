package pbx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"centralita/asterisk"
	"centralita/asterisk/ari"
	"centralita/asterisk/asterisktest"
	"centralita/callcenter"
	"centralita/callcenter/floor"
	"centralita/callcenter/pbx"
	"centralita/callcenter/store"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/internal/siptest"
)

// room is the call room at work on a real Asterisk and a real database. The client base stands outside: its answer
// is fixed here.
type room struct {
	t      *testing.T
	config asterisk.Config
	db     *postgres.DB
	books  *store.Books
	client *ari.Client
	knows  directory
	floor  *floor.Floor
	far    *siptest.UA // the trunk's other end: callers, and the phones of clients
	app    string
	up     chan bool
	stop   context.CancelFunc
	ended  chan error
}

// directory answers for the client base: everybody's responsible is the given user.
type directory struct {
	responsible int64
	line        callcenter.Line
	queue       callcenter.Queue
}

// Place is the one queue there is.
func (d directory) Place(_ context.Context, to callcenter.Destination) (callcenter.Place, error) {
	return callcenter.Place{Destination: to, Name: d.queue.Name, Queue: d.queue}, nil
}

func (d directory) Line(context.Context, string) (callcenter.Line, error) { return d.line, nil }

func (d directory) Identify(ctx context.Context, raw, _ string) (callcenter.Identity, error) {
	identity := callcenter.Identity{E164: "+" + raw, Display: raw, Dialable: true}
	if d.responsible != 0 {
		identity.Candidates = []callcenter.Candidate{{ClientID: 1, Name: "Ana", ResponsibleID: d.responsible}}
	}
	return identity, ctx.Err()
}

// ledger opens a lead of its own table-less kind: these tests are about the call.
type ledger struct{ db *postgres.DB }

const openLead = `insert into leads (identity, source) values ('u:' || $1, 'call') returning id`

func (l ledger) Open(ctx context.Context, call *callcenter.Call) error {
	return l.db.Conn(ctx).QueryRow(ctx, openLead, fmt.Sprint(call.ID)).Scan(&call.LeadID)
}

func (l ledger) OpenNew(context.Context, *callcenter.Call) (bool, error) { return false, nil }

const (
	addUser = `
insert into users (login, name, password_hash, roles, phone_kind, sip_user, sip_password)
values ($1, $1, '', '{operator}', 'desk', $2, 'secret') returning id`
	addLine   = `insert into lines (name, number, country) values ('Sales', '+34910000001', 'ES') returning id`
	addClient = `insert into clients (kind, name, name_key) values ('person', 'Ana', 'ana')`
)

func openRoom(t *testing.T, change ...func(*directory)) *room {
	r := &room{t: t, db: pgtest.New(t), app: "crm-test"}
	r.config = asterisktest.Start(t, func(c *asterisk.Config) {
		c.TrunkContact = fmt.Sprintf("127.0.0.1:%d", asterisktest.FreeUDP(t))
	}).Config()
	r.exec(addClient)
	var line int64
	if err := r.db.Conn(t.Context()).QueryRow(t.Context(), addLine).Scan(&line); err != nil {
		t.Fatal(err)
	}
	r.far = r.open(siptest.Config{Addr: r.config.TrunkContact, Tone: 500})
	r.books = store.New(r.db, "test")
	d := directory{line: callcenter.Line{ID: line, Name: "Sales", Number: "+34910000001", Country: "ES", Language: "en",
		Entry: callcenter.Destination{Kind: callcenter.ToQueue, ID: 1}},
		queue: callcenter.Queue{ID: 1, Version: 1, Name: "Sales", Strategy: callcenter.LongestIdle, Ring: 4 * time.Second, MaxWait: 20 * time.Second,
			Sticky: callcenter.Sticky{Responsible: true, Ring: 2 * time.Second}}}
	r.exec(`insert into queues (id, settings) overriding system value values (1, '{}')`)
	for _, c := range change {
		c(&d)
	}
	r.knows = d
	r.serve(d)
	return r
}

func (r *room) exec(sql string, args ...any) {
	r.t.Helper()
	if _, err := r.db.Conn(r.t.Context()).Exec(r.t.Context(), sql, args...); err != nil {
		r.t.Fatal(err)
	}
}

// serve starts a server's call room.
func (r *room) serve(d directory) {
	now := func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(r.t.Output(), nil))
	}
	r.client = asterisktest.Client(r.t, r.config, r.app)
	sw := pbx.NewSwitch(r.client, "trunk")
	r.floor = floor.New(floor.Config{
		Instance: "test", Switch: sw, Directory: d, Books: r.books, Archive: r.books, Ledger: ledger{r.db},
		Scribes: []floor.Scribe{store.NewScribe(r.books, now)}, Roster: r.books, Peers: store.NewPeers(r.books),
		Presence: func(int64) {}, Now: now, Log: log,
	})
	ctx, stop := context.WithCancel(context.Background())
	r.up, r.ended = make(chan bool, 16), make(chan error, 1)
	link := pbx.NewLink(sw, r.floor, log, func(up bool) { r.up <- up })
	go func() { r.ended <- link.Run(ctx) }()
	r.stop = stop
	r.t.Cleanup(r.close)
	if !<-r.up {
		r.t.Fatal("the link did not come up")
	}
}

// close ends the server as a crash would, as far as Asterisk can see: the socket closes and nothing is tidied up.
func (r *room) close() {
	r.stop()
	if err := <-r.ended; err != nil && !errors.Is(err, context.Canceled) {
		r.t.Error(err)
	}
	r.ended <- nil
	r.floor.Close()
}

func (r *room) open(config siptest.Config) *siptest.UA {
	r.t.Helper()
	ua, err := siptest.Open(config)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { ua.Close() })
	return ua
}

// agent adds a user whose desk phone is registered and behaves as the script says.
func (r *room) agent(login string, tone float64, script siptest.Script) (*siptest.UA, int64) {
	r.t.Helper()
	ctx := r.within(10 * time.Second)
	var id int64
	sip := "a" + login
	if err := r.db.Conn(ctx).QueryRow(ctx, addUser, login, sip).Scan(&id); err != nil {
		r.t.Fatal(err)
	}
	r.exec(`insert into queue_members (queue_id, user_id, position) values (1, $1::bigint, $1::int)`, id)
	if err := r.client.PutPhone(ctx, ari.Phone{ID: sip, Password: "secret"}); err != nil {
		r.t.Fatal(err)
	}
	if err := r.floor.RefreshAgents(ctx); err != nil {
		r.t.Fatal(err)
	}
	ua := r.open(siptest.Config{User: sip, Password: "secret", Server: r.sip(), Tone: tone, Script: script})
	if err := ua.Register(ctx); err != nil {
		r.t.Fatal(err)
	}
	r.until("phone registered", func() bool {
		for _, a := range r.floor.Agents() {
			if a.UserID == id {
				return a.Registered
			}
		}
		return false
	})
	return ua, id
}

func (r *room) sip() string { return fmt.Sprintf("127.0.0.1:%d", r.config.SIPPort) }

func (r *room) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	r.t.Cleanup(cancel)
	return ctx
}

func (r *room) until(what string, ok func() bool) {
	r.t.Helper()
	asterisktest.Eventually(r.t, 10*time.Second, ok, func() string { return what })
}

func (r *room) call(from string) *siptest.Call {
	r.t.Helper()
	c, err := r.far.Invite(r.within(time.Minute), siptest.Invite{Server: r.sip(), To: "910000001", From: from})
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *room) no(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// stored waits until the newest call is over and returns it.
func (r *room) stored() callcenter.Call {
	r.t.Helper()
	var id callcenter.ID
	r.until("the call is over", func() bool {
		err := r.db.Conn(r.t.Context()).QueryRow(r.t.Context(),
			`select id from calls where ended_at is not null order by id desc limit 1`).Scan(&id)
		return err == nil
	})
	call, err := r.books.Call(r.t.Context(), id)
	r.no(err)
	return call
}

// quiet says that nothing is left in the switch, and nobody reserved.
func (r *room) quiet() {
	r.t.Helper()
	asterisktest.Quiet(r.t, r.client)
	r.until("nobody is taken", func() bool {
		var taken int
		err := r.db.Conn(r.t.Context()).QueryRow(r.t.Context(), `select count(*) from agents where call_id is not null`).Scan(&taken)
		return err == nil && taken == 0
	})
}
