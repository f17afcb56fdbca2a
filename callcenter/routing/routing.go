// Package routing decides who answers: a pure function of one waiting call, the agents of the moment, and now.
// It keeps nothing, locks nothing and waits for nothing; the same input gives the same choice and the same trace.
//
// The rule: the client's responsible first, with a ring time of his own; then the line's members by longest idle;
// one at a time; nobody twice. Whoever is not registered, not ready or busy is passed over, and the trace says so.
// Queues, skills and hours are more rules over the same inputs and belong here too.
package routing

import (
	"cmp"
	"slices"
	"time"

	"centralita/callcenter"
)

// Agent is a person who can take calls, as routing sees him.
type Agent struct {
	UserID     int64
	Name       string
	Endpoint   string // SIP user of the phone
	Registered bool   // the switch can reach the phone
	Ready      bool   // wants calls
	Busy       bool   // reserved for a call, or in one
	IdleSince  time.Time
}

// Reason says why an agent was or was not chosen; it is a stable key.
type Reason string

// The reasons of a trace.
const (
	ReasonResponsible   Reason = "responsible"    // eligible: the client is his
	ReasonLongestIdle   Reason = "longest_idle"   // eligible: by idle time
	ReasonNotMember     Reason = "not_member"     // neither responsible nor on the line
	ReasonNotRegistered Reason = "not_registered" // the phone is not there
	ReasonNotReady      Reason = "not_ready"
	ReasonBusy          Reason = "busy"
	ReasonTried         Reason = "tried" // was offered this call already
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
	Choice     callcenter.Choice
	Considered []Considered
}

// Decide says whom to ring for the call.
func Decide(call callcenter.Call, agents []Agent) Decision {
	trace := make([]Considered, 0, len(agents))
	var eligible []Agent
	someoneBusy := false
	for _, a := range agents {
		reason, ok := consider(call, a)
		if reason == ReasonNotMember {
			continue
		}
		someoneBusy = someoneBusy || reason == ReasonBusy
		if ok {
			eligible = append(eligible, a)
			continue
		}
		trace = append(trace, Considered{UserID: a.UserID, Name: a.Name, Reason: reason})
	}
	slices.SortFunc(eligible, func(a, b Agent) int { return before(call, a, b) })
	slices.SortFunc(trace, func(a, b Considered) int { return cmp.Compare(a.UserID, b.UserID) })
	ranked := make([]Considered, 0, len(agents))
	for i, a := range eligible {
		reason, _ := consider(call, a)
		ranked = append(ranked, Considered{UserID: a.UserID, Name: a.Name, Eligible: true, Reason: reason, Rank: i + 1})
	}
	return Decision{Choice: choose(call, eligible, someoneBusy), Considered: append(ranked, trace...)}
}

func choose(call callcenter.Call, eligible []Agent, someoneBusy bool) callcenter.Choice {
	if len(eligible) > 0 {
		best := eligible[0]
		ring := call.Line.Ring
		if best.UserID == call.ResponsibleID {
			ring = call.Line.Sticky
		}
		return callcenter.Choice{Verdict: callcenter.Chosen, UserID: best.UserID, Endpoint: best.Endpoint, RingFor: ring}
	}
	if someoneBusy {
		return callcenter.Choice{Verdict: callcenter.WaitFree}
	}
	return callcenter.Choice{Verdict: callcenter.NobodyCan}
}

func consider(call callcenter.Call, a Agent) (Reason, bool) {
	responsible := a.UserID == call.ResponsibleID
	switch {
	case !responsible && !slices.Contains(call.Line.Members, a.UserID):
		return ReasonNotMember, false
	case slices.Contains(call.Tried, a.UserID):
		return ReasonTried, false
	case !a.Registered:
		return ReasonNotRegistered, false
	case !a.Ready:
		return ReasonNotReady, false
	case a.Busy:
		return ReasonBusy, false
	case responsible:
		return ReasonResponsible, true
	}
	return ReasonLongestIdle, true
}

// before orders two eligible agents: the responsible, then the longest idle, then the lower id.
func before(call callcenter.Call, a, b Agent) int {
	if ra, rb := a.UserID == call.ResponsibleID, b.UserID == call.ResponsibleID; ra != rb {
		if ra {
			return -1
		}
		return 1
	}
	if c := a.IdleSince.Compare(b.IdleSince); c != 0 {
		return c
	}
	return cmp.Compare(a.UserID, b.UserID)
}
