package realtime_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"centralita/realtime"
)

// browser is a user's tab as the product's own client works: it keeps its
// position over reconnects and checks every frame against it.
type browser struct {
	epoch string
	seq   int64
	seen  map[int64]int // by number, over all connections
}

// take checks one frame against the position.
func (b *browser) take(f frame) error {
	switch f.T {
	case "event":
		if f.Seq != b.seq+1 {
			return fmt.Errorf("event %d came after %d", f.Seq, b.seq)
		}
		b.seq = f.Seq
		b.seen[f.Seq]++
	case "resync":
		return fmt.Errorf("a resync although nothing was pruned: %+v", f)
	}
	return nil
}

// visit connects, takes n frames or reads up to the number last, and leaves.
func (b *browser) visit(r *rig, hub *realtime.Hub, userID int64, n int, last int64) error {
	c := openTab(r.t, hub, realtime.Peer{UserID: userID, SessionID: userID})
	defer c.leave()
	w := c.hello(b.epoch, b.seq)
	if w.Resumed != (b.epoch != "") {
		return fmt.Errorf("welcome %+v at %s %d", w, b.epoch, b.seq)
	}
	if !w.Resumed {
		b.epoch, b.seq = w.Epoch, w.Seq
	}
	for i := 0; i < n && b.seq < last; i++ {
		if err := b.take(c.next()); err != nil {
			return err
		}
	}
	return nil
}

// Many append to a few users' streams through a bus that loses, repeats and
// reorders, while several tabs of two hubs come and go: every tab sees every
// number once, in order, none missing.
func TestEveryTabSeesEveryNumberOnceInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		users := rapid.IntRange(1, 3).Draw(rt, "users")
		appenders := rapid.IntRange(1, 6).Draw(rt, "appenders")
		each := rapid.IntRange(1, 30).Draw(rt, "each")
		tabs := rapid.IntRange(1, 3).Draw(rt, "tabs")
		lose := rapid.Float64Range(0, 0.5).Draw(rt, "lose")
		if err := stress(t, seed, users, appenders, each, tabs, lose); err != nil {
			rt.Fatal(err)
		}
	})
}

func stress(t *testing.T, seed uint64, users, appenders, each, tabs int, lose float64) error {
	bus := &badBus{rand: rand.New(rand.NewPCG(seed, 0)), lose: lose, repeat: 0.2}
	opts := realtime.Options{CatchUpEvery: catchUpOften, OpensPerSec: 1e6}
	shared.once.Do(func() { shared.rig = newRig(t, bus, opts) })
	r := &rig{t: t, db: shared.rig.db, bus: bus, log: realtime.NewLog(realtimeStore(shared.rig), bus)}
	ctx, stop := context.WithCancel(t.Context())
	var hubs []*realtime.Hub
	var running sync.WaitGroup
	for range 2 {
		hub := realtime.NewHub(realtimeStore(r), bus, opts)
		hubs = append(hubs, hub)
		running.Go(func() { hub.Run(ctx) })
	}
	defer running.Wait()
	defer stop()

	var work sync.WaitGroup
	errs := make(chan error, users*(appenders+tabs))
	base := shared.users
	shared.users += int64(users)
	for u := range users {
		userID := base + int64(u) + 1
		work.Go(func() { errs <- r.user(hubs, userID, appenders, each, tabs, seed) })
	}
	work.Wait()
	close(errs)
	var all error
	for err := range errs {
		all = errors.Join(all, err)
	}
	return all
}

// user runs one user's appenders and tabs, and judges what the tabs saw.
func (r *rig) user(hubs []*realtime.Hub, userID int64, appenders, each, tabs int, seed uint64) error {
	last := int64(appenders * each)
	var work sync.WaitGroup
	errs := make(chan error, appenders+tabs)
	started := make(chan struct{})
	browsers := make([]*browser, tabs)
	for i := range tabs {
		b := &browser{seen: map[int64]int{}}
		browsers[i] = b
		if err := b.visit(r, hubs[i%2], userID, 0, last); err != nil {
			return err
		}
		work.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(userID)<<8+uint64(i)))
			<-started
			for b.seq < last {
				if err := b.visit(r, hubs[rnd.IntN(2)], userID, 1+rnd.IntN(20), last); err != nil {
					errs <- fmt.Errorf("user %d tab %d: %w", userID, i, err)
					return
				}
			}
		})
	}
	close(started)
	for range appenders {
		work.Go(func() {
			for range each {
				if err := r.log.Append(context.Background(), userID, "e", nil); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	work.Wait()
	close(errs)
	if err := <-errs; err != nil {
		return err
	}
	return judge(browsers, last)
}

func judge(browsers []*browser, last int64) error {
	for i, b := range browsers {
		for n := int64(1); n <= last; n++ {
			if b.seen[n] != 1 {
				return fmt.Errorf("tab %d saw number %d %d times", i, n, b.seen[n])
			}
		}
	}
	return nil
}

const catchUpOften = 20 * time.Millisecond

// shared spares each round a database of its own; rounds use different users.
var shared struct {
	once  sync.Once
	rig   *rig
	users int64
}

// TestMain keeps the rounds of the stress test to what a small machine runs in
// seconds, unless -rapid.checks asks for more.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}
