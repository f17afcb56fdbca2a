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
	turns  = 4  // of all healthy, then one stalled
	rounds = 20 // in each half of a turn
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
// wait for the crowd; then does what the slow one does. It returns how long each
// signal took to each of the crowd.
func (a *audience) play(t *testing.T, p *place, slow func()) []time.Duration {
	t.Helper()
	a.delays = nil
	for range rounds {
		p.append(t, slowUser, map[string]string{"pad": strings.Repeat("x", 60<<10)})
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
		slow()
	}
	return a.delays
}

func percentile99(delays []time.Duration) time.Duration {
	slices.Sort(delays)
	return delays[len(delays)*99/100]
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
	var epoch string
	var seq int64
	var healthy, stalled []time.Duration
	for turn := range turns {
		slow := dialSmall(t, p)
		w := slow.Hello(epoch, seq)
		if epoch, seq = w.Epoch, w.Seq; seq != int64(turn)*2*rounds {
			t.Fatalf("turn %d: welcome %+v", turn, w)
		}
		healthy = append(healthy, a.play(t, p, func() {
			if f := slow.Event(); f.Seq != seq+1 {
				t.Fatalf("got event %d after %d", f.Seq, seq)
			}
			seq++
		})...)
		stalled = append(stalled, a.play(t, p, func() {})...)
		if st := p.hub.Stats(); st.CutSlow != int64(turn+1) || st.Sockets != crowd-1 {
			t.Fatalf("turn %d: %+v", turn, st)
		}
		if code := slow.CloseCode(); code != int(realtime.CloseSlowReader) && code != websocket.CloseAbnormalClosure {
			t.Errorf("turn %d: the stalled reader was closed with %d", turn, code)
		}
	}
	before, after := percentile99(healthy), percentile99(stalled)
	t.Logf("p99 of %d readers: %v with all healthy, %v with one stalled", crowd-1, before, after)
	// The bound leaves room for a busy machine; a hub that waits for the stalled
	// reader takes seconds.
	if after > 2*before+50*time.Millisecond {
		t.Errorf("p99 went from %v to %v", before, after)
	}
	again := p.dial(t, strconv.Itoa(slowUser))
	if w := again.Hello(epoch, 2*turns*rounds-2); !w.Resumed {
		t.Errorf("welcome %+v", w)
	}
	for want := int64(2*turns*rounds - 1); want <= 2*turns*rounds; want++ {
		if f := again.Event(); f.Seq != want {
			t.Errorf("got event %d, want %d", f.Seq, want)
		}
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
