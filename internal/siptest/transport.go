package siptest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"centralita/internal/siptest/sip"
)

// reply is a message with where it came from and when it was read.
type reply struct {
	*sip.Message
	from netip.AddrPort
	at   time.Time
}

func (u *UA) send(to netip.AddrPort, datagram []byte) error {
	if !to.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("SIP to %s refused: not loopback", to)
	}
	if _, err := u.conn.WriteToUDPAddrPort(datagram, to); err != nil {
		return fmt.Errorf("send to %s: %w", to, err)
	}
	return nil
}

func (u *UA) read() {
	datagram := make([]byte, 65536)
	for {
		n, from, err := u.conn.ReadFromUDPAddrPort(datagram)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // ICMP about a far side that is gone
		}
		message, err := sip.Parse(datagram[:n:n])
		if err != nil {
			continue // keep-alives and garbage have no answer
		}
		message.Body = append([]byte(nil), message.Body...)
		m := reply{message, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), time.Now()}
		if m.Status != 0 {
			u.takeResponse(m)
		} else {
			u.takeRequest(m)
		}
	}
}

// key names a transaction: the branch of the topmost Via and the method.
func key(m *sip.Message, method string) string {
	return sip.Param(m.Get("Via"), "branch") + "|" + method
}

func (u *UA) takeResponse(m reply) {
	_, method := m.CSeq()
	name := key(m.Message, method)
	u.mu.Lock()
	responses, open := u.clients[name]
	ack := u.acks.get(name)
	u.mu.Unlock()
	if ack.datagram != nil && m.Status >= 200 {
		_ = u.send(ack.to, ack.datagram) // our ACK was lost; if this one is too, it is asked for again
		return
	}
	if open {
		select {
		case responses <- m:
		default: // a far side that floods one transaction; the sender repeats what matters
		}
	}
}

func (u *UA) takeRequest(m reply) {
	u.mu.Lock()
	name := key(m.Message, m.Method)
	answer, seen := u.answers.find(name)
	if !seen && m.Method != "ACK" {
		u.answers.put(name, parcel{})
	}
	call := u.calls[m.Get("Call-ID")]
	if m.Method == "ACK" {
		u.acked(ackKey(m.Message))
	}
	u.mu.Unlock()
	switch {
	case seen:
		if answer.datagram != nil {
			_ = u.send(answer.to, answer.datagram) // repeated on the next repetition
		}
	case m.Method == "INVITE" && call == nil && sip.Param(m.Get("To"), "tag") == "":
		u.takeInvite(m)
	case call == nil && m.Method != "ACK":
		u.respond(m, u.stray(m))
	case call != nil:
		call.take(m)
	}
}

// acked tells who waits for an ACK that it came; the caller holds the lock.
func (u *UA) acked(name string) {
	if acked, awaited := u.awaited[name]; awaited {
		close(acked)
		delete(u.awaited, name)
	}
}

// stray answers a request outside of any call.
func (u *UA) stray(m reply) *sip.Message {
	switch m.Method {
	case "OPTIONS", "NOTIFY", "MESSAGE":
		return m.Reply(200, "OK", sip.Token())
	default:
		return m.Reply(481, "Call/Transaction Does Not Exist", sip.Token())
	}
}

// respond sends a response and keeps it for repetitions of the request.
func (u *UA) respond(request reply, response *sip.Message) {
	datagram := response.Bytes()
	u.mu.Lock()
	u.answers.put(key(request.Message, request.Method), parcel{request.from, datagram})
	u.mu.Unlock()
	_ = u.send(request.from, datagram) // a requester that is gone doesn't matter; one that isn't repeats
}

// parcel is a datagram and its destination.
type parcel struct {
	to       netip.AddrPort
	datagram []byte
}

// recent remembers the newest few thousand parcels by transaction.
type recent struct {
	parcels map[string]parcel
	order   []string
}

func (r *recent) get(name string) parcel { return r.parcels[name] }

func (r *recent) find(name string) (parcel, bool) {
	p, found := r.parcels[name]
	return p, found
}

func (r *recent) put(name string, p parcel) {
	const most = 8192
	if r.parcels == nil {
		r.parcels = map[string]parcel{}
	}
	if _, known := r.parcels[name]; !known {
		if r.order = append(r.order, name); len(r.order) > most {
			delete(r.parcels, r.order[0])
			r.order = r.order[1:]
		}
	}
	r.parcels[name] = p
}
