package redisbus_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"centralita/internal/postgres/pgtest"
	"centralita/realtime"
	"centralita/realtime/redisbus/redistest"
	"centralita/realtime/ws"
	"centralita/realtime/ws/wstest"
)

// Two processes on one PostgreSQL and one Redis, a user's tab at each, appends
// from both. Whatever is done to Redis, both tabs read every number once and in
// order, and after the outage both are told to fetch what signals keep fresh.
func TestNothingIsLostWithRedis(t *testing.T) {
	outages := []struct {
		name   string
		resync bool
		hurt   func(r *redistest.Server, w *world, during func())
	}{
		{"healthy", false, func(_ *redistest.Server, _ *world, during func()) { during() }},
		{"kill -9", true, func(r *redistest.Server, _ *world, during func()) { r.Kill(); during(); r.Restart() }},
		{"FLUSHALL", false, func(r *redistest.Server, _ *world, during func()) { r.FlushAll(); during() }},
		{"connections cut", true, func(r *redistest.Server, _ *world, during func()) {
			r.Do("CLIENT", "KILL", "TYPE", "pubsub")
			r.Do("CLIENT", "KILL", "TYPE", "normal")
			during()
		}},
		{"SIGSTOP", true, func(r *redistest.Server, w *world, during func()) {
			r.Stop()
			during()
			w.awaitDown() // a shorter stop delays messages and loses none
			r.Continue()
		}},
		{"maxmemory reached", false, func(r *redistest.Server, _ *world, during func()) {
			r.Do("CONFIG", "SET", "maxmemory", "1")
			during()
			r.Do("CONFIG", "SET", "maxmemory", "0")
		}},
	}
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			w := newWorld(t, server)
			w.appendFromBoth(20)
			w.readBoth(40)
			o.hurt(server, w, func() {
				w.appendFromBoth(20)
				w.readBoth(80) // while it lasts: PostgreSQL is enough
			})
			if o.resync {
				w.awaitResync()
			}
			w.appendFromBoth(20)
			w.readBoth(120)
			w.signalCrosses()
		})
	}
}

// world is two processes and one tab of user 1 at each.
type world struct {
	t         *testing.T
	processes [2]*process
	tabs      [2]*reader
}

// reader is a tab that keeps its position.
type reader struct {
	*wstest.Client
	epoch   string
	seq     int64
	resyncs int
}

func newWorld(t *testing.T, server *redistest.Server) *world {
	t.Helper()
	db := pgtest.New(t)
	w := &world{t: t}
	for i := range w.processes {
		p := start(t, db, server.URL())
		w.processes[i] = p
		who := func(*http.Request) (realtime.Peer, error) { return realtime.Peer{UserID: 1, SessionID: 1}, nil }
		web := httptest.NewServer(ws.Handler(p.hub, who, ws.Options{}))
		t.Cleanup(web.Close)
		w.tabs[i] = &reader{Client: wstest.Dial(t, web.URL, "/", nil)}
		w.tabs[i].epoch = w.tabs[i].Hello("", 0).Epoch
	}
	return w
}

// appendFromBoth appends n events in each process, at the same time.
func (w *world) appendFromBoth(n int) {
	w.t.Helper()
	var both sync.WaitGroup
	for _, p := range w.processes {
		both.Go(func() {
			for range n {
				if err := p.log.Append(context.Background(), 1, "e", nil); err != nil {
					w.t.Error(err)
				}
			}
		})
	}
	both.Wait()
}

// take checks a frame against the tab's position.
func (r *reader) take(f wstest.Frame) error {
	switch {
	case f.T == "event" && f.Seq != r.seq+1:
		return fmt.Errorf("event %d came after %d", f.Seq, r.seq)
	case f.T == "event":
		r.seq = f.Seq
	case f.T == "resync" && (f.Epoch != r.epoch || f.Seq != r.seq):
		return fmt.Errorf("resync to %s %d at %s %d would jump", f.Epoch, f.Seq, r.epoch, r.seq)
	case f.T == "resync":
		r.resyncs++
	}
	return nil
}

func (w *world) readBoth(last int64) {
	w.t.Helper()
	for i, tab := range w.tabs {
		for tab.seq < last {
			if err := tab.take(tab.Next()); err != nil {
				w.t.Fatalf("tab %d: %v", i, err)
			}
		}
	}
}

// awaitDown waits until both processes know that Redis is down.
func (w *world) awaitDown() {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for w.processes[0].bus.Up() || w.processes[1].bus.Up() {
		if time.Now().After(deadline) {
			w.t.Fatal("a hanging redis was not noticed")
		}
		<-poll.C
	}
}

func (w *world) awaitResync() {
	w.t.Helper()
	for i, tab := range w.tabs {
		for tab.resyncs == 0 {
			if err := tab.take(tab.Next()); err != nil {
				w.t.Fatalf("tab %d: %v", i, err)
			}
		}
	}
}

// signalCrosses waits until signals of each process reach the other's tab again.
func (w *world) signalCrosses() {
	w.t.Helper()
	for i, p := range w.processes {
		kind := fmt.Sprintf("from.%d", i)
		seen := make(chan struct{})
		var sender sync.WaitGroup
		sender.Go(func() {
			again := time.NewTicker(50 * time.Millisecond)
			defer again.Stop()
			for {
				p.log.Signal(context.Background(), kind, nil)
				select {
				case <-seen:
					return
				case <-again.C:
				}
			}
		})
		w.tabs[1-i].Until(func(f wstest.Frame) bool { return f.Kind == kind })
		close(seen)
		sender.Wait()
	}
}

func TestAKickCrossesProcesses(t *testing.T) {
	w := newWorld(t, redistest.Start(t))
	w.processes[0].log.KickUser(t.Context(), 1)
	for i, tab := range w.tabs {
		if code := tab.CloseCode(); code != int(realtime.CloseSessionEnded) {
			t.Errorf("tab %d: closed with %d", i, code)
		}
	}
}
