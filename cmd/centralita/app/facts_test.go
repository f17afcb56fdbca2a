package app

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"centralita/callcenter"
)

// What happens in the rooms is told to programs outside, in the same transactions.
func TestWhatHappensIsTold(t *testing.T) {
	b := newBed(t)
	b.exec(`insert into users (id, login, name, password_hash, roles, sip_user, sip_password) values (901, 'eva', 'Eva', '', '{admin}', 'e901', '')`)
	b.exec(`insert into webhooks (name, url, events, state, secret) values ('all', 'https://192.0.2.1/', '{client.created,client.changed,client.deleted,
		client.merged,client.unmerged,lead.opened,lead.closed,lead.reopened,call.ended,message.received}', 'active', '')`)
	eva := b.signIn(901)
	id := func(method, path string, in any) int64 {
		t.Helper()
		var made struct{ ID int64 }
		a := b.ask(eva, method, path, in)
		if err := json.Unmarshal(a.body, &made); err != nil || a.status >= 300 {
			t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
		}
		return made.ID
	}
	ana := id("POST", "/clients", map[string]any{"kind": "person", "name": "Ana"})
	ann := id("POST", "/clients", map[string]any{"kind": "person", "name": "Ann"})
	id("PATCH", fmt.Sprintf("/clients/%d", ana), map[string]any{"version": 1, "name": "Ana María"})
	lead := id("POST", "/leads", map[string]any{"client_id": ana, "note": "a sofa"})
	id("POST", fmt.Sprintf("/leads/%d/close", lead), map[string]any{"closing": "spam", "reason": "nobody"})
	id("POST", fmt.Sprintf("/leads/%d/reopen", lead), map[string]any{"reason": "somebody"})
	id("POST", "/merges", map[string]any{"winner_id": ana, "loser_id": ann, "winner_version": 2, "loser_version": 1})
	call := callcenter.Call{ID: 77, Direction: callcenter.In, Outcome: callcenter.Answered, ClientID: ana, StartedAt: time.Now(), EndedAt: time.Now()}
	if err := (ended{b.webhooks}).Write(t.Context(), call, []callcenter.Fact{callcenter.Closed{}}); err != nil {
		t.Fatal(err)
	}
	var told []string
	var kind string
	var subject int64
	b.each("select kind, subject from webhook_deliveries order by id", []any{&kind, &subject}, func() { told = append(told, fmt.Sprint(kind, " ", subject)) })
	want := []string{
		fmt.Sprint("client.created ", ana), fmt.Sprint("client.created ", ann), fmt.Sprint("client.changed ", ana), fmt.Sprint("lead.opened ", lead),
		fmt.Sprint("lead.closed ", lead), fmt.Sprint("lead.reopened ", lead), fmt.Sprint("client.merged ", ana), "call.ended 77",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %q\nwant %q", told, want)
	}
}
