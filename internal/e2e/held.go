package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
)

// Slow is an answer that its reader is in no hurry to take.
type Slow struct {
	Length int64 // as the server promised
	conn   *net.TCPConn
	body   io.ReadCloser
	read   int64
}

// Slowly asks for /api + path and reads the first bytes of the answer.
func (u *Person) Slowly(path string) *Slow {
	u.p.t.Helper()
	base, err := url.Parse(u.base)
	u.p.Must(err)
	conn, err := net.Dial("tcp", base.Host)
	u.p.Must(err)
	u.p.t.Cleanup(func() { _ = conn.Close() })
	s := &Slow{conn: conn.(*net.TCPConn)}
	u.p.Must(s.conn.SetReadBuffer(4 << 10))
	req, err := http.NewRequest(http.MethodGet, u.base+"/api"+path, nil)
	u.p.Must(err)
	for _, c := range u.client.Jar.Cookies(base) {
		req.AddCookie(c)
	}
	u.p.Must(req.Write(conn))
	u.p.Must(conn.SetReadDeadline(time.Now().Add(30 * time.Second)))
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 4<<10), req)
	u.p.Must(err)
	if resp.StatusCode != http.StatusOK {
		u.p.t.Fatalf("%s: %s", path, resp.Status)
	}
	s.Length, s.body = resp.ContentLength, resp.Body
	u.p.Must(s.take(1000))
	return s
}

func (s *Slow) take(n int64) error {
	got, err := io.CopyN(io.Discard, s.body, n)
	s.read += got
	return err
}

// Cut reads on until the server has cut the answer, for at most limit. What was
// on its way already is read, too; the whole answer is a failure.
func (s *Slow) Cut(limit time.Duration) error {
	if err := s.conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	for {
		if err := s.take(64 << 10); err != nil {
			var slow net.Error
			if errors.As(err, &slow) && slow.Timeout() {
				return fmt.Errorf("still open after %d of %d bytes", s.read, s.Length)
			}
			break
		}
	}
	if s.read >= s.Length {
		return fmt.Errorf("all of its %d bytes came", s.Length)
	}
	return nil
}

// SIPSocket opens the softphone's way to the switch.
func (u *Person) SIPSocket() *websocket.Conn {
	u.p.t.Helper()
	base, err := url.Parse(u.base)
	u.p.Must(err)
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second, Jar: u.client.Jar, Subprotocols: []string{"sip"}}
	conn, _, err := dialer.Dial("ws://"+base.Host+"/sip", http.Header{"Origin": {u.base}})
	u.p.Must(err)
	u.p.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// SocketCut waits until the other side has ended a socket, for at most limit.
func SocketCut(conn *websocket.Conn, limit time.Duration) error {
	if err := conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			var slow net.Error
			if errors.As(err, &slow) && slow.Timeout() {
				return errors.New("the socket is still open")
			}
			return nil
		}
	}
}
