package ws_test

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"centralita/realtime"
	"centralita/realtime/ws"
	"centralita/realtime/ws/wstest"
)

const (
	crowd  = 200
	rounds = 60 // in each phase
	// slowUser is the number of the user whose browser stalls.
	slowUser = 999
)

// audience is a crowd of browsers that note when each round's signal arrives.
type audience struct {
	mu      sync.Mutex
	began   []time.Time
	delays  []time.Duration
	arrived sync.WaitGroup // of the round under way
}

func (a *audience) listen(c *wstest.Client) {
	for {
		f, err := c.TryNext(2 * wstest.Patience)
		if err != nil {
			return
		}
		var round struct{ N int }
		if f.T != "signal" || json.Unmarshal(f.Data, &round) != nil {
			continue
		}
		a.mu.Lock()
		a.delays = append(a.delays, time.Since(a.began[round.N]))
		a.mu.Unlock()
		a.arrived.Done()
	}
}

// play runs rounds: an event for the slow user, a signal to everybody, and a
// wait for the crowd; then does what the slow one does. It returns the 99th
// percentile of the signal's way.
func (a *audience) play(t *testing.T, p *place, pad string, slow func(n int64)) time.Duration {
	t.Helper()
	a.delays = nil
	for i := range rounds {
		p.append(t, slowUser, map[string]string{"pad": pad})
		a.arrived.Add(crowd - 1)
		a.mu.Lock()
		a.began = append(a.began, time.Now())
		n := len(a.began) - 1
		a.mu.Unlock()
		p.log.Signal(context.Background(), "round", map[string]int{"n": n})
		if held := p.hub.Stats().MostHeld; held > 1<<20 {
			t.Fatalf("%d bytes are held for one reader", held)
		}
		a.arrived.Wait()
		slow(int64(i + 1))
	}
	slices.Sort(a.delays)
	return a.delays[len(a.delays)*99/100]
}

// One browser of two hundred stops reading. It is cut, little is held for it,
// the others feel nothing, and it comes back where it was.
func TestAStalledReaderHurtsNobody(t *testing.T) {
	p := newPlace(t, realtime.Options{}, ws.Options{})
	a := &audience{}
	for i := range crowd - 1 {
		c := p.dial(t, strconv.Itoa(i+1))
		c.Hello("", 0)
		go a.listen(c)
	}
	slow := dialSmall(t, p)
	welcome := slow.Hello("", 0)
	pad := strings.Repeat("x", 32<<10)

	// In the first phase it reads like everybody, in the second not at all.
	healthy := a.play(t, p, pad, func(n int64) {
		if f := slow.Event(); f.Seq != n {
			t.Fatalf("got %+v, want event %d", f, n)
		}
	})
	stalled := a.play(t, p, pad, func(int64) {})
	t.Logf("p99 of %d readers: %v with all healthy, %v with one stalled", crowd-1, healthy, stalled)

	// The bound leaves room for a busy machine; a hub that waits for the stalled
	// reader takes seconds.
	if stalled > 2*healthy+50*time.Millisecond {
		t.Errorf("p99 went from %v to %v", healthy, stalled)
	}
	if st := p.hub.Stats(); st.CutSlow != 1 || st.Sockets != crowd-1 {
		t.Errorf("%+v", st)
	}
	code := slow.CloseCode()
	if code != int(realtime.CloseSlowReader) && code != websocket.CloseAbnormalClosure {
		t.Errorf("the stalled reader was closed with %d", code)
	}
	p.append(t, slowUser, nil)
	again := p.dial(t, strconv.Itoa(slowUser))
	if w := again.Hello(welcome.Epoch, rounds); w.Seq != 2*rounds+1 {
		t.Errorf("welcome %+v", w)
	}
	if w := p.dial(t, strconv.Itoa(slowUser)).Hello(welcome.Epoch, 2*rounds); !w.Resumed {
		t.Errorf("welcome %+v", w)
	}
}

// dialSmall connects the slow user through a receive buffer that does not grow.
func dialSmall(t *testing.T, p *place) *wstest.Client {
	t.Helper()
	c := p.dial(t, strconv.Itoa(slowUser))
	if err := c.Conn.NetConn().(*net.TCPConn).SetReadBuffer(128 << 10); err != nil {
		t.Fatal(err)
	}
	return c
}

// A reader that is slow but alive learns why it was cut.
func TestASlowReaderIsToldSo(t *testing.T) {
	p := newPlace(t, realtime.Options{QueueBytes: 64 << 10}, ws.Options{})
	c := dialSmall(t, p)
	c.Hello("", 0)
	pad := map[string]string{"pad": strings.Repeat("x", 32<<10)}
	for p.hub.Stats().CutSlow == 0 {
		p.append(t, slowUser, pad)
	}
	if code := c.CloseCode(); code != int(realtime.CloseSlowReader) {
		t.Errorf("closed with %d", code)
	}
}
