package client_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/line"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/internal/web"
)

// world is a client base with two lines, Madrid (1) and Buenos Aires (2), and
// one user (1) who may do everything.
type world struct {
	t       testing.TB
	db      *postgres.DB
	clients *client.Service
	live    *signals
	web     *web.Server
	as      access.Actor // who asks; the zero value: anna
}

// signals remembers what browsers were told.
type signals struct{ kinds []string }

func (s *signals) Signal(ctx context.Context, kind string, _ any) {
	postgres.AfterCommit(ctx, func() { s.kinds = append(s.kinds, kind) })
}

// leads hands a lead over as the ledger does, on the same tables.
type leads struct{ db *postgres.DB }

func (l leads) LinkClient(ctx context.Context, leadID, clientID int64) error {
	_, err := l.db.Conn(ctx).Exec(ctx, `with l as (update leads set client_id = $2 where id = $1),
		k as (update calls set client_id = $2 where lead_id = $1) update interactions set client_id = $2 where lead_id = $1`, leadID, clientID)
	return err
}

// anna lets her token in with every right of a supervisor, or whom the world says.
type anna struct{ w *world }

func (a anna) Enter(ctx context.Context, _ string) (context.Context, error) {
	if a.w.as.UserID != 0 {
		return access.WithActor(ctx, a.w.as), nil
	}
	return asAnna(ctx), nil
}
func (anna) Allow(ctx context.Context, p web.Permission) error { return access.Allow(ctx, p) }

func asAnna(ctx context.Context) context.Context {
	return access.WithActor(ctx, access.Actor{UserID: 1, Login: "anna", Name: "Anna", Roles: []string{access.Supervisor}})
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t), live: &signals{}}
	w.exec(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ('anna', 'Anna', '', '{supervisor}', 'a1', '')`)
	w.exec(`insert into lines (name, number, country) values ('Madrid', '+34911234567', 'ES'), ('Buenos Aires', '+541141234567', 'AR')`)
	journal := audit.NewLog(w.db)
	lines := line.New(w.db, journal, w.live)
	w.clients = client.New(w.db, client.Ports{
		Lines: lines, Leads: leads{w.db}, Audit: journal, Live: w.live,
		CauseText: func(cause int) string { return map[int]string{0: "", 17: "busy"}[cause] },
	})
	w.web = web.New(web.Options{Title: "t", Version: "1", Gate: anna{w}})
	client.NewAPI(w.clients).Register(w.web.Router())
	return w
}

func (w *world) ctx() context.Context { return asAnna(w.t.Context()) }

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Conn(w.t.Context()).Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) value(sql string, args ...any) (v string) {
	w.t.Helper()
	if err := w.db.Conn(w.t.Context()).QueryRow(w.t.Context(), "select ("+sql+")::text", args...).Scan(&v); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// person creates one with phones.
func (w *world) person(name string, phones ...string) client.Client {
	w.t.Helper()
	c, err := w.clients.Create(w.ctx(), newPerson(name, phones...))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func newPerson(name string, phones ...string) client.NewClient {
	in := client.NewClient{Fields: client.Fields{Kind: "person", Name: name}}
	for _, p := range phones {
		in.ContactPoints = append(in.ContactPoints, client.NewPoint{Kind: "phone", Raw: p})
	}
	return in
}

// ask sends a request as anna and decodes the answer.
func (w *world) ask(method, path, body string) (int, map[string]any) {
	w.t.Helper()
	req := httptest.NewRequestWithContext(w.t.Context(), method, "/api"+path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: "x"})
	rec := httptest.NewRecorder()
	w.web.Handler().ServeHTTP(rec, req)
	out := map[string]any{}
	if rec.Code == http.StatusNoContent {
		return rec.Code, out
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		w.t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	return rec.Code, out
}
