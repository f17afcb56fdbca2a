// Package wstest is a browser's side of the live socket, for tests: it connects
// over a real websocket, says hello and reads frames one by one.
package wstest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Patience is how long a client waits for what must come; a loaded machine is
// slow.
const Patience = 20 * time.Second

// Frame is any frame of the server.
type Frame struct {
	T       string          `json:"t"`
	Epoch   string          `json:"epoch"`
	Seq     int64           `json:"seq"`
	Resumed bool            `json:"resumed"`
	Tab     string          `json:"tab"`
	Kind    string          `json:"kind"`
	At      time.Time       `json:"at"`
	Data    json.RawMessage `json:"data"`
}

// Client is one connection. Not safe for concurrent use.
type Client struct {
	t    testing.TB
	Conn *websocket.Conn
}

// Dial connects to the live socket at baseURL (http://host) + path with the
// page's own origin and the headers given, which may be nil. It fails t when
// the server refuses.
func Dial(t testing.TB, baseURL, path string, header http.Header) *Client {
	t.Helper()
	c, status := TryDial(t, baseURL, path, header)
	if c == nil {
		t.Fatalf("live socket refused with status %d", status)
	}
	return c
}

// TryDial is Dial for a server that may refuse: then the client is nil and
// status the answer's, 0 if there was none.
func TryDial(t testing.TB, baseURL, path string, header http.Header) (c *Client, status int) {
	t.Helper()
	h := header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if _, set := h["Origin"]; !set {
		h.Set("Origin", baseURL)
	}
	dialer := websocket.Dialer{HandshakeTimeout: Patience}
	conn, resp, err := dialer.Dial("ws"+strings.TrimPrefix(baseURL, "http")+path, h) //nolint:bodyclose // gorilla hands over a buffer, not a connection
	if err != nil {
		if resp != nil {
			return nil, resp.StatusCode
		}
		return nil, 0
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &Client{t: t, Conn: conn}, resp.StatusCode
}

// Hello says hello and returns the welcome.
func (c *Client) Hello(epoch string, seq int64) Frame {
	c.t.Helper()
	c.Send(map[string]any{"t": "hello", "epoch": epoch, "seq": seq})
	f := c.Next()
	if f.T != "welcome" {
		c.t.Fatalf("got %+v, want a welcome", f)
	}
	return f
}

// Send writes v as a frame.
func (c *Client) Send(v any) {
	c.t.Helper()
	if err := c.Conn.WriteJSON(v); err != nil {
		c.t.Fatalf("send %v: %v", v, err)
	}
}

// Next returns the next frame that is no ping.
func (c *Client) Next() Frame {
	c.t.Helper()
	f, err := c.TryNext(Patience)
	if err != nil {
		c.t.Fatalf("read live frame: %v", err)
	}
	return f
}

// TryNext returns the next frame that is no ping, or an error: a
// *websocket.CloseError, a timeout (after which the client is of no use), or a
// broken connection.
func (c *Client) TryNext(within time.Duration) (Frame, error) {
	if err := c.Conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return Frame{}, err
	}
	for {
		var f Frame
		if err := c.Conn.ReadJSON(&f); err != nil || f.T != "ping" {
			return f, err
		}
	}
}

// Until reads up to the first frame that is wanted, and returns it with all
// before it.
func (c *Client) Until(wanted func(Frame) bool) (f Frame, before []Frame) {
	c.t.Helper()
	for {
		f = c.Next()
		if wanted(f) {
			return f, before
		}
		before = append(before, f)
	}
}

// Event reads up to the next event and returns it.
func (c *Client) Event() Frame {
	c.t.Helper()
	f, _ := c.Until(func(f Frame) bool { return f.T == "event" })
	return f
}

// CloseCode reads up to the close frame and returns its code; 1006 when the
// connection broke without one.
func (c *Client) CloseCode() int {
	c.t.Helper()
	for {
		_, err := c.TryNext(Patience)
		var closed *websocket.CloseError
		switch {
		case err == nil:
		case errors.As(err, &closed):
			return closed.Code
		case isTimeout(err):
			c.t.Fatalf("the connection was not closed: %v", err)
		default:
			return websocket.CloseAbnormalClosure
		}
	}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}
