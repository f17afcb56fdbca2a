package realtime_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/realtime"
	"centralita/realtime/store"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// rig is one hub at work on a database of its own.
type rig struct {
	t   testing.TB
	db  *postgres.DB
	bus realtime.Bus
	log *realtime.Log
	hub *realtime.Hub
}

func newRig(t testing.TB, bus realtime.Bus, opts realtime.Options) *rig {
	t.Helper()
	db := pgtest.New(t)
	st := store.New(db)
	r := &rig{t: t, db: db, bus: bus, log: realtime.NewLog(st, bus), hub: realtime.NewHub(st, bus, opts)}
	runHub(t, r.hub)
	return r
}

// runHub runs hub until t ends.
func runHub(t testing.TB, hub *realtime.Hub) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		hub.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
}

func (r *rig) append(userID int64, kind string) {
	r.t.Helper()
	if err := r.log.Append(context.Background(), userID, kind, map[string]string{"kind": kind}); err != nil {
		r.t.Fatal(err)
	}
}

// frame is any frame of the hub.
type frame struct {
	T       string `json:"t"`
	Epoch   string `json:"epoch"`
	Seq     int64  `json:"seq"`
	Resumed bool   `json:"resumed"`
	Kind    string `json:"kind"`
	Tab     string `json:"tab"`
}

// tab is a browser's tab that reads all it can.
type tab struct {
	t      testing.TB
	socket *realtime.Socket
	frames chan frame
	mu     sync.Mutex
	end    realtime.CloseCode
	over   chan struct{}
}

func (r *rig) open(userID int64) *tab {
	return openTab(r.t, r.hub, realtime.Peer{UserID: userID, SessionID: userID * 10})
}

func openTab(t testing.TB, hub *realtime.Hub, peer realtime.Peer) *tab {
	t.Helper()
	socket, err := hub.Open(peer)
	if err != nil {
		t.Fatal(err)
	}
	c := &tab{t: t, socket: socket, frames: make(chan frame, 10_000), over: make(chan struct{})}
	go c.read()
	t.Cleanup(c.leave)
	return c
}

func (c *tab) read() {
	defer close(c.over)
	for {
		raw, end := c.socket.Next()
		switch {
		case end != 0:
			c.mu.Lock()
			c.end = end
			c.mu.Unlock()
			return
		case raw == nil:
			<-c.socket.Ready()
			continue
		}
		var f frame
		if err := json.Unmarshal(raw, &f); err != nil {
			c.t.Errorf("frame %s: %v", raw, err)
		}
		c.frames <- f
	}
}

func (c *tab) leave() { c.socket.Leave() }

// send hands a client's frame to the hub.
func (c *tab) send(text string) bool { return c.socket.Receive(context.Background(), []byte(text)) }

// hello says hello and returns the welcome.
func (c *tab) hello(epoch string, seq int64) frame {
	c.t.Helper()
	text, err := json.Marshal(map[string]any{"t": "hello", "epoch": epoch, "seq": seq})
	if err != nil {
		c.t.Fatal(err)
	}
	if !c.send(string(text)) {
		c.t.Fatal("hello was refused")
	}
	f := c.next()
	if f.T != "welcome" || f.Epoch == "" || f.Tab == "" {
		c.t.Fatalf("got %+v, want a welcome", f)
	}
	return f
}

func (c *tab) next() frame {
	c.t.Helper()
	select {
	case f := <-c.frames:
		return f
	case <-c.over:
		c.t.Fatalf("the socket ended with %d", c.end)
	case <-time.After(patience):
		c.t.Fatal("no frame came")
	}
	return frame{}
}

// ends waits for the end and returns its code.
func (c *tab) ends() realtime.CloseCode {
	c.t.Helper()
	select {
	case <-c.over:
	case <-time.After(patience):
		c.t.Fatal("the socket did not end")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.end
}

// events reads n events that must be numbered from first on.
func (c *tab) events(first int64, n int) {
	c.t.Helper()
	for want := first; want < first+int64(n); want++ {
		if f := c.next(); f.T != "event" || f.Seq != want {
			c.t.Fatalf("got %+v, want event %d", f, want)
		}
	}
}

// eventually polls until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		<-poll.C
	}
}

func nested(depth int) string {
	return `{"t":"x","a":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`
}
