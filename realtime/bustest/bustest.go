// Package bustest holds the tests that every realtime.Bus must pass.
package bustest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"centralita/realtime"
)

const patience = 20 * time.Second

// Run tests buses. open returns two of the same channel, as two processes would
// have them, ready to carry; for a bus of one process both are the same one.
func Run(t *testing.T, open func(t *testing.T) (a, b realtime.Bus)) {
	t.Run("every kind arrives whole on both sides", func(t *testing.T) { everyKind(t, open) })
	t.Run("own subscribers hear before Publish returns", func(t *testing.T) { ownAtOnce(t, open) })
	t.Run("messages of one goroutine keep their order", func(t *testing.T) { order(t, open) })
	t.Run("nobody hears after stop", func(t *testing.T) { stopped(t, open) })
	t.Run("a slow publisher is never blocked", func(t *testing.T) { burst(t, open) })
}

// ear collects what a bus says.
type ear struct {
	mu  sync.Mutex
	got []realtime.Message
}

func (e *ear) hear(m realtime.Message) {
	if m.Kind == realtime.MessageLost || m.Kind == realtime.MessageDown {
		return // a bus may say these at any time
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(m.Frame) == 0 {
		m.Frame = nil
	}
	e.got = append(e.got, m)
}

func (e *ear) heard() []realtime.Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]realtime.Message(nil), e.got...)
}

// await waits until n messages were heard.
func (e *ear) await(t *testing.T, n int) []realtime.Message {
	t.Helper()
	deadline := time.Now().Add(patience)
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for len(e.heard()) < n {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d messages came", len(e.heard()), n)
		}
		<-poll.C
	}
	return e.heard()
}

func everyKind(t *testing.T, open func(t *testing.T) (a, b realtime.Bus)) {
	a, b := open(t)
	var here, there ear
	defer a.Subscribe(here.hear)()
	defer b.Subscribe(there.hear)()
	sent := []realtime.Message{
		{Kind: realtime.MessageEvent, UserID: 1 << 60, At: realtime.Position{Epoch: "e", Seq: 1<<63 - 1}, Frame: []byte(`{"a":"é\u0000<"}`)},
		{Kind: realtime.MessageSignal, Frame: []byte(`{"t":"signal"}`)},
		{Kind: realtime.MessageKickUser, UserID: 7},
		{Kind: realtime.MessageKickSession, SessionID: 8},
	}
	for _, m := range sent {
		a.Publish(m)
	}
	for name, e := range map[string]*ear{"own": &here, "other": &there} {
		if diff := cmp.Diff(sent, e.await(t, len(sent))); diff != "" {
			t.Errorf("%s side: %s", name, diff)
		}
	}
}

func ownAtOnce(t *testing.T, open func(t *testing.T) (a, b realtime.Bus)) {
	a, _ := open(t)
	var e ear
	defer a.Subscribe(e.hear)()
	a.Publish(signal(1))
	if len(e.heard()) != 1 {
		t.Error("not heard yet")
	}
}

func order(t *testing.T, open func(t *testing.T) (a, b realtime.Bus)) {
	a, b := open(t)
	var e ear
	defer b.Subscribe(e.hear)()
	var want []realtime.Message
	for i := range 500 {
		want = append(want, signal(i))
		a.Publish(want[i])
	}
	if diff := cmp.Diff(want, e.await(t, len(want))); diff != "" {
		t.Error(diff)
	}
}

func stopped(t *testing.T, open func(t *testing.T) (a, b realtime.Bus)) {
	a, b := open(t)
	var gone, here ear
	stop := b.Subscribe(gone.hear)
	defer b.Subscribe(here.hear)()
	stop()
	a.Publish(signal(1))
	here.await(t, 1)
	if n := len(gone.heard()); n != 0 {
		t.Errorf("heard %d messages", n)
	}
}

func burst(t *testing.T, open func(t *testing.T) (a, b realtime.Bus)) {
	a, _ := open(t)
	var e ear
	defer a.Subscribe(e.hear)()
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 5000 {
				a.Publish(signal(g*5000 + i))
			}
		})
	}
	all.Wait()
	if n := len(e.heard()); n != 20_000 {
		t.Errorf("own subscribers heard %d of 20000", n)
	}
}

func signal(i int) realtime.Message {
	return realtime.Message{Kind: realtime.MessageSignal, Frame: fmt.Appendf(nil, `{"n":%d}`, i)}
}
