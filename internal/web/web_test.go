package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"centralita/internal/fault"
	"centralita/internal/web"
)

// doorman is a Gate that knows one token with one permission.
type doorman struct{}

type actorKey struct{}

func (doorman) Enter(ctx context.Context, token string) (context.Context, error) {
	if token != "good" {
		return ctx, fault.New(fault.Unauthenticated, "session_expired", "Sign in again.")
	}
	return context.WithValue(ctx, actorKey{}, "ann"), nil
}

func (doorman) Allow(_ context.Context, p web.Permission) error {
	if p != "notes.write" {
		return fault.New(fault.Forbidden, "forbidden", "You may not do that.")
	}
	return nil
}

type noteIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Loud bool  `query:"loud"`
	Body struct {
		Text string `json:"text" maxLength:"20"`
		N    int64  `json:"n,omitempty"`
	}
}

type noteOut struct {
	Body struct {
		Actor string `json:"actor"`
		Text  string `json:"text"`
	}
}

var errSecret = errors.New("password of db is hunter2")

func writeNote(ctx context.Context, in *noteIn) (*noteOut, error) {
	switch in.Body.Text {
	case "panic":
		panic("hunter2")
	case "secret":
		return nil, errSecret
	case "conflict":
		return nil, fault.New(fault.Conflict, "note_taken", "Somebody was faster.").WithField("body.text", "taken")
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	out := &noteOut{}
	out.Body.Actor, _ = ctx.Value(actorKey{}).(string)
	out.Body.Text = in.Body.Text
	return out, nil
}

// server returns one with a few routes of each sort, and a small app.
func server(t testing.TB) *web.Server {
	t.Helper()
	s := web.New(web.Options{
		Title: "Test", Version: "1", Gate: doorman{}, MetricsToken: "metrics-token",
		Static: fstest.MapFS{
			"index.html": {Data: []byte("<p>app</p>")}, "assets/a-1234.js": {Data: []byte(script)},
		},
		RequestTimeout: 1e8, Logger: slog.New(slog.DiscardHandler),
	})
	r := s.Router()
	web.Handle(r, web.Op{Method: http.MethodPost, Path: "/notes/{id}", ID: "write-note", Permission: "notes.write"}, writeNote)
	web.Handle(r, web.Op{Method: http.MethodGet, Path: "/me", ID: "me", Permission: web.SignedIn}, func(context.Context, *struct{}) (*noteOut, error) { return &noteOut{}, nil })
	web.Handle(r, web.Op{Method: http.MethodGet, Path: "/secret", ID: "secret", Permission: "secrets.read"}, func(context.Context, *struct{}) (*noteOut, error) { return &noteOut{}, nil })
	r.Raw(web.Op{Method: http.MethodPost, Path: "/echo/{name}", ID: "echo", Permission: web.Public, MaxBody: 8}, func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			r.WriteError(w, req, fault.Wrap(err, fault.Invalid, "body_too_large", "Too much."))
			return
		}
		if _, err := w.Write([]byte(req.PathValue("name") + string(body))); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ask sends a request; headers are "Name: value".
func ask(t *testing.T, s *web.Server, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if body == "" {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, req)
	return w
}

// script is long enough to be worth compressing.
var script = strings.Repeat("call();", 1000)

const (
	signedIn = "Cookie: " + web.SessionCookieName + "=good"
	asJSON   = "Content-Type: application/json"
)

func TestEveryRefusalHasOneShape(t *testing.T) {
	s := server(t)
	cases := []struct {
		name, method, target, body string
		headers                    []string
		status                     int
		code                       string
	}{
		{"no session", "POST", "/api/notes/1", `{"text":"x"}`, []string{asJSON}, 401, "unauthenticated"},
		{"bad session before bad body", "POST", "/api/notes/1", `{`, []string{asJSON, "Cookie: centralita_session=bad"}, 401, "session_expired"},
		{"no right", "GET", "/api/secret", "", []string{signedIn}, 403, "forbidden"},
		{"unknown key", "POST", "/api/notes/1", `{"text":"x","role":"admin"}`, []string{asJSON, signedIn}, 422, "invalid_input"},
		{"key in another case", "POST", "/api/notes/1", `{"text":"x","N":5}`, []string{asJSON, signedIn}, 422, "invalid_input"},
		{"key twice", "POST", "/api/notes/1", `{"text":"x","text":"y"}`, []string{asJSON, signedIn}, 400, "bad_request"},
		{"too deep", "POST", "/api/notes/1", `{"text":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`, []string{asJSON, signedIn}, 400, "bad_request"},
		{"NUL in text", "POST", "/api/notes/1", `{"text":"a\u0000"}`, []string{asJSON, signedIn}, 400, "bad_request"},
		{"number beyond int64", "POST", "/api/notes/1", `{"text":"x","n":9223372036854775808}`, []string{asJSON, signedIn}, 422, "invalid_input"},
		{"malformed", "POST", "/api/notes/1", `{"text":`, []string{asJSON, signedIn}, 400, "bad_request"},
		{"too long", "POST", "/api/notes/1", `{"text":"` + strings.Repeat("x", 21) + `"}`, []string{asJSON, signedIn}, 422, "invalid_input"},
		{"too big", "POST", "/api/notes/1", `{"text":"` + strings.Repeat("x", 2<<20) + `"}`, []string{asJSON, signedIn}, 413, "too_large"},
		{"empty", "POST", "/api/notes/1", "", []string{signedIn}, 400, "bad_request"},
		{"text/plain", "POST", "/api/notes/1", `{"text":"x"}`, []string{"Content-Type: text/plain", signedIn}, 415, "unsupported_media_type"},
		{"no content type", "POST", "/api/notes/1", `{"text":"x"}`, []string{signedIn}, 415, "unsupported_media_type"},
		{"form", "POST", "/api/notes/1", `text=x`, []string{"Content-Type: application/x-www-form-urlencoded", signedIn}, 415, "unsupported_media_type"},
		{"id is no number", "POST", "/api/notes/abc", `{"text":"x"}`, []string{asJSON, signedIn}, 404, "not_found"},
		{"id zero", "POST", "/api/notes/0", `{"text":"x"}`, []string{asJSON, signedIn}, 404, "not_found"},
		{"unknown query parameter", "POST", "/api/notes/1?sort=x", `{"text":"x"}`, []string{asJSON, signedIn}, 422, "invalid_input"},
		{"NUL in query", "POST", "/api/notes/1?loud=%00", `{"text":"x"}`, []string{asJSON, signedIn}, 422, "invalid_input"},
		{"query is no UTF-8", "POST", "/api/notes/1?loud=%ff", `{"text":"x"}`, []string{asJSON, signedIn}, 422, "invalid_input"},
		{"fault", "POST", "/api/notes/1", `{"text":"conflict"}`, []string{asJSON, signedIn}, 409, "note_taken"},
		{"internal", "POST", "/api/notes/1", `{"text":"secret"}`, []string{asJSON, signedIn}, 500, "internal"},
		{"panic", "POST", "/api/notes/1", `{"text":"panic"}`, []string{asJSON, signedIn}, 500, "internal"},
		{"hangs", "POST", "/api/notes/1", `{"text":"hang"}`, []string{asJSON, signedIn}, 503, "unavailable"},
		{"other site", "POST", "/api/notes/1", `{"text":"x"}`, []string{asJSON, signedIn, "Sec-Fetch-Site: cross-site"}, 403, "cross_origin"},
		{"other origin", "POST", "/api/notes/1", `{"text":"x"}`, []string{asJSON, signedIn, "Origin: https://evil.example"}, 403, "cross_origin"},
		{"socket of another origin", "GET", "/api/me", "", []string{signedIn, "Upgrade: websocket", "Origin: https://evil.example"}, 403, "cross_origin"},
		{"unknown path", "GET", "/api/nothing", "", nil, 404, "not_found"},
		{"unknown method", "DELETE", "/api/me", "", nil, 405, "method_not_allowed"},
		{"static takes no POST", "POST", "/", "", nil, 405, "method_not_allowed"},
		{"raw body bounded", "POST", "/api/echo/x", "123456789", nil, 422, "body_too_large"},
		{"missing asset", "GET", "/assets/gone.js", "", nil, 404, "not_found"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := ask(t, s, c.method, c.target, c.body, c.headers...)
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %q", got)
			}
			var p web.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			if p.Code != c.code || p.Status != c.status || p.Title == "" || p.Type != "urn:centralita:problem:"+c.code {
				t.Errorf("problem %+v, want code %s", p, c.code)
			}
			if p.RequestID == "" || p.RequestID != w.Header().Get("X-Request-ID") {
				t.Errorf("request id %q, header %q", p.RequestID, w.Header().Get("X-Request-ID"))
			}
			if strings.Contains(w.Body.String(), "hunter2") {
				t.Errorf("a secret leaked: %s", w.Body)
			}
		})
	}
}

func TestFieldsAreNamedWithoutEchoingValues(t *testing.T) {
	w := ask(t, server(t), "POST", "/api/notes/1", `{"text":"my-password-which-is-far-too-long"}`, asJSON, signedIn)
	if s := w.Body.String(); !strings.Contains(s, `"body.text"`) || strings.Contains(s, "my-password") {
		t.Error(s)
	}
}

func TestAllowedRequest(t *testing.T) {
	for _, site := range []string{"Sec-Fetch-Site: same-origin", "Origin: http://example.com", "X-Nothing: 1"} {
		w := ask(t, server(t), "POST", "http://example.com/api/notes/1", `{"text":"hello <b>"}`, asJSON, signedIn, site)
		if w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"actor":"ann","text":"hello <b>"}` {
			t.Errorf("%s: %d %s", site, w.Code, w.Body)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control %q", got)
		}
	}
}

func TestRawRoute(t *testing.T) {
	w := ask(t, server(t), "POST", "/api/echo/ann", "!")
	if w.Code != 200 || w.Body.String() != "ann!" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRequestIDIsKeptOnlyWhenWellFormed(t *testing.T) {
	s := server(t)
	if got := ask(t, s, "GET", "/healthz", "", "X-Request-ID: abc-123").Header().Get("X-Request-ID"); got != "abc-123" {
		t.Errorf("id %q", got)
	}
	for _, bad := range []string{"a b", strings.Repeat("a", 65), "<script>"} {
		if got := ask(t, s, "GET", "/healthz", "", "X-Request-ID: "+bad).Header().Get("X-Request-ID"); got == bad || len(got) != 16 {
			t.Errorf("id %q for %q", got, bad)
		}
	}
}

func TestRoutesMustBeDeclaredWhole(t *testing.T) {
	noop := func(http.ResponseWriter, *http.Request) {}
	for name, op := range map[string]web.Op{
		"no permission": {Method: "GET", Path: "/x", ID: "x"},
		"no id":         {Method: "GET", Path: "/x", Permission: web.Public},
		"id twice":      {Method: "GET", Path: "/x", ID: "me", Permission: web.Public},
		"path twice":    {Method: "GET", Path: "/me", ID: "other", Permission: web.Public},
		"no slash":      {Method: "GET", Path: "x", ID: "x", Permission: web.Public},
	} {
		t.Run(name, func(t *testing.T) {
			r := server(t).Router()
			defer func() {
				if recover() == nil {
					t.Error("registered")
				}
			}()
			r.Raw(op, noop)
		})
	}
}

func TestOpenAPINamesRightsAndProblems(t *testing.T) {
	w := ask(t, server(t), "GET", "/api/openapi.json", "")
	var doc struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			Permission string `json:"x-permission"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]any `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Paths["/notes/{id}"]["post"].Permission != "notes.write" {
		t.Errorf("%+v", doc)
	}
	if _, ok := doc.Components.Schemas["Problem"]; !ok {
		t.Errorf("no Problem among %v", doc.Components.Schemas)
	}
}

func TestTypesOfOneNameAreToldApart(t *testing.T) {
	s := server(t)
	func() {
		type Thing struct{ A int }
		type out struct{ Body Thing }
		web.Handle(s.Router(), web.Op{Method: "GET", Path: "/a", ID: "a", Permission: web.Public},
			func(context.Context, *struct{}) (*out, error) { return &out{}, nil })
	}()
	func() {
		type Thing struct{ B int }
		type out struct{ Body Thing }
		web.Handle(s.Router(), web.Op{Method: "GET", Path: "/b", ID: "b", Permission: web.Public},
			func(context.Context, *struct{}) (*out, error) { return &out{}, nil })
	}()
	doc, err := s.Router().OpenAPI()
	if err != nil || !strings.Contains(string(doc), `"Thing": {`) || !strings.Contains(string(doc), `"Web_testThing": {`) {
		t.Errorf("%v %s", err, doc)
	}
}
