package siptest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"centralita/internal/siptest/sip"
)

const (
	firstRepeat = 500 * time.Millisecond // T1 of RFC 3261
	mostRepeat  = 4 * time.Second        // T2
	giveUp      = 32 * time.Second       // 64 T1
)

// errNoReply is the failure of a request that nobody answered in time.
var errNoReply = errors.New("no reply")

// StatusError is a final response that is not a success.
type StatusError struct {
	Method string
	Status int
	Reason string
}

// Error names the request and its status line.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s answered %d %s", e.Method, e.Status, e.Reason)
}

// via returns a Via value with a fresh branch.
func (u *UA) via() string {
	return "SIP/2.0/UDP " + u.addr.String() + ";rport;branch=z9hG4bK" + sip.Token()
}

func (u *UA) contact() string {
	user := u.config.User
	if user == "" {
		user = "agent"
	}
	return "<sip:" + user + "@" + u.addr.String() + ">"
}

func (u *UA) openClient(name string) (<-chan reply, func()) {
	responses := make(chan reply, 64)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clients[name] = responses
	return responses, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.clients, name)
	}
}

// roundTrip sends a request other than INVITE, repeats it as UDP needs, and
// returns its final response.
func (u *UA) roundTrip(ctx context.Context, to netip.AddrPort, request *sip.Message) (reply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, giveUp, errNoReply)
	defer cancel()
	responses, closeClient := u.openClient(key(request, request.Method))
	defer closeClient()
	datagram := request.Bytes()
	for pause := firstRepeat; ; pause = min(2*pause, mostRepeat) {
		if err := u.send(to, datagram); err != nil {
			return reply{}, err
		}
		m, err := u.final(ctx, responses, pause)
		if err != nil {
			return reply{}, fmt.Errorf("%s to %s: %w", request.Method, to, err)
		}
		if m.Message != nil {
			return m, nil
		}
	}
}

// final waits for a final response; after the pause it returns without one.
func (u *UA) final(ctx context.Context, responses <-chan reply, pause time.Duration) (reply, error) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case m := <-responses:
			if m.Status >= 200 {
				return m, nil
			}
		case <-timer.C:
			return reply{}, nil
		case <-u.ctx.Done():
			return reply{}, ErrClosed
		case <-ctx.Done():
			return reply{}, context.Cause(ctx)
		}
	}
}

// ask is roundTrip that answers one challenge: build makes the request, a fresh
// one each time, with the extra headers given.
func (u *UA) ask(ctx context.Context, to netip.AddrPort, build func(extra ...sip.Header) *sip.Message) (reply, error) {
	request := build()
	m, err := u.roundTrip(ctx, to, request)
	if err != nil || (m.Status != 401 && m.Status != 407) || u.config.Password == "" {
		return m, err
	}
	proof, err := sip.Authorize(m.Message, request.Method, request.URI, u.config.User, u.config.Password)
	if err != nil {
		return m, fmt.Errorf("%s: %w", request.Method, err)
	}
	return u.roundTrip(ctx, to, build(proof))
}
