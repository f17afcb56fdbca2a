package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/web"
)

// keyed sends a request with an idempotency key.
func (b *bed) keyed(token, key, method, path, body string) answer {
	b.t.Helper()
	req := httptest.NewRequestWithContext(b.t.Context(), method, "/api"+path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(web.KeyHeader, key)
	if strings.HasPrefix(token, "ctl_") {
		req.Header.Set("Authorization", "Bearer "+token)
	} else {
		req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: token})
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, req)
	return answer{w.Code, w.Result().Header, w.Body.Bytes()}
}

func (b *bed) count(sql string) (n int) {
	b.t.Helper()
	b.each(sql, []any{&n}, func() {})
	return n
}

func (a answer) code(t testing.TB) string {
	t.Helper()
	var p web.Problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return p.Code
}

const clientsNamed = `select count(*)::int from clients where name = 'Lucía Once'`

func TestARequestWithAKeyIsDoneOnce(t *testing.T) {
	b := newBed(t)
	b.exec(`insert into users (id, login, name, password_hash, roles, sip_user, sip_password) values
		(901, 'eva', 'Eva', '', '{admin}', 'e901', ''), (902, 'luis', 'Luis', '', '{admin}', 'e902', '')`)
	eva, luis := b.signIn(901), b.signIn(902)
	const lucia = `{"kind":"person","name":"Lucía Once"}`

	t.Run("again", func(t *testing.T) {
		first := b.keyed(eva, "k1", "POST", "/clients", lucia)
		second := b.keyed(eva, "k1", "POST", "/clients", lucia)
		if first.status != 201 || second.status != 201 || string(first.body) != string(second.body) {
			t.Fatalf("%d %s\n%d %s", first.status, first.body, second.status, second.body)
		}
		if first.header.Get("Idempotency-Replayed") != "" || second.header.Get("Idempotency-Replayed") != "true" ||
			second.header.Get("Content-Type") != first.header.Get("Content-Type") {
			t.Errorf("headers: %v\n%v", first.header, second.header)
		}
		if n := b.count(clientsNamed); n != 1 {
			t.Errorf("%d clients", n)
		}
		if a := b.keyed(luis, "k1", "POST", "/clients", lucia); a.status != 201 || b.count(clientsNamed) != 2 {
			t.Errorf("another user's key: %d %s", a.status, a.body)
		}
	})
	t.Run("another request", func(t *testing.T) {
		for path, body := range map[string]string{"/clients": `{"kind":"person","name":"Other"}`, "/tags": lucia} {
			if a := b.keyed(eva, "k1", "POST", path, body); a.status != 422 || a.code(t) != "idempotency_key_reused" {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	})
	t.Run("two at once", func(t *testing.T) {
		before := b.count(clientsNamed)
		answers := make([]answer, 4)
		var group sync.WaitGroup
		for i := range answers {
			group.Go(func() { answers[i] = b.keyed(eva, "k2", "POST", "/clients", lucia) })
		}
		group.Wait()
		for _, a := range answers {
			if a.status != 201 || string(a.body) != string(answers[0].body) {
				t.Errorf("%d %s", a.status, a.body)
			}
		}
		if n := b.count(clientsNamed) - before; n != 1 {
			t.Errorf("done %d times", n)
		}
	})
	t.Run("refused leaves nothing", func(t *testing.T) {
		if a := b.keyed(eva, "k3", "POST", "/clients", `{"kind":"person","name":""}`); a.status != 422 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if a := b.keyed(eva, "k3", "POST", "/clients", lucia); a.status != 201 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	t.Run("a day later", func(t *testing.T) {
		before := b.count(clientsNamed)
		b.exec("update kept_answers set asked_at = asked_at - interval '25 hours'")
		if a := b.keyed(eva, "k1", "POST", "/clients", lucia); a.status != 201 || b.count(clientsNamed) != before+1 {
			t.Errorf("%d %s", a.status, a.body)
		}
		if err := b.answers.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := b.count("select count(*)::int from kept_answers"); n != 1 {
			t.Errorf("%d answers are kept", n)
		}
	})
	t.Run("a program", func(t *testing.T) {
		var made struct{ Secret string }
		a := b.ask(eva, "POST", "/my/tokens", map[string]any{"name": "shop", "scopes": []string{"clients.write"}, "expires_in_days": 1})
		if err := json.Unmarshal(a.body, &made); err != nil || made.Secret == "" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		one := b.keyed(made.Secret, "k4", "POST", "/clients", lucia)
		two := b.keyed(made.Secret, "k4", "POST", "/clients", lucia)
		if one.status != 201 || string(one.body) != string(two.body) {
			t.Errorf("%d %s\n%d %s", one.status, one.body, two.status, two.body)
		}
	})
	t.Run("not taken", func(t *testing.T) {
		for key, code := range map[string]string{"": "idempotency_key_invalid", strings.Repeat("x", 256): "idempotency_key_invalid", "ключ": "idempotency_key_invalid"} {
			if a := b.keyed(eva, key, "POST", "/clients", lucia); a.status != 422 || a.code(t) != code {
				t.Errorf("%q: %d %s", key, a.status, a.body)
			}
		}
		if a := b.keyed(eva, "k5", "DELETE", "/my/sessions", ""); a.status != 422 || a.code(t) != "idempotency_unsupported" {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	t.Run("work that is elsewhere", func(t *testing.T) { b.apart(access.WithActor(t.Context(), access.Actor{UserID: 901})) })
}

// apart has the keeper note work before it is done.
func (b *bed) apart(ctx context.Context) {
	b.t.Helper()
	runs := 0
	done := func(context.Context) (web.Answer, error) {
		runs++
		return web.Answer{Status: 202, Body: []byte("ringing")}, nil
	}
	broken := errors.New("the server died")
	ask := web.Asked{Key: "call", Print: []byte("a")}
	if _, _, err := b.answers.Apart(ctx, ask, func(ctx context.Context) (web.Answer, error) {
		if _, _, err := b.answers.Apart(ctx, ask, done); fault.CodeOf(err) != "idempotency_in_progress" {
			b.t.Errorf("at the same time: %v", err)
		}
		return done(ctx)
	}); err != nil {
		b.t.Fatal(err)
	}
	again, replayed, err := b.answers.Apart(ctx, ask, done)
	if err != nil || !replayed || string(again.Body) != "ringing" || runs != 1 {
		b.t.Errorf("again: %v, %v, %d runs", again, err, runs)
	}
	lost := web.Asked{Key: "lost", Print: []byte("b")}
	if _, _, err := b.answers.Apart(ctx, lost, func(context.Context) (web.Answer, error) { return web.Answer{}, broken }); !errors.Is(err, broken) {
		b.t.Errorf("broken: %v", err)
	}
	if _, _, err := b.answers.Apart(ctx, lost, done); fault.CodeOf(err) != "idempotency_unknown" || runs != 1 {
		b.t.Errorf("after it broke: %v, %d runs", err, runs)
	}
}
