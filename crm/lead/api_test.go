package lead_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"centralita/crm/access"
	"centralita/crm/lead"
	"centralita/internal/fault"
	"centralita/internal/postgres"
	"centralita/internal/web"
)

// gate lets the users of a world in by their login.
type gate struct{ w *world }

func (g gate) Enter(ctx context.Context, token string) (context.Context, error) {
	actor, ok := g.w.users[token]
	if !ok {
		return ctx, fault.New(fault.Unauthenticated, "unauthenticated", "Sign in.")
	}
	return access.WithActor(ctx, actor), nil
}

func (g gate) Allow(ctx context.Context, p web.Permission) error { return access.Allow(ctx, p) }

// face is the ledger's API with a way to ask it.
type face struct {
	*world
	server *web.Server
}

func newFace(t testing.TB) face {
	w := newWorld(t)
	for _, role := range []string{access.Supervisor} {
		w.users[role] = access.Actor{UserID: w.users["manager2"].UserID, Login: role, Roles: []string{role}}
	}
	w.users["nobody"] = access.Actor{UserID: w.users["operator0"].UserID, Login: "nobody", Roles: []string{"ex-operator"}}
	f := face{w, web.New(web.Options{Gate: gate{w}, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Classify: postgres.Classify})}
	lead.NewAPI(w.ledger, freeDesk{}, clientBase{w}).Register(f.server.Router())
	return f
}

type freeDesk struct{}

func (freeDesk) Free(context.Context) ([]lead.FreeAgent, error) {
	return []lead.FreeAgent{{UserID: 1, Name: "Ann", State: "available", Registered: true}}, nil
}

// ask sends a request and decodes the reply into out, or fails the test; it returns the status and the problem's code.
func (f face) ask(as, method, path, body string, out any) (int, string) {
	f.Helper()
	req := httptest.NewRequestWithContext(f.ctx, method, "/api"+path, strings.NewReader(body))
	if body == "" {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: as})
	w := httptest.NewRecorder()
	f.server.Handler().ServeHTTP(w, req)
	if w.Code >= 400 {
		var p web.Problem
		f.ok(json.Unmarshal(w.Body.Bytes(), &p))
		return w.Code, p.Code
	}
	if out != nil {
		f.ok(json.Unmarshal(w.Body.Bytes(), out))
	}
	return w.Code, ""
}

func TestALeadThroughTheAPI(t *testing.T) {
	f := newFace(t)
	var created, shown lead.Lead
	if status, code := f.ask("operator0", "POST", "/leads", fmt.Sprintf(`{"number":"+34600111222","line_id":%d,"note":"n","source":"manual"}`, f.lines[0]), &created); status != 201 {
		t.Fatal(status, code)
	}
	path := fmt.Sprintf("/leads/%d", created.ID)
	f.ask("operator0", "GET", path, "", &shown)
	if diff := cmp.Diff(created, shown); diff != "" {
		t.Error(diff)
	}
	for _, step := range []struct{ as, method, path, body string }{
		{"operator0", "POST", path + "/lease", ""},
		{"operator0", "POST", path + "/next-step", `{"at":"2031-01-01T10:00:00Z","note":"offer"}`},
		{"operator0", "POST", path + "/next-step", `{"at":null}`},
		{"manager2", "POST", path + "/assign", `{"user_id":null}`},
		{"operator0", "PATCH", path, `{"note":"other"}`},
		{"operator0", "DELETE", path + "/lease", ""},
		{"operator0", "POST", path + "/close", `{"closing":"converted"}`},
		{"operator0", "POST", path + "/reopen", `{"reason":"undo"}`},
	} {
		if status, code := f.ask(step.as, step.method, step.path, step.body, &shown); status != 200 || shown.ID != created.ID {
			t.Errorf("%s %s: %d %s", step.method, step.path, status, code)
		}
	}
	var detail lead.LeadDetail
	f.ask("operator0", "GET", path, "", &detail)
	var kinds []string
	for _, e := range detail.Entries {
		kinds = append(kinds, e.Kind)
	}
	if want := "opened leased next_step next_step assigned note released closed reopened"; strings.Join(kinds, " ") != want {
		t.Errorf("journal %v", kinds)
	}
	var board lead.Board
	if status, _ := f.ask("operator0", "GET", "/leads/board", "", &board); status != 200 || len(board.Rows) != 1 || len(board.Free) != 1 || board.Balance.Opened != 1 || len(board.Balance.Closed) != 8 || len(board.Classes) != 9 {
		t.Errorf("%+v", board)
	}
}

func TestRightsOfRoles(t *testing.T) {
	f := newFace(t)
	id := f.file(f.call("", time.Now())).LeadID
	path := fmt.Sprintf("/leads/%d", id)
	entries := f.id("select count(*) from lead_entries")
	for _, c := range []struct {
		as, method, path, body string
		want                   int
	}{
		{"", "GET", "/leads/board", "", 401}, {"", "POST", path + "/close", `{"closing":"spam"}`, 401},
		{"nobody", "GET", "/leads", "", 403}, {"nobody", "GET", path, "", 403}, {"nobody", "GET", "/leads/board", "", 403},
		{"nobody", "POST", "/leads", `{"note":"x"}`, 403}, {"nobody", "POST", path + "/lease", "", 403}, {"nobody", "DELETE", path + "/lease", "", 403},
		{"nobody", "POST", path + "/close", `{"closing":"spam"}`, 403}, {"nobody", "POST", path + "/reopen", `{}`, 403},
		{"nobody", "POST", path + "/next-step", `{"at":null}`, 403}, {"nobody", "PATCH", path, `{"note":"x"}`, 403},
		{"operator0", "POST", path + "/assign", `{"user_id":1}`, 403},
	} {
		if status, code := f.ask(c.as, c.method, c.path, c.body, nil); status != c.want {
			t.Errorf("%s: %s %s: %d %s", c.as, c.method, c.path, status, code)
		}
	}
	if n := f.id("select count(*) from lead_entries"); n != entries {
		t.Error("a refused request left a trace")
	}
	if status, _ := f.ask("supervisor", "POST", path+"/assign", `{"user_id":null}`, nil); status != 200 {
		t.Error("a supervisor may not assign")
	}
}

func TestBadInput(t *testing.T) {
	f := newFace(t)
	id := f.file(f.call("", time.Now())).LeadID
	path := fmt.Sprintf("/leads/%d", id)
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/leads/0", "", 404}, {"GET", "/leads/-1", "", 404}, {"GET", "/leads/999999", "", 404}, {"GET", "/leads/9223372036854775808", "", 404},
		{"GET", "/leads?state=' or 1=1 --", "", 422}, {"GET", "/leads?class=lost;select pg_sleep(5)", "", 422},
		{"GET", "/leads?closing=lost", "", 422}, {"GET", "/leads?source=x", "", 422}, {"GET", "/leads?sort=password_hash", "", 422},
		{"GET", "/leads?cursor=!!", "", 422}, {"GET", "/leads?client_id=-1", "", 422}, {"GET", "/leads?state=closed&class=lost", "", 422},
		{"POST", path + "/close", `{"closing":"lost"}`, 422}, {"POST", path + "/close", `{"closing":"written_off"}`, 422},
		{"POST", path + "/close", `{"closing":"spam","closed_by":5}`, 422}, {"POST", "/leads", `{"note":"x","state":"closed"}`, 422},
		{"POST", "/leads", `{"note":"x","VALUE":"9"}`, 422}, {"POST", path + "/next-step", `{"at":"yesterday"}`, 422},
		{"POST", path + "/next-step", `{"at":"0000-01-01T00:00:00Z"}`, 422}, {"POST", path + "/next-step", `{"at":"2020-01-01T00:00:00Z"}`, 422},
		{"POST", "/leads/999999/close", `{"closing":"spam"}`, 404}, {"POST", "/leads/999999/lease", "", 404}, {"DELETE", "/leads/999999/lease", "", 404},
		{"POST", path + "/reopen", `{}`, 409}, {"POST", path + "/assign", `{"user_id":999999}`, 422}, {"PATCH", path, `{"note":"` + strings.Repeat("x", 1001) + `"}`, 422},
	} {
		target := strings.NewReplacer(" ", "%20", ";", "%3B").Replace(c.path)
		if status, code := f.ask("admin3", c.method, target, c.body, nil); status != c.want {
			t.Errorf("%s %s %.60s: %d %s", c.method, c.path, c.body, status, code)
		}
	}
}

func TestEveryNumberOpens(t *testing.T) {
	f := newFace(t)
	for i := range 230 {
		c := f.call("", time.Now())
		c.LineID = f.lines[i%2]
		id := f.file(c).LeadID
		if i%3 == 0 {
			_, err := f.ledger.Close(f.as("manager2"), id, lead.Closings[i%len(lead.Closings)], "because")
			f.ok(err)
		}
	}
	var board lead.Board
	f.ask("admin3", "GET", "/leads/board", "", &board)
	type page struct {
		Items []lead.Lead
		Next  string
		Total int64
	}
	count := func(query string) (n int64) {
		seen := map[int64]bool{}
		for cursor := ""; ; {
			var p page
			if status, code := f.ask("admin3", "GET", "/leads?"+query+"&cursor="+cursor, "", &p); status != 200 {
				t.Fatal(query, status, code)
			}
			for _, l := range p.Items {
				if seen[l.ID] {
					t.Fatalf("%s: lead %d twice", query, l.ID)
				}
				seen[l.ID] = true
			}
			n += int64(len(p.Items))
			if cursor = p.Next; cursor == "" {
				if n != p.Total {
					t.Errorf("%s: total %d, rows %d", query, p.Total, n)
				}
				return n
			}
		}
	}
	if count("state=open") != board.Balance.Open || count("") != board.Balance.Opened || board.Balance.Difference != 0 {
		t.Errorf("%+v", board.Balance)
	}
	for _, c := range board.Balance.Closed {
		if n := count("closing=" + string(c.Type)); n != c.Count {
			t.Errorf("closed as %s: board %d, list %d", c.Type, c.Count, n)
		}
	}
	if a, b := count(fmt.Sprintf("line_id=%d", f.lines[0])), count(fmt.Sprintf("line_id=%d", f.lines[1])); a+b != board.Balance.Opened {
		t.Errorf("%d + %d of %d", a, b, board.Balance.Opened)
	}
}
