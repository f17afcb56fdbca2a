package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"centralita/internal/e2e"
	"centralita/internal/siptest"
)

// size is the number to use: small in CI, full in the soak.
func size(small, full int) int {
	if e2e.Soak() {
		return full
	}
	return small
}

// TestMain lets more scenarios run side by side than there are processors: they wait most of the time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	m.Run()
}

// TestProduct is what people do with a healthy product. The scenarios share one
// instance and run side by side, each with people, lines and numbers of its own.
func TestProduct(t *testing.T) {
	p := e2e.Start(t, e2e.Options{})
	t.Run("scenarios", func(t *testing.T) {
		for name, scenario := range map[string]func(*testing.T, *e2e.Product){
			"an answered call":                    answeredCall,
			"the responsible first":               responsibleFirst,
			"a missed call is called back":        missedAndCalledBack,
			"hostile caller-IDs":                  callerIDs,
			"click-to-call outcomes":              clickToCall,
			"forbidden numbers are never dialled": tollFraud,
			"a number in conversation":            numberBusy,
			"one lead, one caller back":           leadLease,
			"accept and decline at once":          acceptAndDecline,
			"answer and ring timeout at once":     answerAndTimeout,
			"a phone that dies while it rings":    phoneDies,
			"pops across broken sockets":          popsAcrossReconnects,
			"an SMS from the card":                smsFromCard,
			"a reminder goes out":                 reminderGoesOut,
			"rights of every route":               rightsOfRoutes,
			"a masked number":                     maskedNumber,
			"a wrap-up is not cut":                wrapUpIsNotCut,
			"a wrap-up ends by itself":            wrapUpEnds,
			"who does not answer is left alone":   unanswered,
			"all phones ring, one has the call":   ringAll,
			"skills are asked for less and less":  skillsRelax,
			"a way out of a queue":                overflow,
			"a client is given to a colleague":    transferred,
			"a transfer nobody takes comes back":  comesBack,
			"a colleague is asked":                asked,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				scenario(t, p.For(t))
			})
		}
	})
	p.Settled()
}

// ended waits for a caller's end and checks whose it was.
func ended(t *testing.T, p *e2e.Product, c *siptest.Call, by siptest.Side) {
	t.Helper()
	end, err := c.WaitEnded(p.Within(20 * time.Second))
	if err != nil {
		t.Fatalf("%v\n%s", err, c.Trace())
	}
	if end.By != by {
		t.Errorf("ended %v, want by %s\n%s", end, by, c.Trace())
	}
}

// answeredCall follows one call from its arrival to the sound of its recording.
func answeredCall(t *testing.T, p *e2e.Product) {
	agent := p.Hire(siptest.Ring()).Ready()
	line := p.OpenLine([]*e2e.Agent{agent}, nil)
	live, other := agent.Live(), p.As("operator").Live()
	from := e2e.NewNumber()
	client := p.Client(from, 0)

	c := p.Call(line, from)
	pop := live.WaitPop(20*time.Second, from)
	leg, err := agent.Phone.Incoming(p.Within(20 * time.Second))
	p.Must(err)
	if got := e2e.Get[e2e.Lead](agent.Person, fmt.Sprintf("/leads/%d", pop.Call.LeadID)); got.State != "open" || got.ClientID != client.ID {
		t.Errorf("lead while it rings: %+v", got)
	}
	if pop.Call.ClientID != client.ID || pop.Call.Line.ID != line.ID || pop.Call.Phase != "ringing" {
		t.Errorf("pop: %+v", pop)
	}
	if leg.Header("X-Centralita-Call") != fmt.Sprint(pop.Call.ID) || leg.Header("X-Centralita-Kind") != "" { // an offer is the usual kind
		t.Errorf("headers of the agent's INVITE: %q %q", leg.Header("X-Centralita-Call"), leg.Header("X-Centralita-Kind"))
	}
	p.Must(live.Send(map[string]any{"t": "receipt", "call_id": pop.Call.ID, "offered_at": pop.OfferedAt, "stage": "painted", "ring_to_paint_ms": 42}))
	p.Must(leg.Answer())
	live.WaitPhase(10*time.Second, pop.Call.ID, "talking")
	p.Must(c.WaitHears(p.Within(15*time.Second), e2e.AgentTone))
	p.Must(leg.WaitHears(p.Within(15*time.Second), e2e.CallerTone))
	talkFeatures(t, p, agent, pop.Call.ID, c, leg)
	talk(p, c)

	p.Must(leg.Hangup(p.Within(10 * time.Second)))
	ended(t, p, c, siptest.Remote)
	call, lead := p.Booked(from)
	if call.Outcome != "answered" || call.EndedBy != "agent" || call.UserID != agent.ID || call.ClientID != client.ID {
		t.Errorf("call: %+v", call)
	}
	if lead.State != "open" || lead.Class != "answered_no_next_step" {
		t.Errorf("lead: %+v", lead)
	}
	painted := e2e.Query[int](p, `select ring_to_paint_ms from pop_receipts where call_id = $1 and ring_to_paint_ms is not null`, call.ID)
	if len(painted) != 1 || painted[0] != 42 {
		t.Errorf("receipts: %v", painted)
	}
	if n := other.Pops(call.ID); n != 0 {
		t.Errorf("somebody else saw %d pops", n)
	}
	recordingOf(t, p, agent, c, call)
}

// talkFeatures are hold, mute and digits, proved by what each side hears.
func talkFeatures(t *testing.T, p *e2e.Product, agent *e2e.Agent, id int64, c, leg *siptest.Call) {
	t.Helper()
	act := func(what string) {
		t.Helper()
		e2e.Do[e2e.Call](agent.Person, "POST", fmt.Sprintf("/calls/%d/%s", id, what), nil)
	}
	within := func() context.Context { return p.Within(15 * time.Second) }
	act("hold")
	p.Must(leg.WaitDeaf(within(), e2e.CallerTone))
	p.Must(c.WaitDeaf(within(), e2e.AgentTone))
	act("unhold")
	p.Must(leg.WaitHears(within(), e2e.CallerTone))
	p.Must(c.WaitHears(within(), e2e.AgentTone))
	act("mute")
	p.Must(c.WaitDeaf(within(), e2e.AgentTone))
	p.Must(leg.WaitHears(within(), e2e.CallerTone))
	act("unmute")
	p.Must(c.WaitHears(within(), e2e.AgentTone))
	e2e.Do[e2e.Call](agent.Person, "POST", fmt.Sprintf("/calls/%d/dtmf", id), map[string]string{"digits": "17#"})
	e2e.Eventually(t, 10*time.Second, "the client hears the digits", func() error {
		if got := c.Digits(); got != "17#" {
			return fmt.Errorf("heard %q", got)
		}
		return nil
	})
}

// touch is longer than the least conversation that counts as an answered call.
const touch = 1200 * time.Millisecond

// talk lets a conversation last long enough to count.
func talk(p *e2e.Product, c *siptest.Call) {
	_, err := c.Listen(p.Within(10*time.Second), touch)
	p.Must(err)
}

// responsibleFirst: the client's responsible is offered the call first, a member whose phone is not there never,
// and the trace says why.
func responsibleFirst(t *testing.T, p *e2e.Product) {
	mine, idle, absent := p.Hire(siptest.Ring()).Ready(), p.Hire(siptest.AnswerAfter(0)).Ready(), p.Hire(siptest.AnswerAfter(0))
	line := p.OpenLine([]*e2e.Agent{idle, absent}, e2e.Sticky(3))
	from := e2e.NewNumber()
	p.Client(from, mine.ID)
	live := mine.Live()

	c := p.Call(line, from)
	pop := live.WaitPop(20*time.Second, from)
	if pop.Call.ResponsibleID != mine.ID {
		t.Errorf("pop: %+v", pop)
	}
	// He does not answer: after his ring time the pop goes, and the line's idle member has the call.
	if w := live.WaitWithdrawn(15*time.Second, pop.Call.ID); w.Reason != "timeout" {
		t.Errorf("withdrawn: %+v", w)
	}
	p.Must(c.WaitHears(p.Within(20*time.Second), e2e.AgentTone))
	talk(p, c)
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	call, _ := p.Booked(from)
	if call.Outcome != "answered" || call.UserID != idle.ID || call.EndedBy != "client" {
		t.Errorf("call: %+v", call)
	}
	if n := len(absent.Phone.Received()); n != 0 {
		t.Errorf("a phone that is not registered was rung %d times", n)
	}
	steps := e2e.Get[e2e.Page[e2e.TraceStep]](mine.Person, fmt.Sprintf("/calls/%d/trace", call.ID)).Items
	if len(steps) != 2 || steps[0].ChosenUserID != mine.ID || steps[1].ChosenUserID != idle.ID {
		t.Fatalf("trace: %+v", steps)
	}
	reasons := map[string]string{}
	for i, s := range steps {
		for _, who := range s.Considered {
			reasons[fmt.Sprintf("%d/%d", i, who.UserID)] = who.Reason
		}
	}
	for key, want := range map[string]string{
		fmt.Sprintf("0/%d", mine.ID): "responsible", fmt.Sprintf("0/%d", idle.ID): "longest_idle",
		fmt.Sprintf("0/%d", absent.ID): "not_registered", fmt.Sprintf("1/%d", mine.ID): "tried",
	} {
		if reasons[key] != want {
			t.Errorf("trace: %s is %q, want %q", key, reasons[key], want)
		}
	}
}

// acceptAndDecline: the phone accepts in the very moment in which its user declines in the browser. Whatever wins,
// exactly one person talks with the caller.
func acceptAndDecline(t *testing.T, p *e2e.Product) {
	first, second := p.HireWithTone(700, siptest.Ring()).Ready(), p.HireWithTone(1100, siptest.AnswerAfter(0)).Ready()
	line := p.OpenLine([]*e2e.Agent{second}, e2e.Sticky(20))
	wins := map[string]int{}
	for i := range size(8, 1000) {
		from := e2e.NewNumber()
		p.Client(from, first.ID)
		c := p.Call(line, from)
		leg, err := first.Phone.Incoming(p.Within(20 * time.Second))
		p.Must(err)
		decline := func() { _, _ = first.Try("POST", "/calls/"+leg.Header("X-Centralita-Call")+"/decline", nil) }
		accept := func() { _ = leg.Answer() } // it may be too late
		together(accept, decline, time.Duration(i%9-4)*time.Millisecond)
		winner := oneWinner(t, p, c, map[string]float64{"first": 700, "second": 1100})
		wins[winner]++
		p.Must(c.Hangup(p.Within(10 * time.Second)))
		call, _ := p.Booked(from)
		if want := map[string]int64{"first": first.ID, "second": second.ID}[winner]; call.UserID != want || call.Outcome != "answered" {
			t.Errorf("%s talked, the books say %+v", winner, call)
		}
		first.Await("available")
		second.Await("available")
	}
	t.Logf("won: %v", wins)
}

// together does both at once, the second later by lead, which may be negative.
func together(first, second func(), lead time.Duration) {
	var both sync.WaitGroup
	start := time.Now().Add(20 * time.Millisecond)
	at := func(moment time.Time, do func()) {
		<-time.After(time.Until(moment))
		do()
	}
	both.Go(func() { at(start, first) })
	both.Go(func() { at(start.Add(lead), second) })
	both.Wait()
}

// oneWinner waits until the caller hears somebody and makes sure that it is one.
func oneWinner(t *testing.T, p *e2e.Product, c *siptest.Call, tones map[string]float64) string {
	t.Helper()
	winner := ""
	e2e.Eventually(t, 20*time.Second, "the caller hears somebody", func() error {
		heard, err := c.Listen(p.Within(5*time.Second), 200*time.Millisecond)
		if err != nil {
			return err
		}
		for name, hz := range tones {
			if heard.Hears(hz) {
				winner = name
			}
		}
		if winner == "" {
			return fmt.Errorf("nothing\n%s", c.Trace())
		}
		return nil
	})
	heard, err := c.Listen(p.Within(5*time.Second), touch)
	p.Must(err)
	for name, hz := range tones {
		if heard.Hears(hz) != (name == winner) {
			t.Errorf("%s won, and %s is heard with %.0f", winner, name, heard.Amplitude(hz))
		}
	}
	return winner
}

// answerAndTimeout: the phone accepts in the moment in which its ring time ends and the next one is rung.
func answerAndTimeout(t *testing.T, p *e2e.Product) {
	const ring = 3 * time.Second
	late := p.HireWithTone(700, nil)
	second := p.HireWithTone(1100, siptest.AnswerAfter(0)).Ready()
	late.Ready()
	line := p.OpenLine([]*e2e.Agent{second}, e2e.Sticky(3))
	for i := range size(4, 200) {
		late.Phone.SetScript(siptest.AnswerAfter(ring - 60*time.Millisecond + time.Duration(i%4)*30*time.Millisecond))
		from := e2e.NewNumber()
		p.Client(from, late.ID)
		c := p.Call(line, from)
		winner := oneWinner(t, p, c, map[string]float64{"late": 700, "second": 1100})
		p.Must(c.Hangup(p.Within(10 * time.Second)))
		call, _ := p.Booked(from)
		if want := map[string]int64{"late": late.ID, "second": second.ID}[winner]; call.UserID != want {
			t.Errorf("%s talked, the books say %+v", winner, call)
		}
		late.Back()
		second.Await("available")
	}
}

// phoneDies: a phone that goes while it rings loses the call to the next one within 5 s.
func phoneDies(t *testing.T, p *e2e.Product) {
	dying, next := p.Hire(siptest.Ring()).Ready(), p.Hire(siptest.AnswerAfter(0)).Ready()
	line := p.OpenLine([]*e2e.Agent{next}, e2e.Sticky(60))
	live := dying.Live()
	from := e2e.NewNumber()
	p.Client(from, dying.ID)
	c := p.Call(line, from)
	pop := live.WaitPop(20*time.Second, from)
	_, err := dying.Phone.Incoming(p.Within(20 * time.Second))
	p.Must(err)
	p.Must(dying.Phone.Unregister(p.Within(10 * time.Second)))
	gone := time.Now()
	if w := live.WaitWithdrawn(10*time.Second, pop.Call.ID); w.Reason != "no_phone" {
		t.Errorf("withdrawn: %+v", w)
	}
	p.Must(c.WaitHears(p.Within(15*time.Second), e2e.AgentTone))
	talk(p, c)
	leg := next.Phone.Received()[0]
	if took := leg.Record().Started.Sub(gone); took > 5*time.Second {
		t.Errorf("offered again after %v", took)
	}
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	if call, _ := p.Booked(from); call.UserID != next.ID || !strings.EqualFold(call.Outcome, "answered") {
		t.Errorf("call: %+v", call)
	}
}
