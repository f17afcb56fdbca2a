package siptest

import (
	"fmt"
	"time"

	"centralita/internal/siptest/sip"
	"centralita/internal/siptest/tone"
)

// takeInvite begins an incoming call and runs its script.
func (u *UA) takeInvite(m reply) {
	c, err := u.newCall(m.Message, tone.Sine(u.config.Tone))
	if err != nil {
		u.respond(m, m.Reply(500, "Server Internal Error", sip.Token()))
		return
	}
	c.started, c.request, c.peer = m.at, m, m.from
	c.local = m.Get("To") + ";tag=" + sip.Token()
	c.remote, c.target = m.Get("From"), sip.URI(m.Get("Contact"))
	c.note(m.at, false, m.Message)
	u.mu.Lock()
	u.received = append(u.received, c)
	close(u.arrival)
	u.arrival = make(chan struct{})
	script := u.script
	u.mu.Unlock()
	_ = u.publish(c, func() { script(c.ctx, c) }) // a UA that closes takes no calls
}

// respond answers the INVITE of an incoming call and moves it to the next
// state; false when a final response was sent before.
func (c *Call) respond(status int, reason string, body []byte, next state) bool {
	c.mu.Lock()
	late := c.outgoing || c.decided || c.state == over
	if !late {
		c.decided = status >= 200
	}
	c.mu.Unlock()
	if late {
		return false
	}
	response := c.request.Reply(status, reason, sip.Param(c.local, "tag"))
	response.Add("Contact", c.ua.contact())
	if body != nil {
		response.Add("Content-Type", "application/sdp")
		response.Body = body
	}
	c.note(time.Now(), true, response)
	if status >= 200 {
		c.insist(c.request, response)
	} else {
		c.ua.respond(c.request, response)
	}
	c.reach(next)
	return true
}

// insist sends a final response to an INVITE and repeats it until its ACK comes.
func (c *Call) insist(request reply, response *sip.Message) {
	acked, forget := c.ua.awaitAck(request)
	c.ua.respond(request, response)
	_ = c.ua.spawn(func() { // a UA that closes repeats nothing any more
		defer forget()
		deadline := time.NewTimer(giveUp)
		defer deadline.Stop()
		for pause := firstRepeat; ; pause = min(2*pause, mostRepeat) {
			repeat := time.NewTimer(pause)
			select {
			case <-acked:
			case <-c.ua.ctx.Done():
			case <-deadline.C:
				c.finish(End{By: Nobody, How: Failed, Reason: "no ACK"})
			case <-repeat.C:
				c.ua.respond(request, response)
				continue
			}
			repeat.Stop()
			return
		}
	})
}

// ackKey names the ACK of an INVITE, whatever branch it comes by.
func ackKey(m *sip.Message) string {
	number, _ := m.CSeq()
	return cseq(number, m.Get("Call-ID"))
}

func (u *UA) awaitAck(request reply) (<-chan struct{}, func()) {
	name, acked := ackKey(request.Message), make(chan struct{})
	u.mu.Lock()
	defer u.mu.Unlock()
	u.awaited[name] = acked
	return acked, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.awaited, name)
	}
}

func (c *Call) tooLate(what string) error {
	if end, ended := c.End(); ended {
		return &EndedError{end}
	}
	return fmt.Errorf("too late to %s the call", what)
}

// Ring sends 180 for an incoming call.
func (c *Call) Ring() error {
	if !c.respond(180, "Ringing", nil, ringing) {
		return c.tooLate("ring")
	}
	return nil
}

// Progress sends 183 with SDP and begins to send early media.
func (c *Call) Progress() error {
	if !c.respond(183, "Session Progress", c.describe(c.adapt(c.invite.Body)), ringing) {
		return c.tooLate("progress")
	}
	return nil
}

// Answer sends 200 with SDP for an incoming call and begins to send audio.
func (c *Call) Answer() error {
	if !c.respond(200, "OK", c.describe(c.adapt(c.invite.Body)), up) {
		return c.tooLate("answer")
	}
	return nil
}

// Reject ends an incoming call with a final status from 300 up.
func (c *Call) Reject(status int, reason string) error {
	if !c.respond(status, reason, nil, ringing) {
		return c.tooLate("reject")
	}
	c.finish(End{By: Local, How: Rejected, Status: status})
	return nil
}

// take handles a request that belongs to the call.
func (c *Call) take(m reply) {
	c.note(m.at, false, m.Message)
	switch m.Method {
	case "ACK":
		c.adapt(m.Body) // the answer, when our 200 held the offer
	case "CANCEL":
		c.takeCancel(m)
	case "BYE":
		c.ua.respond(m, m.Reply(200, "OK", ""))
		text, cause := reasons(m.Message)
		c.finish(End{By: Remote, How: HungUp, Cause: cause, Reason: text})
	case "INVITE", "UPDATE":
		c.takeOffer(m)
	case "REFER":
		c.ua.respond(m, m.Reply(603, "Decline", ""))
	default:
		c.ua.respond(m, m.Reply(200, "OK", ""))
	}
}

func (c *Call) takeCancel(m reply) {
	c.ua.respond(m, m.Reply(200, "OK", sip.Param(c.local, "tag")))
	if c.respond(487, "Request Terminated", nil, ringing) {
		text, cause := reasons(m.Message)
		c.finish(End{By: Remote, How: Cancelled, Status: 487, Cause: cause, Reason: text})
	}
}

// takeOffer answers a new offer within the call (hold, resume, other media).
func (c *Call) takeOffer(m reply) {
	if sip.Param(m.Get("To"), "tag") == "" {
		c.ua.respond(m, m.Reply(482, "Loop Detected", sip.Token()))
		return
	}
	response := m.Reply(200, "OK", "")
	response.Add("Contact", c.ua.contact())
	if m.Method == "INVITE" || len(m.Body) > 0 {
		response.Add("Content-Type", "application/sdp")
		response.Body = c.describe(c.adapt(m.Body))
	}
	c.note(time.Now(), true, response)
	c.ua.respond(m, response)
	if m.Method == "INVITE" {
		c.insist(m, response)
	}
}
