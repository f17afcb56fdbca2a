package floor

import (
	"strconv"
	"testing"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/routing"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// woken gathers whom the hall has given to which call.
type woken map[callcenter.ID]offer

func staffed(users ...int64) (*hall, woken) {
	w := woken{}
	h := newHall(func() time.Time { return noon }, func(call callcenter.ID, o offer) { w[call] = o })
	var agents []routing.Agent
	there := map[string]bool{}
	for _, u := range users {
		endpoint := string(rune('a' + u))
		agents = append(agents, routing.Agent{UserID: u, Endpoint: endpoint, Ready: true, IdleSince: noon, Queues: map[int64]routing.Membership{u: {}}})
		there[endpoint] = true
	}
	h.load(agents)
	h.registerAll(there)
	return h, w
}

// waiting is a call in the queue whose one member is the user.
func waiting(id callcenter.ID, member int64) callcenter.Call {
	return callcenter.Call{
		ID: id, Direction: callcenter.In, Phase: callcenter.Waiting, Queue: callcenter.Queue{ID: member},
		StartedAt: noon.Add(time.Duration(id-10) * time.Second),
	}
}

func TestTheLongestWaitingCallerGetsWhoIsFreed(t *testing.T) {
	h, w := staffed(1)
	if !h.take(1, 7) || h.take(1, 8) {
		t.Fatal("one agent has one call")
	}
	h.wait(waiting(9, 1))
	h.wait(waiting(8, 1))
	if len(w) != 0 {
		t.Fatalf("given away while busy: %v", w)
	}
	h.free(1, 6, noon) // somebody who does not hold him
	h.free(1, 7, noon)
	if len(w) != 1 || w[8].Choice.UserID != 1 {
		t.Errorf("woken: %v", w)
	}
}

func TestAnAgentIsHandedOverOnlyToWhoWants(t *testing.T) {
	h, w := staffed(1, 2)
	h.take(1, 7)
	h.take(2, 6)
	if h.handOver(1, 7, nil, noon) != nil {
		t.Fatal("nobody waits")
	}
	h.wait(waiting(8, 2))
	if h.handOver(1, 7, nil, noon) != nil || len(w) != 0 {
		t.Fatal("the caller who waits does not want him")
	}
	if a := h.snapshot()[0]; !a.Busy || h.holder[1] != 7 || !a.IdleSince.Equal(noon) {
		t.Fatalf("not as he was: %+v", a)
	}
	gone := make(chan struct{})
	next := h.handOver(2, 6, gone, noon.Add(time.Minute))
	if next == nil || w[8].Choice.UserID != 2 || w[8].from.call != 6 || w[8].from.done == nil {
		t.Fatalf("handed over: %+v", w[8])
	}
	h.free(2, 6, noon) // the end of his last call is stored now: he is in the next one
	if !h.snapshot()[1].Busy {
		t.Error("freed from a call that he has not")
	}
	if len(h.leaving) != 0 {
		t.Errorf("still leaving: %v", h.leaving)
	}
}

func TestReservationsOfOtherServersAreKept(t *testing.T) {
	h, w := staffed(1)
	h.occupied(1)
	h.wait(waiting(8, 1))
	if len(w) != 0 {
		t.Fatal("another server has him")
	}
	h.load([]routing.Agent{{UserID: 1, Endpoint: "b", Ready: true, IdleSince: noon, Queues: map[int64]routing.Membership{1: {}}}})
	if w[8].Choice.UserID != 1 {
		t.Errorf("the store says he is free: %v", w)
	}
}

// TestAHandedOverAgentRingsBesideOthers: the store is told which call he comes from, though another is asked first.
func TestAHandedOverAgentRingsBesideOthers(t *testing.T) {
	h, w := staffed(1, 2)
	h.take(1, 7)
	call := waiting(8, 5)
	call.Queue.Strategy = callcenter.RingAll
	h.mu.Lock()
	h.waiting = append(h.waiting, &call)
	for user, idle := range map[int64]time.Duration{1: 0, 2: time.Hour} {
		h.agents[user].Queues = map[int64]routing.Membership{5: {}}
		h.agents[user].IdleSince = noon.Add(-idle)
	}
	h.mu.Unlock()
	if h.handOver(1, 7, nil, noon) == nil {
		t.Fatal("nobody wants him")
	}
	if o := w[8]; o.Choice.UserID != 2 || len(o.Choice.Also) != 1 || o.from.call != 7 {
		t.Errorf("asked %+v, from call %d", o.Choice, o.from.call)
	}
}

// BenchmarkRoster is what happens each second beside 2,000 callers for whom the one free agent of 500 is not there.
func BenchmarkRoster(b *testing.B) {
	h, _ := staffed()
	var agents []routing.Agent
	there := map[string]bool{}
	for user := range int64(500) {
		endpoint := strconv.FormatInt(user, 10)
		there[endpoint] = true
		agents = append(agents, routing.Agent{UserID: user + 1, Endpoint: endpoint, Ready: true, Busy: user != 250,
			Queues: map[int64]routing.Membership{user % 10: {}}})
	}
	h.registerAll(there)
	for id := range callcenter.ID(2000) {
		call := waiting(id+1, 90+int64(id)%10)
		h.waiting = append(h.waiting, &call)
	}
	for b.Loop() {
		h.load(agents)
	}
}
