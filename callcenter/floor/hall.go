package floor

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/routing"
)

// hall knows the agents of the moment and the calls that wait for one. It is the floor's only shared state; all
// of it sits behind one lock that is never held over I/O.
type hall struct {
	mu         sync.Mutex
	agents     map[int64]*routing.Agent
	holder     map[int64]callcenter.ID // who of the agents is taken, and for which call
	registered map[string]bool         // by SIP user
	waiting    []*callcenter.Call
	leaving    map[int64]leaving
	wraps      map[int64]wrap
	asked      map[turn]time.Time // when a member of a queue was last asked for it
	now        func() time.Time
	wake       func(call callcenter.ID, offer offer)
}

// turn is a user in a queue.
type turn struct{ user, queue int64 }

// leaving is an agent whose call is over, while that is still being stored.
type leaving struct {
	call callcenter.ID
	done <-chan struct{} // closed when his leg of it has been told to go
	next chan struct{}   // closed when it is stored who has him next
}

// offer is an agent taken for a call, and the call that he comes from if that is not stored as over yet.
type offer struct {
	routing.Decision
	from leaving
}

func newHall(now func() time.Time, wake func(callcenter.ID, offer)) *hall {
	return &hall{
		agents: map[int64]*routing.Agent{}, holder: map[int64]callcenter.ID{}, leaving: map[int64]leaving{},
		registered: map[string]bool{}, wraps: map[int64]wrap{}, asked: map[turn]time.Time{}, now: now, wake: wake,
	}
}

// load takes over the stored roster: who there is, who is ready, and whom other servers have reserved. This server's
// own reservations follow its calls, not the store.
func (h *hall) load(stored []routing.Agent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fresh := make(map[int64]*routing.Agent, len(stored))
	for _, a := range stored {
		if _, held := h.holder[a.UserID]; held {
			a.Busy = true
		}
		a.Registered = h.registered[a.Endpoint]
		h.keepWrapUp(&a)
		for queue, m := range a.Queues {
			m.AskedAt = h.asked[turn{a.UserID, queue}]
			a.Queues[queue] = m
		}
		fresh[a.UserID] = &a
	}
	h.agents = fresh
	h.serveAll()
}

// keepWrapUp holds on to a wrap-up of which the store, when it was read, could not know.
func (h *hall) keepWrapUp(a *routing.Agent) {
	w, begun := h.wraps[a.UserID]
	before := h.agents[a.UserID]
	if !begun || a.WrapCall == int64(w.call) || h.now().Sub(w.at) > inStoreBy || before == nil {
		delete(h.wraps, a.UserID)
		return
	}
	a.WrapUp, a.WrapCall, a.WrapUntil = true, before.WrapCall, before.WrapUntil
}

// register notes that a phone has come or gone, and returns whose it is (0 when it is nobody's).
func (h *hall) register(endpoint string, there bool) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if there {
		h.registered[endpoint] = true
	} else {
		delete(h.registered, endpoint)
	}
	for _, a := range h.agents {
		if a.Endpoint == endpoint {
			a.Registered = there
			h.serve(a)
			return a.UserID
		}
	}
	return 0
}

// registerAll replaces what is known of registrations, and returns the users whose phones have gone.
func (h *hall) registerAll(there map[string]bool) (lost []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.registered = there
	for _, a := range h.agents {
		if a.Registered && !there[a.Endpoint] {
			lost = append(lost, a.UserID)
		}
		a.Registered = there[a.Endpoint]
	}
	h.serveAll()
	return lost
}

func (h *hall) setReady(user int64, ready bool, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a, ok := h.agents[user]; ok {
		a.Ready, a.Reason = ready, reason
		h.serve(a)
	}
}

// decide asks routing for the call and takes the chosen agents for it at once.
func (h *hall) decide(call callcenter.Call) offer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.decideLocked(call)
}

func (h *hall) decideLocked(call callcenter.Call) offer {
	now := h.now()
	decision := routing.Decide(call, h.list(), routing.Ahead(&call, h.waiting, now), now)
	var from leaving // at most one of them: see handOver
	for _, asked := range decision.Choice.Askeds() {
		h.takeLocked(asked.UserID, call.ID)
		h.ask(asked.UserID, call.Queue.ID, now)
		if l, ok := h.leaving[asked.UserID]; ok {
			from = l
		}
	}
	return offer{decision, from}
}

// ask notes that a member has had his turn.
func (h *hall) ask(user, queue int64, now time.Time) {
	if m, ok := h.agents[user].Queues[queue]; ok {
		m.AskedAt = now
		h.agents[user].Queues[queue], h.asked[turn{user, queue}] = m, now
	}
}

func (h *hall) list() []routing.Agent {
	list := make([]routing.Agent, 0, len(h.agents))
	for _, a := range h.agents {
		list = append(list, *a)
	}
	slices.SortFunc(list, func(a, b routing.Agent) int { return cmp.Compare(a.UserID, b.UserID) })
	return list
}

func (h *hall) takeLocked(user int64, call callcenter.ID) {
	if a, ok := h.agents[user]; ok {
		a.Busy = true
		h.holder[user] = call
	}
}

// take reserves a user for a call; false when he is not known, or taken by another one.
func (h *hall) take(user int64, call callcenter.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, ok := h.agents[user]
	if !ok || (a.Busy && h.holder[user] != call) {
		return false
	}
	h.takeLocked(user, call)
	return true
}

// adopt notes that a call which this server has taken over has the user; that he is taken was known from the store.
func (h *hall) adopt(user int64, call callcenter.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, held := h.holder[user]; !held {
		h.takeLocked(user, call)
	}
}

// occupied notes that another server has the user; the next load tells when that ends.
func (h *hall) occupied(user int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.holder, user)
	if a, ok := h.agents[user]; ok {
		a.Busy = true
	}
}

// free ends the reservation of a user for a call, if it is for that one, and lets the next caller have him.
func (h *hall) free(user int64, call callcenter.ID, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holder[user] != call {
		return
	}
	delete(h.holder, user)
	if a, ok := h.agents[user]; ok {
		a.Busy, a.IdleSince = false, now
		h.serve(a)
	}
}

// handOver gives an agent whose call is over, but not stored as such yet, to the caller who waits for him, if any
// does: the two need not be stored one after the other. done is closed when the agent's leg of the call that is over
// has been told to go. What it returns is closed when the other call has him in the store too; nil says that nobody
// wants him, and that free will free him as always.
func (h *hall) handOver(user int64, call callcenter.ID, done <-chan struct{}, now time.Time) (next <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, ok := h.agents[user]
	if h.holder[user] != call || !ok || len(h.waiting) == 0 {
		return nil
	}
	idle, taken := a.IdleSince, make(chan struct{})
	delete(h.holder, user)
	a.Busy, a.IdleSince, h.leaving[user] = false, now, leaving{call, done, taken}
	h.serve(a)
	delete(h.leaving, user)
	if !a.Busy {
		a.Busy, a.IdleSince, h.holder[user] = true, idle, call
		return nil
	}
	return taken
}

// wait puts a call into the queue, or takes it out when it does not wait any more.
func (h *hall) wait(call callcenter.Call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting = slices.DeleteFunc(h.waiting, func(c *callcenter.Call) bool { return c.ID == call.ID })
	if !call.NeedsAgent() || call.Phase != callcenter.Waiting {
		return
	}
	h.waiting = append(h.waiting, &call)
	if o := h.decideLocked(call); o.Choice.Verdict == callcenter.Chosen { // somebody has become free meanwhile
		h.hand(call.ID, o)
	}
}

// hand gives a call that waits the agents who were taken for it. It leaves the queue; its goroutine puts it back if it
// cannot use them.
func (h *hall) hand(call callcenter.ID, o offer) {
	h.waiting = slices.DeleteFunc(h.waiting, func(c *callcenter.Call) bool { return c.ID == call })
	h.wake(call, o)
}

// serve gives an agent who may have become free to the caller who should have him.
func (h *hall) serve(a *routing.Agent) {
	for {
		n := routing.Next(h.waiting, *a, h.now())
		if n < 0 {
			return
		}
		call := h.waiting[n]
		o := h.decideLocked(*call)
		if o.Choice.Verdict != callcenter.Chosen {
			return
		}
		h.hand(call.ID, o)
	}
}

// serveAll gives every free agent to the caller who should have him. It goes by agents, not by callers: who is free for
// other queues than theirs costs one look at each caller, not a decision for each.
func (h *hall) serveAll() {
	if len(h.waiting) == 0 {
		return
	}
	for _, user := range slices.Sorted(maps.Keys(h.agents)) {
		h.serve(h.agents[user])
	}
}

// snapshot returns the agents, ordered by id.
func (h *hall) snapshot() []routing.Agent {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.list()
}

// endpoint returns the phone of a user and whether it is registered.
func (h *hall) endpoint(user int64) (endpoint string, registered bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a, ok := h.agents[user]; ok {
		return a.Endpoint, a.Registered
	}
	return "", false
}
