package callcenter_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"centralita/callcenter"
)

var noon = time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)

var line = callcenter.Line{
	ID: 1, Name: "Sales", Number: "+34910000001", Country: "ES", Language: "es",
	Entry: callcenter.Destination{Kind: callcenter.ToQueue, ID: 5},
}

var sales = callcenter.Place{Destination: line.Entry, Name: "Sales", Queue: callcenter.Queue{
	ID: 5, Version: 3, Name: "Sales", Strategy: callcenter.LongestIdle, Ring: 20 * time.Second, MaxWait: time.Minute,
}}

// play applies events one second apart and gathers everything that came of them.
type play struct {
	t        rapid.TB
	call     callcenter.Call
	now      time.Time
	facts    []callcenter.Fact
	commands []callcenter.Command
}

func inbound(t rapid.TB) *play {
	call := callcenter.NewInbound("pbx", "1700.1", line, callcenter.Caller{Raw: "600111222", E164: "+34600111222"}, "910000001", noon)
	call.ID = 7
	p := &play{t: t, call: call, now: noon}
	p.take(call.Begin(noon))
	p.take(p.call.Apply(callcenter.Reached{Place: sales}, noon))
	return p
}

func outbound(t rapid.TB) *play {
	call := callcenter.NewOutbound("pbx", 1, "a1", line, callcenter.Caller{Raw: "600111222", E164: "+34600111222"}, noon)
	call.ID = 8
	p := &play{t: t, call: call, now: noon}
	p.take(call.Begin(noon))
	return p
}

func (p *play) take(s callcenter.Step) {
	p.call = s.Call
	p.facts = append(p.facts, s.Facts...)
	p.commands = append(p.commands, s.Commands...)
}

func (p *play) on(events ...callcenter.Event) *play {
	for _, e := range events {
		p.now = p.now.Add(time.Second)
		p.take(p.call.Apply(e, p.now))
	}
	return p
}

func (p *play) after(d time.Duration, e callcenter.Event) *play {
	p.now = p.now.Add(d - time.Second)
	return p.on(e)
}

func chosen(user int64) callcenter.Routed {
	endpoint := map[int64]string{1: "a1", 2: "a2"}[user]
	return callcenter.Routed{Choice: callcenter.Choice{Verdict: callcenter.Chosen, UserID: user, Endpoint: endpoint, RingFor: 20 * time.Second}}
}

// all asks several at once.
func all(first int64, others ...int64) callcenter.Routed {
	r := chosen(first)
	for _, user := range others {
		r.Choice.Also = append(r.Choice.Also, callcenter.Asked{UserID: user, Endpoint: fmt.Sprint("a", user)})
	}
	return r
}

func has[T any](list []T, want T) bool {
	return slices.ContainsFunc(list, func(got T) bool { return cmp.Equal(got, want) })
}

type verdict struct {
	Phase   callcenter.Phase
	Outcome callcenter.Outcome
	By      callcenter.Party
	User    int64
}

func (p *play) verdict() verdict {
	return verdict{p.call.Phase, p.call.Outcome, p.call.EndedBy, p.call.UserID}
}

func TestInboundCalls(t *testing.T) {
	entered, free := callcenter.Entered{}, callcenter.Routed{Choice: callcenter.Choice{Verdict: callcenter.WaitFree}}
	nobody := callcenter.Routed{Choice: callcenter.Choice{Verdict: callcenter.NobodyCan}}
	agent := callcenter.LegAnswered{Channel: "ag-7-1"}
	caller := callcenter.LegGone{Channel: "1700.1", Cause: callcenter.CauseNormal}
	tests := map[string]struct {
		events []callcenter.Event
		want   verdict
	}{
		"answered, the agent hangs up": {
			[]callcenter.Event{chosen(1), entered, agent, callcenter.Tick{}, callcenter.LegGone{Channel: "ag-7-1", Cause: 16}},
			verdict{callcenter.Ended, callcenter.Answered, callcenter.ByAgent, 1}},
		"answered, the caller hangs up": {
			[]callcenter.Event{chosen(1), entered, agent, callcenter.Tick{}, caller},
			verdict{callcenter.Ended, callcenter.Answered, callcenter.ByClient, 1}},
		"the caller gives up while it rings": {
			[]callcenter.Event{chosen(1), entered, caller},
			verdict{callcenter.Ended, callcenter.Abandoned, callcenter.ByClient, 0}},
		"the caller gives up waiting": {
			[]callcenter.Event{free, entered, caller},
			verdict{callcenter.Ended, callcenter.Abandoned, callcenter.ByClient, 0}},
		"declined, the next one answers": {
			[]callcenter.Event{chosen(1), entered, callcenter.Decline{UserID: 1}, chosen(2), callcenter.LegAnswered{Channel: "ag-7-2"}, callcenter.Tick{}, caller},
			verdict{callcenter.Ended, callcenter.Answered, callcenter.ByClient, 2}},
		"nobody there, hangs up in the prompt": {
			[]callcenter.Event{nobody, entered, caller},
			verdict{callcenter.Ended, callcenter.Missed, callcenter.ByClient, 0}},
		"claimed by somebody else": {
			[]callcenter.Event{chosen(1), callcenter.ClaimLost{}},
			verdict{callcenter.Fallback, "", "", 0}},
		"the agent answers before the caller's channel is ours": {
			[]callcenter.Event{chosen(1), agent, entered, callcenter.Tick{}, caller},
			verdict{callcenter.Ended, callcenter.Answered, callcenter.ByClient, 1}},
		"the agent answers and the claim fails": {
			[]callcenter.Event{chosen(1), agent, callcenter.ClaimLost{}},
			verdict{callcenter.Fallback, "", "", 0}},
		"the switch dies": {
			[]callcenter.Event{chosen(1), entered, agent, callcenter.PBXLost{Cause: callcenter.CauseNetworkOutOfOrder}},
			verdict{callcenter.Ended, callcenter.Failed, callcenter.ByPBX, 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := inbound(t).on(test.events...)
			if diff := cmp.Diff(test.want, p.verdict()); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestAMessageCountsOnlyWhenThereWasTimeToLeaveOne(t *testing.T) {
	nobody := callcenter.Routed{Choice: callcenter.Choice{Verdict: callcenter.NobodyCan}}
	gone := callcenter.LegGone{Channel: "1700.1", Cause: 16}
	if got := inbound(t).on(nobody, callcenter.Entered{}).after(20*time.Second, gone).call.Outcome; got != callcenter.Voicemail {
		t.Errorf("after 20 s: %s", got)
	}
	if got := inbound(t).on(nobody, callcenter.Entered{}).after(3*time.Second, gone).call.Outcome; got != callcenter.Missed {
		t.Errorf("after 3 s: %s", got)
	}
}

func TestRingingTimesOutToTheNext(t *testing.T) {
	p := inbound(t).on(chosen(1), callcenter.Entered{}).after(20*time.Second, callcenter.Tick{})
	if p.call.Phase != callcenter.Waiting || !slices.Contains(p.call.Tried, 1) {
		t.Fatalf("phase %s, tried %v", p.call.Phase, p.call.Tried)
	}
	if !has[callcenter.Command](p.commands, callcenter.Drop{Channel: "ag-7-1"}) {
		t.Error("the phone that was not picked up still rings")
	}
	if !has[callcenter.Fact](p.facts, callcenter.AgentFreed{UserID: 1}) {
		t.Error("the agent stays taken")
	}
}

func TestReloadHoldsTheClientAndComesBack(t *testing.T) {
	p := inbound(t).on(chosen(1), callcenter.Entered{}, callcenter.LegAnswered{Channel: "ag-7-1"}, callcenter.PhoneLost{UserID: 1})
	if p.call.Phase != callcenter.Rejoining {
		t.Fatalf("phase %s", p.call.Phase)
	}
	p.on(callcenter.PhoneBack{UserID: 1, Endpoint: "a1"}, callcenter.LegGone{Channel: "ag-7-1"}, callcenter.LegAnswered{Channel: "ag-7-2"})
	if p.call.Phase != callcenter.Talking || p.call.Agent.Channel != "ag-7-2" {
		t.Fatalf("phase %s on %s", p.call.Phase, p.call.Agent.Channel)
	}
	if !has[callcenter.Command](p.commands, callcenter.Join{Bridge: "br-7-m", Client: "1700.1", Agent: "ag-7-2", Mixed: true}) {
		t.Error("not joined again")
	}
}

func TestAnAgentWhoDoesNotComeBackIsReplaced(t *testing.T) {
	for talk, patience := range map[time.Duration]time.Duration{time.Minute: callcenter.RejoinPatience, time.Second: callcenter.AcceptPatience} {
		p := inbound(t).on(chosen(1), callcenter.Entered{}, callcenter.LegAnswered{Channel: "ag-7-1"}).
			after(talk, callcenter.PhoneLost{UserID: 1}).after(patience-time.Second, callcenter.Tick{})
		if p.call.Phase != callcenter.Rejoining {
			t.Fatalf("given up early: %s", p.call.Phase)
		}
		p.on(callcenter.Tick{})
		if p.call.Phase != callcenter.Waiting || p.call.Agent.UserID != 0 {
			t.Fatalf("after %v of talk: phase %s, agent %d", talk, p.call.Phase, p.call.Agent.UserID)
		}
	}
}

func TestAVanishedPhoneIsNotAnAnswerThatWasRefused(t *testing.T) {
	p := inbound(t).on(chosen(1), callcenter.Entered{}, callcenter.PhoneLost{UserID: 1})
	if p.call.Phase != callcenter.Waiting || len(p.call.Tried) != 0 {
		t.Fatalf("phase %s, tried %v", p.call.Phase, p.call.Tried)
	}
}

func TestOutboundOutcomes(t *testing.T) {
	up := callcenter.LegAnswered{Channel: "ag-8-1"}
	gone := func(cause int) callcenter.Event { return callcenter.LegGone{Channel: "cl-8-2", Cause: cause} }
	tests := map[string]struct {
		events []callcenter.Event
		want   callcenter.Outcome
		by     callcenter.Party
	}{
		"busy":             {[]callcenter.Event{up, gone(17)}, callcenter.Busy, callcenter.ByClient},
		"no answer":        {[]callcenter.Event{up, callcenter.LegRang{Channel: "cl-8-2"}, gone(19)}, callcenter.NoAnswer, callcenter.ByPBX},
		"unknown number":   {[]callcenter.Event{up, gone(1)}, callcenter.WrongNumber, callcenter.ByPBX},
		"out of service":   {[]callcenter.Event{up, gone(27)}, callcenter.Unreachable, callcenter.ByPBX},
		"refused":          {[]callcenter.Event{up, gone(21)}, callcenter.Declined, callcenter.ByClient},
		"we gave up":       {[]callcenter.Event{up, callcenter.HangUp{UserID: 1}}, callcenter.Cancelled, callcenter.ByAgent},
		"own phone failed": {[]callcenter.Event{callcenter.LegGone{Channel: "ag-8-1", Cause: 20}}, callcenter.Failed, callcenter.ByAgent},
		"answered":         {[]callcenter.Event{up, callcenter.LegAnswered{Channel: "cl-8-2"}, callcenter.Tick{}, gone(16)}, callcenter.Answered, callcenter.ByClient},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			call := outbound(t).on(test.events...).call
			if call.Outcome != test.want || call.EndedBy != test.by {
				t.Errorf("%s by %s, want %s by %s", call.Outcome, call.EndedBy, test.want, test.by)
			}
		})
	}
}

func TestNobodyIsToldConnectedBeforeTheFarSideAnswered(t *testing.T) {
	p := outbound(t).on(callcenter.LegAnswered{Channel: "ag-8-1"}, callcenter.LegRang{Channel: "cl-8-2"})
	if p.call.Phase != callcenter.FarRinging || !p.call.AnsweredAt.IsZero() {
		t.Fatalf("phase %s, answered %v", p.call.Phase, p.call.AnsweredAt)
	}
	for _, f := range p.facts {
		if _, picked := f.(callcenter.PickedUp); picked {
			t.Fatal("picked up while it rings")
		}
	}
}

func TestWishesOfOthersChangeNothing(t *testing.T) {
	p := inbound(t).on(chosen(1), callcenter.Entered{}, callcenter.LegAnswered{Channel: "ag-7-1"})
	for _, wish := range []callcenter.Event{
		callcenter.HangUp{UserID: 2}, callcenter.Hold{UserID: 2, On: true}, callcenter.Mute{UserID: 2, On: true},
		callcenter.Digits{UserID: 2, Digits: "1"}, callcenter.Decline{UserID: 1}, callcenter.Digits{UserID: 1, Digits: "1;x"},
	} {
		if s := p.call.Apply(wish, p.now); s.Changed || len(s.Commands) > 0 {
			t.Errorf("%#v was carried out", wish)
		}
	}
}

// anyEvent draws an event that could come at any time, sensible or not.
func anyEvent(t *rapid.T, c callcenter.Call) callcenter.Event {
	channel := rapid.SampledFrom([]string{"1700.1", c.Agent.Channel, c.Client.Channel, c.Third.Channel, "ag-7-1", "ag-7-2", "cl-8-2", "gone"}).Draw(t, "channel")
	user := rapid.Int64Range(1, 2).Draw(t, "user")
	cause := rapid.SampledFrom([]int{0, 16, 17, 19, 21, 26, 44}).Draw(t, "cause")
	on := rapid.Bool().Draw(t, "on")
	return rapid.SampledFrom([]callcenter.Event{
		chosen(user), all(1, 2), callcenter.Routed{Choice: callcenter.Choice{Verdict: callcenter.WaitFree}},
		callcenter.Routed{Choice: callcenter.Choice{Verdict: callcenter.AllTried}}, callcenter.Reached{Place: sales},
		callcenter.Routed{Choice: callcenter.Choice{Verdict: callcenter.NobodyCan}},
		callcenter.Entered{}, callcenter.ClaimLost{}, callcenter.LegRang{Channel: channel}, callcenter.LegAnswered{Channel: channel},
		callcenter.LegGone{Channel: channel, Cause: cause}, callcenter.PhoneLost{UserID: user},
		callcenter.PhoneBack{UserID: user, Endpoint: "a1"}, callcenter.Tick{}, callcenter.Decline{UserID: user},
		callcenter.HangUp{UserID: user}, callcenter.Hold{UserID: user, On: on}, callcenter.Mute{UserID: user, On: on},
		callcenter.Digits{UserID: user, Digits: "5"},
		callcenter.SendOn{UserID: user, To: support}, callcenter.SendOn{UserID: user, To: callcenter.Destination{Kind: callcenter.ToUser, ID: 3}},
		callcenter.Consult{UserID: user, To: 3, Endpoint: "a3"}, callcenter.EndConsult{UserID: user}, callcenter.Complete{UserID: user},
		callcenter.Merge{UserID: user}, callcenter.HangUp{UserID: 3}, callcenter.Decline{UserID: 3}, callcenter.PhoneLost{UserID: 3},
	}).Draw(t, "event")
}

func TestAnyStoryEndsOnceWithNoLegsAndNobodyTaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := inbound(t)
		if rapid.Bool().Draw(t, "out") {
			p = outbound(t)
		}
		for range rapid.IntRange(0, 40).Draw(t, "length") {
			p.on(anyEvent(t, p.call))
		}
		for range 12 { // left alone, every phase but a conversation runs out of patience
			p.after(5*time.Minute, callcenter.Tick{})
			p.on(callcenter.Routed{Choice: callcenter.Choice{Verdict: callcenter.NobodyCan}})
		}
		p.on(callcenter.LegGone{Channel: p.call.Client.Channel, Cause: 16})
		p.check()
	})
}

type pop struct {
	user int64
	at   time.Time
}

func (p *play) check() {
	t := p.t
	if !p.call.Over() {
		t.Fatalf("still %s", p.call.Phase)
	}
	closed, taken, open, shown := 0, map[int64]int{}, map[string]bool{}, map[pop]int{}
	for _, fact := range p.facts {
		switch f := fact.(type) {
		case callcenter.Closed:
			closed++
		case callcenter.AgentTaken:
			taken[f.UserID]++
		case callcenter.AgentFreed:
			taken[f.UserID]--
		case callcenter.LegMade:
			open[f.Leg.Channel] = true
		case callcenter.LegEnded:
			delete(open, f.Channel)
		case callcenter.PopShown:
			shown[pop{f.UserID, f.OfferedAt}]++
		case callcenter.PopWithdrawn:
			shown[pop{f.UserID, f.OfferedAt}]--
		}
	}
	if p.call.Phase == callcenter.Ended && (closed != 1 || p.call.Outcome == "" || p.call.EndedBy == "" || len(open) != 0) {
		t.Fatalf("closed %d times, outcome %q by %q, legs left %v", closed, p.call.Outcome, p.call.EndedBy, open)
	}
	for user, n := range taken {
		if n != 0 {
			t.Fatalf("user %d taken %d times", user, n)
		}
	}
	for at, n := range shown {
		if n != 0 {
			t.Fatalf("pop %v: shown %d times more than withdrawn", at, n)
		}
	}
}

func TestApplyChangesNothingButItsResult(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := inbound(t).on(chosen(1), callcenter.Entered{}, callcenter.Decline{UserID: 1})
		before := p.call
		tried := slices.Clone(before.Tried)
		event := anyEvent(t, p.call)
		first, again := p.call.Apply(event, p.now), p.call.Apply(event, p.now)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Fatal(diff)
		}
		if !slices.Equal(tried, before.Tried) {
			t.Fatal("the call was changed in place")
		}
	})
}

func TestWhoPicksUpForNobodyIsLetGoAndTold(t *testing.T) {
	p := inbound(t).on(chosen(1), callcenter.LegAnswered{Channel: "ag-7-1"})
	if p.call.Phase != callcenter.Ringing || !p.call.AnsweredAt.IsZero() {
		t.Fatalf("%s with nobody at the other end", p.call.Phase)
	}
	offered := p.call.Agent.OfferedAt
	p.on(callcenter.ClaimLost{})
	if !has[callcenter.Command](p.commands, callcenter.Drop{Channel: "ag-7-1"}) {
		t.Error("the agent's leg stays")
	}
	if !has[callcenter.Fact](p.facts, callcenter.PopWithdrawn{UserID: 1, OfferedAt: offered, Reason: callcenter.ClaimFailed}) {
		t.Error("the agent is not told why")
	}
	if has[callcenter.Fact](p.facts, callcenter.PickedUp{UserID: 1}) {
		t.Error("nobody was spoken to")
	}
}
