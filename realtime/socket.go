package realtime

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Peer is who sits at the other end of a socket. The hub chooses Tab, which is
// unique among all sockets of all processes.
type Peer struct {
	UserID, SessionID int64
	Tab               string
}

// stage is how far a socket has come. Guarded by the hub's lock.
type stage int

const (
	greeting stage = iota // no hello yet
	joining               // its position is being read; live events wait in pending
	live
	ended
)

// Socket is one connection as the hub sees it. One goroutine reads for it
// (Receive), one writes (Ready, Next); Leave ends it.
type Socket struct {
	hub     *Hub
	peer    Peer
	queue   *queue
	limiter *rate.Limiter
	greet   *time.Timer
	left    atomic.Bool

	// Guarded by the hub's lock.
	stage   stage
	seq     int64      // the number of the last event queued
	pending []numbered // live events that came while joining
	onEnd   func()
}

// numbered is an encoded event.
type numbered struct {
	seq   int64
	frame []byte
}

var pongFrame = []byte(`{"t":"pong"}`)

// Peer returns who sits at the other end.
func (s *Socket) Peer() Peer { return s.peer }

// Ready holds a token when Next may have something new.
func (s *Socket) Ready() <-chan struct{} { return s.queue.wake }

// Next returns the frame to write next, or nil when none waits. A non-zero code
// says that the socket is over: write a close frame with it and leave. The
// frame is shared with other sockets and must not be changed.
func (s *Socket) Next() (frame []byte, end CloseCode) { return s.queue.take() }

// OnEnd has fn called once, when the socket ends or at once if it has. fn must
// not block and not call the hub.
func (s *Socket) OnEnd(fn func()) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.stage == ended {
		fn()
		return
	}
	s.onEnd = fn
}

// End ends the socket with code, unless it has ended already. Frames that wait
// are dropped; Next returns the code.
func (s *Socket) End(code CloseCode) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.end(s, code)
}

// Leave tells the hub that the connection is gone. To be called once, when
// neither Receive nor Next will be called again.
func (s *Socket) Leave() {
	s.End(CloseGoingAway)
	if s.left.CompareAndSwap(false, true) {
		s.hub.handlers.Done()
	}
}

// Receive handles one text message of the client, in order. It may wait for the
// database (hello) and for Options.Message. False says that the socket is over.
func (s *Socket) Receive(ctx context.Context, data []byte) bool {
	code := s.receive(ctx, data)
	switch code {
	case 0:
		return true
	case CloseInvalid, ClosePolicy, CloseTooBig:
		s.hub.count.refused.Add(1)
	}
	s.End(code)
	return false
}

func (s *Socket) receive(ctx context.Context, data []byte) CloseCode {
	if !s.limiter.Allow() {
		return ClosePolicy
	}
	if len(data) > MaxInboundBytes {
		return CloseTooBig
	}
	kind, fields, err := parseInbound(data)
	if err != nil {
		return CloseInvalid
	}
	at := s.hub.stageOf(s)
	greeted := at != greeting
	switch {
	case at == ended:
		return CloseGoingAway // it keeps the code it ended with
	case kind == "hello" && !greeted:
		h, err := parseHello(fields)
		if err != nil {
			return CloseInvalid
		}
		return s.hub.join(ctx, s, h)
	case !greeted || kind == "hello":
		return ClosePolicy
	case kind == "ping":
		return s.pong()
	case s.hub.opts.Message != nil:
		s.hub.opts.Message(ctx, s.peer, kind, data)
	}
	return 0
}

// pong needs no lock of the hub: a queue swallows what comes after its end.
func (s *Socket) pong() CloseCode {
	if !s.queue.push(queued{frame: pongFrame}) {
		return CloseSlowReader
	}
	return 0
}
