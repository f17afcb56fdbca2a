package siptest

import (
	"context"
	"net/netip"
	"time"

	"centralita/internal/siptest/sip"
)

// inviteTx is the client transaction of one INVITE (first or within a dialog):
// repetition until a first reply, CANCEL, ACK of a final that is no success.
type inviteTx struct {
	ua          *UA
	call        *Call
	to          netip.AddrPort
	request     *sip.Message
	mangle      func([]byte) []byte
	provisional func(reply)

	quitting   bool // a CANCEL is wanted
	cancelled  bool // and was sent
	proceeding bool // a reply has come
}

// patience is how long a final response may take after a CANCEL, and a first
// reply when a CANCEL waits for it.
const patience = 5 * time.Second

// run returns the final response. When ctx ends or the call is to be cancelled,
// it sends CANCEL and still waits for the final response, patience long.
func (tx *inviteTx) run(ctx context.Context) (reply, error) {
	tx.proceeding, tx.cancelled = false, false
	responses, closeClient := tx.ua.openClient(key(tx.request, "INVITE"))
	defer closeClient()
	datagram := tx.request.Bytes()
	if tx.mangle != nil {
		datagram = tx.mangle(datagram)
	}
	pause, repeat, deadline := firstRepeat, time.NewTimer(firstRepeat), time.NewTimer(giveUp)
	defer repeat.Stop()
	defer deadline.Stop()
	if err := tx.ua.send(tx.to, datagram); err != nil {
		return reply{}, err
	}
	tx.call.note(time.Now(), true, tx.request)
	quit, expired := tx.call.quit, ctx.Done()
	for {
		select {
		case m := <-responses:
			if tx.take(m) {
				return m, nil
			}
			if !tx.quitting {
				deadline.Stop()
			}
		case <-repeat.C:
			if pause *= 2; !tx.proceeding {
				_ = tx.ua.send(tx.to, datagram) // repeated again after the pause
				repeat.Reset(pause)
			}
		case <-quit:
			quit, expired = nil, nil
			tx.cancel(deadline)
		case <-expired:
			quit, expired = nil, nil
			tx.cancel(deadline)
		case <-deadline.C:
			return reply{}, errNoReply
		case <-tx.ua.ctx.Done():
			return reply{}, ErrClosed
		}
	}
}

// take handles one response and reports whether it is final.
func (tx *inviteTx) take(m reply) bool {
	tx.call.note(m.at, false, m.Message)
	tx.proceeding = true
	if m.Status < 200 {
		tx.provisional(m)
		if tx.quitting {
			tx.sendCancel()
		}
		return false
	}
	if m.Status >= 300 {
		tx.acknowledge(m)
	}
	return true
}

func (tx *inviteTx) cancel(deadline *time.Timer) {
	tx.quitting = true
	deadline.Reset(patience)
	if tx.proceeding {
		tx.sendCancel()
	}
}

// sendCancel sends CANCEL once, as soon as a reply has come (RFC 3261, 9.1).
func (tx *inviteTx) sendCancel() {
	if tx.cancelled {
		return
	}
	tx.cancelled = true
	cancel := tx.follow("CANCEL", tx.request.Get("To"))
	tx.call.note(time.Now(), true, cancel)
	_ = tx.ua.spawn(func() { // a UA that closes cancels nothing any more
		ctx, stop := context.WithTimeout(tx.ua.ctx, patience)
		defer stop()
		_, _ = tx.ua.roundTrip(ctx, tx.to, cancel) // what counts is the final of the INVITE
	})
}

// acknowledge sends the ACK of a final from 300 up, and keeps it.
func (tx *inviteTx) acknowledge(m reply) {
	ack := tx.follow("ACK", m.Get("To"))
	datagram := ack.Bytes()
	tx.ua.mu.Lock()
	tx.ua.acks.put(key(tx.request, "INVITE"), parcel{tx.to, datagram})
	tx.ua.mu.Unlock()
	tx.call.note(time.Now(), true, ack)
	_ = tx.ua.send(tx.to, datagram) // asked for again by a repeated response when it is lost
}

// follow makes a request that belongs to the transaction: same branch, same number.
func (tx *inviteTx) follow(method, to string) *sip.Message {
	m := &sip.Message{Method: method, URI: tx.request.URI}
	for _, h := range tx.request.Headers {
		switch h.Name {
		case "Via", "Max-Forwards", "From", "Call-ID":
			m.Headers = append(m.Headers, h)
		case "To":
			m.Add("To", to)
		case "CSeq":
			number, _ := tx.request.CSeq()
			m.Add("CSeq", cseq(number, method))
		}
	}
	return m
}
