// Package routing decides who answers: pure functions of waiting calls, the agents of the moment, and now.
// They keep nothing, lock nothing and wait for nothing; the same input gives the same choice and the same trace.
//
// The rule: first the people who know the caller, as far as his queue wants that (the client's responsible, who spoke
// with him last, who lost him a moment ago), with a ring time of their own; then the queue's members who have the
// skills that it asks for after so long a wait, by its strategy. Nobody is asked twice in a round. Whoever is not
// registered, not ready, busy or not done with his last call is passed over, and the trace says so.
//
// Decide finds the agent for a call, Next the call for an agent. As long as each is asked when a call, or an agent,
// becomes free, nobody idles while somebody waits whom he may serve.
package routing

import (
	"cmp"
	"slices"
	"time"

	"centralita/callcenter"
)

// Membership is what an agent is in a queue.
type Membership struct {
	Penalty int       `json:"penalty"` // those with less are asked first
	Order   int       `json:"order"`   // place in the queue's list
	AskedAt time.Time `json:"-"`       // when he was last asked for the queue
}

// Agent is a person who can take calls, as routing sees him.
type Agent struct {
	UserID     int64
	Name       string
	Endpoint   string    // SIP user of the phone
	Registered bool      // the switch can reach the phone
	Ready      bool      // wants calls
	Busy       bool      // reserved for a call, or in one
	WrapUp     bool      // not done with his last call
	WrapCall   int64     // which that is
	WrapUntil  time.Time // when that ends by itself; zero: when he says so
	Reason     string    // why he is not ready
	IdleSince  time.Time
	Calls      int                  // conversations today
	Queues     map[int64]Membership // by queue
	Skills     map[int64]int        // levels of 0 to 100, by skill
}

// Reason says why an agent was or was not chosen; it is a stable key.
type Reason string

// The reasons of a trace.
const (
	ReasonResponsible   Reason = "responsible"    // eligible: the client is his
	ReasonLast          Reason = "last_spoke"     // eligible: he spoke with the caller last
	ReasonRedial        Reason = "redial"         // eligible: the caller was lost from him a moment ago
	ReasonDirect        Reason = "direct"         // eligible: the call is for him
	ReasonLongestIdle   Reason = "longest_idle"   // eligible: by idle time
	ReasonFewestCalls   Reason = "fewest_calls"   // eligible: by calls
	ReasonRoundRobin    Reason = "round_robin"    // eligible: by turn
	ReasonRandom        Reason = "random"         // eligible: by chance
	ReasonRingAll       Reason = "ring_all"       // eligible: with all others
	ReasonLinear        Reason = "linear"         // eligible: by place in the list
	ReasonNotMember     Reason = "not_member"     // neither a member of the queue nor known to the caller
	ReasonNotRegistered Reason = "not_registered" // the phone is not there
	ReasonNotReady      Reason = "not_ready"
	ReasonBusy          Reason = "busy"
	ReasonWrapUp        Reason = "wrap_up"
	ReasonTried         Reason = "tried" // was offered this call already
	ReasonSkill         Reason = "skill" // not skilled enough for so short a wait
)

// Considered is one agent's line of the trace.
type Considered struct {
	UserID   int64  `json:"user_id"`
	Name     string `json:"name"`
	Eligible bool   `json:"eligible"`
	Reason   Reason `json:"reason"`
	Rank     int    `json:"rank"` // 1 is best; 0 for the ineligible
}

// Decision is the choice and its trace: every agent considered, the eligible ones first by rank.
type Decision struct {
	Queue      int64 // and
	Version    int   // of it, whose settings were applied
	Choice     callcenter.Choice
	Considered []Considered
}

// candidate is an agent as a call sees him.
type candidate struct {
	Agent
	reason   Reason
	eligible bool
	familiar int // 0 is nearest; strangers stand behind everybody who knows the caller
	chance   uint64
}

// stranger is the familiarity of those whom the caller does not know.
const stranger = 9

// Decide says whom to ring for the call at now. ahead is how many callers of the queue are before it.
func Decide(call callcenter.Call, agents []Agent, ahead int, now time.Time) Decision {
	var eligible, others []candidate
	staffing := callcenter.Staffing{Ahead: ahead}
	tried, later := false, false
	waited := call.Waited(now)
	for i := range agents {
		c := consider(&call, &agents[i], waited)
		if c.reason == ReasonNotMember {
			continue
		}
		if c.Registered {
			staffing.In++
			if c.Ready {
				staffing.Ready++
			}
		}
		if c.eligible {
			eligible = append(eligible, c)
			continue
		}
		tried = tried || c.reason == ReasonTried && c.Registered && c.Ready
		later = later || c.reason == ReasonBusy || c.reason == ReasonWrapUp || c.reason == ReasonSkill
		others = append(others, c)
	}
	slices.SortFunc(eligible, func(a, b candidate) int { return before(&call, &a, &b) })
	slices.SortFunc(others, func(a, b candidate) int { return cmp.Compare(a.UserID, b.UserID) })
	choice := choose(call, eligible)
	switch {
	case choice.Verdict == callcenter.Chosen:
	case tried && (call.Queue.Retry > 0 || !later): // who is there is asked again, though others may become free
		choice.Verdict = callcenter.AllTried
	case later:
		choice.Verdict = callcenter.WaitFree
	}
	choice.Staffing = staffing
	return Decision{Queue: call.Queue.ID, Version: call.Queue.Version, Choice: choice, Considered: trace(eligible, others)}
}

func trace(eligible, others []candidate) []Considered {
	list := make([]Considered, 0, len(eligible)+len(others))
	for i, c := range eligible {
		list = append(list, Considered{UserID: c.UserID, Name: c.Name, Eligible: true, Reason: c.reason, Rank: i + 1})
	}
	for _, c := range others {
		list = append(list, Considered{UserID: c.UserID, Name: c.Name, Reason: c.reason})
	}
	return list
}

// choose takes the best of those who may take the call; with the strategy of all at once, all strangers.
func choose(call callcenter.Call, eligible []candidate) callcenter.Choice {
	if len(eligible) == 0 {
		return callcenter.Choice{Verdict: callcenter.NobodyCan}
	}
	best := eligible[0]
	choice := callcenter.Choice{Verdict: callcenter.Chosen, UserID: best.UserID, Endpoint: best.Endpoint, RingFor: call.Queue.Ring}
	if best.familiar < stranger {
		choice.RingFor = cmp.Or(call.Queue.Sticky.Ring, call.Queue.Ring)
		return choice
	}
	if call.Queue.Strategy == callcenter.RingAll {
		for _, c := range eligible[1:] {
			choice.Also = append(choice.Also, callcenter.Asked{UserID: c.UserID, Endpoint: c.Endpoint})
		}
	}
	return choice
}

func consider(call *callcenter.Call, a *Agent, waited time.Duration) candidate {
	c := candidate{Agent: *a}
	c.familiar, c.reason = familiar(call, a.UserID)
	_, member := a.Queues[call.Queue.ID]
	if c.familiar == stranger && (!member || call.Queue.Only != 0) {
		c.reason = ReasonNotMember
		return c
	}
	if obstacle := obstacle(call, &c, waited); obstacle != "" {
		c.reason = obstacle
		return c
	}
	c.eligible = true
	if call.Queue.Strategy == callcenter.Random {
		c.chance = chance(call.ID, a.UserID)
	}
	return c
}

// obstacle is what keeps somebody from taking the call now, or nothing.
func obstacle(call *callcenter.Call, c *candidate, waited time.Duration) Reason {
	switch {
	case slices.Contains(call.Tried, c.UserID):
		return ReasonTried
	case !c.Registered:
		return ReasonNotRegistered
	case !c.Ready:
		return ReasonNotReady
	case c.Busy:
		return ReasonBusy
	case c.WrapUp && !(call.Transfer.Returned && call.Queue.Only == c.UserID): // his own call comes back
		return ReasonWrapUp
	case c.familiar == stranger && !skilled(call, &c.Agent, waited):
		return ReasonSkill
	}
	return ""
}

func skilled(call *callcenter.Call, a *Agent, waited time.Duration) bool {
	for _, rule := range call.Queue.Skills {
		if a.Skills[rule.Skill] < rule.Level(waited) {
			return false
		}
	}
	return true
}

// familiar says how near the user is to the caller, as far as the queue wants to know, and the reason that gives.
func familiar(call *callcenter.Call, user int64) (int, Reason) {
	q := &call.Queue
	switch {
	case user == q.Only && user != 0:
		return 0, ReasonDirect
	case q.Sticky.Redial && user == call.Familiar.Redial:
		return 1, ReasonRedial
	case q.Sticky.Responsible && user == call.ResponsibleID:
		return 2, ReasonResponsible
	case q.Sticky.Last && user == call.Familiar.Last:
		return 3, ReasonLast
	}
	return stranger, strategyReasons[q.Strategy]
}

var strategyReasons = map[callcenter.Strategy]Reason{
	callcenter.LongestIdle: ReasonLongestIdle, callcenter.FewestCalls: ReasonFewestCalls, callcenter.RoundRobin: ReasonRoundRobin,
	callcenter.Random: ReasonRandom, callcenter.RingAll: ReasonRingAll, callcenter.Linear: ReasonLinear,
}

// before orders two who may take the call: by nearness to the caller, then penalty, then strategy, then the longest
// idle, then the lower id.
func before(call *callcenter.Call, a, b *candidate) int {
	if c := cmp.Compare(a.familiar, b.familiar); c != 0 {
		return c
	}
	ma, mb := a.Queues[call.Queue.ID], b.Queues[call.Queue.ID]
	if c := cmp.Compare(ma.Penalty, mb.Penalty); c != 0 {
		return c
	}
	byStrategy := 0
	switch call.Queue.Strategy {
	case callcenter.FewestCalls:
		byStrategy = cmp.Compare(a.Calls, b.Calls)
	case callcenter.RoundRobin:
		byStrategy = ma.AskedAt.Compare(mb.AskedAt)
	case callcenter.Random:
		byStrategy = cmp.Compare(a.chance, b.chance)
	case callcenter.Linear:
		byStrategy = cmp.Compare(ma.Order, mb.Order)
	}
	return cmp.Or(byStrategy, a.IdleSince.Compare(b.IdleSince), cmp.Compare(a.UserID, b.UserID))
}

// chance is a number that nobody can foresee, but that is the same for the same call and user: the finalizer of
// SplitMix64 over both.
func chance(call callcenter.ID, user int64) uint64 {
	x := uint64(call)*0x9e3779b97f4a7c15 + uint64(user)*0xd1342543de82ef95
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
