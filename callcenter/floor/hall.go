package floor

import (
	"cmp"
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
	waiting    map[callcenter.ID]callcenter.Call
	leaving    map[int64]leaving
	wake       func(call callcenter.ID, offer offer)
}

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

func newHall(wake func(callcenter.ID, offer)) *hall {
	return &hall{
		agents: map[int64]*routing.Agent{}, holder: map[int64]callcenter.ID{}, leaving: map[int64]leaving{},
		registered: map[string]bool{}, waiting: map[callcenter.ID]callcenter.Call{}, wake: wake,
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
		fresh[a.UserID] = &a
	}
	h.agents = fresh
	h.dispatch()
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
			h.dispatch()
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
	h.dispatch()
	return lost
}

func (h *hall) setReady(user int64, ready bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a, ok := h.agents[user]; ok {
		a.Ready = ready
		h.dispatch()
	}
}

// decide asks routing for the call and takes the chosen agent for it at once.
func (h *hall) decide(call callcenter.Call) offer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.decideLocked(call)
}

func (h *hall) decideLocked(call callcenter.Call) offer {
	decision := routing.Decide(call, h.list())
	if decision.Choice.Verdict == callcenter.Chosen {
		h.takeLocked(decision.Choice.UserID, call.ID)
	}
	return offer{decision, h.leaving[decision.Choice.UserID]}
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
	}
	h.dispatch()
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
	h.dispatch()
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
	if call.Phase != callcenter.Waiting {
		delete(h.waiting, call.ID)
		return
	}
	h.waiting[call.ID] = call
	h.dispatch()
}

// dispatch gives free agents to the callers who wait, the longest-waiting first. A call that is woken leaves the
// queue with its agent taken; its goroutine puts it back if it cannot use him.
func (h *hall) dispatch() {
	if len(h.waiting) == 0 {
		return
	}
	queue := make([]callcenter.Call, 0, len(h.waiting))
	for _, c := range h.waiting {
		queue = append(queue, c)
	}
	slices.SortFunc(queue, func(a, b callcenter.Call) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
	})
	for _, c := range queue {
		if offer := h.decideLocked(c); offer.Choice.Verdict == callcenter.Chosen {
			delete(h.waiting, c.ID)
			h.wake(c.ID, offer)
		}
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
