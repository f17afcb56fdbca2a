package message_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"centralita/crm/message"
	"centralita/internal/fault"
	"centralita/internal/twiliosim"
)

const mobile = "+34600111222"

func TestAWishIsSentAfterTheCommitAndNeverAfterARollback(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	id := r.newClient("Iván", mobile)
	r.start()
	boom := errors.New("boom")
	err := r.db.InTx(r.asUser(), func(ctx context.Context) error {
		_, err := r.service.Send(ctx, message.Wish{To: mobile, Body: "never", UserID: r.user})
		return errors.Join(err, boom)
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	m := r.send("600 111 222", "hola ☎")
	if m.State != message.Queued || m.To != mobile || m.ClientID == nil || *m.ClientID != id || m.Segments != 1 {
		t.Errorf("%+v", m)
	}
	r.untilState(m.ID, "delivered")
	if n := r.sent(); n["hola ☎"] != 1 || n["never"] != 0 {
		t.Errorf("sent %v", n)
	}
	if n := r.int(`select count(*) from interactions where kind = 'sms' and direction = 'out' and ref_id = $1 and client_id = $2`, m.ID, id); n != 1 {
		t.Errorf("%d entries on the timeline", n)
	}
	r.until("events", func() bool { return r.events("message.state") >= 2 })
	if n := r.int(`select count(*) from messages where sent_at is null or delivered_at is null or provider_id is null`); n != 0 {
		t.Error("a delivered message lacks a time or its id")
	}
}

// Every fault of the carrier, what becomes of the message, and how many arrive.
func TestFaults(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{RequestLimit: 2 * time.Second})
	r.start()
	for _, c := range []struct {
		fault   twiliosim.Fault
		state   string
		arrives int
	}{
		{twiliosim.Fault{}, "delivered", 1},
		{twiliosim.Fault{Kind: twiliosim.FaultReset}, "delivered", 1},
		{twiliosim.Fault{Kind: twiliosim.FaultTruncated}, "delivered", 1},
		{twiliosim.Fault{Kind: twiliosim.FaultGateway}, "delivered", 1},
		{twiliosim.Fault{Kind: twiliosim.FaultSlow, Delay: 30 * time.Second}, "delivered", 1},
		{twiliosim.Fault{Kind: twiliosim.FaultLimited}, "delivered", 1},
		{twiliosim.Fault{Kind: twiliosim.FaultUnavailable}, "delivered", 1},
		{twiliosim.Fault{Kind: twiliosim.FaultRefused}, "failed", 0},
		{twiliosim.Fault{Kind: twiliosim.FaultClosed}, "unknown", 0},
	} {
		r.sim.Next(c.fault)
		m := r.send(mobile, "fault "+string(c.fault.Kind))
		r.untilState(m.ID, c.state)
		if n := r.sent()[m.Body]; n != c.arrives {
			t.Errorf("%s: %d arrived, want %d", c.fault.Kind, n, c.arrives)
		}
	}
	if got := r.text(`select error_code from messages where body = 'fault refused'`); got != "30006" {
		t.Errorf("reason of the refusal: %q", got)
	}
}

// Without callbacks the carrier's list alone tells what became of a message.
func TestALostAnswerIsFoundInTheCarriersList(t *testing.T) {
	r := newRig(t, twiliosim.Options{Statuses: []string{}}, message.Options{})
	r.start()
	r.sim.Next(twiliosim.Fault{Kind: twiliosim.FaultReset})
	m := r.send(mobile, "found again")
	r.untilState(m.ID, "accepted")
	if n := r.int(`select count(*) from messages where provider_id is not null`); n != 1 {
		t.Error("the carrier's id is not kept")
	}
}

func TestAnUnknownFateIsShownAndOnlyAPersonSendsAgain(t *testing.T) {
	r := newRig(t, twiliosim.Options{Statuses: []string{}}, message.Options{})
	r.sim.HideLists(true)
	r.start()
	r.sim.Next(twiliosim.Fault{Kind: twiliosim.FaultTruncated})
	m := r.send(mobile, "one or none")
	r.untilState(m.ID, "unknown")
	if got := r.text(`select error from messages where id = $1`, m.ID); got == "" || r.events("message.state") == 0 {
		t.Errorf("the person is not told: %q", got)
	}
	again, err := r.service.Resend(r.asUser(), m.ID)
	if err != nil || again.ResendOf == nil || *again.ResendOf != m.ID {
		t.Fatalf("%+v %v", again, err)
	}
	if _, err := r.service.Resend(r.asUser(), m.ID); fault.CodeOf(err) != "already_resent" {
		t.Errorf("a second resend: %v", err)
	}
	r.untilState(again.ID, "accepted")
	if _, err := r.service.Resend(r.asUser(), again.ID); fault.CodeOf(err) != "not_resendable" {
		t.Errorf("an accepted message was sent again: %v", err)
	}
	// The callback that comes at last tells what the first one was.
	if _, err := r.sim.Status(t.Context(), r.sim.Outbox()[0].SID, "delivered"); err != nil {
		t.Fatal(err)
	}
	r.untilState(m.ID, "delivered")
	if n := r.sent()["one or none"]; n != 2 {
		t.Errorf("%d arrived, want the first and the one a person wanted", n)
	}
}

func TestACarrierThatCannotBeReachedIsTriedAgain(t *testing.T) {
	// Port 1 is nobody's; a port that was free a moment ago may be another test's by now.
	r := newRig(t, twiliosim.Options{}, message.Options{BaseURL: "http://127.0.0.1:1"})
	r.start()
	m := r.send(mobile, "later")
	r.until("two attempts", func() bool {
		return r.int(`select attempts from messages where id = $1 and error_code = 'unreachable' union select 0 order by 1 desc limit 1`, m.ID) >= 2
	})
	if got := r.text(`select state from messages where id = $1`, m.ID); got != "queued" && got != "sending" {
		t.Errorf("state %s", got)
	}
}

func TestWishesThatAreRefused(t *testing.T) {
	now := time.Now()
	r := newRig(t, twiliosim.Options{}, message.Options{Now: func() time.Time { return now }})
	r.exec(`insert into opt_outs (e164, word) values ('+34600999888', 'stop')`)
	opted := r.newClient("Opted", "+34600777666")
	r.exec(`update clients set sms_opt_out_at = now() where id = $1`, opted)
	for code, w := range map[string]message.Wish{
		"number_invalid":     {To: "abc", Body: "x"},
		"number_not_allowed": {To: "+33612345678", Body: "x"},
		"body_invalid":       {To: mobile, Body: " \x00 "},
		"opted_out":          {To: "600 999 888", Body: "x"},
		"not_after_past":     {To: mobile, Body: "x", NotAfter: now},
		"unknown_reference":  {To: mobile, Body: "x", LeadID: 12345},
	} {
		if _, err := r.service.Send(r.asUser(), w); fault.CodeOf(err) != code {
			t.Errorf("%+v: %v, want %s", w, err, code)
		}
	}
	if _, err := r.service.Send(r.asUser(), message.Wish{To: mobile, Body: "x", ClientID: opted}); fault.CodeOf(err) != "opted_out" {
		t.Errorf("a client who opted out: %v", err)
	}
	for range 60 {
		r.send(mobile, "many")
	}
	if _, err := r.service.Send(r.asUser(), message.Wish{To: mobile, Body: "x", UserID: r.user}); fault.KindOf(err) != fault.Limited {
		t.Errorf("a flood: %v", err)
	}
}

func TestWhatChangesWhileAWishWaits(t *testing.T) {
	now := time.Now()
	r := newRig(t, twiliosim.Options{}, message.Options{Now: func() time.Time { return now }})
	stopped, late, cancelled := r.send(mobile, "stopped"), r.send("+34600111333", "late"), r.send("+34600111444", "cancelled")
	r.exec(`insert into opt_outs (e164, word) values ($1, 'stop')`, mobile)
	r.exec(`update messages set not_after = $2 where id = $1`, late.ID, now)
	if m, err := r.service.Cancel(r.asUser(), cancelled.ID); err != nil || m.State != message.Cancelled {
		t.Errorf("%+v %v", m, err)
	}
	if _, err := r.service.Cancel(r.asUser(), cancelled.ID); fault.CodeOf(err) != "not_cancellable" {
		t.Errorf("cancelled twice: %v", err)
	}
	r.start()
	r.untilState(stopped.ID, "refused")
	r.untilState(late.ID, "failed")
	if r.sim.Requests() != 0 {
		t.Errorf("sent %v", r.sent())
	}
}

func TestTheCarriersOwnOptOutBinds(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	r.start()
	r.exec(`update firms set allowed_countries = '{US}'`)
	r.exec(`insert into messages (direction, to_number, from_number, body, state) values ('out', '+15005550004', $1, 'x', 'queued')`, sender)
	r.exec(`insert into river_job (kind, args, max_attempts, queue, state) values ('message_send', jsonb_build_object('message_id', (select max(id) from messages)), 5, 'default', 'available')`)
	r.until("refusal", func() bool { return r.int(`select count(*) from opt_outs where e164 = '+15005550004'`) == 1 })
	if got := r.text(`select state || ' ' || error_code from messages`); got != "failed 21610" {
		t.Error(got)
	}
}
