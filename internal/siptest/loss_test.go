package siptest_test

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"centralita/internal/siptest"
)

// lossy passes datagrams between a caller and a server and loses the first copy
// of each.
type lossy struct {
	front, back *net.UDPConn
	server      netip.AddrPort

	mu     sync.Mutex
	seen   map[string]bool
	caller netip.AddrPort
}

func newLossy(t *testing.T, server string) *lossy {
	t.Helper()
	l := &lossy{server: netip.MustParseAddrPort(server), seen: map[string]bool{}}
	var relays sync.WaitGroup
	for _, conn := range []**net.UDPConn{&l.front, &l.back} {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		must(t, err)
		*conn = c
	}
	relays.Go(func() { l.relay(l.front, l.back, true) })
	relays.Go(func() { l.relay(l.back, l.front, false) })
	t.Cleanup(func() {
		l.front.Close()
		l.back.Close()
		relays.Wait()
	})
	return l
}

func (l *lossy) relay(in, out *net.UDPConn, toServer bool) {
	datagram := make([]byte, 65536)
	for {
		n, from, err := in.ReadFromUDPAddrPort(datagram)
		if err != nil {
			return
		}
		l.mu.Lock()
		to := l.caller
		if toServer {
			l.caller, to = from, l.server
		}
		known := l.seen[string(datagram[:n])]
		l.seen[string(datagram[:n])] = true
		l.mu.Unlock()
		if known {
			_, _ = out.WriteToUDPAddrPort(datagram[:n], to) // a loss more is no harm here
		}
	}
}

func TestCallsSurviveTheLossOfEveryFirstDatagram(t *testing.T) {
	t.Parallel()
	phone := open(t, siptest.Config{Tone: 900, Script: siptest.AnswerAfter(10 * time.Millisecond)})
	relay := newLossy(t, phone.Addr())
	caller := open(t, siptest.Config{Server: relay.front.LocalAddr().String(), Tone: 500})
	c, err := caller.Invite(deadline(t), siptest.Invite{To: "1", From: "2"})
	must(t, err)
	must(t, c.WaitAnswered(deadline(t)))
	called, err := phone.Incoming(deadline(t))
	must(t, err)
	must(t, c.WaitHears(deadline(t), 900))
	must(t, called.WaitHears(deadline(t), 500))
	must(t, c.Hold(deadline(t)))
	must(t, called.WaitDeaf(deadline(t), 500))
	must(t, called.Hangup(deadline(t)))
	wantEnd(t, c, siptest.Remote, siptest.HungUp, 0)
	if n := len(phone.Received()); n != 1 {
		t.Errorf("%d calls arrived out of one", n)
	}
	phone.SetScript(siptest.Ignore())
	c, err = caller.Invite(deadline(t), siptest.Invite{To: "1", From: "2"})
	must(t, err)
	called, err = phone.Incoming(deadline(t))
	must(t, err)
	must(t, called.Reject(486, "Busy Here"))
	wantEnd(t, c, siptest.Remote, siptest.Rejected, 486)
}
