package callcenter_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"centralita/callcenter"
)

// conversing is a call in which user 1 talks with the client.
func conversing(t *testing.T) *play {
	return inbound(t).on(chosen(1), callcenter.Entered{}, callcenter.LegAnswered{Channel: "ag-7-1"}, callcenter.Tick{})
}

var (
	toColleague = callcenter.SendOn{UserID: 1, To: callcenter.Destination{Kind: callcenter.ToUser, ID: 2}, Note: "wants an offer"}
	toSupport   = callcenter.SendOn{UserID: 1, To: support}
	ask         = callcenter.Consult{UserID: 1, To: 2, Endpoint: "a2", Note: "may I?"}
	thereToo    = callcenter.LegAnswered{Channel: "ag-7-2"}
	colleague   = callcenter.Reached{Place: callcenter.Place{Destination: toColleague.To, Name: "Boris", Queue: callcenter.Direct(2, "Boris", 30*time.Second)}}
	supported   = callcenter.Reached{Place: callcenter.Place{Destination: support, Name: "Support", Queue: callcenter.Queue{ID: 6, MaxWait: time.Minute, Ring: 20 * time.Second}}}
	backToOne   = callcenter.Reached{Place: callcenter.Place{Destination: callcenter.Destination{Kind: callcenter.ToUser, ID: 1}, Queue: callcenter.Direct(1, "Ana", 30*time.Second)}}
)

// TestTheTransferMatrix: whoever hangs up, at whichever step of whichever transfer, has one result.
func TestTheTransferMatrix(t *testing.T) {
	client := callcenter.LegGone{Channel: "1700.1", Cause: 16}
	agent, hangUp := callcenter.LegGone{Channel: "ag-7-1", Cause: 16}, callcenter.HangUp{UserID: 1}
	third, declines := callcenter.LegGone{Channel: "ag-7-2", Cause: 16}, callcenter.Decline{UserID: 2}
	silent := callcenter.LegGone{Channel: "ag-7-1", Cause: callcenter.CauseRecoveryOnTimer}
	busy := callcenter.LegGone{Channel: "ag-7-2", Cause: callcenter.CauseBusy}
	ended := func(by callcenter.Party, user int64) verdict {
		return verdict{callcenter.Ended, callcenter.Answered, by, user}
	}
	goesOn := func(phase callcenter.Phase, user int64) verdict { return verdict{phase, "", "", user} }
	steps := map[string][]callcenter.Event{
		"blind, before it is known where": {toColleague}, "blind, waiting": {toSupport, supported, routed(callcenter.WaitFree, callcenter.Staffing{In: 1})},
		"blind, ringing": {toColleague, colleague, chosen(2)}, "blind, taken": {toColleague, colleague, chosen(2), thereToo},
		"asking, ringing": {ask}, "asking, there": {ask, thereToo}, "all three": {ask, thereToo, callcenter.Merge{UserID: 1}},
		"asked and given, ringing": {ask, callcenter.Complete{UserID: 1}}, "asked and given, taken": {ask, thereToo, callcenter.Complete{UserID: 1}},
	}
	tests := map[string]map[string]struct {
		event callcenter.Event
		want  verdict
	}{
		"blind, before it is known where": {"client": {client, ended(callcenter.ByClient, 1)}, "agent's leg": {agent, goesOn(callcenter.Waiting, 1)}},
		"blind, waiting":                  {"client": {client, ended(callcenter.ByClient, 1)}, "agent again": {hangUp, goesOn(callcenter.Waiting, 1)}},
		"blind, ringing": {"client": {client, ended(callcenter.ByClient, 1)}, "declined": {declines, goesOn(callcenter.Waiting, 1)},
			"busy": {busy, goesOn(callcenter.Waiting, 1)}},
		"blind, taken": {"client": {client, ended(callcenter.ByClient, 2)}, "colleague": {third, ended(callcenter.ByAgent, 2)}},
		"asking, ringing": {"client": {client, ended(callcenter.ByClient, 1)}, "agent": {agent, goesOn(callcenter.Ringing, 1)},
			"agent's wish": {hangUp, goesOn(callcenter.Ringing, 1)}, "declined": {declines, goesOn(callcenter.Talking, 1)}, "busy": {busy, goesOn(callcenter.Talking, 1)}},
		"asking, there": {"agent's phone falls silent": {silent, goesOn(callcenter.Rejoining, 1)},
			"agent's page": {callcenter.PhoneLost{UserID: 1}, goesOn(callcenter.Rejoining, 1)}, "client": {client, ended(callcenter.ByClient, 1)}, "agent": {agent, goesOn(callcenter.Talking, 2)},
			"agent's wish": {hangUp, goesOn(callcenter.Talking, 2)}, "colleague": {third, goesOn(callcenter.Talking, 1)},
			"colleague's wish": {callcenter.HangUp{UserID: 2}, goesOn(callcenter.Talking, 1)}},
		"all three": {"agent's phone falls silent": {silent, goesOn(callcenter.Rejoining, 1)}, "client": {client, ended(callcenter.ByClient, 1)}, "agent": {agent, goesOn(callcenter.Talking, 2)},
			"colleague": {third, goesOn(callcenter.Talking, 1)}},
		"asked and given, ringing": {"client": {client, ended(callcenter.ByClient, 1)}, "declined": {declines, goesOn(callcenter.Waiting, 1)}},
		"asked and given, taken":   {"client": {client, ended(callcenter.ByClient, 2)}, "colleague": {third, ended(callcenter.ByAgent, 2)}},
	}
	for step, events := range steps {
		if len(tests[step]) == 0 {
			t.Errorf("%s: no test", step)
		}
		for who, test := range tests[step] {
			t.Run(step+"/"+who, func(t *testing.T) {
				p := conversing(t).on(events...).on(test.event)
				if diff := cmp.Diff(test.want, p.verdict()); diff != "" {
					t.Fatal(diff)
				}
				if !p.call.Over() {
					p.on(client)
				}
				p.check()
			})
			t.Run(step+"/"+who+" while the server was away", func(t *testing.T) {
				p := conversing(t).on(events...)
				seen := map[string]callcenter.Seen{"1700.1": {Up: true, Held: true}}
				for _, leg := range []callcenter.Leg{p.call.Agent, p.call.Third} {
					if leg.Channel != "" {
						seen[leg.Channel] = callcenter.Seen{Up: leg.State == callcenter.LegUp, Held: leg.State == callcenter.LegUp}
					}
				}
				gone, ok := test.event.(callcenter.LegGone)
				if !ok || gone.Cause == callcenter.CauseRecoveryOnTimer {
					return // a wish cannot come while nobody hears it, and a silent phone has hung up by then
				}
				delete(seen, gone.Channel)
				p.take(p.call.Resume(seen, p.now))
				if p.call.Phase != test.want.Phase || p.call.UserID != test.want.User {
					t.Fatalf("%s with %d, want %s with %d", p.call.Phase, p.call.UserID, test.want.Phase, test.want.User)
				}
				if !p.call.Over() {
					p.on(client)
				}
				p.check()
			})
		}
	}
}

// TestATransferNobodyTakesComesBack: to who sent it, once; then the client may leave a message.
func TestATransferNobodyTakesComesBack(t *testing.T) {
	p := conversing(t).on(toColleague, colleague, routed(callcenter.NobodyCan, callcenter.Staffing{}))
	if p.call.Next == nil || p.call.Next.ID != 1 || p.call.NextWhy != callcenter.WhenReturned {
		t.Fatalf("goes to %v because of %s", p.call.Next, p.call.NextWhy)
	}
	p.on(backToOne, chosen(1))
	if p.call.Phase != callcenter.Ringing || p.call.Agent.UserID != 1 || !p.call.Transfer.Returned || p.call.Transfer.Note != "wants an offer" {
		t.Fatalf("%s at %d, %+v", p.call.Phase, p.call.Agent.UserID, p.call.Transfer)
	}
	p.on(callcenter.Decline{UserID: 1}, routed(callcenter.AllTried, callcenter.Staffing{In: 1, Ready: 1}))
	if p.call.Phase != callcenter.Message {
		t.Errorf("%s", p.call.Phase)
	}
}

func TestEachAgentOfATransferHasAWrapUpOfHisOwn(t *testing.T) {
	p := under(t, func(q *callcenter.Queue) { q.WrapUp = callcenter.WrapUp{Mode: callcenter.UntilDone} })
	p.on(chosen(1), callcenter.Entered{}, callcenter.LegAnswered{Channel: "ag-7-1"}, ask, thereToo, callcenter.Complete{UserID: 1}, callcenter.HangUp{UserID: 2})
	for _, user := range []int64{1, 2} {
		if !has[callcenter.Fact](p.facts, callcenter.WrapUpDue{UserID: user}) {
			t.Errorf("user %d has nothing to do afterwards", user)
		}
	}
	p = under(t, func(q *callcenter.Queue) { q.WrapUp = callcenter.WrapUp{Mode: callcenter.UntilDone} })
	p.on(chosen(1), callcenter.Entered{}, callcenter.LegAnswered{Channel: "ag-7-1"}, toColleague, colleague, chosen(2),
		callcenter.LegAnswered{Channel: "ag-7-2"}, callcenter.HangUp{UserID: 2})
	if !has[callcenter.Fact](p.facts, callcenter.WrapUpDue{UserID: 2}) {
		t.Error("who was given the client has nothing to do afterwards")
	}
}

// TestAConsultationStaysPrivate: the client of an agent whose page comes back does not hear what was not for him.
func TestAConsultationStaysPrivate(t *testing.T) {
	p := conversing(t).on(ask, thereToo, callcenter.LegGone{Channel: "ag-7-1", Cause: callcenter.CauseRecoveryOnTimer},
		callcenter.PhoneBack{UserID: 1, Endpoint: "a1"}, callcenter.LegAnswered{Channel: "ag-7-3"})
	if p.call.Phase != callcenter.Talking || p.call.Conferring() || p.call.Third.UserID != 0 {
		t.Fatalf("%s, colleague %+v", p.call.Phase, p.call.Third)
	}
	if !has[callcenter.Command](p.commands, callcenter.Drop{Channel: "ag-7-2"}) {
		t.Error("the colleague is still there")
	}
}

// TestWhoTalkedInAConferenceHasHisWrapUp: whoever ends it.
func TestWhoTalkedInAConferenceHasHisWrapUp(t *testing.T) {
	for name, end := range map[string]callcenter.Event{
		"the client": callcenter.LegGone{Channel: "1700.1", Cause: 16}, "the colleague": callcenter.HangUp{UserID: 2},
	} {
		p := under(t, func(q *callcenter.Queue) { q.WrapUp = callcenter.WrapUp{Mode: callcenter.UntilDone} })
		p.on(chosen(1), callcenter.Entered{}, callcenter.LegAnswered{Channel: "ag-7-1"}, ask, thereToo, callcenter.Merge{UserID: 1}, end)
		if !has[callcenter.Fact](p.facts, callcenter.WrapUpDue{UserID: 2}) {
			t.Errorf("%s hangs up, and the colleague has nothing to do afterwards", name)
		}
	}
	p := under(t, func(q *callcenter.Queue) { q.WrapUp = callcenter.WrapUp{Mode: callcenter.UntilDone} })
	p.on(chosen(1), callcenter.Entered{}, callcenter.LegAnswered{Channel: "ag-7-1"}, ask, thereToo, callcenter.EndConsult{UserID: 1})
	if has[callcenter.Fact](p.facts, callcenter.WrapUpDue{UserID: 2}) {
		t.Error("who was only asked has a wrap-up")
	}
}

func TestWhoIsAskedHasNoSayInTheClient(t *testing.T) {
	p := conversing(t).on(ask, thereToo)
	for _, wish := range []callcenter.Event{
		callcenter.Complete{UserID: 2}, callcenter.Merge{UserID: 2}, callcenter.EndConsult{UserID: 2}, callcenter.Hold{UserID: 2, On: false},
		callcenter.Hold{UserID: 1}, callcenter.SendOn{UserID: 1, To: support}, callcenter.Consult{UserID: 1, To: 3, Endpoint: "a3"},
	} {
		if p.call.Allowed(wish) {
			t.Errorf("%#v is allowed", wish)
		}
	}
	if p.call.Allowed(callcenter.SendOn{UserID: 1, To: callcenter.Destination{Kind: callcenter.ToUser, ID: 1}}) {
		t.Error("to himself")
	}
}
