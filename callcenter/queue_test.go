package callcenter_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"centralita/callcenter"
)

// under is an inbound call in a queue with the settings.
func under(t *testing.T, change func(*callcenter.Queue)) *play {
	call := callcenter.NewInbound("pbx", "1700.1", line, callcenter.Caller{Raw: "600111222", E164: "+34600111222"}, "910000001", noon)
	call.ID = 7
	p := &play{t: t, call: call, now: noon}
	p.take(call.Begin(noon))
	place := sales
	change(&place.Queue)
	p.take(p.call.Apply(callcenter.Reached{Place: place}, noon))
	return p
}

func routed(verdict callcenter.Verdict, now callcenter.Staffing) callcenter.Event {
	return callcenter.Routed{Choice: callcenter.Choice{Verdict: verdict, Staffing: now}}
}

var support = callcenter.Destination{Kind: callcenter.ToQueue, ID: 6}

func TestOverflow(t *testing.T) {
	staffed := callcenter.Staffing{In: 2, Ready: 2}
	tests := map[string]struct {
		rule  callcenter.Overflow
		after time.Duration
		now   callcenter.Staffing
		want  bool
	}{
		"has not waited long enough": {callcenter.Overflow{When: callcenter.WhenWait, Value: 30}, 29 * time.Second, staffed, false},
		"has waited long enough":     {callcenter.Overflow{When: callcenter.WhenWait, Value: 30}, 30 * time.Second, staffed, true},
		"few are before him":         {callcenter.Overflow{When: callcenter.WhenLength, Value: 3}, 0, callcenter.Staffing{Ahead: 2, In: 1, Ready: 1}, false},
		"many are before him":        {callcenter.Overflow{When: callcenter.WhenLength, Value: 3}, 0, callcenter.Staffing{Ahead: 3, In: 1, Ready: 1}, true},
		"somebody is in":             {callcenter.Overflow{When: callcenter.WhenNobodyIn}, 0, callcenter.Staffing{In: 1}, false},
		"nobody is in":               {callcenter.Overflow{When: callcenter.WhenNobodyIn}, 0, callcenter.Staffing{}, true},
		"somebody is ready":          {callcenter.Overflow{When: callcenter.WhenNotReady}, 0, callcenter.Staffing{In: 1, Ready: 1}, false},
		"nobody is ready":            {callcenter.Overflow{When: callcenter.WhenNotReady}, 0, callcenter.Staffing{In: 1}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.rule.Then = support
			p := under(t, func(q *callcenter.Queue) { q.Overflow = []callcenter.Overflow{test.rule} })
			if test.after > 0 {
				p.on(callcenter.Entered{}, routed(callcenter.WaitFree, staffed))
				p.now = noon.Add(test.after - time.Second)
			}
			p.on(routed(callcenter.WaitFree, test.now))
			if got := p.call.Next != nil; got != test.want {
				t.Fatalf("goes elsewhere: %v", got)
			}
			if test.want && (*p.call.Next != support || p.call.NextWhy != test.rule.When) {
				t.Errorf("to %v because of %s", p.call.Next, p.call.NextWhy)
			}
		})
	}
}

func TestAWaitIsLookedAtWhenARuleIsDue(t *testing.T) {
	p := under(t, func(q *callcenter.Queue) {
		q.Overflow = []callcenter.Overflow{{When: callcenter.WhenWait, Value: 45, Then: support}}
		q.Skills = []callcenter.SkillRule{{Skill: 1, Steps: []callcenter.SkillStep{{Level: 70}, {After: 30 * time.Second, Level: 40}}}}
	})
	free := routed(callcenter.WaitFree, callcenter.Staffing{In: 1, Ready: 1})
	p.on(free, callcenter.Entered{})
	for _, at := range []time.Duration{30 * time.Second, 45 * time.Second} {
		if !p.call.Deadline.Equal(noon.Add(at)) {
			t.Fatalf("looked at after %v, not %v", p.call.Deadline.Sub(noon), at)
		}
		p.now = noon.Add(at)
		step := p.call.Apply(callcenter.Tick{}, p.now)
		if !step.Look || step.Changed {
			t.Fatalf("after %v: %+v", at, step)
		}
		p.take(step)
		p.take(p.call.Apply(free, p.now))
	}
	if p.call.Next == nil || p.call.NextWhy != callcenter.WhenWait {
		t.Fatalf("does not overflow: %+v", p.call.Next)
	}
	p.take(p.call.Apply(callcenter.Reached{Place: callcenter.Place{Destination: support, Name: "Support", Queue: callcenter.Queue{ID: 6, MaxWait: time.Minute}}}, p.now))
	want := []callcenter.Visit{
		{Destination: line.Entry, Name: "Sales", At: noon},
		{Destination: support, Name: "Support", Why: callcenter.WhenWait, At: noon.Add(45 * time.Second)},
	}
	if diff := cmp.Diff(want, p.call.Path); diff != "" {
		t.Error(diff)
	}
	if p.call.Queue.ID != 6 || !p.call.WaitUntil.Equal(noon.Add(105*time.Second)) {
		t.Errorf("in queue %d until %v", p.call.Queue.ID, p.call.WaitUntil)
	}
}

// TestWhoRejectedIsNotAskedAtOnce: he is asked again only when nobody else is left, and after a pause.
func TestWhoRejectedIsNotAskedAtOnce(t *testing.T) {
	p := under(t, func(q *callcenter.Queue) { q.Retry = 10 * time.Second })
	p.on(chosen(1), callcenter.Entered{}, callcenter.Decline{UserID: 1})
	if len(p.call.Tried) != 1 {
		t.Fatalf("tried %v", p.call.Tried)
	}
	all := routed(callcenter.AllTried, callcenter.Staffing{In: 1, Ready: 1})
	p.on(all)
	if p.call.Phase != callcenter.Waiting || !p.call.Deadline.Equal(p.now.Add(10*time.Second)) {
		t.Fatalf("%s until %v", p.call.Phase, p.call.Deadline.Sub(p.now))
	}
	p.after(10*time.Second, callcenter.Tick{})
	if len(p.call.Tried) != 0 {
		t.Errorf("still not to be asked: %v", p.call.Tried)
	}
	p = under(t, func(*callcenter.Queue) {}).on(chosen(1), callcenter.Entered{}, callcenter.Decline{UserID: 1}, all)
	if p.call.Phase != callcenter.Message {
		t.Errorf("without another round: %s", p.call.Phase)
	}
}

// TestAnAnsweredGroupCallIsMissedByNobody: the first to pick up has the call, the others are told at once.
func TestAnAnsweredGroupCallIsMissedByNobody(t *testing.T) {
	p := inbound(t).on(all(1, 2, 3), callcenter.Entered{})
	if got := p.call.Askeds(); !cmp.Equal(got, []int64{1, 2, 3}) {
		t.Fatalf("asked %v", got)
	}
	offered := p.call.Agent.OfferedAt
	p.on(callcenter.LegRang{Channel: "ag-7-2"}, callcenter.LegAnswered{Channel: "ag-7-2"})
	if p.call.Phase != callcenter.Talking || p.call.UserID != 2 || len(p.call.Others) != 0 {
		t.Fatalf("%s with %d, others %v", p.call.Phase, p.call.UserID, p.call.Others)
	}
	for channel, user := range map[string]int64{"ag-7-1": 1, "ag-7-3": 3} {
		if !has[callcenter.Command](p.commands, callcenter.Drop{Channel: channel, Elsewhere: true}) {
			t.Errorf("%s rings on", channel)
		}
		if !has[callcenter.Fact](p.facts, callcenter.PopWithdrawn{UserID: user, OfferedAt: offered, Reason: callcenter.AnsweredElsewhere}) {
			t.Errorf("user %d is not told", user)
		}
	}
	before := len(p.commands)
	p.on(callcenter.LegAnswered{Channel: "ag-7-1"})
	if got := p.commands[before:]; !cmp.Equal(got, []callcenter.Command{callcenter.Drop{Channel: "ag-7-1"}}) || p.call.UserID != 2 {
		t.Errorf("a second answer: %v", got)
	}
}

func TestAGroupCallGoesOnRingingAtTheOthers(t *testing.T) {
	p := inbound(t).on(all(1, 2, 3), callcenter.Entered{}, callcenter.Decline{UserID: 2}, callcenter.LegGone{Channel: "ag-7-1", Cause: callcenter.CauseBusy})
	if p.call.Phase != callcenter.Ringing || !cmp.Equal(p.call.Askeds(), []int64{3}) {
		t.Fatalf("%s at %v", p.call.Phase, p.call.Askeds())
	}
	if !cmp.Equal(p.call.Tried, []int64{2, 1}) {
		t.Errorf("tried %v", p.call.Tried)
	}
	p.on(callcenter.PhoneLost{UserID: 3})
	if p.call.Phase != callcenter.Waiting || len(p.call.Tried) != 2 {
		t.Errorf("%s, tried %v", p.call.Phase, p.call.Tried)
	}
}

func TestCallersDoNotTurnInCircles(t *testing.T) {
	p := under(t, func(q *callcenter.Queue) {
		q.Overflow = []callcenter.Overflow{{When: callcenter.WhenNobodyIn, Then: line.Entry}}
	})
	place := sales
	place.Queue.Overflow = p.call.Queue.Overflow
	for range 50 {
		p.take(p.call.Apply(routed(callcenter.NobodyCan, callcenter.Staffing{}), noon))
		if p.call.Next == nil {
			break
		}
		p.take(p.call.Apply(callcenter.Reached{Place: place}, noon))
	}
	if p.call.Phase != callcenter.Message || len(p.call.Path) > 8 {
		t.Errorf("%s after %d places", p.call.Phase, len(p.call.Path))
	}
}

func TestWhoSpokeLastIsRememberedForSomeDays(t *testing.T) {
	yesterday := noon.Add(-24 * time.Hour)
	for days, want := range map[int]int64{0: 4, 1: 4, 30: 4} {
		call := callcenter.NewInbound("pbx", "1700.1", line, callcenter.Caller{}, "", noon)
		call = call.Know(callcenter.Identity{Candidates: []callcenter.Candidate{{ClientID: 1, LastContactAt: &yesterday, LastUserID: 4}}})
		place := sales
		place.Queue.Sticky.Days = days
		if got := call.Apply(callcenter.Reached{Place: place}, noon).Call.Familiar.Last; got != want {
			t.Errorf("%d days: %d", days, got)
		}
		if got := call.Apply(callcenter.Reached{Place: place}, noon.Add(time.Hour)).Call.Familiar.Last; days == 1 && got != 0 {
			t.Errorf("an hour past the days: %d", got)
		}
	}
	if diff := cmp.Diff(callcenter.Familiar{}, inbound(t).call.Familiar, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// TestWrapUpIsOwedByWhoHasTalked: nobody has work to do after a call that never connected, and he is freed after it is
// said that he has.
func TestWrapUpIsOwedByWhoHasTalked(t *testing.T) {
	for mode, until := range map[callcenter.WrapUpMode]time.Duration{callcenter.TimedWrapUp: 30 * time.Second, callcenter.UntilDone: 0, callcenter.NoWrapUp: -1} {
		p := under(t, func(q *callcenter.Queue) { q.WrapUp = callcenter.WrapUp{Mode: mode, For: 30 * time.Second} })
		p.on(chosen(1), callcenter.Entered{}, callcenter.Decline{UserID: 1}, chosen(2), callcenter.LegAnswered{Channel: "ag-7-2"}, callcenter.HangUp{UserID: 2})
		var owed []callcenter.Fact
		for _, f := range p.facts {
			switch f := f.(type) {
			case callcenter.WrapUpDue:
				owed = append(owed, f)
			case callcenter.AgentFreed:
				if f.UserID == 2 {
					owed = append(owed, f)
				}
			}
		}
		want := []callcenter.Fact{callcenter.WrapUpDue{UserID: 2}, callcenter.AgentFreed{UserID: 2}}
		if until > 0 {
			want[0] = callcenter.WrapUpDue{UserID: 2, Until: p.now.Add(until)}
		}
		if until < 0 {
			want = want[1:]
		}
		if diff := cmp.Diff(want, owed); diff != "" {
			t.Errorf("%s: %s", mode, diff)
		}
	}
}

func TestWhoDoesNotPickUpIsLeftAlone(t *testing.T) {
	p := inbound(t).on(chosen(1), callcenter.Entered{}).after(20*time.Second, callcenter.Tick{})
	if !has[callcenter.Fact](p.facts, callcenter.Unanswered{UserID: 1}) {
		t.Error("he is asked on")
	}
	p = inbound(t).on(all(1, 2), callcenter.Entered{}).after(20*time.Second, callcenter.Tick{})
	if p.call.Phase != callcenter.Waiting || has[callcenter.Fact](p.facts, callcenter.Unanswered{UserID: 1}) {
		t.Errorf("%s: of many who were asked nobody is to blame", p.call.Phase)
	}
}

// TestTheLengthCountsInTheNextQueueToo: who comes from another queue comes all the same, and once.
func TestTheLengthCountsInTheNextQueueToo(t *testing.T) {
	p := under(t, func(q *callcenter.Queue) {
		q.Overflow = []callcenter.Overflow{{When: callcenter.WhenWait, Value: 30, Then: support}}
	})
	busy := routed(callcenter.WaitFree, callcenter.Staffing{Ahead: 3, In: 1, Ready: 1})
	p.on(busy, callcenter.Entered{})
	p.after(30*time.Second, callcenter.Tick{})
	p.on(busy)
	hangup := callcenter.Destination{Kind: callcenter.ToHangup}
	second := callcenter.Queue{ID: 6, MaxWait: time.Minute, Overflow: []callcenter.Overflow{{When: callcenter.WhenLength, Value: 3, Then: hangup}}}
	p.on(callcenter.Reached{Place: callcenter.Place{Destination: support, Queue: second}})
	stays := p.call.Apply(routed(callcenter.WaitFree, callcenter.Staffing{Ahead: 2, In: 1, Ready: 1}), p.now).Call
	if stays.Next != nil || stays.Apply(busy, p.now).Call.Next != nil {
		t.Error("is sent away after he has come")
	}
	p.on(busy)
	if p.call.Next == nil || *p.call.Next != hangup || p.call.NextWhy != callcenter.WhenLength {
		t.Errorf("goes to %v because of %q", p.call.Next, p.call.NextWhy)
	}
}
