package ws_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"centralita/internal/fault"
	"centralita/internal/postgres/pgtest"
	"centralita/realtime"
	"centralita/realtime/store"
	"centralita/realtime/ws"
	"centralita/realtime/ws/wstest"
)

// place is a server with a live socket, and what feeds it. The header X-User
// stands for a session.
type place struct {
	log *realtime.Log
	hub *realtime.Hub
	url string
}

func newPlace(t testing.TB, hubOpts realtime.Options, opts ws.Options) *place {
	t.Helper()
	st := store.New(pgtest.New(t))
	bus := realtime.NewLocalBus()
	p := &place{log: realtime.NewLog(st, bus), hub: realtime.NewHub(st, bus, hubOpts)}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.hub.Run(ctx)
	}()
	server := httptest.NewServer(ws.Handler(p.hub, who, opts))
	p.url = server.URL
	t.Cleanup(func() {
		stop()
		<-done
		server.Close()
	})
	return p
}

// users are the sessions of the tests; besides, a number stands for itself.
var users = map[string]int64{"ann": 1, "bob": 2}

func who(r *http.Request) (realtime.Peer, error) {
	name := r.Header.Get("X-User")
	if name == "database-down" {
		return realtime.Peer{}, fault.New(fault.Unavailable, "x", "x")
	}
	id := users[name]
	if n, err := strconv.ParseInt(name, 10, 64); err == nil {
		id = n
	}
	if id == 0 {
		return realtime.Peer{}, errors.New("no session")
	}
	return realtime.Peer{UserID: id, SessionID: id}, nil
}

func as(user string) http.Header { return http.Header{"X-User": {user}} }

func (p *place) dial(t testing.TB, user string) *wstest.Client {
	t.Helper()
	return wstest.Dial(t, p.url, "/", as(user))
}

func (p *place) append(t testing.TB, userID int64, data any) {
	t.Helper()
	if err := p.log.Append(context.Background(), userID, "e", data); err != nil {
		t.Fatal(err)
	}
}

func TestAdmission(t *testing.T) {
	p := newPlace(t, realtime.Options{SocketsPerUser: 1}, ws.Options{AllowedOrigins: []string{"https://crm.example"}})
	sitting := p.dial(t, "ann")
	sitting.Hello("", 0)
	host := strings.TrimPrefix(p.url, "http://")
	with := func(origin string) http.Header {
		h := as("ann")
		h["Origin"] = []string{origin}
		return h
	}
	cases := []struct {
		name   string
		path   string
		header http.Header
		want   int
	}{
		{"nobody", "/", nil, http.StatusUnauthorized},
		{"unknown session", "/", as("mallory"), http.StatusUnauthorized},
		{"sessions cannot be read", "/", as("database-down"), http.StatusServiceUnavailable},
		{"token in the query", "/?token=ann", as("ann"), http.StatusBadRequest},
		{"token in the query alone", "/?token=ann", nil, http.StatusUnauthorized},
		{"foreign origin", "/", with("https://evil.example"), http.StatusForbidden},
		{"origin that begins alike", "/", with("http://" + host + ".evil.example"), http.StatusForbidden},
		{"origin with a user part", "/", with("http://" + host + "@evil.example"), http.StatusForbidden},
		{"null origin", "/", with("null"), http.StatusForbidden},
		{"no origin", "/", with(""), http.StatusForbidden},
		{"file origin", "/", with("file://" + host), http.StatusForbidden},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if c, status := wstest.TryDial(t, p.url, tc.path, tc.header); c != nil || status != tc.want {
				t.Errorf("status %d, want %d", status, tc.want)
			}
		})
	}
	resp, err := http.DefaultClient.Do(&http.Request{Method: http.MethodGet, URL: mustURL(t, p.url), Header: as("ann")})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("plain GET: status %d", resp.StatusCode)
	}
	p.append(t, 1, nil)
	if f := sitting.Event(); f.Seq != 1 {
		t.Errorf("the tab that sat there got %+v", f)
	}
	if c, status := wstest.TryDial(t, p.url, "/", with("https://crm.example")); c == nil {
		t.Errorf("an allowed origin got status %d", status)
	}
}

func TestNoCompressionIsOffered(t *testing.T) {
	p := newPlace(t, realtime.Options{}, ws.Options{})
	h := as("ann")
	h.Set("Origin", p.url)
	dialer := websocket.Dialer{EnableCompression: true}
	conn, resp, err := dialer.Dial("ws"+strings.TrimPrefix(p.url, "http"), h)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := resp.Header.Get("Sec-Websocket-Extensions"); got != "" {
		t.Errorf("extensions %q", got)
	}
}

func TestResumeOverTheWire(t *testing.T) {
	p := newPlace(t, realtime.Options{}, ws.Options{})
	first := p.dial(t, "ann")
	w := first.Hello("", 0)
	p.append(t, 1, map[string]string{"n": "1"})
	if f := first.Event(); f.Seq != 1 || string(f.Data) != `{"n":"1"}` || f.At.IsZero() {
		t.Fatalf("got %+v", f)
	}
	first.Conn.NetConn().Close()
	for range 3 {
		p.append(t, 1, nil)
	}
	again := p.dial(t, "ann")
	if w := again.Hello(w.Epoch, 1); !w.Resumed || w.Seq != 4 {
		t.Fatalf("welcome %+v", w)
	}
	for want := int64(2); want <= 4; want++ {
		if f := again.Event(); f.Seq != want {
			t.Fatalf("got %+v, want %d", f, want)
		}
	}
}

func TestBadMessagesCloseTheConnection(t *testing.T) {
	p := newPlace(t, realtime.Options{OpenBurst: 1000}, ws.Options{})
	text := func(s string) func(*wstest.Client) {
		return func(c *wstest.Client) { _ = c.Conn.WriteMessage(websocket.TextMessage, []byte(s)) }
	}
	cases := []struct {
		name string
		do   func(*wstest.Client)
		want realtime.CloseCode
	}{
		{"text where JSON", text("hi"), realtime.CloseInvalid},
		{"array where object", text(`[]`), realtime.CloseInvalid},
		{"depth of ten thousand", text(strings.Repeat("[", 10_000)), realtime.CloseInvalid},
		{"bad UTF-8", text("{\"t\":\"\xff\"}"), realtime.CloseInvalid},
		{"one megabyte", text(`{"t":"x","a":"` + strings.Repeat("a", 1<<20) + `"}`), realtime.CloseTooBig},
		{"binary", func(c *wstest.Client) { _ = c.Conn.WriteMessage(websocket.BinaryMessage, []byte(`{"t":"x"}`)) }, realtime.CloseUnsupported},
		{"deflated without agreement", func(c *wstest.Client) { raw(c, 0xC1, []byte("bomb")) }, websocket.CloseProtocolError},
		{"endless fragments", func(c *wstest.Client) { fragments(c, bytes.Repeat([]byte("a"), 100), 1000) }, realtime.CloseTooBig},
		{"endless empty fragments", func(c *wstest.Client) { fragments(c, nil, 100_000) }, realtime.ClosePolicy},
		{"a hundred thousand frames", func(c *wstest.Client) {
			for range 100_000 {
				if c.Conn.WriteMessage(websocket.TextMessage, []byte(`{"t":"x"}`)) != nil {
					return
				}
			}
		}, realtime.ClosePolicy},
		{"a hundred thousand pings", func(c *wstest.Client) { flood(c, 0x89) }, realtime.ClosePolicy},
		{"a hundred thousand pongs", func(c *wstest.Client) { flood(c, 0x8A) }, realtime.ClosePolicy},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := p.dial(t, "ann")
			c.Hello("", 0)
			go tc.do(c)
			if code := c.CloseCode(); code != int(tc.want) {
				t.Errorf("closed with %d, want %d", code, tc.want)
			}
		})
	}
	p.dial(t, "ann").Hello("", 0)
}

// raw writes one masked frame whose first byte is head.
func raw(c *wstest.Client, head byte, payload []byte) bool {
	frame := append([]byte{head, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
	_, err := c.Conn.NetConn().Write(frame)
	return err == nil
}

func fragments(c *wstest.Client, payload []byte, n int) {
	for i := 0; i < n; i++ {
		head := byte(0) // continuation, not the last
		if i == 0 {
			head = 0x01
		}
		if !raw(c, head, payload) {
			return
		}
	}
}

func flood(c *wstest.Client, head byte) {
	for range 100_000 {
		if !raw(c, head, []byte("x")) {
			return
		}
	}
}

func TestNoHelloInTime(t *testing.T) {
	p := newPlace(t, realtime.Options{HelloWithin: 50 * time.Millisecond}, ws.Options{})
	if code := p.dial(t, "ann").CloseCode(); code != int(realtime.ClosePolicy) {
		t.Errorf("closed with %d", code)
	}
}

func TestADeadClientIsDropped(t *testing.T) {
	p := newPlace(t, realtime.Options{}, ws.Options{PingEvery: 20 * time.Millisecond, DeadAfter: 200 * time.Millisecond})
	alive := p.dial(t, "ann")
	alive.Hello("", 0)
	dead := p.dial(t, "bob")
	dead.Hello("", 0) // and never reads again: no pong
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		deadline := time.Now().Add(wstest.Patience)
		for p.hub.Stats().Sockets > 1 && time.Now().Before(deadline) {
			p.log.Signal(context.Background(), "tick", nil)
			alive.Until(func(f wstest.Frame) bool { return f.T == "signal" })
		}
	}()
	<-gone
	if st := p.hub.Stats(); st.Sockets != 1 {
		t.Errorf("%+v", st)
	}
}

func TestAKickIsFelt(t *testing.T) {
	p := newPlace(t, realtime.Options{}, ws.Options{})
	c := p.dial(t, "ann")
	c.Hello("", 0)
	began := time.Now()
	p.log.KickUser(t.Context(), 1)
	if code := c.CloseCode(); code != int(realtime.CloseSessionEnded) {
		t.Errorf("closed with %d", code)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestAServerThatStopsSaysSo(t *testing.T) {
	st := store.New(pgtest.New(t))
	bus := realtime.NewLocalBus()
	hub := realtime.NewHub(st, bus, realtime.Options{})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		hub.Run(ctx)
	}()
	server := httptest.NewServer(ws.Handler(hub, who, ws.Options{}))
	t.Cleanup(server.Close)
	c := wstest.Dial(t, server.URL, "/", as("ann"))
	c.Hello("", 0)
	stop()
	if code := c.CloseCode(); code != int(realtime.CloseGoingAway) {
		t.Errorf("closed with %d", code)
	}
	<-done
	late := wstest.Dial(t, server.URL, "/", as("ann"))
	if code := late.CloseCode(); code != int(realtime.CloseTryAgain) {
		t.Errorf("after the stop: closed with %d", code)
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
