package access_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/fault"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/internal/web"
)

// clock is a hand-set one.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// recorder notes what browsers would be told.
type recorder struct {
	mu       sync.Mutex
	users    []int64
	sessions []int64
	signals  []string
}

func (r *recorder) Signal(ctx context.Context, kind string, _ any) {
	postgres.AfterCommit(ctx, func() { r.mu.Lock(); defer r.mu.Unlock(); r.signals = append(r.signals, kind) })
}

func (r *recorder) KickUser(ctx context.Context, id int64) {
	postgres.AfterCommit(ctx, func() { r.mu.Lock(); defer r.mu.Unlock(); r.users = append(r.users, id) })
}

func (r *recorder) KickSession(ctx context.Context, id int64) {
	postgres.AfterCommit(ctx, func() { r.mu.Lock(); defer r.mu.Unlock(); r.sessions = append(r.sessions, id) })
}

// house is the room with its face, on a database of its own.
type house struct {
	t     *testing.T
	db    *postgres.DB
	s     *access.Service
	web   *web.Server
	live  *recorder
	clock *clock
}

const password = "correct horse"

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, db: pgtest.New(t), live: &recorder{}, clock: &clock{now: time.Now().Truncate(time.Microsecond)}}
	log := audit.NewLog(h.db)
	h.s = h.open()
	h.web = web.New(web.Options{Gate: h.s, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Classify: postgres.Classify})
	access.NewAPI(h.s).Register(h.web.Router())
	audit.NewAPI(log, audit.NewKeeper(log, audit.KeeperOptions{Dir: t.TempDir(), Now: h.clock.Now}), nil).Register(h.web.Router())
	for _, role := range []string{access.Operator, access.Manager, access.Supervisor, access.Admin} {
		if _, err := h.s.AddUser(t.Context(), access.NewUser{Login: role, Name: strings.ToUpper(role), Roles: []string{role}, Password: password}); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// open returns one more process on the same database.
func (h *house) open() *access.Service {
	h.t.Helper()
	s, err := access.New(h.db, audit.NewLog(h.db), h.live, access.Options{Idle: time.Hour, Life: 5 * time.Hour, Now: h.clock.Now})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// ask sends a request with a session's token.
func (h *house) ask(token, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	req := httptest.NewRequestWithContext(h.t.Context(), method, "/api"+path, strings.NewReader(body))
	if body == "" {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: token})
	for _, x := range headers {
		name, value, _ := strings.Cut(x, ": ")
		if name == "From" {
			req.RemoteAddr = value + ":1234"
		} else {
			req.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	h.web.Handler().ServeHTTP(w, req)
	return w
}

func (h *house) login(login string) (token string, me access.Me) {
	h.t.Helper()
	w := h.ask("", "POST", "/session", `{"login":"`+login+`","password":"`+password+`"}`)
	if w.Code != 200 {
		h.t.Fatalf("login of %s: %d %s", login, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &me); err != nil {
		h.t.Fatal(err)
	}
	return w.Result().Cookies()[0].Value, me
}

func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var p web.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return p.Code
}

func TestLoginTellsWhoIAm(t *testing.T) {
	h := newHouse(t)
	w := h.ask("", "POST", "/session", `{"login":"MANAGER","password":"`+password+`"}`)
	cookie := w.Result().Cookies()[0]
	if w.Code != 200 || !cookie.HttpOnly || len(cookie.Value) != 43 {
		t.Fatalf("%d %v %s", w.Code, cookie, w.Body)
	}
	_, me := h.login("manager")
	if me.User.Name != "MANAGER" || !strings.HasPrefix(me.Phone.User, "a") || len(me.Phone.User) != 17 || len(me.Phone.Password) < 32 ||
		me.Phone.URI != "sip:"+me.Phone.User+"@centralita" || me.Firm.LeadWarnSeconds != 300 || me.Preferences == nil {
		t.Errorf("%+v", me)
	}
	if !slices.Contains(me.Permissions, access.LeadsAssign) || slices.Contains(me.Permissions, access.LedgerRead) {
		t.Errorf("a manager has %v", me.Permissions)
	}
	if w := h.ask(cookie.Value, "GET", "/session", ""); w.Code != 200 || strings.Contains(w.Body.String(), "hash") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestNobodyLearnsWhoExists(t *testing.T) {
	h := newHouse(t)
	if _, err := h.db.Conn(t.Context()).Exec(t.Context(), "update users set active = false where login = 'supervisor'"); err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, login := range []string{"manager", "nobody", "supervisor", "' or 1=1 --"} {
		w := h.ask("", "POST", "/session", `{"login":"`+login+`","password":"wrong wrong"}`, "X-Request-ID: same")
		if w.Code != 401 || code(t, w) != "bad_credentials" || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: %d %s", login, w.Code, w.Body)
		}
		bodies = append(bodies, w.Body.String())
	}
	if len(slices.Compact(bodies)) != 1 {
		t.Errorf("replies differ: %v", bodies)
	}
	took := func(login string) time.Duration {
		best := time.Hour
		for range 4 {
			start := time.Now()
			_, _, err := h.s.Login(t.Context(), login, "wrong wrong", "")
			if fault.KindOf(err) != fault.Unauthenticated {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	known, unknown := took("operator"), took("ghost")
	if known > 4*unknown || unknown > 4*known {
		t.Errorf("a known login takes %v, an unknown one %v", known, unknown)
	}
}

func TestSessionsEndByThemselves(t *testing.T) {
	h := newHouse(t)
	token, _ := h.login("operator")
	alive := func() bool { return h.ask(token, "GET", "/firm", "").Code == 200 }
	for range 4 {
		h.clock.advance(59 * time.Minute)
		if !alive() {
			t.Fatal("a session in use ended")
		}
	}
	h.clock.advance(59 * time.Minute)
	if !alive() {
		t.Fatal("ended before its time")
	}
	h.clock.advance(6 * time.Minute)
	if alive() {
		t.Error("outlived its life")
	}
	token, _ = h.login("operator")
	h.clock.advance(61 * time.Minute)
	if alive() {
		t.Error("survived an hour of idleness")
	}
}

func TestLogoutEndsTheSessionAndItsSocket(t *testing.T) {
	h := newHouse(t)
	token, _ := h.login("operator")
	other, _ := h.login("operator")
	if w := h.ask(token, "DELETE", "/session", ""); w.Code != 204 || w.Result().Cookies()[0].MaxAge != -1 {
		t.Errorf("%d %v", w.Code, w.Result().Cookies())
	}
	if h.ask(token, "GET", "/firm", "").Code != 401 || h.ask(other, "GET", "/firm", "").Code != 200 || len(h.live.sessions) != 1 {
		t.Errorf("after logout; kicked %v", h.live.sessions)
	}
	over, err := h.s.EndedSessions(t.Context(), []int64{h.live.sessions[0], h.live.sessions[0] + 1, 999})
	if err != nil || !slices.Equal(over, []int64{h.live.sessions[0], 999}) {
		t.Errorf("%v %v", over, err)
	}
}

func TestAnAuthorisedRequestAsksTheDatabaseOnceInTwoSeconds(t *testing.T) {
	h := newHouse(t)
	token, _ := h.login("operator")
	ctx := context.WithoutCancel(t.Context())
	if _, err := h.s.Enter(ctx, token); err != nil {
		t.Fatal(err)
	}
	if _, err := h.db.Conn(ctx).Exec(ctx, "alter table sessions rename to away"); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := h.s.Enter(ctx, token); err != nil {
			t.Fatalf("asked the database: %v", err)
		}
	}
	h.clock.advance(2 * time.Second)
	if _, err := h.s.Enter(ctx, token); err == nil {
		t.Error("believed for longer than two seconds")
	}
}
