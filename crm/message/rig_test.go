package message_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/lead"
	"centralita/crm/line"
	"centralita/crm/message"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/internal/twiliosim"
	"centralita/internal/web"
	"centralita/realtime"
	livestore "centralita/realtime/store"
)

const (
	account  = "AC00000000000000000000000000000001"
	token    = "0123456789abcdef0123456789abcdef"
	sender   = "+15005550006"
	loopback = "the simulator"  // as Options.OutboxURL
	patience = 60 * time.Second // for whatever a busy machine has to do
)

// parts are the rooms around a message service, on one database.
type parts struct {
	db      *postgres.DB
	queue   *jobs.Queue
	access  *access.Service
	clients *client.Service
	service *message.Service
	live    *realtime.Log
}

// assemble puts the real rooms together, as the server does.
func assemble(db *postgres.DB, opts message.Options) (parts, error) {
	p := parts{db: db, live: realtime.NewLog(livestore.New(db), realtime.NewLocalBus())}
	var err error
	if p.queue, err = jobs.New(db, slog.New(slog.DiscardHandler)); err != nil {
		return p, err
	}
	log := audit.NewLog(db)
	if p.access, err = access.New(db, log, p.live, access.Options{}); err != nil {
		return p, err
	}
	ledger := lead.NewLedger(db, log, p.live)
	p.clients = client.New(db, client.Ports{
		Lines: line.New(db, log, p.live), Leads: ledger, Audit: log, Live: p.live, CauseText: strconv.Itoa,
	})
	opts.AccountSID, opts.AuthToken, opts.From = account, token, sender
	p.service, err = message.New(db, message.Ports{Queue: p.queue, Audit: log, Live: p.live, Leads: ledger, Clients: p.clients}, opts)
	return p, err
}

// rig is a firm with one user, a server with the webhooks and a Twilio.
type rig struct {
	parts
	t      *testing.T
	sim    *twiliosim.Server
	simURL string
	hooks  string // the product's public URL
	user   int64
}

// newRig builds it; the queue waits for start.
func newRig(t *testing.T, simulator twiliosim.Options, opts message.Options) *rig {
	t.Helper()
	t.Parallel() // most of the time is spent waiting
	r := &rig{t: t}
	var face atomic.Pointer[http.Handler]
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if handler := face.Load(); handler != nil { // a straggler of another test may know the port from before
			(*handler).ServeHTTP(w, req)
		}
	}))
	r.hooks = public.URL
	simulator.AccountSID, simulator.AuthToken, simulator.WebhookURL = account, token, public.URL
	r.sim = twiliosim.New(simulator)
	api := httptest.NewServer(r.sim)
	r.simURL = api.URL
	t.Cleanup(func() {
		r.sim.Close()
		api.CloseClientConnections()
		api.Close()
		public.CloseClientConnections()
		public.Close()
	})
	db := pgtest.New(t)
	opts.WebhookURL = public.URL
	if opts.OutboxURL == loopback {
		opts.OutboxURL = api.URL
	}
	if opts.BaseURL == "" {
		opts.BaseURL = api.URL
	}
	var err error
	if r.parts, err = assemble(db, opts); err != nil {
		t.Fatal(err)
	}
	server := web.New(web.Options{Title: "Test", Version: "1", Gate: r.access, Classify: postgres.Classify, Logger: slog.New(slog.DiscardHandler)})
	message.NewAPI(r.service).Register(server.Router())
	access.NewAPI(r.access).Register(server.Router())
	handler := server.Handler()
	face.Store(&handler)
	r.exec(`insert into firms (id, name, country, allowed_countries) values (1, 'Acme', 'ES', '{US}') on conflict (id) do update set name = 'Acme'`)
	r.user = r.int(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ('ana', 'Ana', 'x', '{manager}', 'a1', 'x') returning id`)
	return r
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

// int returns the single number of a query.
func (r *rig) int(sql string, args ...any) (n int64) {
	r.t.Helper()
	if err := r.db.Conn(r.t.Context()).QueryRow(r.t.Context(), sql, args...).Scan(&n); err != nil {
		r.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// text returns the single text of a query.
func (r *rig) text(sql string, args ...any) (s string) {
	r.t.Helper()
	if err := r.db.Conn(r.t.Context()).QueryRow(r.t.Context(), sql, args...).Scan(&s); err != nil {
		r.t.Fatalf("%s: %v", sql, err)
	}
	return s
}

// until waits for cond.
func (r *rig) until(what string, cond func() bool) {
	r.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline.C:
			r.t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// untilState waits for a message to come to a state.
func (r *rig) untilState(id int64, want string) {
	r.t.Helper()
	r.until("message in state "+want, func() bool { return r.text(`select state from messages where id = $1`, id) == want })
}

// send takes a wish of the rig's user.
func (r *rig) send(to, body string) message.Message {
	r.t.Helper()
	m, err := r.service.Send(r.asUser(), message.Wish{To: to, Body: body, UserID: r.user})
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

func (r *rig) asUser() context.Context {
	return access.WithActor(r.t.Context(), access.Actor{UserID: r.user, Name: "Ana", Roles: []string{"manager"}})
}

// newClient stores a person with a phone, in the rig's user's care.
func (r *rig) newClient(name, phone string) int64 {
	r.t.Helper()
	c, err := r.clients.Create(r.asUser(), client.NewClient{
		Fields:        client.Fields{Kind: "person", Name: name, ResponsibleID: &r.user},
		ContactPoints: []client.NewPoint{{Kind: "phone", Raw: phone}},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return c.ID
}

// events returns how many events of the kind the rig's user was sent.
func (r *rig) events(kind string) int64 {
	return r.int(`select count(*) from live_events where user_id = $1 and kind = $2`, r.user, kind)
}

// sent returns how often each text arrived at the simulator's phones.
func (r *rig) sent() map[string]int {
	n := map[string]int{}
	for _, m := range r.sim.Outbox() {
		if m.Direction != "inbound" {
			n[m.Body]++
		}
	}
	return n
}

// post sends a raw request to the product and returns its status and body.
func (r *rig) post(path, contentType, body string, headers ...string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.hooks+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Error(err)
	}
	if err := res.Body.Close(); err != nil {
		r.t.Error(err)
	}
	return res.StatusCode, string(text)
}

// TestMain turns this program into a worker when a test asks for one to kill.
func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) != "" {
		os.Exit(work())
	}
	os.Exit(m.Run())
}
