package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"centralita/internal/e2e"
	"centralita/internal/siptest"
)

// pair is a conversation of an agent with a client, and a colleague who is free.
type pair struct {
	agent, colleague *e2e.Agent
	from             string
	c, leg           *siptest.Call
	call             int64
}

const (
	agentTone     = 700
	colleagueTone = 1100
)

// inConversation brings a caller to talk with an agent; the colleague does with his calls what the script says.
func inConversation(p *e2e.Product, colleague siptest.Script) *pair {
	k := &pair{from: e2e.NewNumber()}
	k.agent = p.HireWithTone(agentTone, siptest.AnswerAfter(0)).Ready()
	k.colleague = p.HireWithTone(colleagueTone, colleague).Ready()
	k.c = p.Call(p.OpenLine([]*e2e.Agent{k.agent}, nil), k.from)
	p.Must(k.c.WaitHears(p.Within(20*time.Second), agentTone))
	leg, err := k.agent.Phone.Incoming(p.Within(20 * time.Second))
	p.Must(err)
	p.Must(leg.WaitHears(p.Within(20*time.Second), e2e.CallerTone))
	k.leg = leg
	k.call = e2e.Query[int64](p, `select id from calls where caller_raw = $1`, k.from)[0]
	return k
}

func (k *pair) act(who *e2e.Agent, what string, body any) {
	who.Ask("POST", fmt.Sprintf("/calls/%d/%s", k.call, what), body)
}

// transferred: the client is given to a colleague and talks with him; the first agent is free, and the recording has
// both. A colleague who does not take it gives the client back.
func transferred(t *testing.T, p *e2e.Product) {
	k := inConversation(p, siptest.AnswerAfter(0))
	talk(p, k.c)
	live := k.colleague.Live()
	k.act(k.agent, "transfer", map[string]any{"kind": "user", "id": k.colleague.ID, "note": "wants an offer"})
	if pop := live.WaitPop(20*time.Second, k.from); pop.Call.ID != k.call {
		t.Errorf("pop: %+v", pop)
	}
	p.Must(k.c.WaitHears(p.Within(20*time.Second), colleagueTone))
	k.agent.Await("available")
	talk(p, k.c)
	p.Must(k.c.Hangup(p.Within(10 * time.Second)))
	call, _ := p.Booked(k.from)
	if call.Outcome != "answered" || call.UserID != k.colleague.ID || call.EndedBy != "client" {
		t.Errorf("%+v", call)
	}
	r := awaitRecording(t, p, k.colleague.Person, k.call, 30*time.Second)
	_, agents := sound(t, p, k.colleague.Person, r)
	for _, hz := range []float64{agentTone, colleagueTone} {
		if agents.Lasts(hz) < touch/2 {
			t.Errorf("%.0f Hz lasts %v of %v in the recording", hz, agents.Lasts(hz), agents.Duration())
		}
	}
	k.colleague.Await("available")
}

// comesBack: of a transfer that nobody takes the client is given back to who sent him.
func comesBack(t *testing.T, p *e2e.Product) {
	k := inConversation(p, siptest.Ring())
	k.act(k.agent, "transfer", map[string]any{"kind": "user", "id": k.colleague.ID})
	leg, err := k.colleague.Phone.Incoming(p.Within(20 * time.Second))
	p.Must(err)
	p.Must(k.c.WaitDeaf(p.Within(20*time.Second), agentTone))
	k.act(k.colleague, "decline", nil)
	_, err = leg.WaitEnded(p.Within(20 * time.Second))
	p.Must(err)
	p.Must(k.c.WaitHears(p.Within(20*time.Second), agentTone))
	talk(p, k.c)
	p.Must(k.c.Hangup(p.Within(10 * time.Second)))
	if call, _ := p.Booked(k.from); call.UserID != k.agent.ID || call.Outcome != "answered" {
		t.Errorf("%+v", call)
	}
	k.agent.Await("available")
	k.colleague.Await("available")
}

// asked: the agent asks a colleague while the client hears music; all three talk; the agent leaves the two.
func asked(t *testing.T, p *e2e.Product) {
	k := inConversation(p, siptest.AnswerAfter(0))
	k.act(k.agent, "consult", map[string]any{"user_id": k.colleague.ID, "note": "may I?"})
	third, err := k.colleague.Phone.Incoming(p.Within(20 * time.Second))
	p.Must(err)
	p.Must(third.WaitHears(p.Within(20*time.Second), agentTone))
	p.Must(k.leg.WaitHears(p.Within(20*time.Second), colleagueTone))
	p.Must(k.c.WaitDeaf(p.Within(20*time.Second), agentTone))
	if heard, err := third.Listen(p.Within(5*time.Second), touch); err != nil || heard.Hears(e2e.CallerTone) {
		t.Errorf("the colleague hears the client already (%v)", err)
	}
	if a, err := k.agent.Try("POST", fmt.Sprintf("/calls/%d/consult", k.call), map[string]any{"user_id": k.colleague.ID}); err != nil || a.Status != 409 {
		t.Errorf("asked twice: %v %v", a, err)
	}
	k.colleague.Await("on_call") // and he is still taken
	k.act(k.agent, "conference", nil)
	p.Must(k.c.WaitHears(p.Within(20*time.Second), agentTone, colleagueTone))
	p.Must(third.WaitHears(p.Within(20*time.Second), agentTone, e2e.CallerTone))
	p.Must(k.leg.WaitHears(p.Within(20*time.Second), colleagueTone, e2e.CallerTone))
	p.Must(k.leg.Hangup(p.Within(10 * time.Second)))
	p.Must(k.c.WaitDeaf(p.Within(20*time.Second), agentTone))
	p.Must(k.c.WaitHears(p.Within(20*time.Second), colleagueTone))
	k.agent.Await("available")
	p.Must(third.Hangup(p.Within(10 * time.Second)))
	ended(t, p, k.c, siptest.Remote)
	if call, _ := p.Booked(k.from); call.UserID != k.colleague.ID || call.EndedBy != "agent" {
		t.Errorf("%+v", call)
	}
	k.colleague.Await("available")
}

// askedAcrossKill: the server is killed while a colleague is asked; the next one knows who waits, and for whom.
func askedAcrossKill(t *testing.T, p *e2e.Product) {
	for _, end := range []string{"complete", "consult-end"} {
		k := inConversation(p, siptest.AnswerAfter(0))
		k.act(k.agent, "consult", map[string]any{"user_id": k.colleague.ID})
		third, err := k.colleague.Phone.Incoming(p.Within(20 * time.Second))
		p.Must(err)
		p.Must(third.WaitHears(p.Within(20*time.Second), agentTone))
		p.Down("server")()
		p.AwaitServer()
		p.Must(third.WaitHears(p.Within(20*time.Second), agentTone))
		e2e.Eventually(t, 20*time.Second, end, func() error {
			a, err := k.agent.Try("POST", fmt.Sprintf("/calls/%d/%s", k.call, end), nil)
			if err == nil && a.Status >= 300 {
				err = fmt.Errorf("%s", a)
			}
			return err
		})
		tone, who := float64(agentTone), k.agent
		if end == "complete" {
			tone, who = colleagueTone, k.colleague
		}
		p.Must(k.c.WaitHears(p.Within(20*time.Second), tone))
		p.Must(k.c.Hangup(p.Within(10 * time.Second)))
		if call, _ := p.Booked(k.from); call.UserID != who.ID {
			t.Errorf("%s: %+v", end, call)
		}
	}
}
