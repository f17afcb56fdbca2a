package floor

import (
	"sync"
	"time"

	"centralita/callcenter"
)

// redialWithin is how soon somebody who was cut off calls again.
const redialWithin = 5 * time.Minute

// lost remembers for some minutes who of ours had which caller when his call ended: one who was cut off, or who gave
// up while a phone rang, and calls again goes to the same person. What is known here of a server that has started anew
// begins with its start.
type lost struct {
	mu    sync.Mutex
	calls map[string]parting // by the caller's number
}

// parting is the end of somebody's call.
type parting struct {
	user int64
	at   time.Time
}

// note remembers the end of a call. One without a number, or that nobody of ours had, is not remembered.
func (l *lost) note(call callcenter.Call, user int64, now time.Time) {
	if call.Direction != callcenter.In || call.Caller.E164 == "" || user == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for number, p := range l.calls {
		if now.Sub(p.at) > redialWithin {
			delete(l.calls, number)
		}
	}
	l.calls[call.Caller.E164] = parting{user, now}
}

// who returns the user who had the caller a moment ago, or 0.
func (l *lost) who(e164 string, now time.Time) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.calls[e164]
	if !ok || now.Sub(p.at) > redialWithin {
		return 0
	}
	return p.user
}
