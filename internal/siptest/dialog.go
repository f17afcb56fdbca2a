package siptest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"centralita/internal/siptest/sip"
)

func cseq(number int, method string) string { return fmt.Sprintf("%d %s", number, method) }

// inDialog makes a request in the call's dialog; number 0 takes the next one.
func (c *Call) inDialog(method string, number int, extra []sip.Header) *sip.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	if number == 0 {
		c.cseq++
		number = c.cseq
	}
	return &sip.Message{Method: method, URI: c.target, Headers: append([]sip.Header{
		{Name: "Via", Value: c.ua.via()}, {Name: "Max-Forwards", Value: "70"},
		{Name: "From", Value: c.local}, {Name: "To", Value: c.remote},
		{Name: "Call-ID", Value: c.id}, {Name: "CSeq", Value: cseq(number, method)},
		{Name: "Contact", Value: c.ua.contact()},
	}, extra...)}
}

// Do sends a request other than INVITE within the dialog and returns the final
// response, whatever its status. Body goes with its content type, if any.
func (c *Call) Do(ctx context.Context, method string, headers []sip.Header, contentType string, body []byte) (*sip.Message, error) {
	c.mu.Lock()
	peer := c.peer
	c.mu.Unlock()
	m, err := c.ua.ask(ctx, peer, func(extra ...sip.Header) *sip.Message {
		request := c.inDialog(method, 0, append(extra, headers...))
		if contentType != "" {
			request.Add("Content-Type", contentType)
		}
		request.Body = body
		c.note(time.Now(), true, request)
		return request
	})
	if err != nil {
		return nil, err
	}
	c.note(m.at, false, m.Message)
	return m.Message, nil
}

// Hangup ends the call: BYE when it is up, CANCEL when we are calling, 603 when
// we are being called. It returns when the call is over; on one that is over it
// does nothing.
func (c *Call) Hangup(ctx context.Context) error {
	c.mu.Lock()
	state := c.state
	c.mu.Unlock()
	switch {
	case state == over:
		return nil
	case state == up:
		_, err := c.Do(ctx, "BYE", nil, "", nil)
		c.finish(End{By: Local, How: HungUp})
		return err
	case !c.outgoing:
		return c.Reject(603, "Decline")
	}
	c.quitOnce.Do(func() { close(c.quit) })
	_, err := c.WaitEnded(ctx)
	return err
}

// Hold puts the other side on hold (re-INVITE, sendonly) and stops our audio.
func (c *Call) Hold(ctx context.Context) error { return c.reinvite(ctx, "sendonly") }

// Resume takes the other side back from hold.
func (c *Call) Resume(ctx context.Context) error { return c.reinvite(ctx, "sendrecv") }

func (c *Call) reinvite(ctx context.Context, direction string) error {
	if err := c.WaitAnswered(ctx); err != nil {
		return err
	}
	request := c.inDialog("INVITE", 0, []sip.Header{{Name: "Content-Type", Value: "application/sdp"}})
	request.Body = c.describe(direction)
	c.mu.Lock()
	peer := c.peer
	c.mu.Unlock()
	tx := &inviteTx{ua: c.ua, call: c, to: peer, request: request, provisional: func(reply) {}}
	m, err := tx.run(ctx)
	if err != nil {
		return fmt.Errorf("re-INVITE: %w", errors.Join(err, ctx.Err()))
	}
	if m.Status >= 300 {
		return &StatusError{"re-INVITE", m.Status, m.Reason}
	}
	c.acknowledge(m, nil)
	c.adapt(m.Body)
	return nil
}

// describe returns our SDP anew, with the direction from now on.
func (c *Call) describe(direction string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	c.media.Pause(direction != "sendrecv")
	return sip.SDP(c.media.Port(), c.version, direction)
}

// adapt follows the other side's SDP and returns the direction that answers it.
func (c *Call) adapt(body []byte) string {
	media, has := sip.ParseSDP(body)
	if !has {
		return "sendrecv"
	}
	_ = c.media.SetRemote(media.Remote) // refused unless loopback: then nothing new is sent
	switch media.Direction {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	default:
		return media.Direction
	}
}
