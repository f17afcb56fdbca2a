package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Ports are the loopback ports that an instance would like to have. One that
// is taken is replaced by the next free one.
type Ports struct {
	HTTP, SIP, ARI, Postgres, Twilio int
}

// DefaultPorts keep out of the way of the machine's own services.
var DefaultPorts = Ports{HTTP: 8080, SIP: 5160, ARI: 8188, Postgres: 5460, Twilio: 8189}

// Free returns ports that nobody listens on now, as near above the wished ones
// as possible and all different.
func (p Ports) Free() (Ports, error) {
	taken := map[int]bool{}
	var errs []error
	pick := func(wish int, probe func(int) error) int {
		for port := wish; port < wish+200 && port < 1<<16; port++ {
			if !taken[port] && probe(port) == nil {
				taken[port] = true
				return port
			}
		}
		errs = append(errs, fmt.Errorf("no free port from %d on", wish))
		return 0
	}
	got := Ports{
		HTTP: pick(p.HTTP, tcpFree), SIP: pick(p.SIP, udpFree), ARI: pick(p.ARI, tcpFree),
		Postgres: pick(p.Postgres, tcpFree), Twilio: pick(p.Twilio, tcpFree),
	}
	return got, errors.Join(errs...)
}

func loopback(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

func tcpFree(port int) error {
	l, err := net.Listen("tcp4", loopback(port))
	if err != nil {
		return err
	}
	return l.Close()
}

func udpFree(port int) error {
	c, err := net.ListenPacket("udp4", loopback(port))
	if err != nil {
		return err
	}
	return c.Close()
}

// listening connects to addr once.
func listening(ctx context.Context, addr string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return c.Close()
}
