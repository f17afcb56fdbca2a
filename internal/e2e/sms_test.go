package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"centralita/internal/e2e"
	"centralita/internal/twiliosim"
)

// phoneShows returns the SMS that a person's phone would show.
func phoneShows(t *testing.T, p *e2e.Product, number string) []twiliosim.Message {
	t.Helper()
	resp, err := http.Get(p.State().Twilio + "/sim/outbox")
	p.Must(err)
	defer resp.Body.Close()
	var box struct{ Items []twiliosim.Message }
	p.Must(json.NewDecoder(resp.Body).Decode(&box))
	var mine []twiliosim.Message
	for _, m := range box.Items {
		if m.To == number {
			mine = append(mine, m)
		}
	}
	return mine
}

// personWrites sends an SMS from a person's phone.
func personWrites(t *testing.T, p *e2e.Product, from, body string) {
	t.Helper()
	text, err := json.Marshal(map[string]string{"From": from, "To": "+15005550006", "Body": body})
	p.Must(err)
	resp, err := http.Post(p.State().Twilio+"/sim/inbound", "application/json", bytes.NewReader(text))
	p.Must(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("inbound SMS: %s", resp.Status)
	}
}

// smsState waits until a message of a client is in that state.
func smsState(t *testing.T, u *e2e.Person, client, id int64, state string) {
	t.Helper()
	e2e.Eventually(t, 30*time.Second, "the SMS is "+state, func() error {
		for _, m := range e2e.Get[e2e.Page[e2e.Message]](u, fmt.Sprintf("/messages?client_id=%d", client)).Items {
			if m.ID == id && m.State == state {
				return nil
			} else if m.ID == id {
				return fmt.Errorf("it is %+v", m)
			}
		}
		return fmt.Errorf("it is not on the list")
	})
}

// smsFromCard: an SMS goes out once and is delivered; the client's answer stands on the card with a lead; STOP is
// honoured.
func smsFromCard(t *testing.T, p *e2e.Product) {
	u := p.As("manager")
	live := u.Live()
	number := e2e.NewNumber()
	client := p.Client(number, u.ID)
	body := "Your order is ready: " + number
	m := e2e.Do[e2e.Message](u, "POST", "/messages", map[string]any{"client_id": client.ID, "to": number, "body": body})
	smsState(t, u, client.ID, m.ID, "delivered")
	if box := phoneShows(t, p, number); len(box) != 1 || box[0].Body != body {
		t.Errorf("the client's phone shows %+v", box)
	}
	personWrites(t, p, number, "Thanks, tomorrow")
	live.Wait(20*time.Second, "message.in", func(e e2e.Event) bool {
		return e2e.Read[struct{ Message e2e.Message }](t, e).Message.ClientID == client.ID
	})
	in := e2e.Get[e2e.Page[e2e.Message]](u, fmt.Sprintf("/messages?client_id=%d&direction=in", client.ID)).Items
	if len(in) != 1 || in[0].Body != "Thanks, tomorrow" || in[0].LeadID == 0 {
		t.Fatalf("inbound: %+v", in)
	}
	if lead := e2e.Get[e2e.Lead](u, fmt.Sprintf("/leads/%d", in[0].LeadID)); lead.Source != "sms" || lead.State != "open" || lead.ClientID != client.ID {
		t.Errorf("lead: %+v", lead)
	}
	onCard := map[string]bool{}
	for _, e := range e2e.Get[e2e.Page[e2e.Entry]](u, fmt.Sprintf("/clients/%d/timeline", client.ID)).Items {
		if e.SMS != nil {
			onCard[e.SMS.Body] = true
		}
	}
	if !onCard[body] || !onCard["Thanks, tomorrow"] {
		t.Errorf("on the card: %v", onCard)
	}
	personWrites(t, p, number, "СТОП")
	e2e.Eventually(t, 20*time.Second, "STOP is heeded", func() error {
		if c := e2e.Get[e2e.Client](u, fmt.Sprintf("/clients/%d", client.ID)); c.SMSOptOutAt == nil {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	if a := u.Ask("POST", "/messages", map[string]any{"client_id": client.ID, "to": number, "body": "again"}); a.Status != http.StatusConflict || a.Code != "opted_out" {
		t.Errorf("sent after STOP: %s", a)
	}
}

// reminderGoesOut: a reminder to a client becomes one SMS at its time.
func reminderGoesOut(t *testing.T, p *e2e.Product) {
	u := p.As("manager")
	number := e2e.NewNumber()
	client := p.Client(number, u.ID)
	madrid, err := time.LoadLocation("Europe/Madrid")
	p.Must(err)
	due := time.Now().Add(time.Minute).In(madrid).Truncate(time.Minute)
	e2e.Do[struct{ ID int64 }](u, "POST", "/reminders", map[string]any{
		"client_id": client.ID, "audience": "client", "channel": "sms", "text": "We meet at ten",
		"local_time": due.Format("2006-01-02T15:04"), "time_zone": "Europe/Madrid",
	})
	var box []twiliosim.Message
	e2e.Eventually(t, 90*time.Second, "the client's phone shows the reminder", func() error {
		if box = phoneShows(t, p, number); len(box) != 1 {
			return fmt.Errorf("it shows %+v", box)
		}
		return nil
	})
	if box[0].Body != "We meet at ten" || box[0].At.Before(due) {
		t.Errorf("%+v, due at %v", box[0], due)
	}
}
