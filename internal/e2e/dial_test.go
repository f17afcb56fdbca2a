package e2e_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"centralita/internal/e2e"
	"centralita/internal/siptest"
)

// atTrunk returns the calls that ever arrived at a client's phone.
func atTrunk(p *e2e.Product, number string) []*siptest.Call {
	var mine []*siptest.Call
	for _, c := range p.Trunk.Received() {
		if strings.TrimPrefix(c.To(), "+") == strings.TrimPrefix(number, "+") {
			mine = append(mine, c)
		}
	}
	return mine
}

// clickToCall: what becomes of a call out is told as it was.
func clickToCall(t *testing.T, p *e2e.Product) {
	for outcome, script := range map[string]siptest.Script{
		"answered":     siptest.AnswerThenHangup(200*time.Millisecond, 1500*time.Millisecond),
		"busy":         siptest.Reject(486, "Busy Here"),
		"no_answer":    siptest.RingThenReject(300*time.Millisecond, 480, "Temporarily Unavailable"),
		"wrong_number": siptest.Reject(404, "Not Found"),
		"unreachable":  siptest.Reject(503, "Service Unavailable"),
		"declined":     siptest.RingThenReject(300*time.Millisecond, 603, "Decline"),
	} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			outcomeOf(t, p.For(t), outcome, script)
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		cancelled(t, p.For(t))
	})
	t.Run("without a phone", func(t *testing.T) {
		t.Parallel()
		p := p.For(t)
		a := p.Hire(nil).Ask("POST", "/calls", map[string]any{"number": e2e.NewNumber()})
		if a.Status != http.StatusConflict || a.Code != "phone_not_registered" {
			t.Errorf("dialled without a phone: %s", a)
		}
	})
}

func outcomeOf(t *testing.T, p *e2e.Product, outcome string, script siptest.Script) {
	agent := p.Hire(siptest.AnswerAfter(0)).Ready()
	live := agent.Live()
	number := e2e.NewNumber()
	p.ClientDoes(number, script)
	call := e2e.Do[e2e.Call](agent.Person, "POST", "/calls", map[string]any{"number": number})
	end := live.WaitPhase(30*time.Second, call.ID, "ended")
	if end.Outcome != outcome || end.UserID != agent.ID || end.AnsweredAt.IsZero() != (outcome != "answered") {
		t.Errorf("want %s, got %+v\n%s", outcome, end, theirPhone(t, p, number).Trace())
	}
	if outcome != "answered" {
		for _, e := range live.Seen("call.state") {
			if c := e2e.Read[struct{ Call e2e.Call }](t, e).Call; c.Phase == "talking" {
				t.Errorf("told to be talking: %+v", c)
			}
		}
	}
	if far := theirPhone(t, p, number).Record(); outcome == "answered" && far.Answered.IsZero() {
		t.Errorf("their phone: %+v", far)
	}
	agent.Await("available")
}

func cancelled(t *testing.T, p *e2e.Product) {
	agent := p.Hire(siptest.AnswerAfter(0)).Ready()
	live := agent.Live()
	number := e2e.NewNumber()
	call := e2e.Do[e2e.Call](agent.Person, "POST", "/calls", map[string]any{"number": number})
	live.WaitPhase(20*time.Second, call.ID, "far_ringing")
	if a := agent.Ask("POST", "/calls", map[string]any{"number": e2e.NewNumber()}); a.Status != http.StatusConflict || a.Code != "already_in_call" {
		t.Errorf("a second call: %s", a)
	}
	e2e.Do[e2e.Call](agent.Person, "POST", fmt.Sprintf("/calls/%d/hangup", call.ID), nil)
	if end := live.WaitPhase(15*time.Second, call.ID, "ended"); end.Outcome != "cancelled" || end.EndedBy != "agent" {
		t.Errorf("cancelled: %+v", end)
	}
	if end, err := theirPhone(t, p, number).WaitEnded(p.Within(10 * time.Second)); err != nil || end.How != siptest.Cancelled {
		t.Errorf("their phone: %v, %v", end, err)
	}
	agent.Await("available")
}

// forbidden numbers are refused before anything is dialled.
var forbidden = []string{
	"+882 16 1234567", "+247 12345", "+88213555555", "+8816 3 1234567", // satellites, Ascension
	"+1 900 123 4567", "803 123 456", "+34 803 123 456", "+34 905 123 456", // premium
	"+53 5 1234567", "0053 51234567", "+1 809 555 1234", "001 876 555 1234", "011 53 5 1234567", // countries that are off
	"600111222;ext=12&PJSIP/trunk/0019005551212", "100&PJSIP/trunk/0019005551212", "+34600111222&Local/x@phones",
	"PJSIP/100", "${EXTEN}", "anonymous", "alice.smith", "112", "091", "*21*0019005551212#", "#31#600111222",
	"", "+", "0", "-", "%", strings.Repeat("9", 79),
}

// odd numbers may be read or refused; if they are read, the trunk sees a plain number and nothing of the rest.
var odd = []string{
	"600111222,w,10", "+34600111222,,1234", "600111222|60", "600111222\r\nX: y", "٦٠٠١١١٢٢٢", "+٣٤٦٠٠١١١٢٢٢ &",
	"600111222@evil.example", "sip:600111222@evil.example", "tel:+34-600-111-222;ext=12", "600111222;phone-context=+1900",
	"600\u200b111\u202e222", "６００１１１２２２",
}

var plainNumber = regexp.MustCompile(`^\+?34[67]\d{8}$`)

// tollFraud: no forbidden INVITE reaches the trunk.
func tollFraud(t *testing.T, p *e2e.Product) {
	agent := p.Hire(siptest.AnswerAfter(0)).Ready()
	p.ClientDoes("+34600111222", siptest.Reject(486, "Busy Here"))
	for _, number := range forbidden {
		if a := agent.Ask("POST", "/calls", map[string]any{"number": number}); a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusBadRequest {
			t.Errorf("%q: %s", number, a)
		}
		wanted := map[string]any{"number": number, "note": "x", "source": "manual"}
		if a := agent.Ask("POST", "/leads", wanted); a.Status < 300 {
			lead := e2e.Do[e2e.Lead](agent.Person, "POST", "/leads", wanted)
			if a := agent.Ask("POST", fmt.Sprintf("/leads/%d/call-back", lead.ID), nil); a.Status < 400 {
				t.Errorf("called %q back: %s", number, a)
			}
		}
	}
	if n := len(agent.Phone.Received()); n != 0 {
		t.Errorf("the agent's own phone rang %d times for forbidden numbers", n)
	}
	for _, number := range odd {
		a := agent.Ask("POST", "/calls", map[string]any{"number": number})
		if a.Status != http.StatusAccepted && a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%q: %s", number, a)
		}
		agent.Await("available")
	}
	for _, c := range p.Trunk.Received() {
		if !plainNumber.MatchString(c.To()) {
			t.Errorf("the trunk was asked for %q", c.To())
		}
	}
}

// numberBusy: nobody dials a number that is talking with us right now.
func numberBusy(t *testing.T, p *e2e.Product) {
	talking, other := p.Hire(siptest.AnswerAfter(0)).Ready(), p.Hire(siptest.AnswerAfter(0)).Ready()
	line := p.OpenLine([]*e2e.Agent{talking}, nil)
	from := e2e.NewNumber()
	c := p.Call(line, from)
	p.Must(c.WaitHears(p.Within(20*time.Second), e2e.AgentTone))
	a := other.Ask("POST", "/calls", map[string]any{"number": from, "line_id": line.ID})
	if a.Status != http.StatusConflict || a.Code != "number_busy" {
		t.Errorf("dialled a number in conversation: %s", a)
	}
	p.Must(c.Hangup(p.Within(10 * time.Second)))
	p.Booked(from)
	if n := len(atTrunk(p, from)); n != 0 {
		t.Errorf("their phone rang %d times", n)
	}
}
