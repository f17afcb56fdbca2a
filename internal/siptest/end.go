package siptest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"centralita/internal/siptest/sip"
)

// Side is one of the two ends of a call, seen from the UA.
type Side string

// The sides; Nobody is a failure of the network or of a process.
const (
	Local  Side = "local"
	Remote Side = "remote"
	Nobody Side = "nobody"
)

// How is the way in which a call ended.
type How string

// The ways.
const (
	HungUp    How = "hung up"   // BYE of an answered call
	Cancelled How = "cancelled" // by the caller, before the answer
	Rejected  How = "rejected"  // by the called side, with a final status
	Failed    How = "failed"    // no reply, no ACK, or a socket that is gone
)

// End is how a call ended.
type End struct {
	By     Side      `json:"by"`
	How    How       `json:"how"`
	Status int       `json:"status,omitempty"` // final SIP status of a call never answered
	Cause  int       `json:"cause,omitempty"`  // Q.850 cause that the other side gave, 0 for none
	Reason string    `json:"reason,omitempty"` // its Reason headers, or the error
	At     time.Time `json:"at"`
}

// Elsewhere reports whether the caller cancelled because another phone answered.
func (e End) Elsewhere() bool {
	reason := strings.ToLower(strings.ReplaceAll(e.Reason, " ", ""))
	return e.How == Cancelled && (e.Cause == 26 || strings.Contains(reason, "sip;cause=200"))
}

// String describes the end in a line.
func (e End) String() string {
	out := fmt.Sprintf("%s by %s", e.How, e.By)
	if e.Status != 0 {
		out += fmt.Sprintf(", status %d", e.Status)
	}
	if e.Cause != 0 {
		out += fmt.Sprintf(", cause %d", e.Cause)
	}
	if e.Reason != "" {
		out += ", " + e.Reason
	}
	return out
}

// EndedError tells that a call was over before what was waited for.
type EndedError struct{ End End }

// Error describes the end.
func (e *EndedError) Error() string { return "call ended: " + e.End.String() }

// reasons reads the Reason headers of a message: all of them, and the Q.850 cause.
func reasons(m *sip.Message) (text string, cause int) {
	var all []string
	for _, h := range m.Headers {
		if !strings.EqualFold(h.Name, "Reason") {
			continue
		}
		all = append(all, h.Value)
		if strings.HasPrefix(strings.ToUpper(h.Value), "Q.850") {
			cause, _ = strconv.Atoi(sip.Param(h.Value, "cause")) // 0 when it is no number
		}
	}
	return strings.Join(all, ", "), cause
}

// End returns how the call ended; false while it goes on.
func (c *Call) End() (End, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.end, c.state == over
}
