package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"centralita/internal/e2e"
	"centralita/internal/siptest"
)

// TestFaults is what happens when parts of the product die. The scenarios run one after another on one instance.
func TestFaults(t *testing.T) {
	p := e2e.Start(t, e2e.Options{})
	for _, s := range []struct {
		name     string
		scenario func(*testing.T, *e2e.Product)
	}{
		{"a frozen server", frozenServer},
		{"a hung server", hungServer},
		{"a dead server", deadServer},
		{"a dead database", deadDatabase},
		{"a hung database", hungDatabase},
		{"conversations outlive the server", conversationsSurvive},
		{"pops across a killed server", popsAcrossKill},
		{"a consultation outlives the server", askedAcrossKill},
		{"no sound without a record of it", soundNeedsRecord},
		{"changes and looks across a killed server", loggedAcrossKills},
	} {
		ok := t.Run(s.name, func(t *testing.T) {
			p := p.For(t)
			s.scenario(t, p)
			p.Settled()
		})
		if !ok {
			return // what follows would only show what is left of the failure
		}
	}
}

// fallback is the longest that a caller may wait for the fall-back when no server takes him.
const fallback = 2500 * time.Millisecond

// servedByFallback places n calls, five in a second, while no server can take them. Each must be answered and spoken
// to in time.
func servedByFallback(t *testing.T, p *e2e.Product, line e2e.Line, n int) []siptest.Record {
	t.Helper()
	records := make([]siptest.Record, n)
	var calls sync.WaitGroup
	pace := time.NewTicker(200 * time.Millisecond)
	defer pace.Stop()
	for i := range n {
		from := e2e.NewNumber()
		c := p.Call(line, from)
		calls.Go(func() {
			if err := c.WaitAnswered(p.Within(20 * time.Second)); err != nil {
				t.Errorf("call %d: %v\n%s", i, err, c.Trace())
				return
			}
			deadline := p.Within(15 * time.Second)
			for c.Media().Samples(time.Time{}, time.Now()).Peak() < 2000 {
				if _, err := c.Listen(deadline, 200*time.Millisecond); err != nil {
					t.Errorf("call %d was answered and not spoken to: %v", i, err)
					break
				}
			}
			if err := c.Hangup(p.Within(10 * time.Second)); err != nil {
				t.Error(err)
			}
			records[i] = c.Record()
			if wait := records[i].Answered.Sub(records[i].Started); wait > fallback {
				t.Errorf("call %d waited %v for the fall-back", i, wait)
			}
		})
		<-pace.C
	}
	calls.Wait()
	return records
}

// unattended runs a scenario in which no server takes calls: between break and heal callers are served by the
// fall-back; afterwards each has one call and one lead, and no phone rings for those who are gone.
func unattended(t *testing.T, p *e2e.Product, cut func() (heal func())) {
	t.Helper()
	agent := p.Hire(siptest.Ring()).Ready()
	line := p.OpenLine([]*e2e.Agent{agent}, nil)
	live := agent.Live()
	heal := cut()
	healed := sync.OnceFunc(heal)
	defer healed()
	records := servedByFallback(t, p, line, size(5, 100))
	healed()
	p.AwaitServer()
	p.Reconcile(records, time.Minute)
	for _, r := range records {
		call, lead := p.Booked(r.From)
		if call.Outcome != "missed" && call.Outcome != "voicemail" || lead.Class != "lost" || call.UserID != 0 {
			t.Errorf("%s: %+v %+v", r.From, call, lead)
		}
		if n := live.Pops(call.ID); n != 0 {
			t.Errorf("%d pops of a call that was over", n)
		}
	}
	if n := len(agent.Phone.Received()); n != 0 {
		t.Errorf("the agent's phone rang %d times for callers who were gone", n)
	}
	// The product is as it was: the next caller reaches the agent.
	agent.Phone.SetScript(siptest.AnswerAfter(0))
	e2e.Eventually(t, time.Minute, "the agent is known again", func() error { return agent.Phone.Register(p.Within(10 * time.Second)) })
	agent.Await("available")
	from := e2e.NewNumber()
	c := p.Call(line, from)
	p.Must(c.WaitHears(p.Within(20*time.Second), e2e.AgentTone))
	talk(p, c)
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	if call, _ := p.Booked(from); call.Outcome != "answered" {
		t.Errorf("after the fault: %+v", call)
	}
}

// frozenServer: a server hangs, and its supervisor does not help.
func frozenServer(t *testing.T, p *e2e.Product) {
	unattended(t, p, func() func() {
		supervisor, server := p.Freeze("supervisor"), p.Freeze("server")
		return func() { server(); supervisor() }
	})
}

// hungServer: a server hangs with a caller whom it has claimed, and stays so. Its supervisor notices, and the caller
// is served again.
func hungServer(t *testing.T, p *e2e.Product) {
	agent := p.Hire(siptest.Ring()).Ready()
	line := p.OpenLine([]*e2e.Agent{agent}, map[string]any{"ring_seconds": 60})
	from := e2e.NewNumber()
	c := p.Call(line, from)
	leg, err := agent.Phone.Incoming(p.Within(20 * time.Second))
	p.Must(err)
	p.Must(c.WaitRinging(p.Within(20 * time.Second)))
	hung := p.PID("server")
	p.Freeze("server")
	p.Must(leg.Answer()) // nobody hears of it: both are in silence
	e2e.Eventually(t, 30*time.Second, "another server", func() error {
		if pid := p.PID("server"); pid == 0 || pid == hung {
			return fmt.Errorf("server %d", pid)
		}
		return nil
	})
	p.AwaitServer()
	p.Must(c.WaitHears(p.Within(20*time.Second), e2e.AgentTone))
	p.Must(leg.WaitHears(p.Within(10*time.Second), e2e.CallerTone))
	talk(p, c)
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	if call, _ := p.Booked(from); call.Outcome != "answered" || call.UserID != agent.ID {
		t.Errorf("%+v", call)
	}
}

func deadServer(t *testing.T, p *e2e.Product) {
	unattended(t, p, func() func() { return p.Down("server") })
}

func deadDatabase(t *testing.T, p *e2e.Product) {
	unattended(t, p, func() func() { return p.Down("postgres") })
}

// hungDatabase: every process of PostgreSQL is frozen, with all sockets open.
func hungDatabase(t *testing.T, p *e2e.Product) {
	unattended(t, p, func() func() { return p.FreezeAll("postgres") })
}

// gap is the longest silence in a conversation that a server's death may cause. Asterisk shares the machine with
// everything else, so that CI is generous.
var gap = time.Duration(size(250, 60)) * time.Millisecond

type conversation struct {
	agent  *e2e.Agent
	from   string
	tone   float64
	c, leg *siptest.Call
}

// ownLine opens a line for an agent alone.
func ownLine(p *e2e.Product) func(*e2e.Agent) e2e.Line {
	return func(a *e2e.Agent) e2e.Line { return p.OpenLine([]*e2e.Agent{a}, nil) }
}

// converse brings n callers to talk with an agent each, on lines that open makes.
func converse(t *testing.T, p *e2e.Product, n int, open func(*e2e.Agent) e2e.Line) []*conversation {
	t.Helper()
	talks := make([]*conversation, n)
	for i := range talks {
		hz := 700 + 200*float64(i%4)
		agent := p.HireWithTone(hz, siptest.AnswerAfter(0)).Ready()
		talks[i] = &conversation{agent: agent, from: e2e.NewNumber(), tone: hz}
		talks[i].c = p.Call(open(agent), talks[i].from)
	}
	for _, k := range talks {
		p.Must(k.c.WaitHears(p.Within(30*time.Second), k.tone))
		k.leg = k.agent.Phone.Received()[0]
		p.Must(k.leg.WaitHears(p.Within(20*time.Second), e2e.CallerTone))
	}
	return talks
}

// conversationsSurvive: people go on talking when the server is killed; who hangs up meanwhile has hung up; the new
// server takes the others over, and every recording is there.
func conversationsSurvive(t *testing.T, p *e2e.Product) {
	talks := converse(t, p, size(4, 50), ownLine(p))
	talk(p, talks[0].c) // all of them are talking: something to find in the recordings
	talk(p, talks[0].c)
	cut := time.Now()
	for range size(1, 10) {
		up := p.Down("server")
		for i, k := range talks {
			if _, over := k.c.End(); over {
				continue
			}
			switch i % 4 {
			case 0: // the client hangs up while no server is there
				p.Must(k.c.Hangup(p.Within(10 * time.Second)))
			case 1: // the agent does
				p.Must(k.leg.Hangup(p.Within(10 * time.Second)))
			}
		}
		for i, k := range talks {
			if i%4 > 1 {
				p.Must(k.c.WaitHears(p.Within(10*time.Second), k.tone))
				p.Must(k.leg.WaitHears(p.Within(10*time.Second), e2e.CallerTone))
			}
		}
		up()
		p.AwaitServer()
	}
	healed := time.Now()
	for i, k := range talks {
		if i%4 < 2 {
			continue
		}
		if _, over := k.c.End(); over {
			t.Fatalf("conversation %d was cut:\n%s", i, k.c.Trace())
		}
		heard := k.c.Media().LongestGap(cut, healed) - k.leg.Media().LongestSendGap(cut, healed)
		if heard > gap {
			t.Errorf("conversation %d was silent for %v", i, heard)
		}
		takenOver(t, p, k)
	}
	for i, k := range talks {
		call, lead := p.Booked(k.from)
		want := map[int]string{0: "client", 1: "agent", 2: "agent", 3: "agent"}[i%4]
		if call.Outcome != "answered" || call.UserID != k.agent.ID || call.EndedBy != want || lead.Recovered {
			t.Errorf("conversation %d: %+v %+v", i, call, lead)
		}
		r := awaitRecording(t, p, k.agent.Person, call.ID, 30*time.Second)
		record := k.c.Record()
		near(t, r, record.Answered, record.End.At)
		client, agent := sound(t, p, k.agent.Person, r)
		sides(t, client, agent, e2e.CallerTone, k.tone, time.Second)
	}
}

// takenOver: the new server knows the conversation and obeys its agent.
func takenOver(t *testing.T, p *e2e.Product, k *conversation) {
	t.Helper()
	var current []e2e.Call
	e2e.Eventually(t, 20*time.Second, "the conversation is known to the new server", func() error {
		current = e2e.Get[e2e.Page[e2e.Call]](k.agent.Person, "/calls/current").Items
		if len(current) != 1 || current[0].Phase != "talking" {
			return fmt.Errorf("%+v", current)
		}
		return nil
	})
	act := func(what string) {
		path := fmt.Sprintf("/calls/%d/%s", current[0].ID, what)
		e2e.Eventually(t, 20*time.Second, path, func() error {
			a, err := k.agent.Try("POST", path, nil)
			if err == nil && a.Status >= 300 {
				err = fmt.Errorf("%s", a)
			}
			return err
		})
	}
	act("hold")
	p.Must(k.c.WaitDeaf(p.Within(10*time.Second), k.tone))
	act("unhold")
	p.Must(k.c.WaitHears(p.Within(10*time.Second), k.tone))
	act("hangup")
	ended(t, p, k.c, siptest.Remote)
}

// popsAcrossKill: the browser that was shown a ringing call is told what became of it when the server comes back,
// and is not shown it twice.
func popsAcrossKill(t *testing.T, p *e2e.Product) {
	agent := p.Hire(siptest.Ring()).Ready()
	line := p.OpenLine([]*e2e.Agent{agent}, map[string]any{"ring_seconds": 60})
	live := agent.Live()
	for _, answer := range []bool{true, false} {
		from := e2e.NewNumber()
		c := p.Call(line, from)
		leg, err := agent.Phone.Incoming(p.Within(20 * time.Second))
		p.Must(err)
		pop := live.WaitPop(20*time.Second, from)
		p.Must(c.WaitRinging(p.Within(20 * time.Second))) // the call is claimed; before, its way would be the fall-back
		up := p.Down("server")
		want := "caller_gave_up"
		if answer {
			want = "answered_elsewhere"
			p.Must(leg.Answer())
		} else {
			p.Must(c.Hangup(p.Within(10 * time.Second)))
		}
		up()
		p.AwaitServer()
		if w := live.WaitWithdrawn(30*time.Second, pop.Call.ID); w.Reason != want || !w.OfferedAt.Equal(pop.OfferedAt) {
			t.Errorf("withdrawn: %+v, want %s", w, want)
		}
		if answer {
			p.Must(c.WaitHears(p.Within(20*time.Second), e2e.AgentTone))
			talk(p, c)
			p.Must(c.Hangup(p.Within(10 * time.Second)))
		}
		if _, err := leg.WaitEnded(p.Within(20 * time.Second)); err != nil {
			t.Errorf("the phone still rings: %v", err)
		}
		call, _ := p.Booked(from)
		if n := live.Pops(call.ID); n != 1 || (call.Outcome == "answered") != answer {
			t.Errorf("%d pops of %+v", n, call)
		}
		agent.Await("available")
	}
	if all, resumed := live.Welcomes(); resumed != all-1 || all < 3 {
		t.Errorf("welcomed %d times, %d of them resumed", all, resumed)
	}
}

// soundNeedsRecord: no byte of a recording leaves when it cannot be noted who listens, or when its file was changed.
func soundNeedsRecord(t *testing.T, p *e2e.Product) {
	k := converse(t, p, 1, ownLine(p))[0]
	talk(p, k.c)
	p.Must(k.c.Hangup(p.Within(10 * time.Second)))
	call, _ := p.Booked(k.from)
	r := awaitRecording(t, p, k.agent.Person, call.ID, 30*time.Second)
	path := fmt.Sprintf("/calls/%d/audio", call.ID)

	e2e.Query[int](p, `create function no_audit() returns trigger language plpgsql as $$ begin raise exception 'disk full'; end $$`)
	e2e.Query[int](p, `create trigger no_audit before insert on audit_entries execute function no_audit()`)
	a := k.agent.Ask("GET", path, nil)
	if a.Status < 500 || strings.Contains(string(a.Body), "OggS") {
		t.Errorf("sound without a record: %d with %d bytes", a.Status, len(a.Body))
	}
	e2e.Query[int](p, `drop trigger no_audit on audit_entries`)
	if a := k.agent.Ask("GET", path, nil); a.Status != http.StatusOK || int64(len(a.Body)) != r.SizeBytes {
		t.Errorf("sound: %d with %d bytes", a.Status, len(a.Body))
	}

	files, err := filepath.Glob(filepath.Join(p.Files(), "recordings", "*", "*", fmt.Sprintf("%d.opus", call.ID)))
	if err != nil || len(files) != 1 {
		t.Fatalf("files: %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	p.Must(err)
	text[len(text)/2] ^= 1
	p.Must(os.WriteFile(files[0], text, 0o600))
	if a := k.agent.Ask("GET", path, nil); a.Status != http.StatusConflict || a.Code != "recording_damaged" {
		t.Errorf("a changed file: %d %s", a.Status, a.Code)
	}
}
