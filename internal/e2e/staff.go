package e2e

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"centralita/internal/siptest"
)

// serial makes logins and numbers that no other test of this process has.
var serial atomic.Int64

// phone opens a SIP agent that is closed when the test ends.
func (p *Product) phone(config siptest.Config) *siptest.UA {
	p.t.Helper()
	ua, err := siptest.Open(config)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(ua.Close)
	return ua
}

// Agent is a member of staff with a desk phone.
type Agent struct {
	*Person
	Phone    *siptest.UA
	password string
}

const agentPassword = "correct horse battery"

// Hire makes an operator with a desk phone that is not registered yet and does
// what script says. Its tone is 900 Hz.
func (p *Product) Hire(script siptest.Script) *Agent {
	p.t.Helper()
	return p.HireWithTone(AgentTone, script)
}

// HireWithTone is Hire with a tone of the phone's own.
func (p *Product) HireWithTone(hz float64, script siptest.Script) *Agent {
	p.t.Helper()
	login := fmt.Sprintf("agent%d", serial.Add(1))
	Do[struct{ ID int64 }](p.As("admin"), "POST", "/users", map[string]any{
		"login": login, "name": "Agent " + login, "roles": []string{"operator"}, "locale": "en",
		"phone_kind": "desk", "password": agentPassword,
	})
	a := &Agent{Person: p.SignIn(login, agentPassword), password: agentPassword}
	a.Phone = p.DeskPhone(a.Person, hz, script)
	return a
}

// DeskPhone opens a phone with somebody's account.
func (p *Product) DeskPhone(u *Person, hz float64, script siptest.Script) *siptest.UA {
	p.t.Helper()
	return p.phone(siptest.Config{
		User: u.Account.User, Password: u.Account.Password, Server: p.State().SIP, Tone: hz, Script: script,
	})
}

// Ready registers the agent's phone and returns when the product knows it.
func (a *Agent) Ready() *Agent {
	a.p.t.Helper()
	a.p.eventually(30*time.Second, a.Login+" registers", func() error {
		return a.Phone.Register(a.p.Within(10 * time.Second))
	})
	a.Await("available")
	return a
}

// Back makes the agent available again, whatever kept him from calls.
func (a *Agent) Back() *Agent {
	a.p.t.Helper()
	a.Ask("PUT", "/presence/me", map[string]string{"state": "available"})
	a.Await("available")
	return a
}

// Await returns when the agent's presence is the one given.
func (a *Agent) Await(state string) {
	a.p.t.Helper()
	a.p.eventually(30*time.Second, a.Login+" is "+state, func() error {
		reply, err := a.Try("GET", "/presence", nil)
		if err != nil {
			return err
		}
		for _, s := range want[Page[Presence]](a.p.t, "presence", reply).Items {
			if s.UserID == a.ID && s.State == state {
				return nil
			} else if s.UserID == a.ID {
				return fmt.Errorf("is %+v", s)
			}
		}
		return fmt.Errorf("is not on the list")
	})
}

// Crew hires agents whose phones are registered and do what the script says.
func (p *Product) Crew(n int, script siptest.Script) []*Agent {
	p.t.Helper()
	crew := make([]*Agent, n)
	for i := range crew {
		crew[i] = p.Hire(script).Ready()
	}
	return crew
}

// Line is a business line of a test's own.
type Line struct {
	ID     int64
	Number string
	Entry  struct{ ID int64 } // its queue
}

// OpenLine opens a line with these members. Its phones ring for 8 s, the
// responsible's for 5 s, and callers wait for 20 s unless change says otherwise.
func (p *Product) OpenLine(members []*Agent, change map[string]any) Line {
	p.t.Helper()
	ids := []map[string]int64{}
	for _, m := range members {
		ids = append(ids, map[string]int64{"user_id": m.ID})
	}
	n := serial.Add(1)
	settings := map[string]any{
		"name": fmt.Sprintf("Queue %d", n), "ring_seconds": 8, "retry_seconds": 0, "max_wait_seconds": 20, "members": ids,
		"sticky": map[string]any{"responsible": true, "last": false, "redial": false, "seconds": 5, "days": 0},
	}
	for k, v := range change {
		settings[k] = v
	}
	queue := Do[Queue](p.As("admin"), "POST", "/queues", settings)
	return Do[Line](p.As("admin"), "POST", "/lines", map[string]any{
		"name": fmt.Sprintf("Line %d", n), "number": fmt.Sprintf("+3491555%04d", n), "country": "ES", "language": "en",
		"entry": map[string]any{"kind": "queue", "id": queue.ID},
	})
}

// Sticky is how a queue asks for those who know the caller: here the responsible alone.
func Sticky(seconds int) map[string]any {
	return map[string]any{"sticky": map[string]any{"responsible": true, "last": false, "redial": false, "seconds": seconds, "days": 0}}
}

// NewNumber is a Spanish mobile number that no client of the demo has.
func NewNumber() string { return fmt.Sprintf("+34699%06d", serial.Add(1)) }

// Client makes a client with a number and, if not 0, a responsible.
func (p *Product) Client(number string, responsible int64) Client {
	p.t.Helper()
	body := map[string]any{
		"kind": "person", "name": "Client of " + number,
		"contact_points": []map[string]string{{"kind": "phone", "raw": number, "label": "mobile"}},
	}
	if responsible != 0 {
		body["responsible_id"] = responsible
	}
	return Do[Client](p.As("admin"), "POST", "/clients", body)
}

// Call places a call from outside and returns at once.
func (p *Product) Call(line Line, from string) *siptest.Call {
	p.t.Helper()
	return p.Invite(siptest.Invite{To: line.Number, From: from})
}

// Invite places a call from outside as it is described.
func (p *Product) Invite(in siptest.Invite) *siptest.Call {
	p.t.Helper()
	c, err := p.Outside.Invite(p.Within(2*time.Minute), in)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// Within is a context that ends after d, or with the test.
func (p *Product) Within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	p.t.Cleanup(cancel)
	return ctx
}

// Must fails the test on an error.
func (p *Product) Must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}
