package siptest

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"centralita/internal/siptest/rtp"
	"centralita/internal/siptest/sip"
	"centralita/internal/siptest/tone"
)

// state is how far a call has come; it only grows.
type state int

const (
	calling state = iota // the INVITE has been sent or received
	ringing              // a 180 or 183 went over the wire
	up                   // a 200 did
	over
)

// Call is one call of a UA, in either direction.
type Call struct {
	ua       *UA
	id       string
	outgoing bool
	invite   *sip.Message // as first sent, or as received
	request  reply        // of an incoming call: its INVITE
	media    *rtp.Session
	started  time.Time
	ctx      context.Context // ends with the call
	stop     context.CancelFunc
	quit     chan struct{} // closed when an outgoing call is to be cancelled
	quitOnce sync.Once

	mu            sync.Mutex
	changed       chan struct{} // closed and replaced on every change
	state         state
	log           []Event
	end           End
	local, remote string // our and their From/To value, with tags
	target        string // URI for requests in the dialog
	peer          netip.AddrPort
	cseq          int
	version       int  // of our SDP
	decided       bool // a final response to the INVITE was sent
}

func (u *UA) newCall(invite *sip.Message, source tone.Source) (*Call, error) {
	media, err := rtp.Open()
	if err != nil {
		return nil, err
	}
	media.Play(source)
	c := &Call{
		ua: u, id: invite.Get("Call-ID"), invite: invite, media: media, started: time.Now(),
		quit: make(chan struct{}), changed: make(chan struct{}),
	}
	c.ctx, c.stop = context.WithCancel(u.ctx)
	return c, nil
}

// publish makes a new call known and runs fn for it, unless the UA is closed.
func (u *UA) publish(c *Call, fn func()) error {
	u.mu.Lock()
	u.calls[c.id] = c
	u.mu.Unlock()
	if u.config.Journal != nil {
		u.config.Journal.enter(c)
	}
	err := u.spawn(fn)
	if err != nil {
		c.finish(End{By: Nobody, How: Failed, Reason: err.Error()})
	}
	return err
}

// ID returns the SIP Call-ID.
func (c *Call) ID() string { return c.id }

// Outgoing reports whether this side placed the call.
func (c *Call) Outgoing() bool { return c.outgoing }

// Request returns the INVITE, as it was first sent or as it was received. It
// must not be changed.
func (c *Call) Request() *sip.Message { return c.invite }

// Header returns a header of the INVITE, "" when it had none of that name.
func (c *Call) Header(name string) string { return c.invite.Get(name) }

// From returns the caller's user part (percent-decoded) and display name.
func (c *Call) From() (user, display string) {
	from := c.invite.Get("From")
	return sip.User(sip.URI(from)), sip.Display(from)
}

// To returns the user part that was dialled.
func (c *Call) To() string { return sip.User(c.invite.URI) }

// Media returns the audio of the call, readable after its end too.
func (c *Call) Media() *rtp.Session { return c.media }

// wait returns when done says so; done runs under the call's lock.
func (c *Call) wait(ctx context.Context, what string, done func() bool) error {
	for {
		c.mu.Lock()
		if done() {
			c.mu.Unlock()
			return nil
		}
		changed, state := c.changed, c.state
		c.mu.Unlock()
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("call %s not %s (state %d): %w\n%s", c.id, what, state, err, c.Trace())
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (c *Call) waitState(ctx context.Context, what string, least state) error {
	if err := c.wait(ctx, what, func() bool { return c.state >= least }); err != nil {
		return err
	}
	if end, ended := c.End(); ended {
		return &EndedError{end}
	}
	return nil
}

// WaitRinging returns when a 180 or 183 (or an answer) has been sent or
// received; an *EndedError when the call is over instead.
func (c *Call) WaitRinging(ctx context.Context) error { return c.waitState(ctx, "ringing", ringing) }

// WaitAnswered returns when the call is answered; an *EndedError when it is
// over, be it that it was answered before.
func (c *Call) WaitAnswered(ctx context.Context) error { return c.waitState(ctx, "answered", up) }

// WaitEnded returns how the call ended, when it has.
func (c *Call) WaitEnded(ctx context.Context) (End, error) {
	if err := c.wait(ctx, "ended", func() bool { return c.state == over }); err != nil {
		return End{}, err
	}
	end, _ := c.End()
	return end, nil
}

// reach moves the state forward; it never goes back.
func (c *Call) reach(s state) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s > c.state {
		c.state = s
	}
	c.tell()
}

func (c *Call) tell() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// finish ends the call; the first end stands.
func (c *Call) finish(end End) {
	c.mu.Lock()
	if c.state == over {
		c.mu.Unlock()
		return
	}
	end.At = time.Now()
	c.state, c.end = over, end
	c.tell()
	c.mu.Unlock()
	c.stop()
	_ = c.media.Close() // nothing can be lost by it
	c.ua.mu.Lock()
	defer c.ua.mu.Unlock()
	if c.ua.calls[c.id] == c {
		delete(c.ua.calls, c.id)
	}
}
