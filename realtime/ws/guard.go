package ws

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// What one client may send, in bytes, whatever the frames: messages, control
// frames and endless empty fragments all count.
const (
	bytesPerSecond = 32 << 10
	byteBurst      = 256 << 10
	// sendBuffer bounds what the kernel holds for a reader that stalls.
	sendBuffer = 64 << 10
)

var errFlood = errors.New("client floods")

// guardedWriter makes the hijacked connection a guarded one.
type guardedWriter struct{ http.ResponseWriter }

// Hijack hands over the connection behind a guard.
func (w *guardedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // a smaller buffer is a help, not a need
	}
	return &guard{Conn: conn, limiter: rate.NewLimiter(bytesPerSecond, byteBurst)}, rw, nil
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (w *guardedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// guard is a connection that fails with errFlood once the client sends too much.
type guard struct {
	net.Conn
	limiter *rate.Limiter
}

// Read reads within the client's allowance.
func (g *guard) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	if n > 0 && !g.limiter.AllowN(time.Now(), n) {
		return 0, errFlood
	}
	return n, err
}

// CloseWrite tells the client that nothing more will come.
func (g *guard) CloseWrite() error {
	if half, ok := g.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
