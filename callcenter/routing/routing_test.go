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

const (
	sales   = 7
	english = 3
)

// queue is a queue with the given strategy, changed as wanted.
func queue(strategy callcenter.Strategy, change ...func(*callcenter.Queue)) callcenter.Queue {
	q := callcenter.Queue{
		ID: sales, Version: 2, Strategy: strategy, Ring: 20 * time.Second,
		Sticky: callcenter.Sticky{Responsible: true, Last: true, Redial: true, Ring: 15 * time.Second},
	}
	for _, c := range change {
		c(&q)
	}
	return q
}

func call(q callcenter.Queue, change ...func(*callcenter.Call)) callcenter.Call {
	c := callcenter.Call{ID: 1, StartedAt: noon, QueuedAt: noon, Queue: q}
	for _, f := range change {
		f(&c)
	}
	return c
}

// member is a free agent of the queue who has been idle for so long.
func member(id int64, idle time.Duration, change ...func(*routing.Agent)) routing.Agent {
	a := routing.Agent{
		UserID: id, Endpoint: "a", Registered: true, Ready: true, IdleSince: noon.Add(-idle),
		Queues: map[int64]routing.Membership{sales: {Order: int(id)}},
	}
	for _, f := range change {
		f(&a)
	}
	return a
}

func outsider(a *routing.Agent)   { a.Queues = nil }
func busy(a *routing.Agent)       { a.Busy = true }
func wrappingUp(a *routing.Agent) { a.WrapUp = true }
func gone(a *routing.Agent)       { a.Registered = false }
func pausing(a *routing.Agent)    { a.Ready = false }

func skilled(level int) func(*routing.Agent) {
	return func(a *routing.Agent) { a.Skills = map[int64]int{english: level} }
}

func in(change func(*routing.Membership)) func(*routing.Agent) {
	return func(a *routing.Agent) {
		m := a.Queues[sales]
		change(&m)
		a.Queues = map[int64]routing.Membership{sales: m}
	}
}

func responsible(user int64) func(*callcenter.Call) {
	return func(c *callcenter.Call) { c.ResponsibleID = user }
}

func tried(users ...int64) func(*callcenter.Call) {
	return func(c *callcenter.Call) { c.Tried = users }
}

func relaxing(q *callcenter.Queue) {
	q.Skills = []callcenter.SkillRule{{Skill: english, Steps: []callcenter.SkillStep{
		{After: 0, Level: 70}, {After: 30 * time.Second, Level: 40}, {After: time.Minute, Level: 0},
	}}}
}

func again(q *callcenter.Queue) { q.Retry = 10 * time.Second }

func TestDecide(t *testing.T) {
	idle := queue(callcenter.LongestIdle)
	tests := map[string]struct {
		call    callcenter.Call
		agents  []routing.Agent
		verdict callcenter.Verdict
		user    int64
		ring    time.Duration
	}{
		"the longest idle":                      {call(idle), []routing.Agent{member(1, time.Minute), member(2, time.Hour)}, callcenter.Chosen, 2, 20 * time.Second},
		"less penalty before idle time":         {call(idle), []routing.Agent{member(1, 0), member(2, time.Hour, in(func(m *routing.Membership) { m.Penalty = 1 }))}, callcenter.Chosen, 1, 20 * time.Second},
		"the responsible first, his own ring":   {call(idle, responsible(1)), []routing.Agent{member(1, 0), member(2, time.Hour)}, callcenter.Chosen, 1, 15 * time.Second},
		"the responsible, though no member":     {call(idle, responsible(1)), []routing.Agent{member(1, 0, outsider), member(2, time.Hour)}, callcenter.Chosen, 1, 15 * time.Second},
		"the queue when his phone is not there": {call(idle, responsible(1)), []routing.Agent{member(1, 0, gone), member(2, 0)}, callcenter.Chosen, 2, 20 * time.Second},
		"who lost him before the responsible":   {call(idle, responsible(1), func(c *callcenter.Call) { c.Familiar.Redial = 2 }), []routing.Agent{member(1, 0), member(2, 0)}, callcenter.Chosen, 2, 15 * time.Second},
		"who spoke last after the responsible":  {call(idle, responsible(1), func(c *callcenter.Call) { c.Familiar.Last = 2 }), []routing.Agent{member(1, 0, busy), member(2, 0), member(3, time.Hour)}, callcenter.Chosen, 2, 15 * time.Second},
		"nobody twice":                          {call(idle, responsible(1), tried(1)), []routing.Agent{member(1, time.Hour), member(2, 0)}, callcenter.Chosen, 2, 20 * time.Second},
		"all have been asked":                   {call(idle, tried(1)), []routing.Agent{member(1, 0)}, callcenter.AllTried, 0, 0},
		"asked again though another is busy":    {call(queue(callcenter.LongestIdle, again), tried(1)), []routing.Agent{member(1, 0), member(2, 0, busy)}, callcenter.AllTried, 0, 0},
		"never again: wait for the busy one":    {call(idle, tried(1)), []routing.Agent{member(1, 0), member(2, 0, busy)}, callcenter.WaitFree, 0, 0},
		"wait for a busy one":                   {call(idle), []routing.Agent{member(1, 0, busy)}, callcenter.WaitFree, 0, 0},
		"wait for one who wraps up":             {call(idle), []routing.Agent{member(1, 0, wrappingUp)}, callcenter.WaitFree, 0, 0},
		"nobody is there":                       {call(idle), []routing.Agent{member(1, 0, gone), member(2, 0, pausing)}, callcenter.NobodyCan, 0, 0},
		"a stranger is not asked":               {call(idle), []routing.Agent{member(3, time.Hour, outsider)}, callcenter.NobodyCan, 0, 0},
		"fewest calls":                          {call(queue(callcenter.FewestCalls)), []routing.Agent{member(1, time.Hour, func(a *routing.Agent) { a.Calls = 2 }), member(2, 0)}, callcenter.Chosen, 2, 20 * time.Second},
		"round robin":                           {call(queue(callcenter.RoundRobin)), []routing.Agent{member(1, time.Hour, in(func(m *routing.Membership) { m.AskedAt = noon })), member(2, 0)}, callcenter.Chosen, 2, 20 * time.Second},
		"linear":                                {call(queue(callcenter.Linear)), []routing.Agent{member(2, time.Hour), member(1, 0)}, callcenter.Chosen, 1, 20 * time.Second},
		"one person alone":                      {call(callcenter.Direct(2, "Ana", time.Minute)), []routing.Agent{member(1, time.Hour), member(2, 0, outsider)}, callcenter.Chosen, 2, time.Minute},
		"one person who is busy":                {call(callcenter.Direct(2, "Ana", time.Minute)), []routing.Agent{member(1, time.Hour), member(2, 0, busy)}, callcenter.WaitFree, 0, 0},
		"too little English, for now":           {call(queue(callcenter.LongestIdle, relaxing)), []routing.Agent{member(1, 0, skilled(40))}, callcenter.WaitFree, 0, 0},
		"enough English":                        {call(queue(callcenter.LongestIdle, relaxing)), []routing.Agent{member(1, time.Hour, skilled(69)), member(2, 0, skilled(70))}, callcenter.Chosen, 2, 20 * time.Second},
		"the responsible speaks as he likes":    {call(queue(callcenter.LongestIdle, relaxing), responsible(1)), []routing.Agent{member(1, 0)}, callcenter.Chosen, 1, 15 * time.Second},
		"not sticky where it is not wanted":     {call(queue(callcenter.LongestIdle, func(q *callcenter.Queue) { q.Sticky = callcenter.Sticky{} }), responsible(1)), []routing.Agent{member(1, 0), member(2, time.Hour)}, callcenter.Chosen, 2, 20 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := routing.Decide(test.call, test.agents, 0, noon).Choice
			if got.Verdict != test.verdict || got.UserID != test.user || got.RingFor != test.ring {
				t.Errorf("%s %d for %v", got.Verdict, got.UserID, got.RingFor)
			}
		})
	}
}

func TestSkillsRelaxWithWaiting(t *testing.T) {
	c := call(queue(callcenter.LongestIdle, relaxing))
	for waited, level := range map[time.Duration]int{0: 70, 29 * time.Second: 70, 30 * time.Second: 40, 59 * time.Second: 40, time.Minute: 0} {
		for _, have := range []int{0, 39, 40, 69, 70} {
			d := routing.Decide(c, []routing.Agent{member(1, 0, skilled(have))}, 0, noon.Add(waited))
			if chosen := d.Choice.Verdict == callcenter.Chosen; chosen != (have >= level) {
				t.Errorf("after %v a level of %d is chosen: %v", waited, have, chosen)
			}
		}
	}
}

func TestAllAtOnce(t *testing.T) {
	c := call(queue(callcenter.RingAll))
	got := routing.Decide(c, []routing.Agent{member(1, 0), member(2, time.Hour), member(3, 0, busy), member(4, 0, outsider)}, 0, noon).Choice
	var users []int64
	for _, a := range got.Askeds() {
		users = append(users, a.UserID)
	}
	if !slices.Equal(users, []int64{2, 1}) {
		t.Errorf("asked %v", users)
	}
	c.ResponsibleID = 1
	if got := routing.Decide(c, []routing.Agent{member(1, 0), member(2, time.Hour)}, 0, noon).Choice; got.UserID != 1 || len(got.Also) != 0 {
		t.Errorf("the responsible is asked alone first: %+v", got)
	}
}

func TestChanceIsFairAndRepeatable(t *testing.T) {
	agents := []routing.Agent{member(1, 0), member(2, time.Hour), member(3, 0)}
	had := map[int64]int{}
	for id := range callcenter.ID(3000) {
		c := call(queue(callcenter.Random), func(c *callcenter.Call) { c.ID = id })
		got := routing.Decide(c, agents, 0, noon).Choice.UserID
		if again := routing.Decide(c, agents, 0, noon).Choice.UserID; again != got {
			t.Fatalf("call %d went to %d, then to %d", id, got, again)
		}
		had[got]++
	}
	for user := range int64(3) {
		if n := had[user+1]; n < 850 || n > 1150 {
			t.Errorf("of 3000 calls user %d had %d", user+1, n)
		}
	}
}

func TestStaffingCountsMembersAndThoseKnown(t *testing.T) {
	agents := []routing.Agent{member(1, 0, busy), member(2, 0, pausing), member(3, 0, gone), member(4, 0, outsider), member(5, 0, wrappingUp)}
	got := routing.Decide(call(queue(callcenter.LongestIdle)), agents, 4, noon).Choice.Staffing
	if want := (callcenter.Staffing{Ahead: 4, In: 3, Ready: 2}); got != want {
		t.Errorf("%+v", got)
	}
}

func anyAgent(t *rapid.T, id int64) routing.Agent {
	a := member(id, time.Duration(rapid.IntRange(0, 5).Draw(t, "idle"))*time.Minute, skilled(rapid.SampledFrom([]int{0, 40, 80}).Draw(t, "level")))
	a.Registered, a.Ready = rapid.IntRange(0, 4).Draw(t, "there") > 0, rapid.IntRange(0, 4).Draw(t, "ready") > 0
	a.Busy, a.WrapUp = rapid.Bool().Draw(t, "busy"), rapid.IntRange(0, 4).Draw(t, "wraps up") == 0
	a.Calls = rapid.IntRange(0, 3).Draw(t, "calls")
	if rapid.IntRange(0, 3).Draw(t, "outsider") == 0 {
		outsider(&a)
	} else {
		in(func(m *routing.Membership) { m.Penalty = rapid.IntRange(0, 1).Draw(t, "penalty") })(&a)
	}
	return a
}

func anyCall(t *rapid.T, id callcenter.ID) callcenter.Call {
	strategy := rapid.SampledFrom([]callcenter.Strategy{
		callcenter.LongestIdle, callcenter.FewestCalls, callcenter.RoundRobin, callcenter.Random, callcenter.RingAll, callcenter.Linear,
	}).Draw(t, "strategy")
	q := queue(strategy, func(q *callcenter.Queue) {
		q.Priority, q.Weight = rapid.IntRange(0, 3).Draw(t, "priority"), rapid.SampledFrom([]int{0, 50, 200}).Draw(t, "weight")
	})
	if rapid.Bool().Draw(t, "asks for skill") {
		relaxing(&q)
	}
	waited := time.Duration(rapid.IntRange(0, 90).Draw(t, "waited")) * time.Second
	users := rapid.SliceOfNDistinct(rapid.Int64Range(1, 8), 0, 3, rapid.ID)
	return call(q, responsible(rapid.Int64Range(0, 8).Draw(t, "responsible")), tried(users.Draw(t, "tried")...), func(c *callcenter.Call) {
		c.ID, c.StartedAt, c.QueuedAt = id, noon.Add(-waited), noon.Add(-waited)
	})
}

func anyRoom(t *rapid.T) (agents []routing.Agent) {
	for id := range int64(rapid.IntRange(0, 8).Draw(t, "agents")) {
		agents = append(agents, anyAgent(t, id+1))
	}
	return agents
}

// may is the rule of who may have a call, written another way.
func may(c callcenter.Call, a routing.Agent) bool {
	if !a.Registered || !a.Ready || a.Busy || a.WrapUp || slices.Contains(c.Tried, a.UserID) {
		return false
	}
	if a.UserID == c.ResponsibleID {
		return true
	}
	_, in := a.Queues[sales]
	enough := true
	for _, rule := range c.Queue.Skills {
		enough = enough && a.Skills[rule.Skill] >= rule.Level(noon.Sub(c.QueuedAt))
	}
	return in && enough
}

func TestAnyRoomIsServed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		agents, c := anyRoom(t), anyCall(t, 1)
		d := routing.Decide(c, agents, 0, noon)
		turned := slices.Clone(agents)
		slices.Reverse(turned)
		if diff := cmp.Diff(d, routing.Decide(c, turned, 0, noon)); diff != "" {
			t.Fatalf("the order of the agents matters: %s", diff)
		}
		anybody := slices.ContainsFunc(agents, func(a routing.Agent) bool { return may(c, a) })
		if anybody != (d.Choice.Verdict == callcenter.Chosen) {
			t.Fatalf("somebody may take it: %v, verdict %s", anybody, d.Choice.Verdict)
		}
		for _, asked := range d.Choice.Askeds() {
			if i := slices.IndexFunc(agents, func(a routing.Agent) bool { return a.UserID == asked.UserID }); !may(c, agents[i]) {
				t.Fatalf("user %d may not take it", asked.UserID)
			}
		}
		for _, a := range agents {
			if n := routing.Next([]*callcenter.Call{&c}, a, noon); (n == 0) != may(c, a) {
				t.Fatalf("Next and Decide do not agree on user %d", a.UserID)
			}
		}
	})
}

// TestNobodyIdlesWhileSomebodyWaits plays a room: after every call and every agent has been asked for once, no
// agent is free whom a waiting call may have.
func TestNobodyIdlesWhileSomebodyWaits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		agents := anyRoom(t)
		var waiting []*callcenter.Call
		for id := range callcenter.ID(rapid.IntRange(0, 8).Draw(t, "calls")) {
			c := anyCall(t, id+1)
			waiting = append(waiting, &c)
		}
		give := func(n int) {
			for _, asked := range routing.Decide(*waiting[n], agents, 0, noon).Choice.Askeds() {
				i := slices.IndexFunc(agents, func(a routing.Agent) bool { return a.UserID == asked.UserID })
				if agents[i].Busy {
					t.Fatalf("user %d is given twice", asked.UserID)
				}
				agents[i].Busy = true
			}
			waiting = slices.Delete(waiting, n, n+1)
		}
		for i := range agents {
			for n := routing.Next(waiting, agents[i], noon); n >= 0; n = routing.Next(waiting, agents[i], noon) {
				give(n) // to whom it should go: that may be another one
			}
		}
		for _, a := range agents {
			for _, c := range waiting {
				if may(*c, a) {
					t.Fatalf("user %d idles while call %d waits", a.UserID, c.ID)
				}
			}
		}
	})
}

// TestNobodyStarves: whatever the priorities and weights, and however many newcomers, an agent comes to everybody who
// goes on waiting.
func TestNobodyStarves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old := anyCall(t, 1)
		old.Tried, old.Queue.Skills = nil, nil
		agent := member(9, 0)
		waiting := []*callcenter.Call{&old}
		for minute := range 60 {
			now := noon.Add(time.Duration(minute) * time.Minute)
			rival := anyCall(t, callcenter.ID(minute+2))
			rival.StartedAt, rival.QueuedAt = now, now
			waiting = append(waiting, &rival)
			if n := routing.Next(waiting, agent, now); n == 0 {
				return
			} else if n > 0 {
				waiting = slices.Delete(waiting, n, n+1)
			}
		}
		t.Fatal("an hour of newcomers, each served before")
	})
}

// crowd is a full room: 500 agents who are busy but for one, and 2,000 callers of ten queues with skills.
func crowd() (agents []routing.Agent, waiting []*callcenter.Call) {
	for id := range int64(500) {
		a := member(id+1, time.Duration(id)*time.Second, skilled(int(id%100)))
		a.Queues = map[int64]routing.Membership{id % 10: {}, (id + 1) % 10: {Penalty: 1}}
		a.Busy = id != 250
		agents = append(agents, a)
	}
	for id := range callcenter.ID(2000) {
		c := call(queue(callcenter.LongestIdle, relaxing, func(q *callcenter.Queue) { q.ID = int64(id % 10) }))
		c.ID, c.StartedAt, c.QueuedAt = id+1, noon.Add(-time.Duration(id)*time.Millisecond), noon.Add(-time.Duration(id)*time.Millisecond)
		waiting = append(waiting, &c)
	}
	return agents, waiting
}

// BenchmarkFreed is what happens when an agent becomes free: his next caller is found, and with the whole trace decided.
func BenchmarkFreed(b *testing.B) {
	agents, waiting := crowd()
	agents[250].Skills[english] = 90
	for b.Loop() {
		n := routing.Next(waiting, agents[250], noon)
		routing.Decide(*waiting[n], agents, routing.Ahead(waiting[n], waiting, noon), noon)
	}
}

// BenchmarkArrival is what happens when a call comes.
func BenchmarkArrival(b *testing.B) {
	agents, waiting := crowd()
	for b.Loop() {
		routing.Decide(*waiting[0], agents, routing.Ahead(waiting[0], waiting, noon), noon)
	}
}
