// Package siptest is a SIP and RTP user agent for tests and for the command that
// places a call: one UA is a caller, a desk phone or the far end of a trunk, on
// one UDP socket of 127.0.0.1. It can be as hostile as a test wants (byte-exact
// headers, no SDP, mangled datagrams), it keeps a log of every message with
// monotonic times, and it proves conversations by tones. It speaks to loopback
// addresses alone and knows no proxies: every request goes back to the address
// that the other side sent from. All of it may be used from any goroutine.
package siptest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"centralita/internal/siptest/sip"
)

// ErrClosed is the failure of whatever was under way when the UA was closed.
var ErrClosed = errors.New("SIP user agent is closed")

// Config says who a UA is and how it behaves; the zero value is an anonymous
// caller on a free port.
type Config struct {
	Addr     string   // where to listen, "127.0.0.1:0" when empty
	User     string   // account for REGISTER and for challenged requests
	Password string   // of the account
	Server   string   // host:port of the registrar, and where Invite goes by default
	Tone     float64  // Hz that every call sends once media is up; 0 sends silence
	Script   Script   // what is done with incoming calls; nil is Ring
	Journal  *Journal // where calls are entered; may be nil
}

// UA is one SIP user agent on a UDP socket of its own.
type UA struct {
	config Config
	conn   *net.UDPConn
	addr   netip.AddrPort
	ctx    context.Context // ends with the UA
	stop   context.CancelFunc
	work   sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	script   Script
	clients  map[string]chan reply    // open client transactions
	acks     recent                   // ACKs to repeat, by INVITE transaction
	awaited  map[string]chan struct{} // ACKs that must come, by Call-ID and number
	answers  recent                   // last response, by server transaction
	calls    map[string]*Call         // by Call-ID
	received []*Call
	taken    int
	arrival  chan struct{} // closed and replaced when a call arrives
	binding  binding
}

// Open starts a UA. Close or Kill ends it.
func Open(config Config) (*UA, error) {
	if config.Addr == "" {
		config.Addr = "127.0.0.1:0"
	}
	if config.Script == nil {
		config.Script = Ring()
	}
	addr, err := net.ResolveUDPAddr("udp4", config.Addr)
	if err != nil {
		return nil, fmt.Errorf("SIP address: %w", err)
	}
	if !addr.IP.IsLoopback() {
		return nil, fmt.Errorf("SIP address %s refused: not loopback", config.Addr)
	}
	conn, err := net.ListenUDP("udp4", addr)
	if err != nil {
		return nil, fmt.Errorf("SIP socket: %w", err)
	}
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		return nil, errors.Join(fmt.Errorf("SIP socket: %w", err), conn.Close())
	}
	u := &UA{
		config: config, conn: conn, script: config.Script, clients: map[string]chan reply{}, awaited: map[string]chan struct{}{},
		calls: map[string]*Call{}, arrival: make(chan struct{}), binding: binding{callID: sip.Token()},
	}
	u.addr = conn.LocalAddr().(*net.UDPAddr).AddrPort()
	u.ctx, u.stop = context.WithCancel(context.Background())
	u.work.Go(u.read)
	return u, nil
}

// Addr returns host:port of the socket.
func (u *UA) Addr() string { return u.addr.String() }

// SetScript changes what is done with the calls that arrive from now on.
func (u *UA) SetScript(script Script) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.script = script
}

// Received returns every call that ever arrived, in order of arrival.
func (u *UA) Received() []*Call {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.received)
}

// Incoming returns the next call that arrived and was not yet returned, in
// order of arrival, waiting for one until ctx ends.
func (u *UA) Incoming(ctx context.Context) (*Call, error) {
	for {
		u.mu.Lock()
		if u.taken < len(u.received) {
			u.taken++
			call := u.received[u.taken-1]
			u.mu.Unlock()
			return call, nil
		}
		arrival := u.arrival
		u.mu.Unlock()
		select {
		case <-arrival:
		case <-u.ctx.Done():
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, fmt.Errorf("no incoming call at %s: %w", u.addr, ctx.Err())
		}
	}
}

// Close hangs up what is open, takes the registration back and closes the
// sockets; it takes 3 s at most. Closing again is harmless.
func (u *UA) Close() {
	ctx, cancel := context.WithTimeout(u.ctx, 3*time.Second)
	defer cancel()
	var hangups sync.WaitGroup
	for _, call := range u.open() {
		hangups.Go(func() { _ = call.Hangup(ctx) }) // Kill ends what didn't listen
	}
	hangups.Wait()
	if u.registered() {
		_ = u.Unregister(ctx) // the registrar may be gone; the binding then expires
	}
	u.Kill()
}

// Kill closes the sockets at once without a word to anybody, as a phone does
// whose power is cut. Calls end as Failed.
func (u *UA) Kill() {
	u.mu.Lock()
	first := !u.closed
	u.closed = true
	u.mu.Unlock()
	if !first {
		return
	}
	u.stop()
	u.conn.Close()
	for _, call := range u.open() {
		call.finish(End{By: Nobody, How: Failed, Reason: ErrClosed.Error()})
	}
	u.work.Wait()
}

func (u *UA) open() []*Call {
	u.mu.Lock()
	defer u.mu.Unlock()
	var open []*Call
	for _, call := range u.calls {
		open = append(open, call)
	}
	return open
}

// spawn runs fn unless the UA is closed; Kill waits for it.
func (u *UA) spawn(fn func()) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return ErrClosed
	}
	u.work.Go(fn)
	return nil
}
