package realtime

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"centralita/internal/fault"
)

// concurrentReads bounds how many gaps are read at once: a storm of reconnecting
// browsers leaves the database to the calls.
const concurrentReads = 4

// Hub holds the sockets of this process and gives each what is meant for it.
// Create it with NewHub, start Run, and Open a Socket for each connection. Safe
// for concurrent use.
type Hub struct {
	store    Store
	opts     Options
	presence *presence
	count    counters
	reads    chan struct{}  // held while a gap is read
	nudge    chan struct{}  // holds a token when Run should look at once
	handlers sync.WaitGroup // sockets between Open and Leave
	stop     func()

	mu      sync.Mutex
	streams map[int64]*stream       // of users with sockets
	opening map[int64]*rate.Limiter // of users who connected lately
	sockets int
	closed  bool
	down    bool // the bus is
	refetch bool // browsers are to be told to fetch anew
	failing bool // the store did, when last asked
}

// NewHub returns a hub that listens to bus at once.
func NewHub(store Store, bus Bus, opts Options) *Hub {
	opts = opts.withDefaults()
	h := &Hub{
		store: store, opts: opts, presence: newPresence(opts), streams: map[int64]*stream{},
		opening: map[int64]*rate.Limiter{},
		reads:   make(chan struct{}, concurrentReads), nudge: make(chan struct{}, 1),
	}
	h.stop = bus.Subscribe(h.message)
	return h
}

// Open admits a connection of an authenticated user. The socket is cut unless
// a hello arrives in time. The caller must Leave.
func (h *Hub) Open(peer Peer) (*Socket, error) {
	peer.Tab = rand.Text()
	s := &Socket{
		hub: h, peer: peer, queue: newQueue(h.opts.QueueBytes, h.opts.QueueFrames),
		limiter: rate.NewLimiter(rate.Limit(h.opts.FramesPerSec), h.opts.FrameBurst),
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.sockets >= h.opts.MaxSockets {
		return nil, fault.New(fault.Unavailable, "live_unavailable", "No live connection is free now. Try again in a moment.")
	}
	if !h.mayOpen(peer.UserID) {
		return nil, fault.New(fault.Limited, "live_too_often", "Too many new live connections. Try again in a moment.")
	}
	h.handlers.Add(1)
	st := h.streams[peer.UserID]
	if st == nil {
		st = &stream{userID: peer.UserID}
		h.streams[peer.UserID] = st
	}
	st.sockets = append(st.sockets, s)
	h.sockets++
	if len(st.sockets) > h.opts.SocketsPerUser {
		h.end(st.sockets[0], CloseTooManyTabs)
	}
	s.greet = time.AfterFunc(h.opts.HelloWithin, func() { h.endUngreeted(s) })
	return s, nil
}

// mayOpen bounds how often one user connects. The lock is held.
func (h *Hub) mayOpen(userID int64) bool {
	l := h.opening[userID]
	if l == nil {
		l = rate.NewLimiter(rate.Limit(h.opts.OpensPerSec), h.opts.OpenBurst)
		h.opening[userID] = l
	}
	return l.Allow()
}

// forgetOpening drops the limiters that limit nothing any more.
func (h *Hub) forgetOpening() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for userID, l := range h.opening {
		if l.Tokens() >= float64(h.opts.OpenBurst) {
			delete(h.opening, userID)
		}
	}
}

func (h *Hub) endUngreeted(s *Socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.stage == greeting {
		h.end(s, ClosePolicy)
	}
}

func (h *Hub) stageOf(s *Socket) stage {
	h.mu.Lock()
	defer h.mu.Unlock()
	return s.stage
}

// end takes s out of everything and closes its queue. The lock is held.
func (h *Hub) end(s *Socket, code CloseCode) {
	if s.stage == ended {
		return
	}
	st := h.streams[s.peer.UserID]
	wasLive := s.stage == live
	s.stage, s.pending = ended, nil
	s.greet.Stop()
	s.queue.close(code)
	if s.onEnd != nil {
		s.onEnd()
	}
	h.sockets--
	st.sockets = slices.DeleteFunc(st.sockets, func(other *Socket) bool { return other == s })
	if len(st.sockets) == 0 {
		delete(h.streams, st.userID)
	}
	if wasLive {
		h.presence.disconnected(st.userID, st.tabs())
	}
}

// message is the hub's ear on the bus.
func (h *Hub) message(m Message) {
	switch m.Kind {
	case MessageEvent:
		h.event(m)
	case MessageSignal:
		h.signal(m.Frame)
	case MessageKickUser:
		h.kick(func(p Peer) bool { return p.UserID == m.UserID })
	case MessageKickSession:
		h.kick(func(p Peer) bool { return p.SessionID == m.SessionID })
	case MessageLost, MessageDown:
		h.mu.Lock()
		h.down = m.Kind == MessageDown
		h.refetch = h.refetch || !h.down
		h.mu.Unlock()
		h.lookNow()
	}
}

// signal gives a frame to every live socket.
func (h *Hub) signal(frame []byte) {
	item := queued{frame: frame, key: string(frame)}
	h.mu.Lock()
	defer h.mu.Unlock()
	var slow []*Socket
	for _, st := range h.streams {
		for _, s := range st.sockets {
			if s.stage == live && !s.queue.push(item) {
				slow = append(slow, s)
			}
		}
	}
	h.cut(slow)
}

// kick ends the sessions of those peers.
func (h *Hub) kick(whom func(Peer) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.all() {
		if whom(s.peer) {
			h.end(s, CloseSessionEnded)
		}
	}
}

// all lists the sockets; the list stays as it is while they end. The lock is held.
func (h *Hub) all() []*Socket {
	list := make([]*Socket, 0, h.sockets)
	for _, st := range h.streams {
		list = append(list, st.sockets...)
	}
	return list
}
