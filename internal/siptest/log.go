package siptest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"centralita/internal/siptest/sip"
)

// Event is one SIP message of a call.
type Event struct {
	At     time.Time // with the monotonic clock
	Sent   bool      // by this side
	Method string    // of the request, or of the request that is answered
	Status int       // 0 for a request
	Text   string    // the message itself
}

// Log returns every SIP message of the call but repetitions, in order.
func (c *Call) Log() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.log)
}

// Since returns how long after the beginning of the call a moment was.
func (c *Call) Since(at time.Time) time.Duration { return at.Sub(c.started) }

// Follow calls fn with every event of the call, those past first, in order, and
// returns how the call ended.
func (c *Call) Follow(ctx context.Context, fn func(Event)) (End, error) {
	told := 0
	for ended := false; !ended; {
		err := c.wait(ctx, "followed", func() bool {
			ended = c.state == over
			return ended || len(c.log) > told
		})
		if err != nil {
			return End{}, err
		}
		for _, e := range c.Log()[told:] {
			fn(e)
			told++
		}
	}
	end, _ := c.End()
	return end, nil
}

// Trace returns the log as text, a line per message with its time since the
// call began.
func (c *Call) Trace() string {
	var out strings.Builder
	for _, e := range c.Log() {
		arrow, what := "<-", e.Method
		if e.Sent {
			arrow = "->"
		}
		if e.Status != 0 {
			what = fmt.Sprintf("%d (%s)", e.Status, e.Method)
		}
		fmt.Fprintf(&out, "%9.3fs %s %s\n", c.Since(e.At).Seconds(), arrow, what)
	}
	return out.String()
}

func (c *Call) note(at time.Time, sent bool, m *sip.Message) {
	method := m.Method
	if m.Status != 0 {
		_, method = m.CSeq()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, Event{at, sent, method, m.Status, string(m.Bytes())})
	c.tell()
}

// statuses returns the statuses that answered the INVITE of the call itself.
func (c *Call) statuses() (all []int, first, ring, answer time.Time) {
	for _, e := range c.Log() {
		if e.Method != "INVITE" || e.Status == 0 || e.Sent == c.outgoing || !answer.IsZero() {
			continue
		}
		all = append(all, e.Status)
		if first.IsZero() {
			first = e.At
		}
		if ring.IsZero() && (e.Status == 180 || e.Status == 183) {
			ring = e.At
		}
		if e.Status/100 == 2 {
			answer = e.At
		}
	}
	return all, first, ring, answer
}
