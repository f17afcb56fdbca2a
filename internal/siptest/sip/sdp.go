package sip

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Media is what an SDP body says of its first audio stream.
type Media struct {
	Remote    netip.AddrPort
	ULaw      bool   // G.711 u-law (payload 0) is offered
	Direction string // sendrecv (also when not said), sendonly, recvonly, inactive
}

// SDP describes an audio stream on 127.0.0.1: G.711 u-law and RFC 4733 events on
// payload 101. Version must grow with every change within a dialog.
func SDP(port, version int, direction string) []byte {
	return fmt.Appendf(nil, "v=0\r\no=- 1 %d IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"+
		"m=audio %d RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"+
		"a=fmtp:101 0-16\r\na=ptime:20\r\na=%s\r\n", version, port, direction)
}

// ParseSDP reads the first audio stream; false when there is none.
func ParseSDP(body []byte) (Media, bool) {
	host, port := "", 0
	m := Media{Direction: "sendrecv"}
	inAudio := false
	for line := range strings.SplitSeq(string(body), "\n") {
		line = strings.TrimSpace(line)
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "m="):
			if inAudio = fields[0] == "m=audio" && port == 0 && len(fields) > 3; inAudio {
				port, _ = strconv.Atoi(fields[1])
				m.ULaw = slices.Contains(fields[3:], "0")
			}
		case strings.HasPrefix(line, "c=") && len(fields) == 3 && (inAudio || port == 0):
			host = fields[2]
		case inAudio && (line == "a=sendonly" || line == "a=recvonly" || line == "a=inactive"):
			m.Direction = line[2:]
		}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || port < 1 || port > 65535 {
		return Media{}, false
	}
	m.Remote = netip.AddrPortFrom(addr, uint16(port))
	return m, true
}
