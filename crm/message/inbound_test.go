package message_test

import (
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"centralita/crm/message"
	"centralita/internal/fault"
	"centralita/internal/twiliosim"
)

// inbound posts a signed inbound SMS and returns the answer's status.
func (r *rig) inbound(sid, from, body string, media int) int {
	r.t.Helper()
	form := r.sim.InboundForm(twiliosim.Message{SID: sid, From: from, To: sender, Body: body}, media)
	code, err := r.sim.Post(r.t.Context(), r.hooks+twiliosim.InboundPath, form)
	if err != nil {
		r.t.Fatal(err)
	}
	return code
}

func TestAnInboundSMSOpensOneLeadAndContinuesIt(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	line := r.int(`insert into lines (name, number, country) values ('Sales', $1, 'ES') returning id`, sender)
	id := r.newClient("Iván", "600 111 222")
	var group sync.WaitGroup
	for range 10 { // the carrier delivers at least once
		group.Go(func() {
			if code := r.inbound("SM1", mobile, "¿Tienen sitio mañana?", 0); code != 200 {
				t.Errorf("answered %d", code)
			}
		})
	}
	group.Wait()
	if code := r.inbound("SM2", mobile, "¿Hola?", 0); code != 200 {
		t.Errorf("answered %d", code)
	}
	if n := r.int(`select count(*) from messages where direction = 'in' and state = 'received' and client_id = $1 and line_id = $2 and lead_id is not null`, id, line); n != 2 {
		t.Errorf("%d messages", n)
	}
	if n := r.int(`select contacts from leads where state = 'open' and source = 'sms' and client_id = $1`, id); n != 2 {
		t.Errorf("%d contacts on the lead", n)
	}
	if n := r.int(`select count(*) from interactions where kind = 'sms' and direction = 'in' and client_id = $1`, id); n != 2 {
		t.Errorf("%d entries on the timeline", n)
	}
	if n := r.events("message.in"); n != 2 {
		t.Errorf("the responsible was told %d times", n)
	}
	// An answer belongs to the lead.
	if m := r.send(mobile, "Sí, a las 10"); m.LeadID == nil {
		t.Error("the answer is on no lead")
	}
}

func TestStrangeSendersMakeLeadsThatMatchNothing(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	r.newClient("Victim", mobile)
	long := strings.Repeat("я", 5000)
	for i, from := range []string{"AMAZON", "AMAZON", "", "'; drop table leads; --", "<script>", mobile + "&x", "\u202e+34600111222"} {
		if code := r.inbound("SM"+strconv.Itoa(i), from, long+"\x00", 10); code != 200 {
			t.Errorf("%q: %d", from, code)
		}
	}
	if n := r.int(`select count(*) from leads`); n < 6 {
		t.Errorf("%d leads", n)
	}
	if n := r.int(`select max(length(body)) from messages`); n != 1600 {
		t.Errorf("a text of %d characters was kept", n)
	}
	if n := r.int(`select min(media) from messages`); n != 10 {
		t.Errorf("%d attachments counted", n)
	}
}

func TestStopAndStartBind(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	id := r.newClient("Иван", mobile)
	for i, stop := range []string{"STOP", "стоп!", " Baja "} {
		if code := r.inbound("SMa"+strconv.Itoa(i), mobile, stop, 0); code != 200 {
			t.Fatal(code)
		}
		if _, err := r.service.Send(r.asUser(), message.Wish{To: mobile, Body: "x"}); fault.CodeOf(err) != "opted_out" {
			t.Errorf("after %q: %v", stop, err)
		}
		// His other number is his too.
		if _, err := r.service.Send(r.asUser(), message.Wish{To: "+34600111999", ClientID: id, Body: "x"}); fault.CodeOf(err) != "opted_out" {
			t.Errorf("after %q, at his other number: %v", stop, err)
		}
		if code := r.inbound("SMb"+strconv.Itoa(i), mobile, "СТАРТ", 0); code != 200 {
			t.Fatal(code)
		}
		r.send(mobile, "x")
	}
	if n := r.int(`select count(*) from leads`); n != 1 {
		t.Errorf("%d leads", n)
	}
}

func TestAStopThatComesWhileAWishWaitsIsHeeded(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	m := r.send(mobile, "too late")
	if code := r.inbound("SM1", mobile, "stop", 0); code != 200 {
		t.Fatal(code)
	}
	r.start()
	r.untilState(m.ID, "refused")
	if r.sim.Requests() != 0 {
		t.Error("it was sent")
	}
}

func TestInboundRepeatsOfAParameterAreRefused(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	form := r.sim.InboundForm(twiliosim.Message{SID: "SM1", From: mobile, To: sender, Body: "a"}, 0)
	signature := twiliosim.Sign(token, r.hooks+twiliosim.InboundPath, form)
	code, _ := r.post(twiliosim.InboundPath, "application/x-www-form-urlencoded", form.Encode()+"&"+url.Values{"Body": {"b"}}.Encode(), "X-Twilio-Signature", signature)
	if code != 403 {
		t.Errorf("answered %d", code)
	}
	if n := r.int(`select count(*) from messages`); n != 0 {
		t.Error("stored")
	}
}

func TestWhatCameWhileTheProductWasDownIsFound(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	r.newClient("Iván", mobile)
	known := r.sim.Arrive(mobile, sender, "seen")
	if code := r.inbound(known.SID, mobile, "seen", 0); code != 200 {
		t.Fatal(code)
	}
	r.sim.Arrive(mobile, sender, "unseen")
	r.sim.Arrive(mobile, "+15005550099", "of another number")
	r.start()
	r.until("the missed SMS", func() bool {
		return r.int(`select count(*) from messages where body = 'unseen' and lead_id is not null`) == 1
	})
	if n := r.int(`select count(*) from messages`); n != 2 {
		t.Errorf("%d messages", n)
	}
}
