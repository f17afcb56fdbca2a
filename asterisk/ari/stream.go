package ari

import (
	"context"
	"errors"
	"sync"
	"time"
)

// pace of the event socket.
type pace struct {
	firstRetry, lastRetry time.Duration
	ping, beat            time.Duration
	// silence is how long nothing at all, and beatLost how long no heartbeat, may arrive before
	// the socket is given up.
	silence, beatLost time.Duration
}

var usualPace = pace{
	firstRetry: 100 * time.Millisecond, lastRetry: 2 * time.Second,
	ping: 5 * time.Second, beat: 3 * time.Second, silence: 15 * time.Second, beatLost: 10 * time.Second,
}

// Stream is the ordered flow of messages from an Asterisk across reconnects. Make it with Client.Listen.
type Stream struct {
	client *Client
	pace   pace
	log    *oddities
	queue  *queue
	done   chan struct{}

	mu    sync.Mutex
	state StreamState
}

// StreamState is how a Stream is doing.
type StreamState struct {
	Connected bool
	Epoch     uint64    // of the last connection; 0 before the first
	Since     time.Time // of the last change of Connected; zero before the first
	LastError error     // why the last connection ended or was not made; nil before
	Events    uint64    // received since the start
	Queued    int       // received and not consumed yet
	Malformed uint64    // messages that were no events
	Unknown   uint64    // events of types that this package does not know
}

// Listen opens the event socket and keeps it open until ctx ends. Besides the application's own
// events it brings ContactStatusChange and EndpointStateChange of every PJSIP endpoint, through
// a second application named watch-… on the same socket, so that no channel event comes twice.
// Call it once for a Client.
func (c *Client) Listen(ctx context.Context) *Stream {
	s := &Stream{client: c, pace: c.pace, log: newOddities(c.log), queue: newQueue(), done: make(chan struct{})}
	go s.run(ctx)
	return s
}

// Next gives the next message, waiting for one. Its error is ctx's, or, once everything received
// has been given, that of the Listen context, or ErrReplaced.
func (s *Stream) Next(ctx context.Context) (Message, error) { return s.queue.take(ctx) }

// Done is closed when the socket is closed for good. Messages may still wait in Next.
func (s *Stream) Done() <-chan struct{} { return s.done }

// State says how it is doing.
func (s *Stream) State() StreamState {
	s.mu.Lock()
	state := s.state
	s.mu.Unlock()
	state.Queued = s.queue.length()
	state.Malformed, state.Unknown = s.log.counts()
	return state
}

// run connects again and again, faster at first.
func (s *Stream) run(ctx context.Context) {
	defer close(s.done)
	wait := s.pace.firstRetry
	for {
		began := time.Now()
		err := s.session(ctx)
		s.ended(err)
		switch {
		case ctx.Err() != nil:
			s.queue.close(ctx.Err())
			return
		case errors.Is(err, ErrReplaced):
			s.queue.close(ErrReplaced)
			return
		case time.Since(began) > s.pace.lastRetry:
			wait = s.pace.firstRetry
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		wait = min(2*wait, s.pace.lastRetry)
	}
}

// began announces a connection and gives its epoch.
func (s *Stream) began() uint64 {
	now := time.Now()
	s.mu.Lock()
	s.state.Connected, s.state.Since = true, now
	s.state.Epoch++
	epoch := s.state.Epoch
	s.mu.Unlock()
	s.queue.put(Connected{Epoch: epoch, At: now})
	return epoch
}

// ended announces that a connection, if there was one, is over.
func (s *Stream) ended(err error) {
	now := time.Now()
	s.mu.Lock()
	was, epoch := s.state.Connected, s.state.Epoch
	s.state.LastError = err
	if was {
		s.state.Connected, s.state.Since = false, now
	}
	s.mu.Unlock()
	if was {
		s.queue.put(Disconnected{Epoch: epoch, At: now, Err: err})
	}
}

// counted notes one more event.
func (s *Stream) counted() {
	s.mu.Lock()
	s.state.Events++
	s.mu.Unlock()
}
