package realtime_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"centralita/realtime"
	"centralita/realtime/store"
)

func realtimeStore(r *rig) realtime.Store { return store.New(r.db) }

// badBus loses, repeats and reorders what passes, as a bus may.
type badBus struct {
	realtime.LocalBus
	mu     sync.Mutex
	rand   *rand.Rand
	lose   float64
	repeat float64
	held   []realtime.Message
}

func (b *badBus) Publish(m realtime.Message) {
	b.mu.Lock()
	var out []realtime.Message
	if b.rand.Float64() >= b.lose {
		b.held = append(b.held, m)
	}
	if b.rand.Float64() < b.repeat {
		b.held = append(b.held, m)
	}
	if b.rand.Float64() < 0.5 {
		b.rand.Shuffle(len(b.held), func(i, j int) { b.held[i], b.held[j] = b.held[j], b.held[i] })
		out, b.held = b.held, nil
	}
	b.mu.Unlock()
	for _, m := range out {
		b.LocalBus.Publish(m)
	}
}

func TestWhatTheBusLosesIsReadFromTheDatabase(t *testing.T) {
	bus := &badBus{rand: rand.New(rand.NewPCG(1, 2)), lose: 1}
	r := newRig(t, bus, realtime.Options{CatchUpEvery: 10 * time.Millisecond})
	c := r.open(1)
	c.hello("", 0)
	for range 20 {
		r.append(1, "e")
	}
	c.events(1, 20)
}

func TestAGapIsReadAtOnce(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{CatchUpEvery: time.Hour})
	c := r.open(1)
	c.hello("", 0)
	// As if another process had appended, and its message were lost.
	silent := realtime.NewLog(realtimeStore(r), realtime.NewLocalBus())
	for range 3 {
		if err := silent.Append(t.Context(), 1, "lost", nil); err != nil {
			t.Fatal(err)
		}
	}
	r.append(1, "heard")
	c.events(1, 4)
}

func TestAGapTooLongOrPrunedIsAResync(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{CatchUpEvery: time.Hour, GapEvents: 5})
	c := r.open(1)
	w := c.hello("", 0)
	silent := realtime.NewLog(realtimeStore(r), realtime.NewLocalBus())
	for range 10 {
		if err := silent.Append(t.Context(), 1, "lost", nil); err != nil {
			t.Fatal(err)
		}
	}
	r.append(1, "heard")
	if f := c.next(); f.T != "resync" || f.Epoch != w.Epoch || f.Seq != 11 {
		t.Fatalf("got %+v", f)
	}
	r.append(1, "e")
	c.events(12, 1)
}

func TestARenewedEpochIsAResync(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{CatchUpEvery: 10 * time.Millisecond})
	c := r.open(1)
	w := c.hello("", 0)
	r.append(1, "e")
	c.events(1, 1)
	if err := store.New(r.db).Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := c.next()
	if f.T != "resync" || f.Epoch == w.Epoch || f.Seq != 1 {
		t.Fatalf("got %+v after epoch %s", f, w.Epoch)
	}
	r.append(1, "e")
	c.events(2, 1)
	again := r.open(1)
	if again := again.hello(w.Epoch, 1); again.Resumed {
		t.Error("an old epoch was resumed")
	}
}

func TestAStreamThatWentBackIsAResync(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{CatchUpEvery: 10 * time.Millisecond})
	c := r.open(1)
	c.hello("", 0)
	for range 5 {
		r.append(1, "e")
	}
	c.events(1, 5)
	if _, err := r.db.Conn(t.Context()).Exec(t.Context(),
		`with gone as (delete from live_events where seq > 2) update live_streams set seq = 2`); err != nil {
		t.Fatal(err)
	}
	if f := c.next(); f.T != "resync" || f.Seq != 2 {
		t.Fatalf("got %+v", f)
	}
	r.append(1, "e")
	c.events(3, 1)
}

func TestLostSignalsAreAResync(t *testing.T) {
	bus := realtime.NewLocalBus()
	r := newRig(t, bus, realtime.Options{RefetchEvery: 50 * time.Millisecond, CatchUpEvery: 10 * time.Millisecond})
	c := r.open(1)
	w := c.hello("", 0)
	r.append(1, "e")
	c.events(1, 1)
	bus.Publish(realtime.Message{Kind: realtime.MessageLost})
	if f := c.next(); f.T != "resync" || f.Seq != 1 || f.Epoch != w.Epoch {
		t.Fatalf("got %+v", f)
	}
	bus.Publish(realtime.Message{Kind: realtime.MessageDown})
	eventually(t, "the bus is seen down", func() bool { return r.hub.Stats().BusDown })
	for range 2 {
		if f := c.next(); f.T != "resync" {
			t.Fatalf("got %+v while the bus is down", f)
		}
	}
	bus.Publish(realtime.Message{Kind: realtime.MessageLost})
	eventually(t, "the bus is seen up", func() bool { return !r.hub.Stats().BusDown })
}

func TestADeadDatabaseEndsAHelloOnly(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{CatchUpEvery: 10 * time.Millisecond})
	here := r.open(1)
	here.hello("", 0)
	lock, err := r.db.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), `lock table live_streams in access exclusive mode`); err != nil {
		t.Fatal(err)
	}
	there := r.open(1)
	if there.send(`{"t":"hello"}`) {
		t.Error("a hello was answered without the database")
	}
	if code := there.ends(); code != realtime.CloseTryAgain {
		t.Errorf("ended with %d", code)
	}
	r.log.Signal(t.Context(), "alive", nil)
	if f := here.next(); f.Kind != "alive" {
		t.Errorf("got %+v", f)
	}
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.append(1, "e")
	here.events(1, 1)
	r.open(1).hello("", 0)
}

func TestCutDatabaseConnectionsAreSurvived(t *testing.T) {
	bus := &badBus{rand: rand.New(rand.NewPCG(3, 4)), lose: 0.5}
	r := newRig(t, bus, realtime.Options{CatchUpEvery: 10 * time.Millisecond})
	c := r.open(1)
	c.hello("", 0)
	for i := range 20 {
		if i%5 == 0 {
			_, err := r.db.Conn(t.Context()).Exec(t.Context(),
				`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
			if err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "an append", func() bool { return r.log.Append(t.Context(), 1, "e", nil) == nil })
	}
	at, _, err := realtimeStore(r).Since(t.Context(), 1, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	c.events(1, int(at.Seq))
}

func TestSlowReaderIsCutAlone(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{QueueBytes: 64 << 10})
	fast := r.open(1)
	fast.hello("", 0)
	slow, err := r.hub.Open(realtime.Peer{UserID: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Leave()
	if !slow.Receive(t.Context(), []byte(`{"t":"hello"}`)) {
		t.Fatal("refused")
	}
	body := map[string]string{"pad": string(slices.Repeat([]byte("x"), 1000))}
	most := 0
	for i := range 100 {
		if err := r.log.Append(t.Context(), 1, "e", body); err != nil {
			t.Fatal(err)
		}
		fast.events(int64(i+1), 1)
		most = max(most, r.hub.Stats().MostHeld)
	}
	if _, end := slow.Next(); end != realtime.CloseSlowReader {
		t.Errorf("the slow reader ended with %d", end)
	}
	if st := r.hub.Stats(); most > 64<<10 || st.CutSlow != 1 || st.Sockets != 1 || st.HeldBytes > 2000 {
		t.Errorf("held %d at most; %+v", most, st)
	}
}

func TestSignalsThatWaitAreNotPiledUp(t *testing.T) {
	bus := realtime.NewLocalBus()
	r := newRig(t, bus, realtime.Options{QueueFrames: 10})
	signal := realtime.Message{Kind: realtime.MessageSignal, Frame: []byte(`{"t":"signal","kind":"presence.changed"}`)}
	slow, err := r.hub.Open(realtime.Peer{UserID: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Leave()
	slow.Receive(t.Context(), []byte(`{"t":"hello"}`))
	for range 1000 {
		bus.Publish(signal)
	}
	var got int
	for {
		raw, end := slow.Next()
		if end != 0 {
			t.Fatalf("ended with %d", end)
		}
		if raw == nil {
			break
		}
		got++
	}
	if got != 2 { // the welcome and one signal
		t.Errorf("%d frames waited", got)
	}
	bus.Publish(signal)
	if raw, _ := slow.Next(); raw == nil {
		t.Error("a signal after the first was taken is missing")
	}
}
