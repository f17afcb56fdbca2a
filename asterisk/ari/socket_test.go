package ari

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// fake is an Asterisk whose event socket misbehaves as a test wants. Everything beyond the socket
// is answered with success.
type fake struct {
	*httptest.Server
	accept func(conn *websocket.Conn) // one connection; it is closed afterwards
	status atomic.Int64               // of what is not the event socket
	beats  atomic.Int64
	dials  atomic.Int64
}

func newFake(t *testing.T, accept func(*websocket.Conn)) *fake {
	t.Helper()
	f := &fake{accept: accept}
	f.status.Store(http.StatusNoContent)
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); user != "user" || password != "secret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.URL.Path != "/ari/events" {
		if strings.HasPrefix(r.URL.Path, "/ari/events/user/") {
			f.beats.Add(1)
		}
		w.WriteHeader(int(f.status.Load()))
		return
	}
	f.dials.Add(1)
	if r.URL.Query().Get("app") != "crm-x,watch-crm-x" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	f.accept(conn)
}

// quick is a pace for tests.
var quick = pace{firstRetry: time.Millisecond, lastRetry: 50 * time.Millisecond, ping: 50 * time.Millisecond,
	beat: 50 * time.Millisecond, silence: 2 * time.Second, beatLost: time.Minute}

func (f *fake) listen(t *testing.T, pace pace) *Stream {
	t.Helper()
	client, err := New(Config{URL: f.URL + "/ari", Username: "user", Password: "secret", App: "crm-x"})
	if err != nil {
		t.Fatal(err)
	}
	client.pace = pace
	ctx, cancel := context.WithCancel(context.Background())
	stream := client.Listen(ctx)
	t.Cleanup(func() { cancel(); <-stream.Done(); client.Close() })
	return stream
}

func next(t *testing.T, s *Stream) Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	m, err := s.Next(ctx)
	if err != nil {
		t.Fatalf("%v; state %+v", err, s.State())
	}
	return m
}

func say(conn *websocket.Conn, messages ...string) {
	for _, m := range messages {
		_ = conn.WriteMessage(websocket.TextMessage, []byte(m))
	}
}

// stay keeps a connection open, answering pings, until the other side goes.
func stay(conn *websocket.Conn) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

// What Asterisk has never sent yet must not stop us.
func TestOddMessagesAreSurvived(t *testing.T) {
	f := newFake(t, func(conn *websocket.Conn) {
		say(conn, `{"type":"ChannelGrewWings","channel":{"id":"1"}}`, `{"type":`, `[]`, `null`, `{}`, `"x"`, ``, "\x00\xff\xfe",
			`{"type":7}`, `{"type":"ChannelGrewWings"}`, strings.Repeat("[", 20000),
			`{"type":"StasisStart"}`, `{"type":"StasisStart","channel":"no channel","args":{"a":1}}`,
			`{"type":"StasisEnd","channel":{"id":"last"}}`)
		_ = conn.WriteMessage(websocket.BinaryMessage, []byte{0})
		stay(conn)
	})
	s := f.listen(t, quick)
	if m, ok := next(t, s).(Connected); !ok || m.Epoch != 1 {
		t.Fatalf("first %+v", m)
	}
	for _, want := range []struct{ eventType, channel string }{{StasisStart, ""}, {StasisStart, ""}, {StasisEnd, "last"}} {
		e, ok := next(t, s).(Event)
		if !ok || e.Type != want.eventType || e.Channel.ID != want.channel || e.Epoch != 1 || e.Received.IsZero() {
			t.Errorf("event %+v, want %v", e, want)
		}
	}
	state := s.State()
	if state.Unknown != 2 || state.Malformed < 8 || !state.Connected || state.Events != 3 {
		t.Errorf("state %+v", state)
	}
}

// A cut socket is announced and made again, each time under a new epoch and in order.
func TestCutSocketIsMadeAgain(t *testing.T) {
	var connection atomic.Int64
	f := newFake(t, func(conn *websocket.Conn) {
		say(conn, fmt.Sprintf(`{"type":"StasisEnd","channel":{"id":"%d"}}`, connection.Add(1)))
		conn.NetConn().Close()
	})
	s := f.listen(t, quick)
	for epoch := uint64(1); epoch <= 5; epoch++ {
		if m, ok := next(t, s).(Connected); !ok || m.Epoch != epoch {
			t.Fatalf("%+v, want Connected %d", m, epoch)
		}
		m := next(t, s)
		if e, ok := m.(Event); ok {
			if e.Channel.ID != fmt.Sprint(epoch) || e.Epoch != epoch {
				t.Errorf("event %+v in epoch %d", e, epoch)
			}
			m = next(t, s)
		}
		if d, ok := m.(Disconnected); !ok || d.Epoch != epoch || d.Err == nil {
			t.Fatalf("%+v, want Disconnected %d", m, epoch)
		}
	}
}

// Connected is not said before Asterisk has agreed on what to send.
func TestNotConnectedWhileItCannotBePrepared(t *testing.T) {
	f := newFake(t, stay)
	f.status.Store(http.StatusServiceUnavailable)
	s := f.listen(t, quick)
	waitFor(t, "three attempts", func() bool { return f.dials.Load() >= 3 })
	if state := s.State(); state.Connected || state.Epoch != 0 || !errors.Is(state.LastError, ErrServer) {
		t.Errorf("state %+v", state)
	}
	f.status.Store(http.StatusNoContent)
	if _, ok := next(t, s).(Connected); !ok {
		t.Error("no Connected after all")
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	ticks := time.NewTicker(5 * time.Millisecond)
	defer ticks.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal(what)
		case <-ticks.C:
		}
	}
}

func TestWrongPasswordIsTold(t *testing.T) {
	f := newFake(t, stay)
	client, err := New(Config{URL: f.URL + "/ari", Username: "user", Password: "wrong", App: "crm-x"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := client.Listen(ctx)
	waitFor(t, "no error", func() bool { return errors.Is(s.State().LastError, ErrRefused) })
	cancel()
	if _, err := s.Next(context.Background()); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	<-s.Done()
}

func TestReplacedEndsTheStream(t *testing.T) {
	f := newFake(t, func(conn *websocket.Conn) {
		say(conn, `{"type":"StasisEnd","channel":{"id":"before"}}`, `{"type":"ApplicationReplaced","application":"crm-x"}`)
		stay(conn)
	})
	s := f.listen(t, quick)
	next(t, s) // Connected
	if e, ok := next(t, s).(Event); !ok || e.Channel.ID != "before" {
		t.Errorf("%+v", e)
	}
	if d, ok := next(t, s).(Disconnected); !ok || !errors.Is(d.Err, ErrReplaced) {
		t.Errorf("%+v", d)
	}
	for range 2 {
		if _, err := s.Next(context.Background()); !errors.Is(err, ErrReplaced) {
			t.Errorf("after the end: %v", err)
		}
	}
	if f.dials.Load() != 1 {
		t.Errorf("%d connections: the name was taken back", f.dials.Load())
	}
}

// Asterisk may answer commands and pings, and send no events: only the heartbeat tells.
func TestSilentEventPathIsGivenUp(t *testing.T) {
	f := newFake(t, stay)
	pace := quick
	pace.beatLost = 300 * time.Millisecond
	s := f.listen(t, pace)
	next(t, s) // Connected
	if d, ok := next(t, s).(Disconnected); !ok || !errors.Is(d.Err, errHeartLost) {
		t.Errorf("%+v", d)
	}
	if f.beats.Load() == 0 {
		t.Error("no heartbeat was sent")
	}
}

// A connection whose other end is gone without a word is given up.
func TestHalfOpenConnectionIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	f := newFake(t, func(*websocket.Conn) { <-release }) // reads nothing: answers no ping
	t.Cleanup(func() { close(release) })
	pace := quick
	pace.silence = 300 * time.Millisecond
	s := f.listen(t, pace)
	next(t, s) // Connected
	if d, ok := next(t, s).(Disconnected); !ok || d.Err == nil {
		t.Errorf("%+v", d)
	}
}

func TestHeartbeatsKeepItOpenAndStayInside(t *testing.T) {
	beats := make(chan struct{}, 100)
	f := newFake(t, func(conn *websocket.Conn) {
		go stay(conn)
		for range beats {
			say(conn, `{"type":"ChannelUserevent","eventname":"`+heartbeat+`","application":"crm-x"}`)
		}
		say(conn, `{"type":"ChannelUserevent","eventname":"other"}`)
	})
	pace := quick
	pace.beatLost = 2 * time.Second
	s := f.listen(t, pace)
	next(t, s) // Connected
	began := time.Now()
	for time.Since(began) < 2*pace.beatLost {
		before := f.beats.Load()
		waitFor(t, "no heartbeat", func() bool { return f.beats.Load() > before })
		beats <- struct{}{}
	}
	close(beats)
	if e, ok := next(t, s).(Event); !ok || e.Name != "other" || e.Epoch != 1 {
		t.Errorf("%+v", e)
	}
}

// A consumer that does nothing must not keep the socket from being read.
func TestReaderNeverWaitsForTheConsumer(t *testing.T) {
	const events = 100_000
	written := make(chan struct{})
	f := newFake(t, func(conn *websocket.Conn) {
		for i := range events {
			say(conn, fmt.Sprintf(`{"type":"StasisEnd","channel":{"id":"%d"}}`, i))
		}
		close(written)
		stay(conn)
	})
	s := f.listen(t, quick)
	<-written
	waitFor(t, "not all were read", func() bool { return s.State().Queued == events+1 })
	next(t, s) // Connected
	for i := range events {
		if e, ok := next(t, s).(Event); !ok || e.Channel.ID != fmt.Sprint(i) {
			t.Fatalf("event %d is %+v", i, e)
		}
	}
}

// Of the watching application come endpoints and what becomes of channels that are not ours yet, and nothing twice.
func TestWatchingApplicationSaysNothingTwice(t *testing.T) {
	f := newFake(t, func(conn *websocket.Conn) {
		const rings = `{"type":"ChannelStateChange","application":"%s","timestamp":"2026-03-01T12:00:00.001+0000","channel":{"id":"1","state":"Ringing"}}`
		say(conn, fmt.Sprintf(rings, "watch-crm-x"), fmt.Sprintf(rings, "crm-x"),
			`{"type":"ChannelVarset","application":"crm-x","channel":{"id":"1"}}`,
			`{"type":"StasisStart","application":"watch-crm-x","channel":{"id":"1"}}`,
			`{"type":"EndpointStateChange","application":"watch-crm-x","endpoint":{"technology":"PJSIP","resource":"a","state":"online"}}`)
		stay(conn)
	})
	s := f.listen(t, quick)
	next(t, s) // Connected
	if e, ok := next(t, s).(Event); !ok || e.Type != ChannelStateChange || e.Channel.State != "Ringing" {
		t.Errorf("%+v", e)
	}
	if e, ok := next(t, s).(Event); !ok || e.Type != EndpointStateChange || e.Endpoint.Name() != "PJSIP/a" || !e.Endpoint.Online() {
		t.Errorf("%+v", e)
	}
}
