package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"centralita/internal/e2e"
	"centralita/internal/siptest"
)

// onBoard finds a lead among the open ones of the board.
func onBoard(u *e2e.Person, id int64) (e2e.Lead, bool) {
	for _, l := range e2e.Get[e2e.Board](u, "/leads/board").Rows {
		if l.ID == id {
			return l, true
		}
	}
	return e2e.Lead{}, false
}

// missedAndCalledBack is the main job of the lead-loss board: a caller whom nobody took leaves a message, stays on
// the board, is called back by one click and closed with a typed outcome.
func missedAndCalledBack(t *testing.T, p *e2e.Product) {
	agent := p.Hire(siptest.AnswerAfter(0))
	line := p.OpenLine([]*e2e.Agent{agent}, nil)
	from := e2e.NewNumber()
	c := p.Call(line, from)
	p.Must(c.WaitAnswered(p.Within(20 * time.Second)))
	e2e.Eventually(t, 20*time.Second, "the caller is spoken to", func() error {
		if peak := c.Media().Samples(time.Time{}, time.Now()).Peak(); peak < 2000 {
			return fmt.Errorf("loudest sample %d", peak)
		}
		return nil
	})
	_, err := c.Listen(p.Within(time.Minute), 12*time.Second) // the prompt, and a message
	p.Must(err)
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	call, lead := p.Booked(from)
	if call.Outcome != "voicemail" || call.UserID != 0 {
		t.Errorf("call: %+v", call)
	}
	if lead.State != "open" || lead.Class != "lost" || lead.Number != from {
		t.Errorf("lead: %+v", lead)
	}
	if _, ok := onBoard(agent.Person, lead.ID); !ok {
		t.Error("the lead is not on the board")
	}
	r := awaitRecording(t, p, agent.Person, call.ID, 30*time.Second)
	client, _ := sound(t, p, agent.Person, r)
	if got := client.Lasts(e2e.CallerTone); got < 5*time.Second {
		t.Errorf("the message has %v of the caller's voice", got)
	}
	agent.Ready()
	calledBack(t, p, agent, lead, from)
}

func calledBack(t *testing.T, p *e2e.Product, agent *e2e.Agent, lead e2e.Lead, number string) {
	t.Helper()
	p.ClientDoes(number, siptest.AnswerAfter(1500*time.Millisecond))
	live := agent.Live()
	path := fmt.Sprintf("/leads/%d", lead.ID)
	out := e2e.Do[e2e.Call](agent.Person, "POST", path+"/call-back", nil)
	if out.Direction != "out" || out.Phase != "calling_agent" || out.LeadID != lead.ID {
		t.Errorf("call back: %+v", out)
	}
	for _, phase := range []string{"dialling", "far_ringing", "talking"} {
		live.WaitPhase(20*time.Second, out.ID, phase)
	}
	if got := e2e.Get[e2e.Lead](agent.Person, path); got.Lease == nil || got.Lease.UserID != agent.ID {
		t.Errorf("lead without a lease while it is called back: %+v", got)
	}
	far := theirPhone(t, p, number)
	ours := agent.Phone.Received()[0]
	if ours.Header("X-Centralita-Answer") != "auto" || ours.Header("X-Centralita-Kind") != "dial" {
		t.Errorf("headers: %q %q", ours.Header("X-Centralita-Answer"), ours.Header("X-Centralita-Kind"))
	}
	told := live.WaitPhase(time.Second, out.ID, "talking").AnsweredAt
	if far.Record().Answered.Sub(told) > 250*time.Millisecond {
		t.Errorf("told of an answer at %v, the client answered at %v", told, far.Record().Answered)
	}
	p.Must(far.WaitHears(p.Within(15*time.Second), e2e.AgentTone))
	p.Must(ours.WaitHears(p.Within(15*time.Second), e2e.ClientTone))
	p.Must(far.Hangup(p.Within(10 * time.Second)))
	if end := live.WaitPhase(15*time.Second, out.ID, "ended"); end.Outcome != "answered" || end.EndedBy != "client" {
		t.Errorf("call back: %+v", end)
	}
	e2e.Eventually(t, 10*time.Second, "the attempt is counted", func() error {
		if got := e2e.Get[e2e.Lead](agent.Person, path); got.Attempts != 1 || got.Class != "called_back_20m" {
			return fmt.Errorf("%+v", got)
		}
		return nil
	})
	closed := e2e.Do[e2e.Lead](agent.Person, "POST", path+"/close", map[string]string{"closing": "called_back_reached", "reason": ""})
	if closed.State != "closed" || closed.Closing != "called_back_reached" {
		t.Errorf("closed: %+v", closed)
	}
	if _, ok := onBoard(agent.Person, lead.ID); ok {
		t.Error("the closed lead is still on the board")
	}
	board := e2e.Get[e2e.Board](agent.Person, "/leads/board")
	sum := board.Balance.Open
	for _, c := range board.Balance.Closed {
		sum += c.Count
	}
	if board.Balance.Difference != 0 || sum != board.Balance.Opened || board.Balance.CallsWithoutLead != 0 {
		t.Errorf("balance: %+v", board.Balance)
	}
}

// theirPhone returns the call that arrived at a client's phone.
func theirPhone(t *testing.T, p *e2e.Product, number string) *siptest.Call {
	t.Helper()
	var far *siptest.Call
	e2e.Eventually(t, 15*time.Second, "the client's phone rings", func() error {
		all := atTrunk(p, number)
		if len(all) != 1 {
			return fmt.Errorf("%d calls arrived", len(all))
		}
		far = all[0]
		return nil
	})
	return far
}

// leadLease: who calls a lead back has it alone until the call is over.
func leadLease(t *testing.T, p *e2e.Product) {
	crew := p.Crew(2, siptest.AnswerAfter(0))
	number := e2e.NewNumber()
	lead := e2e.Do[e2e.Lead](crew[0].Person, "POST", "/leads", map[string]any{
		"number": number, "note": "asked at the fair", "source": "manual", "line_id": p.OpenLine(crew, nil).ID,
	})
	path := fmt.Sprintf("/leads/%d", lead.ID)
	answers := make(chan e2e.Answer, len(crew))
	for _, a := range crew {
		go func() {
			answer, _ := a.Try("POST", path+"/call-back", nil)
			answers <- answer
		}()
	}
	got := map[int]int{}
	for range crew {
		a := <-answers
		got[a.Status]++
		if a.Status == http.StatusConflict && a.Code != "leased" && a.Code != "number_busy" {
			t.Errorf("refused with %s", a)
		}
	}
	if got[http.StatusAccepted] != 1 || got[http.StatusConflict] != 1 {
		t.Fatalf("both called back at once: %v", got)
	}
	far := theirPhone(t, p, number)
	p.Must(far.WaitRinging(p.Within(10 * time.Second)))
	p.Must(far.Reject(486, "Busy Here"))
	e2e.Eventually(t, 15*time.Second, "one attempt is counted, and the lead's number was busy", func() error {
		if l := e2e.Get[e2e.Lead](crew[0].Person, path); l.Attempts != 1 || l.LastOutcome != "busy" || l.State != "open" {
			return fmt.Errorf("%+v", l)
		}
		return nil
	})
}
