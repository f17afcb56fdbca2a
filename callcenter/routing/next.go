package routing

import (
	"cmp"
	"time"

	"centralita/callcenter"
)

// Next returns the place in waiting of the call that the agent should have at now, or -1 when he may take none. It
// looks at each call once.
func Next(waiting []*callcenter.Call, a Agent, now time.Time) int {
	if !a.Free() {
		return -1
	}
	best := -1
	for i, call := range waiting {
		if best >= 0 && !Earlier(call, waiting[best], now) {
			continue
		}
		if consider(call, &a, call.Waited(now)).eligible {
			best = i
		}
	}
	return best
}

// Free reports whether the agent could take a call.
func (a Agent) Free() bool { return a.Registered && a.Ready && !a.Busy && !a.WrapUp }

// Earlier reports whether call a is to be served before call b: the one that has waited longer, by the weights and the
// advances of their queues; then the lower id. A wait counts for more the longer it is, so nobody waits for ever.
func Earlier(a, b *callcenter.Call, now time.Time) bool {
	return cmp.Or(cmp.Compare(weighed(b, now), weighed(a, now)), cmp.Compare(a.ID, b.ID)) < 0
}

// Ahead returns how many of the waiting calls of the same queue are served before the call.
func Ahead(call *callcenter.Call, waiting []*callcenter.Call, now time.Time) int {
	ahead := 0
	for _, other := range waiting {
		if other.ID != call.ID && other.Queue.ID == call.Queue.ID && Earlier(other, call, now) {
			ahead++
		}
	}
	return ahead
}

// usualWeight is the weight of a queue that has none: its callers' seconds count as seconds.
const usualWeight = 100

// weighed is how long a call has waited since it came, as its queue counts.
func weighed(call *callcenter.Call, now time.Time) time.Duration {
	waited := now.Sub(call.StartedAt) / usualWeight * time.Duration(cmp.Or(call.Queue.Weight, usualWeight))
	return waited + time.Duration(call.Queue.Priority)*time.Minute
}
