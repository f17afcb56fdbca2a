package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/webhook"
	"centralita/internal/fault"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// arrival is a request that came to the receiver.
type arrival struct {
	header http.Header
	body   string
}

// world is the room, and a receiver on loopback.
type world struct {
	testing.TB
	db       *postgres.DB
	hooks    *webhook.Service
	log      *audit.Log
	receiver *httptest.Server

	mu      sync.Mutex
	status  int
	arrived []arrival
}

func newWorld(t *testing.T) *world {
	w := &world{TB: t, db: pgtest.New(t), status: http.StatusOK}
	w.exec(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ('eva', 'Eva', '', '{admin}', 'e1', '')`)
	w.log = audit.NewLog(w.db)
	w.hooks = w.room(true)
	w.receiver = httptest.NewServer(http.HandlerFunc(w.receive))
	t.Cleanup(w.receiver.Close)
	return w
}

func (w *world) room(local bool) *webhook.Service {
	queue, err := jobs.New(w.db, slog.New(slog.DiscardHandler))
	w.ok(err)
	return webhook.New(w.db, webhook.Ports{Queue: queue, Audit: w.log, Now: time.Now, Local: local})
}

func (w *world) receive(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.Error(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arrived = append(w.arrived, arrival{r.Header, string(body)})
	if w.status >= 300 && w.status < 400 {
		rw.Header().Set("Location", w.receiver.URL+"/elsewhere")
	}
	rw.WriteHeader(w.status)
	fmt.Fprint(rw, "thanks\x00 ", strings.Repeat("я", 100_000))
}

// answering has the receiver answer with a status, and forget what came.
func (w *world) answering(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status, w.arrived = status, nil
}

func (w *world) came() []arrival {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]arrival(nil), w.arrived...)
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

func (w *world) count(sql string, args ...any) (n int) {
	w.Helper()
	w.ok(w.db.Conn(w.Context()).QueryRow(w.Context(), sql, args...).Scan(&n))
	return n
}

func (w *world) eva() context.Context {
	return access.WithActor(w.Context(), access.Actor{UserID: 1, Roles: []string{access.Admin}})
}

func (w *world) last(id int64) webhook.Delivery {
	w.Helper()
	all, err := w.hooks.Deliveries(w.eva(), id, 0, 1)
	w.ok(err)
	if len(all) == 0 {
		w.Fatal("nothing in the log")
	}
	return all[0]
}

func (w *world) emit(kind string, id int64) {
	w.Helper()
	w.ok(w.hooks.Emit(w.Context(), webhook.Fact{Kind: kind, Subject: id, Data: map[string]any{"client_id": id}}))
}

func (w *world) pump(id int64) {
	w.Helper()
	w.ok(w.hooks.Pump(w.Context(), id))
}

func TestFactsAreTold(t *testing.T) {
	w := newWorld(t)
	draft := webhook.Draft{Name: "Shop", URL: w.receiver.URL + "/hook", Events: []string{"client.created", "call.ended"}, State: webhook.Active}
	hook, secret, err := w.hooks.Add(w.eva(), draft)
	w.ok(err)

	t.Run("signed, in the transaction of the fact", func(t *testing.T) {
		undone := fault.New(fault.Conflict, "undone", "Undone.")
		err := w.db.InTx(t.Context(), func(ctx context.Context) error {
			if err := w.hooks.Emit(ctx, webhook.Fact{Kind: "client.created", Subject: 6}); err != nil {
				return err
			}
			return undone
		})
		if fault.CodeOf(err) != "undone" {
			t.Fatal(err)
		}
		w.emit("client.created", 7)
		w.emit("lead.opened", 8)
		if n := w.count("select count(*) from river_job where kind = 'webhook_pump' and state = 'available'"); n != 1 {
			t.Errorf("%d errands", n)
		}
		w.pump(hook.ID)
		came := w.came()
		if len(came) != 1 {
			t.Fatalf("%d came", len(came))
		}
		h := came[0].header
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		w.ok(err)
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + came[0].body))
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); h.Get("webhook-signature") != want {
			t.Errorf("signed %q, want %q", h.Get("webhook-signature"), want)
		}
		var body struct {
			Type string
			Data map[string]int64
		}
		w.ok(json.Unmarshal([]byte(came[0].body), &body))
		if body.Type != "client.created" || body.Data["client_id"] != 7 {
			t.Errorf("told %s", came[0].body)
		}
		d := w.last(hook.ID)
		if d.State != webhook.Done || d.Status != 200 || d.EventID != h.Get("webhook-id") || len([]rune(d.Answer)) != 1000 || !strings.HasPrefix(d.Answer, "thanks ") {
			t.Errorf("noted %+v", d)
		}
	})
	t.Run("tried again under the same id", func(t *testing.T) {
		for i, status := range []int{http.StatusInternalServerError, http.StatusFound, http.StatusOK} {
			w.answering(status)
			if i == 0 {
				w.emit("client.created", 9)
			}
			w.exec("update webhook_deliveries set next_at = now() where state = 'waiting'")
			w.pump(hook.ID)
			if n := len(w.came()); n != 1 {
				t.Errorf("%d: %d came", status, n)
			}
			d := w.last(hook.ID)
			if d.Attempts != i+1 || d.Status != status || (d.State == webhook.Done) != (status == 200) || d.EventID != w.came()[0].header.Get("webhook-id") {
				t.Errorf("%d: noted %+v", status, d)
			}
			if status != 200 && (d.NextAt == nil || d.NextAt.Sub(*d.LastAt) < webhook.Pauses()[i]-time.Second) {
				t.Errorf("again at %v after %v", d.NextAt, d.LastAt)
			}
		}
	})
	t.Run("for a day", func(t *testing.T) {
		w.answering(http.StatusBadGateway)
		w.emit("client.created", 10)
		for range 20 {
			w.exec("update webhook_deliveries set next_at = now() where state = 'waiting'")
			w.pump(hook.ID)
		}
		if d := w.last(hook.ID); d.State != webhook.Failed || d.Attempts != len(webhook.Pauses())+1 || d.NextAt != nil {
			t.Errorf("%+v", d)
		}
	})
	t.Run("replayed, tested", func(t *testing.T) {
		w.answering(http.StatusNoContent)
		before := w.last(hook.ID)
		again, err := w.hooks.Replay(w.eva(), before.ID)
		w.ok(err)
		_, err = w.hooks.Test(w.eva(), hook.ID)
		w.ok(err)
		w.pump(hook.ID)
		came := w.came()
		if len(came) != 2 || came[0].header.Get("webhook-id") != before.EventID || again.ReplayOf == nil || !strings.Contains(came[1].body, "webhook.test") {
			t.Errorf("came %+v", came)
		}
	})
	t.Run("one at a time, and found again", func(t *testing.T) {
		w.answering(http.StatusOK)
		for i := range int64(20) {
			w.emit("client.created", 100+i)
		}
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if err := w.hooks.Pump(t.Context(), hook.ID); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		ids := map[string]bool{}
		for _, a := range w.came() {
			ids[a.header.Get("webhook-id")] = true
		}
		if len(w.came()) != 20 || len(ids) != 20 {
			t.Errorf("%d came, %d of them different", len(w.came()), len(ids))
		}
		w.emit("client.created", 200)
		w.exec("delete from river_job")
		w.ok(w.hooks.Sweep(t.Context()))
		if n := w.count("select count(*) from river_job where kind = 'webhook_pump'"); n != 1 {
			t.Errorf("%d errands", n)
		}
		w.pump(hook.ID)
	})
	t.Run("nothing inside", func(t *testing.T) { w.inside(hook) })
	t.Run("disabled after days, with an alert", func(t *testing.T) { w.disabled(hook, draft) })
}

// inside has a room for the world outside make a delivery to an address that has
// become one inside.
func (w *world) inside(hook webhook.Webhook) {
	w.Helper()
	w.answering(http.StatusOK)
	strict := w.room(false)
	if _, _, err := strict.Add(w.eva(), webhook.Draft{Name: "x", URL: w.receiver.URL, Events: []string{"call.ended"}, State: webhook.Active}); fault.CodeOf(err) != "webhook_url_insecure" {
		w.Errorf("registered: %v", err)
	}
	w.emit("client.created", 300)
	w.ok(strict.Pump(w.Context(), hook.ID))
	if d := w.last(hook.ID); len(w.came()) != 0 || d.Status != 0 || d.Problem != "the address is not of the public internet" {
		w.Errorf("%d came; %+v", len(w.came()), d)
	}
}

// disabled has a webhook fail for too long, and go on when a person says so.
func (w *world) disabled(hook webhook.Webhook, draft webhook.Draft) {
	w.Helper()
	w.answering(http.StatusInternalServerError)
	w.exec("update webhooks set failing_since = now() - interval '73 hours'")
	w.exec("update webhook_deliveries set next_at = now() where state = 'waiting'")
	w.pump(hook.ID)
	all, err := w.hooks.List(w.eva())
	w.ok(err)
	alerts, err := w.log.Alerts(w.eva())
	w.ok(err)
	if all[0].State != webhook.Disabled || len(alerts) != 1 || alerts[0].Kind != "webhook.disabled" || alerts[0].Detail != "Shop" {
		w.Errorf("%+v, %+v", all, alerts)
	}
	w.emit("client.created", 400)
	if n := w.count("select count(*) from webhook_deliveries where subject = 400"); n != 0 {
		w.Error("a disabled webhook is told")
	}
	if _, err := w.hooks.Test(w.eva(), hook.ID); fault.CodeOf(err) != "webhook_not_active" {
		w.Errorf("tested: %v", err)
	}
	w.answering(http.StatusOK)
	on, err := w.hooks.Change(w.eva(), hook.ID, draft)
	w.ok(err)
	w.exec("update webhook_deliveries set next_at = now() where state = 'waiting'")
	w.pump(hook.ID)
	if on.State != webhook.Active || on.FailingSince != nil || len(w.came()) == 0 {
		w.Errorf("%+v, %d came", on, len(w.came()))
	}
	w.ok(w.hooks.Remove(w.eva(), hook.ID))
	if n := w.count(`select count(*) from audit_entries where entity = 'webhook'
		and action in ('webhook.add', 'webhook.replay', 'webhook.test', 'webhook.disable', 'webhook.change', 'webhook.remove')`); n != 6 {
		w.Errorf("%d entries in the log", n)
	}
	if n := w.count(`select count(*) from audit_entries where entity = 'webhook' and (after::text like '%/hook%' or before::text like '%/hook%' or after::text like '%whsec%')`); n != 0 {
		w.Error("the log holds what is secret")
	}
}
