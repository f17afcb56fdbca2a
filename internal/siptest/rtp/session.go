// Package rtp is the media of a SIP test agent: one UDP socket on loopback that
// sends G.711 u-law in real time and keeps everything that it hears, with the
// kernel's time of arrival, so that tests can ask what was heard and whether
// there was a gap. It speaks to 127.0.0.0/8 and ::1 alone. Every method of
// Session may be called from any goroutine.
package rtp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"centralita/internal/siptest/tone"
)

// Session is one open media socket.
type Session struct {
	conn *net.UDPConn
	done chan struct{}
	work sync.WaitGroup

	mu      sync.Mutex
	remote  netip.AddrPort
	source  tone.Source // nil: nothing is sent
	paused  bool
	digits  []digit
	heard   inbox
	outbox  history
	started bool
	closed  bool
}

// Open opens a socket on a free port of 127.0.0.1. It receives at once and sends
// after SetRemote and Play.
func Open() (*Session, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("open media: %w", err)
	}
	if err := askArrivalTimes(conn); err != nil {
		return nil, errors.Join(fmt.Errorf("open media: %w", err), conn.Close())
	}
	s := &Session{conn: conn, done: make(chan struct{}), heard: newInbox()}
	s.work.Go(s.receive)
	return s, nil
}

// Port returns the local UDP port.
func (s *Session) Port() int { return s.conn.LocalAddr().(*net.UDPAddr).Port }

// SetRemote tells where to send; an address that is not loopback is refused.
func (s *Session) SetRemote(remote netip.AddrPort) error {
	if !remote.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("media to %s refused: not loopback", remote)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remote = remote
	if !s.started && !s.closed {
		s.started = true
		s.work.Go(func() { s.send(rand.Uint32(), firstSequence()) })
	}
	return nil
}

// Play sends the source from the next frame on, instead of what was sent before;
// nil stops the packets altogether. When the source ends silence follows.
func (s *Session) Play(source tone.Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.source = source
}

// Pause stops the packets, and takes them up again where they stopped.
func (s *Session) Pause(paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = paused
}

// Close stops sending and receiving; what was heard stays readable.
func (s *Session) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if !first {
		return nil
	}
	close(s.done)
	err := s.conn.Close()
	s.work.Wait()
	return err
}

// begun counts the sessions that have sent.
var begun atomic.Uint32

// firstSequence returns the sequence number of a session's first packet: lower than that of the session before. A
// receiver that keeps something of one sender and takes the next one's packets for old ones is found out by that.
func firstSequence() uint16 {
	const highest, apart, sessions = 60_000, 600, 90
	return uint16(highest - apart*(begun.Add(1)%sessions))
}
