package ws

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"centralita/realtime"
)

const (
	// closeWithin is what a client gets to take the close frame and answer it.
	closeWithin = time.Second
	// messageWithin is what a client gets to finish a message it began.
	messageWithin = 5 * time.Second
	// drainBytes bounds what is read and thrown away after the close frame.
	drainBytes = 4 << 20
)

var pingFrame = []byte(`{"t":"ping"}`)

// connection joins a websocket to its socket in the hub.
type connection struct {
	conn    *websocket.Conn
	net     net.Conn
	opts    Options
	closing atomic.Bool
}

func newConnection(conn *websocket.Conn, opts Options) *connection {
	return &connection{conn: conn, net: conn.NetConn(), opts: opts}
}

// run reads and writes until either side ends it.
func (c *connection) run(ctx context.Context, socket *realtime.Socket) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	// A write that is stuck when the socket ends gets little time to finish.
	socket.OnEnd(func() { _ = c.net.SetWriteDeadline(time.Now().Add(closeWithin)) })
	var writer sync.WaitGroup
	writer.Go(func() {
		c.write(socket)
		cancel()
	})
	socket.End(c.read(ctx, socket))
	writer.Wait()
}

// read hands messages to the hub until the connection fails or is over, and
// returns the code to end with.
func (c *connection) read(ctx context.Context, socket *realtime.Socket) realtime.CloseCode {
	c.conn.SetReadLimit(realtime.MaxInboundBytes)
	for {
		c.conn.SetPongHandler(func(string) error { return c.within(c.opts.DeadAfter) })
		if c.within(c.opts.DeadAfter) != nil {
			return realtime.CloseGoingAway
		}
		kind, r, err := c.conn.NextReader()
		if err == nil && kind != websocket.TextMessage {
			return realtime.CloseUnsupported
		}
		if err != nil {
			return codeOf(err)
		}
		// Fragments may not go on for ever, whatever pongs come between them.
		c.conn.SetPongHandler(func(string) error { return nil })
		if c.within(messageWithin) != nil {
			return realtime.CloseGoingAway
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return codeOf(err)
		}
		if !socket.Receive(ctx, data) {
			return realtime.CloseGoingAway // the hub has chosen its own
		}
	}
}

// within sets the deadline of the next reads, unless the close frame is out:
// then the deadline of closing stays.
func (c *connection) within(d time.Duration) error {
	err := c.net.SetReadDeadline(time.Now().Add(d))
	if c.closing.Load() {
		return errors.Join(net.ErrClosed, c.net.SetReadDeadline(time.Now().Add(closeWithin)))
	}
	return err
}

// codeOf is the code that fits a failed read.
func codeOf(err error) realtime.CloseCode {
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		return realtime.CloseTooBig
	case errors.Is(err, errFlood):
		return realtime.ClosePolicy
	}
	return realtime.CloseGoingAway
}

// write writes what the hub has, and pings, until the socket is over.
func (c *connection) write(socket *realtime.Socket) {
	ping := time.NewTicker(c.opts.PingEvery)
	defer ping.Stop()
	for {
		frame, end := socket.Next()
		switch {
		case end != 0:
			c.writeClose(end)
			return
		case frame != nil:
			if !c.writeFrame(frame) {
				c.abandon()
				return
			}
			continue
		}
		select {
		case <-socket.Ready():
		case <-ping.C:
			if c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.opts.WriteWithin)) != nil || !c.writeFrame(pingFrame) {
				c.abandon()
				return
			}
		}
	}
}

func (c *connection) writeFrame(frame []byte) bool {
	if c.conn.SetWriteDeadline(time.Now().Add(c.opts.WriteWithin)) != nil {
		return false
	}
	return c.conn.WriteMessage(websocket.TextMessage, frame) == nil
}

// writeClose sends the close frame and lets the reader wait a little for the
// client's. A client that can't take it sees the connection break instead.
func (c *connection) writeClose(code realtime.CloseCode) {
	deadline := time.Now().Add(closeWithin)
	err := c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(int(code), code.Reason()), deadline)
	if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
		c.abandon()
		return
	}
	c.closing.Store(true)
	if half, ok := c.net.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = c.net.SetReadDeadline(deadline)
}

// abandon breaks the connection; the reader notices.
func (c *connection) abandon() { _ = c.net.Close() }

// hangUp throws away what the client still sends for a moment, so that the
// close frame is not overtaken by a reset, and closes the connection.
func (c *connection) hangUp() {
	if c.closing.Load() {
		raw := c.net
		if g, ok := raw.(*guard); ok {
			raw = g.Conn
		}
		_, _ = io.CopyN(io.Discard, raw, drainBytes)
	}
	_ = c.net.Close()
}
