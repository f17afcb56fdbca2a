package twiliosim

import (
	"net/http"
	"net/url"
	"time"
)

// Fault is how one request to send goes wrong. The zero value goes right.
type Fault struct {
	Kind  FaultKind     `json:"kind"`
	Delay time.Duration `json:"delay"` // for FaultSlow, nanoseconds in JSON
}

// FaultKind names a sort of fault.
type FaultKind string

// The faults. Those of the first group accept and record the message.
const (
	FaultReset     FaultKind = "reset"     // the connection is reset before the reply
	FaultSlow      FaultKind = "slow"      // the reply comes Delay later
	FaultTruncated FaultKind = "truncated" // the reply breaks off inside its body
	FaultGateway   FaultKind = "gateway"   // 502 from a proxy in front, not JSON

	FaultLimited     FaultKind = "limited"     // 429 with Retry-After: 1
	FaultUnavailable FaultKind = "unavailable" // 503
	FaultRefused     FaultKind = "refused"     // 400, code 30006
	FaultClosed      FaultKind = "closed"      // the connection is reset, nothing was accepted
)

// accepts reports whether the message is recorded in spite of the fault.
func (k FaultKind) accepts() bool {
	switch k {
	case "", FaultReset, FaultSlow, FaultTruncated, FaultGateway:
		return true
	}
	return false
}

// known reports whether k is one of the constants.
func (k FaultKind) known() bool {
	switch k {
	case FaultLimited, FaultUnavailable, FaultRefused, FaultClosed:
		return true
	}
	return k.accepts()
}

// Next makes the coming requests fail, one each, in this order; the ones after
// them go right again.
func (s *Server) Next(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, faults...)
}

// Faults has fn decide over every request that no fault of Next waits for. n
// counts the requests of this server from 1. It is called under no lock.
func (s *Server) Faults(fn func(n int, form url.Values) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide = fn
}

// HideLists makes the API's list and fetch answer 503 from now on, or no longer.
func (s *Server) HideLists(hide bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = hide
}

// faultOf returns the fault of the n-th request.
func (s *Server) faultOf(n int, form url.Values) Fault {
	s.mu.Lock()
	if len(s.queue) > 0 {
		f := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		return f
	}
	decide := s.decide
	s.mu.Unlock()
	if decide == nil {
		return Fault{}
	}
	return decide(n, form)
}

// misbehave answers a request in the manner of f; text is the proper reply.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, f Fault, text []byte) {
	switch f.Kind {
	case FaultLimited:
		w.Header().Set("Retry-After", "1")
		s.refuse(w, refusal{http.StatusTooManyRequests, 20429, "Too Many Requests"})
	case FaultUnavailable:
		s.refuse(w, refusal{http.StatusServiceUnavailable, 20503, "Service unavailable"})
	case FaultRefused:
		s.refuse(w, refusal{http.StatusBadRequest, 30006, "Landline or unreachable carrier"})
	case FaultGateway:
		http.Error(w, "<html>Bad Gateway</html>", http.StatusBadGateway)
	case FaultReset, FaultClosed:
		reset(w)
	case FaultTruncated:
		truncate(w, text)
	case FaultSlow:
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
		case <-s.done:
		}
		reply(w, http.StatusCreated, text)
	}
}
