package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Event is one event of a user's stream, or a signal (Seq 0).
type Event struct {
	Seq  int64
	Kind string
	Data json.RawMessage
	At   time.Time // of its arrival here
}

// Read decodes the event's data.
func Read[T any](t testing.TB, e Event) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(e.Data, &v); err != nil {
		t.Fatalf("%s: %v: %s", e.Kind, err, e.Data)
	}
	return v
}

// Live is a browser's live socket: it connects, says hello, resumes after every
// loss from where it was, and keeps all that it has seen.
type Live struct {
	u    *Person
	done chan struct{}
	over chan struct{} // closed when it comes back no more
	end  sync.Once
	idle sync.WaitGroup

	mu       sync.Mutex
	conn     *websocket.Conn
	epoch    string
	seq      int64
	events   []Event
	welcomes int
	resumed  int
	faults   []string // breaches of the protocol
	changed  chan struct{}
}

// Live opens the person's live socket and returns when the server has welcomed it.
func (u *Person) Live() *Live {
	u.p.t.Helper()
	l := &Live{u: u, done: make(chan struct{}), over: make(chan struct{}), changed: make(chan struct{})}
	l.idle.Go(func() {
		defer close(l.over)
		l.run()
	})
	u.p.t.Cleanup(l.Close)
	u.p.eventually(30*time.Second, "a live socket for "+u.Login, func() error {
		if w, _ := l.Welcomes(); w == 0 {
			return errors.New("no welcome")
		}
		return nil
	})
	return l
}

// Close ends the socket for good and fails the test when the protocol was broken.
func (l *Live) Close() {
	l.end.Do(func() {
		close(l.done)
		l.Break()
		l.idle.Wait()
		for _, f := range l.faults {
			l.u.p.t.Errorf("live socket of %s: %s", l.u.Login, f)
		}
	})
}

// Over waits until the server has ended the session of the socket, for at most limit.
func (l *Live) Over(limit time.Duration) error {
	select {
	case <-l.over:
		return nil
	case <-time.After(limit):
		return errors.New("the live socket goes on")
	}
}

// Break cuts the present connection without a word; it comes back by itself.
func (l *Live) Break() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.NetConn().Close()
	}
}

// Welcomes tells how often the server has welcomed this browser, and how many of them were resumptions.
func (l *Live) Welcomes() (all, resumed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.welcomes, l.resumed
}

// Seen returns the events and signals of a kind, in order.
func (l *Live) Seen(kind string) []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Event
	for _, e := range l.events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// Wait returns the first event of a kind, past or to come, that ok takes.
func (l *Live) Wait(limit time.Duration, kind string, ok func(Event) bool) Event {
	l.u.p.t.Helper()
	deadline := time.After(limit)
	for {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		seen := l.Seen(kind)
		for _, e := range seen {
			if ok == nil || ok(e) {
				return e
			}
		}
		select {
		case <-changed:
		case <-deadline:
			l.u.p.t.Fatalf("live socket of %s: no such %s within %v; of that kind came %s", l.u.Login, kind, limit, shown(seen))
		}
	}
}

// WaitPop returns the pop of a call of that number.
func (l *Live) WaitPop(limit time.Duration, from string) Pop {
	l.u.p.t.Helper()
	e := l.Wait(limit, "call.ringing", func(e Event) bool { return Read[Pop](l.u.p.t, e).Call.Number.Raw == from })
	return Read[Pop](l.u.p.t, e)
}

// Pops counts the pops of a call.
func (l *Live) Pops(call int64) int {
	n := 0
	for _, e := range l.Seen("call.ringing") {
		if Read[Pop](l.u.p.t, e).Call.ID == call {
			n++
		}
	}
	return n
}

// WaitWithdrawn returns the withdrawal of a call's pop.
func (l *Live) WaitWithdrawn(limit time.Duration, call int64) Withdrawal {
	l.u.p.t.Helper()
	e := l.Wait(limit, "call.withdrawn", func(e Event) bool { return Read[Withdrawal](l.u.p.t, e).CallID == call })
	return Read[Withdrawal](l.u.p.t, e)
}

// WaitPhase returns the first state of a call in that phase.
func (l *Live) WaitPhase(limit time.Duration, call int64, phase string) Call {
	l.u.p.t.Helper()
	e := l.Wait(limit, "call.state", func(e Event) bool {
		c := Read[struct{ Call Call }](l.u.p.t, e).Call
		return c.ID == call && c.Phase == phase
	})
	return Read[struct{ Call Call }](l.u.p.t, e).Call
}

// Send writes a frame, for example a receipt.
func (l *Live) Send(v any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		return errors.New("not connected")
	}
	return l.conn.WriteJSON(v)
}

func shown(events []Event) string {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "\n  %d %s", e.Seq, e.Data)
	}
	return b.String()
}

// run connects again and again.
func (l *Live) run() {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-pause.C:
		}
		if err := l.once(); err != nil && !l.closed() {
			var code *websocket.CloseError
			if errors.As(err, &code) && (code.Code == 4002 || code.Code == 4003) {
				return
			}
		}
		pause.Reset(100 * time.Millisecond)
	}
}

func (l *Live) closed() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// once is one connection, from its hello to its end.
func (l *Live) once() error {
	base, err := url.Parse(l.u.base)
	if err != nil {
		return err
	}
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second, Jar: l.u.client.Jar}
	conn, resp, err := dialer.Dial("ws://"+base.Host+"/api/live", http.Header{"Origin": {l.u.base}})
	if resp != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		if resp != nil && resp.StatusCode == http.StatusUnauthorized {
			return &websocket.CloseError{Code: 4003}
		}
		return err
	}
	defer conn.Close()
	l.mu.Lock()
	l.conn = conn
	hello := map[string]any{"t": "hello", "epoch": l.epoch, "seq": l.seq}
	err = conn.WriteJSON(hello)
	l.mu.Unlock()
	if err != nil || l.closed() {
		return err
	}
	for {
		var f frame
		if err := conn.SetReadDeadline(time.Now().Add(40 * time.Second)); err != nil {
			return err
		}
		if err := conn.ReadJSON(&f); err != nil {
			return err
		}
		l.take(f)
	}
}

type frame struct {
	T       string
	Epoch   string
	Seq     int64
	Resumed bool
	Kind    string
	Data    json.RawMessage
}

// take keeps a frame, and notes when it is not the one that may come next.
func (l *Live) take(f frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch f.T {
	case "welcome":
		l.welcomes++
		if f.Resumed {
			l.resumed++
			return
		}
		if l.welcomes > 1 {
			l.faults = append(l.faults, fmt.Sprintf("not resumed from %d: %+v", l.seq, f))
		}
		l.epoch, l.seq = f.Epoch, f.Seq
	case "resync":
		l.epoch, l.seq = f.Epoch, f.Seq
		l.events = append(l.events, Event{Kind: "resync", At: time.Now()})
	case "event":
		if f.Seq != l.seq+1 {
			l.faults = append(l.faults, fmt.Sprintf("event %d after %d", f.Seq, l.seq))
		}
		l.seq = f.Seq
		l.events = append(l.events, Event{f.Seq, f.Kind, f.Data, time.Now()})
	case "signal":
		l.events = append(l.events, Event{0, f.Kind, f.Data, time.Now()})
	}
	close(l.changed)
	l.changed = make(chan struct{})
}
