package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"centralita/internal/e2e"
	"centralita/internal/siptest"
)

// wrapUp is how a queue's agents work after a conversation.
func wrapUp(mode string, seconds int) map[string]any {
	return map[string]any{"wrap_up_mode": mode, "wrap_up_seconds": seconds}
}

// talked has the agent talk with a caller on the line, who then hangs up; it returns the call.
func talked(p *e2e.Product, line e2e.Line) e2e.Call {
	from := e2e.NewNumber()
	c := p.Call(line, from)
	p.Must(c.WaitHears(p.Within(20*time.Second), e2e.AgentTone))
	talk(p, c)
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	call, _ := p.Booked(from)
	return call
}

// words is what is stored of a wrap-up.
type words struct {
	Note     string
	Done     bool
	ByExpiry bool
}

func wrapUpOf(p *e2e.Product, call int64) words {
	return e2e.Query[words](p, `select note, done_at is not null as done, by_expiry from call_wrapups where call_id = $1`, call)[0]
}

// wrapUpIsNotCut: who is in the wrap-up of one queue is given no call by another, until he says that he is done.
func wrapUpIsNotCut(t *testing.T, p *e2e.Product) {
	agent := p.Hire(siptest.AnswerAfter(0)).Ready()
	first, other := p.OpenLine([]*e2e.Agent{agent}, wrapUp("until_done", 0)), p.OpenLine([]*e2e.Agent{agent}, nil)
	call := talked(p, first)
	agent.Await("wrap_up")

	from := e2e.NewNumber()
	waiting := p.Call(other, from)
	var traced []e2e.TraceStep
	e2e.Eventually(t, 10*time.Second, "the caller waits for him", func() error {
		for _, id := range e2e.Query[int64](p, `select id from calls where caller_raw = $1`, from) {
			if traced = e2e.Get[e2e.Page[e2e.TraceStep]](p.As("admin"), fmt.Sprintf("/calls/%d/trace", id)).Items; len(traced) > 0 {
				return nil
			}
		}
		return fmt.Errorf("no trace of %s", from)
	})
	if who := traced[0].Considered[0]; traced[0].Verdict != "wait" || who.Reason != "wrap_up" {
		t.Errorf("trace: %+v", traced[0])
	}
	if n := len(agent.Phone.Received()); n != 1 {
		t.Fatalf("his phone rang %d times", n)
	}
	agent.Ask("POST", fmt.Sprintf("/calls/%d/wrap-up", call.ID), map[string]any{"note": "wants an offer"})
	p.Must(waiting.WaitHears(p.Within(20*time.Second), e2e.AgentTone))
	p.Must(waiting.Hangup(p.Within(10 * time.Second)))
	if got, want := wrapUpOf(p, call.ID), (words{"wants an offer", true, false}); got != want {
		t.Errorf("stored: %+v", got)
	}
	p.Booked(from)
	agent.Await("available") // this queue has no wrap-up
}

// wrapUpEnds: nobody is held by a browser that is closed; what is typed late is kept, and a supervisor can end one.
func wrapUpEnds(t *testing.T, p *e2e.Product) {
	agent := p.Hire(siptest.AnswerAfter(0)).Ready()
	line := p.OpenLine([]*e2e.Agent{agent}, wrapUp("timed", 5))
	call := talked(p, line)
	agent.Await("wrap_up")
	agent.Await("available")
	if got := wrapUpOf(p, call.ID); !got.Done || !got.ByExpiry {
		t.Errorf("stored: %+v", got)
	}
	agent.Ask("POST", fmt.Sprintf("/calls/%d/wrap-up", call.ID), map[string]any{"note": "typed late"})
	if got := wrapUpOf(p, call.ID); got.Note != "typed late" {
		t.Errorf("what was typed late: %+v", got)
	}
	long := p.OpenLine([]*e2e.Agent{agent}, wrapUp("until_done", 0))
	talked(p, long)
	agent.Await("wrap_up")
	p.As("supervisor").Ask("DELETE", fmt.Sprintf("/presence/%d/wrap-up", agent.ID), nil)
	agent.Await("available")
}

// unanswered: who does not pick up is not ready until he says that he is; who declines stays available.
func unanswered(t *testing.T, p *e2e.Product) {
	away := p.Hire(siptest.Ring()).Ready()
	line := p.OpenLine([]*e2e.Agent{away}, map[string]any{"ring_seconds": 3})
	from := e2e.NewNumber()
	c := p.Call(line, from)
	away.Await("not_ready")
	if got := e2e.Query[string](p, `select reason from agents where user_id = $1`, away.ID)[0]; got != "no_answer" {
		t.Errorf("not ready because of %q", got)
	}
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	p.Booked(from)
	away.Back()
	from = e2e.NewNumber()
	c = p.Call(line, from)
	_, err := away.Phone.Incoming(p.Within(20 * time.Second)) // that of the call before
	p.Must(err)
	leg, err := away.Phone.Incoming(p.Within(20 * time.Second))
	p.Must(err)
	away.Ask("POST", "/calls/"+leg.Header("X-Centralita-Call")+"/decline", nil)
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	p.Booked(from)
	away.Await("available")
}

// ringAll: all phones ring; of two who pick up at once exactly one talks, and nobody stays taken.
func ringAll(t *testing.T, p *e2e.Product) {
	crew := map[string]*e2e.Agent{
		"one": p.HireWithTone(700, siptest.Ring()).Ready(), "two": p.HireWithTone(1100, siptest.Ring()).Ready(),
		"three": p.HireWithTone(1500, siptest.Ring()).Ready(),
	}
	line := p.OpenLine([]*e2e.Agent{crew["one"], crew["two"], crew["three"]}, map[string]any{"strategy": "ring_all"})
	tones := map[string]float64{"one": 700, "two": 1100, "three": 1500}
	watching := crew["three"].Live()
	for i := range size(4, 300) {
		from := e2e.NewNumber()
		c := p.Call(line, from)
		legs := map[string]*siptest.Call{}
		for name, agent := range crew {
			leg, err := agent.Phone.Incoming(p.Within(20 * time.Second))
			p.Must(err)
			legs[name] = leg
		}
		pop := watching.WaitPop(20*time.Second, from)
		together(func() { _ = legs["one"].Answer() }, func() { _ = legs["two"].Answer() }, time.Duration(i%3-1)*time.Millisecond)
		winner := oneWinner(t, p, c, tones)
		if w := watching.WaitWithdrawn(5*time.Second, pop.Call.ID); w.Reason != "answered_elsewhere" {
			t.Errorf("withdrawn: %+v", w)
		}
		p.Must(c.Hangup(p.Within(10 * time.Second)))
		if call, _ := p.Booked(from); call.UserID != crew[winner].ID || call.Outcome != "answered" {
			t.Errorf("%s talked, the books say %+v", winner, call)
		}
		for _, agent := range crew {
			agent.Await("available")
		}
	}
}

// skillsRelax: somebody without the skill is asked when the caller has waited long enough, and not before.
func skillsRelax(t *testing.T, p *e2e.Product) {
	agent := p.Hire(siptest.AnswerAfter(0)).Ready()
	skill := e2e.Do[e2e.Skill](p.As("admin"), "POST", "/skills", map[string]any{"name": "Skill of " + agent.Login, "levels": []any{}})
	line := p.OpenLine([]*e2e.Agent{agent}, map[string]any{"skills": []any{map[string]any{"skill_id": skill.ID, "steps": []any{
		map[string]any{"after_seconds": 0, "level": 70}, map[string]any{"after_seconds": 3, "level": 0},
	}}}})
	from := e2e.NewNumber()
	c := p.Call(line, from)
	p.Must(c.WaitHears(p.Within(20*time.Second), e2e.AgentTone))
	talk(p, c)
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	call, _ := p.Booked(from)
	if waited := call.RingingAt.Sub(call.StartedAt); waited < 3*time.Second || waited > 5*time.Second {
		t.Errorf("asked after %v", waited)
	}
}

// overflow: where nobody is in, the caller goes to the people of another queue, and the call says which way it went.
func overflow(t *testing.T, p *e2e.Product) {
	absent, there := p.Hire(siptest.AnswerAfter(0)), p.Hire(siptest.AnswerAfter(0)).Ready()
	second := p.OpenLine([]*e2e.Agent{there}, nil)
	first := p.OpenLine([]*e2e.Agent{absent}, map[string]any{"overflow": []any{
		map[string]any{"when": "nobody_in", "then": map[string]any{"kind": "queue", "id": second.Entry.ID}},
	}})
	call := talked(p, first)
	if len(call.Path) != 2 || call.Path[0].ID != first.Entry.ID || call.Path[1].ID != second.Entry.ID || call.Path[1].Why != "nobody_in" {
		t.Errorf("went %+v", call.Path)
	}
	if call.UserID != there.ID {
		t.Errorf("%+v", call)
	}
}
