package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"centralita/internal/e2e"
	"centralita/internal/siptest"
)

// popsAcrossReconnects: a pop is shown once in every tab, and taken away once, however often the line to the browser
// breaks.
func popsAcrossReconnects(t *testing.T, p *e2e.Product) {
	agent := p.Hire(siptest.Ring()).Ready()
	line := p.OpenLine([]*e2e.Agent{agent}, nil)
	tabs := []*e2e.Live{agent.Live(), agent.Live()}
	calls := map[string]int64{}
	for i := range size(12, 1000) {
		from := e2e.NewNumber()
		c := p.Call(line, from)
		p.Must(c.WaitRinging(p.Within(20 * time.Second)))
		if i%3 == 0 {
			tabs[0].Break() // may be before, in the midst of, or after the pop
		}
		leg, err := agent.Phone.Incoming(p.Within(20 * time.Second))
		p.Must(err)
		if i%3 == 1 {
			tabs[0].Break()
		}
		p.Must(c.Hangup(p.Within(10 * time.Second)))
		if _, err := leg.WaitEnded(p.Within(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for n, tab := range tabs {
			pop := tab.WaitPop(15*time.Second, from)
			calls[from] = pop.Call.ID
			w := tab.WaitWithdrawn(15*time.Second, pop.Call.ID)
			if w.Reason != "caller_gave_up" || !w.OfferedAt.Equal(pop.OfferedAt) {
				t.Errorf("tab %d: withdrawn %+v of %+v", n, w, pop)
			}
		}
		agent.Await("available")
	}
	for n, tab := range tabs {
		for from, id := range calls {
			if got := tab.Pops(id); got != 1 {
				t.Errorf("tab %d saw %d pops of %s", n, got, from)
			}
		}
	}
	all, resumed := tabs[0].Welcomes()
	if all < 3 || resumed != all-1 {
		t.Errorf("welcomed %d times, %d of them resumed", all, resumed)
	}
	for from, id := range calls {
		if call, lead := p.Booked(from); call.ID != id || call.Outcome != "abandoned" || lead.Class != "lost" {
			t.Errorf("%s: %+v %+v", from, call, lead)
		}
	}
	answeredElsewhere(t, p, agent, line, tabs)
}

// answeredElsewhere: the moment the phone accepts, the card goes from every tab.
func answeredElsewhere(t *testing.T, p *e2e.Product, agent *e2e.Agent, line e2e.Line, tabs []*e2e.Live) {
	t.Helper()
	from := e2e.NewNumber()
	c := p.Call(line, from)
	leg, err := agent.Phone.Incoming(p.Within(20 * time.Second))
	p.Must(err)
	for _, tab := range tabs {
		tab.WaitPop(15*time.Second, from)
	}
	p.Must(leg.Answer())
	for _, tab := range tabs {
		pop := tab.WaitPop(time.Second, from)
		if w := tab.WaitWithdrawn(10*time.Second, pop.Call.ID); w.Reason != "answered_elsewhere" {
			t.Errorf("withdrawn: %+v", w)
		}
		tab.WaitPhase(10*time.Second, pop.Call.ID, "talking")
	}
	p.Must(c.WaitHears(p.Within(15*time.Second), e2e.AgentTone))
	talk(p, c)
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	if call, _ := p.Booked(from); call.Outcome != "answered" || call.EndedBy != "client" {
		t.Errorf("%+v", call)
	}
	if _, err := leg.WaitEnded(p.Within(10 * time.Second)); err != nil {
		t.Error(fmt.Errorf("the agent's phone: %w", err))
	}
}
