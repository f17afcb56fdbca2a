package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"centralita/internal/e2e"
	"centralita/internal/siptest"
)

// maskedNumber: somebody who is not shown numbers gets one from nowhere: not on his phone, in a call in or out, not
// with the pop, not from any page.
func maskedNumber(t *testing.T, p *e2e.Product) {
	admin := p.As("admin")
	role := e2e.Do[struct{ Key string }](admin, "POST", "/roles", map[string]any{"name": "Sees no numbers", "from": "operator"})
	e2e.Do[struct{}](admin, "PATCH", "/roles/"+role.Key, map[string]any{"fields": map[string]string{"client.phone": "masked"}})
	agent := p.Hire(siptest.AnswerAfter(300 * time.Millisecond)).Ready()
	e2e.Do[struct{}](admin, "PATCH", fmt.Sprintf("/users/%d", agent.ID), map[string]any{"roles": []string{role.Key}})
	live, line, number := agent.Live(), p.OpenLine([]*e2e.Agent{agent}, nil), e2e.NewNumber()
	card := e2e.Do[struct {
		ID     int64
		Points []struct{ ID int64 } `json:"contact_points"`
	}](admin, "POST", "/clients", map[string]any{
		"kind": "person", "name": "Masked", "note": "ring " + number, "contact_points": []map[string]string{{"kind": "phone", "raw": number}},
	})
	p.ClientDoes(number, siptest.AnswerThenHangup(200*time.Millisecond, 1500*time.Millisecond))

	c := p.Invite(siptest.Invite{To: line.Number, From: number, Name: "Anna " + number})
	p.Must(c.WaitHears(p.Within(30*time.Second), e2e.AgentTone))
	id := e2e.Read[e2e.Pop](t, live.Wait(20*time.Second, "call.ringing", nil)).Call.ID
	leg := agent.Phone.Received()[0]
	p.Must(leg.WaitHears(p.Within(15*time.Second), e2e.CallerTone))
	talkFeatures(t, p, agent, id, c, leg)
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	live.WaitPhase(20*time.Second, id, "ended")
	agent.Await("available")
	out := e2e.Do[e2e.Call](agent.Person, "POST", "/calls", map[string]any{"contact_point_id": card.Points[0].ID})
	live.WaitPhase(30*time.Second, out.ID, "ended")

	said := map[string]string{}
	for i, leg := range agent.Phone.Received() {
		for _, e := range leg.Log() {
			said[fmt.Sprintf("%s %d of leg %d", e.Method, e.Status, i)] += e.Text
		}
	}
	for _, kind := range []string{"call.ringing", "call.state", "call.withdrawn"} {
		for _, e := range live.Seen(kind) {
			said[kind] += string(e.Data)
		}
	}
	for _, path := range []string{
		"/calls", "/calls/current", fmt.Sprintf("/calls/%d", id), fmt.Sprintf("/calls/%d", out.ID), fmt.Sprintf("/calls/%d/trace", id), "/leads", "/leads/board",
		fmt.Sprintf("/clients/%d", card.ID), fmt.Sprintf("/clients/%d/card", card.ID), fmt.Sprintf("/clients/%d/timeline", card.ID),
		fmt.Sprintf("/clients/%d/history", card.ID), "/clients?q=Masked", "/search?q=Masked", "/presence", "/messages",
	} {
		said[path] = string(agent.Ask("GET", path, nil).Body)
	}
	for where, text := range said {
		if strings.Contains(strings.NewReplacer(" ", "", "-", "").Replace(text), number[3:]) {
			t.Errorf("%s tells the number:\n%s", where, text)
		}
	}
	if seen := string(admin.Ask("GET", fmt.Sprintf("/calls/%d", id), nil).Body); !strings.Contains(seen, number) || !strings.Contains(said["INVITE 0 of leg 1"], "SIP/2.0") {
		t.Errorf("this test sees nothing: %s", seen)
	}
}

// deeds are requests that were answered, by the ids that they were sent with.
type deeds struct {
	mu   sync.Mutex
	done []string
}

func (d *deeds) add(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done = append(d.done, id)
}

// loggedAcrossKills: whatever was answered before the server was killed, a change or a look, is in the log; no change
// is there without its entry; and the chain holds.
func loggedAcrossKills(t *testing.T, p *e2e.Product) {
	const busy = 4
	var answered deeds
	var stop atomic.Bool
	var all sync.WaitGroup
	ids := make([]int64, busy)
	for i := range ids {
		ids[i] = p.Client(e2e.NewNumber(), 0).ID
		u, path := p.As("admin"), fmt.Sprintf("/clients/%d", ids[i])
		all.Go(func() {
			for n := 0; !stop.Load(); n++ {
				id := fmt.Sprintf("kill-%d-%d", i, n)
				method, in := "GET", any(nil)
				if n%2 == 1 {
					method, path, in = "POST", fmt.Sprintf("/clients/%d/notes", ids[i]), map[string]string{"text": id}
				} else {
					path = fmt.Sprintf("/clients/%d", ids[i])
				}
				a, err := u.Try(method, path, in, "X-Request-ID", id)
				if err != nil {
					<-time.After(50 * time.Millisecond) // nobody is there
				} else if a.Status == http.StatusOK || a.Status == http.StatusCreated {
					answered.add(id)
				}
			}
		})
	}
	for range size(2, 20) {
		<-time.After(700 * time.Millisecond)
		p.Kill("server")
		p.AwaitServer()
	}
	stop.Store(true)
	all.Wait()
	logged := e2e.Query[string](p, "select request_id from audit_entries where request_id like 'kill-%'")
	for _, id := range answered.done {
		if !slices.Contains(logged, id) {
			t.Errorf("%s was answered and is not in the log", id)
		}
	}
	bare := e2e.Query[string](p, `select n.text from notes n where n.client_id = any($1) and not exists
		(select from audit_entries e where e.action = 'client.note.add' and e.entity_id = n.client_id and e.after ->> 'text' = n.text)`, ids)
	void := e2e.Query[string](p, `select e.after ->> 'text' from audit_entries e where e.action = 'client.note.add' and e.entity_id = any($1) and not exists
		(select from notes n where n.client_id = e.entity_id and n.text = e.after ->> 'text')`, ids)
	if len(answered.done) < 50 || len(bare) > 0 || len(void) > 0 {
		t.Errorf("%d answered; changes without an entry: %v; entries without a change: %v", len(answered.done), bare, void)
	}
	if out, err := p.VerifyLog(); err != nil || !strings.Contains(out, "the log holds") {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%d answered, %d logged", len(answered.done), len(logged))
}
