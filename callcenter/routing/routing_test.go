package routing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"centralita/callcenter"
	"centralita/callcenter/routing"
)

var noon = time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)

func callOn(members []int64, responsible int64, tried ...int64) callcenter.Call {
	return callcenter.Call{
		Line:          callcenter.Line{Members: members, Ring: 20 * time.Second, Sticky: 15 * time.Second},
		ResponsibleID: responsible, Tried: tried,
	}
}

func free(id int64, idle time.Duration) routing.Agent {
	return routing.Agent{UserID: id, Endpoint: "a", Registered: true, Ready: true, IdleSince: noon.Add(-idle)}
}

func with(a routing.Agent, change func(*routing.Agent)) routing.Agent {
	change(&a)
	return a
}

func TestDecide(t *testing.T) {
	busy := func(a *routing.Agent) { a.Busy = true }
	gone := func(a *routing.Agent) { a.Registered = false }
	pause := func(a *routing.Agent) { a.Ready = false }
	tests := map[string]struct {
		call    callcenter.Call
		agents  []routing.Agent
		verdict callcenter.Verdict
		user    int64
		ring    time.Duration
	}{
		"the longest idle": {callOn([]int64{1, 2}, 0), []routing.Agent{free(1, time.Minute), free(2, time.Hour)},
			callcenter.Chosen, 2, 20 * time.Second},
		"the responsible before the longest idle, with a ring time of his own": {callOn([]int64{1, 2}, 1), []routing.Agent{free(1, 0), free(2, time.Hour)},
			callcenter.Chosen, 1, 15 * time.Second},
		"the responsible although he is not on the line": {callOn([]int64{2}, 1), []routing.Agent{free(1, 0), free(2, time.Hour)},
			callcenter.Chosen, 1, 15 * time.Second},
		"the line when the responsible's phone is not there": {callOn([]int64{2}, 1), []routing.Agent{with(free(1, 0), gone), free(2, 0)},
			callcenter.Chosen, 2, 20 * time.Second},
		"nobody twice": {callOn([]int64{1, 2}, 1, 1), []routing.Agent{free(1, time.Hour), free(2, 0)},
			callcenter.Chosen, 2, 20 * time.Second},
		"wait for a busy one": {callOn([]int64{1}, 0), []routing.Agent{with(free(1, 0), busy)},
			callcenter.WaitFree, 0, 0},
		"nobody is there": {callOn([]int64{1, 2}, 0), []routing.Agent{with(free(1, 0), gone), with(free(2, 0), pause)},
			callcenter.NobodyCan, 0, 0},
		"a stranger to the line is not asked": {callOn([]int64{1}, 0), []routing.Agent{free(3, time.Hour)},
			callcenter.NobodyCan, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := routing.Decide(test.call, test.agents).Choice
			if got.Verdict != test.verdict || got.UserID != test.user || got.RingFor != test.ring {
				t.Errorf("%s %d for %v", got.Verdict, got.UserID, got.RingFor)
			}
		})
	}
}

func anyAgent(t *rapid.T, id int64) routing.Agent {
	return routing.Agent{
		UserID: id, Endpoint: "a", Registered: rapid.Bool().Draw(t, "registered"), Ready: rapid.Bool().Draw(t, "ready"),
		Busy: rapid.Bool().Draw(t, "busy"), IdleSince: noon.Add(-time.Duration(rapid.IntRange(0, 5).Draw(t, "idle")) * time.Minute),
	}
}

func TestAnyRoomIsServedFairly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var agents []routing.Agent
		for id := range int64(rapid.IntRange(0, 8).Draw(t, "agents")) {
			agents = append(agents, anyAgent(t, id+1))
		}
		ids := rapid.SliceOfNDistinct(rapid.Int64Range(1, 8), 0, 8, rapid.ID)
		call := callOn(ids.Draw(t, "members"), rapid.Int64Range(0, 8).Draw(t, "responsible"), ids.Draw(t, "tried")...)
		decision := routing.Decide(call, agents)
		if diff := cmp.Diff(decision, routing.Decide(call, shuffled(t, agents))); diff != "" {
			t.Fatalf("the order of the agents matters: %s", diff)
		}
		check(t, call, agents, decision)
	})
}

func shuffled(t *rapid.T, agents []routing.Agent) []routing.Agent {
	out := slices.Clone(agents)
	slices.SortFunc(out, func(a, b routing.Agent) int { return int(b.UserID - a.UserID) })
	return out
}

// check holds a decision against the rule, written another way.
func check(t *rapid.T, call callcenter.Call, agents []routing.Agent, d routing.Decision) {
	may := func(a routing.Agent) bool {
		mine := a.UserID == call.ResponsibleID || slices.Contains(call.Line.Members, a.UserID)
		return mine && a.Registered && a.Ready && !a.Busy && !slices.Contains(call.Tried, a.UserID)
	}
	anybody := slices.ContainsFunc(agents, may)
	if anybody != (d.Choice.Verdict == callcenter.Chosen) {
		t.Fatalf("somebody may take it: %v, verdict %s", anybody, d.Choice.Verdict)
	}
	for _, a := range agents {
		if !may(a) || !anybody {
			continue
		}
		chosen := agents[slices.IndexFunc(agents, func(b routing.Agent) bool { return b.UserID == d.Choice.UserID })]
		if !may(chosen) {
			t.Fatalf("user %d cannot take it", chosen.UserID)
		}
		if chosen.UserID != call.ResponsibleID && (a.UserID == call.ResponsibleID || a.IdleSince.Before(chosen.IdleSince)) {
			t.Fatalf("user %d was before %d", a.UserID, chosen.UserID)
		}
	}
}

func BenchmarkDecide500Agents(b *testing.B) {
	var agents []routing.Agent
	var members []int64
	for id := range int64(500) {
		agents = append(agents, free(id+1, time.Duration(id)*time.Second))
		members = append(members, id+1)
	}
	call := callOn(members, 0)
	for b.Loop() {
		routing.Decide(call, agents)
	}
}
