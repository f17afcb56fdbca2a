package siptest

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"centralita/internal/siptest/sip"
	"centralita/internal/siptest/tone"
)

// Invite is a call to place. User parts and raw values are sent byte for byte.
type Invite struct {
	To, From string              // user parts
	Name     string              // display name of From, quoted; none when empty
	Server   string              // host:port to send to, instead of Config.Server
	RawFrom  string              // whole From value; a tag is added to it
	RawTo    string              // whole To value
	RawURI   string              // request URI
	Headers  []sip.Header        // more headers
	NoSDP    bool                // leave the offer to the other side
	Mangle   func([]byte) []byte // last hand on the first datagram, also of its repetitions
	Tone     float64             // Hz to send, instead of Config.Tone
	Source   tone.Source         // audio to send, instead of a tone
}

// Invite sends an INVITE and returns at once. Ctx bounds the time until the
// answer: when it ends before, the call is cancelled; afterwards it has no effect.
func (u *UA) Invite(ctx context.Context, in Invite) (*Call, error) {
	if in.Server == "" {
		in.Server = u.config.Server
	}
	server, err := netip.ParseAddrPort(in.Server)
	if err != nil {
		return nil, fmt.Errorf("where to call: %w", err)
	}
	source := in.Source
	if source == nil {
		source = tone.Sine(max(in.Tone, 0))
		if in.Tone == 0 {
			source = tone.Sine(u.config.Tone)
		}
	}
	message := u.compose(in)
	c, err := u.newCall(message, source)
	if err != nil {
		return nil, err
	}
	c.outgoing, c.peer, c.cseq, c.version = true, server, 1, 1
	c.local, c.remote, c.target = message.Get("From"), message.Get("To"), message.URI
	if !in.NoSDP {
		message.Add("Content-Type", "application/sdp")
		message.Body = sip.SDP(c.media.Port(), 1, "sendrecv")
	}
	if err := u.publish(c, func() { c.place(ctx, in) }); err != nil {
		return nil, err
	}
	return c, nil
}

func (u *UA) compose(in Invite) *sip.Message {
	uri, from, to := in.RawURI, in.RawFrom, in.RawTo
	if uri == "" {
		uri = "sip:" + in.To + "@" + in.Server
	}
	if from == "" {
		from = "<sip:" + in.From + "@" + u.addr.String() + ">"
		if in.Name != "" {
			from = sip.Quote(in.Name) + " " + from
		}
	}
	if to == "" {
		to = "<" + uri + ">"
	}
	return &sip.Message{Method: "INVITE", URI: uri, Headers: append([]sip.Header{
		{Name: "Via", Value: u.via()}, {Name: "Max-Forwards", Value: "70"},
		{Name: "From", Value: from + ";tag=" + sip.Token()}, {Name: "To", Value: to},
		{Name: "Call-ID", Value: sip.Token() + sip.Token()}, {Name: "CSeq", Value: "1 INVITE"},
		{Name: "Contact", Value: u.contact()}, {Name: "Allow", Value: "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, INFO, UPDATE"},
	}, in.Headers...)}
}

// place runs an outgoing call until it is answered or over.
func (c *Call) place(ctx context.Context, in Invite) {
	tx := &inviteTx{ua: c.ua, call: c, to: c.peer, request: c.invite, mangle: in.Mangle, provisional: c.progress}
	m, err := tx.run(ctx)
	if err == nil && (m.Status == 401 || m.Status == 407) && c.ua.config.Password != "" {
		m, err = c.placeAgain(ctx, tx, m)
	}
	switch {
	case err != nil && tx.quitting:
		c.finish(End{By: Local, How: Cancelled, Reason: err.Error()})
	case err != nil:
		c.finish(End{By: Nobody, How: Failed, Reason: err.Error()})
	case m.Status >= 300:
		end := End{By: Remote, How: Rejected, Status: m.Status}
		if end.Reason, end.Cause = reasons(m.Message); tx.quitting && m.Status == 487 {
			end.By, end.How = Local, Cancelled
		}
		c.finish(end)
	default:
		c.establish(m, in.NoSDP)
		if tx.quitting { // the answer crossed our CANCEL
			ctx, cancel := context.WithTimeout(c.ctx, patience)
			defer cancel()
			_ = c.Hangup(ctx) // over in any case
		}
	}
}

// placeAgain repeats the INVITE with an answer to the challenge.
func (c *Call) placeAgain(ctx context.Context, tx *inviteTx, challenge reply) (reply, error) {
	proof, err := sip.Authorize(challenge.Message, "INVITE", c.invite.URI, c.ua.config.User, c.ua.config.Password)
	if err != nil {
		return challenge, err
	}
	again := *c.invite
	again.Headers = append([]sip.Header{{Name: "Via", Value: c.ua.via()}}, c.invite.Headers[1:]...)
	for i := range again.Headers {
		if again.Headers[i].Name == "CSeq" {
			again.Headers[i].Value = "2 INVITE"
		}
	}
	again.Headers = append(again.Headers, proof)
	c.mu.Lock()
	c.cseq = 2
	c.mu.Unlock()
	tx.request = &again
	return tx.run(ctx)
}

// progress takes a provisional response: 180 and 183 ring, SDP opens early media.
func (c *Call) progress(m reply) {
	if media, has := sip.ParseSDP(m.Body); has {
		_ = c.media.SetRemote(media.Remote) // refused unless loopback: then nothing is sent
	}
	if m.Status == 180 || m.Status == 183 {
		c.reach(ringing)
	}
}

// establish takes the 2xx of the INVITE: dialog, ACK, media.
func (c *Call) establish(m reply, offered bool) {
	c.mu.Lock()
	c.remote, c.peer = m.Get("To"), m.from
	if contact := m.Get("Contact"); contact != "" {
		c.target = sip.URI(contact)
	}
	c.mu.Unlock()
	var answer []byte
	if offered {
		answer = sip.SDP(c.media.Port(), 1, "sendrecv")
	}
	if media, has := sip.ParseSDP(m.Body); has {
		_ = c.media.SetRemote(media.Remote) // refused unless loopback: then nothing is sent
	}
	c.acknowledge(m, answer)
	c.reach(up)
}

// acknowledge sends the ACK of a 2xx and keeps it for repetitions of the 2xx.
func (c *Call) acknowledge(m reply, body []byte) {
	number, _ := m.CSeq()
	ack := c.inDialog("ACK", number, nil)
	if body != nil {
		ack.Add("Content-Type", "application/sdp")
		ack.Body = body
	}
	datagram := ack.Bytes()
	c.ua.mu.Lock()
	c.ua.acks.put(key(m.Message, "INVITE"), parcel{m.from, datagram})
	c.ua.mu.Unlock()
	c.note(time.Now(), true, ack)
	_ = c.ua.send(m.from, datagram) // asked for again by a repeated 2xx when it is lost
}
