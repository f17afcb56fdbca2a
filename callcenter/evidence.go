package callcenter

import "time"

// Evidence is what the switch itself wrote down of an inbound call: the witness for calls that no server took, or
// that ended while none was there.
type Evidence struct {
	AsteriskID string
	Channel    string
	Number     string // attackers' input, as in Caller.Raw
	Name       string
	Dialled    string
	StartedAt  time.Time
	AnsweredAt time.Time // the fall-back's answer; not a person's
	MessageAt  time.Time // the caller was asked for a message
	EndedAt    time.Time // zero while the call lives
	Cause      int
	ByCaller   bool
}

// spokenFloor is the shortest message worth keeping, from the beep on.
const spokenFloor = time.Second

// Testify brings a call that has no goroutine into agreement with the switch's evidence: it ends when the switch
// says so. A call that is over already, and one that still lives in the switch, do not change.
func (c Call) Testify(e Evidence, now time.Time) Step {
	if c.Phase == Ended {
		return Step{Call: c}
	}
	s := &step{Call: c.clone(), now: now}
	if !e.MessageAt.IsZero() && s.MessageAt.IsZero() {
		s.MessageAt = e.MessageAt
		s.changed = true
	}
	if !e.EndedAt.IsZero() {
		s.now = e.EndedAt
		by := ByPBX
		if e.ByCaller {
			by = ByClient
		}
		s.end(s.witnessedOutcome(e), by, e.Cause)
		s.commands = nil
	}
	return Step{Call: s.Call, Changed: s.changed, Facts: s.facts}
}

func (s *step) witnessedOutcome(e Evidence) Outcome {
	switch {
	case s.Phase == Talking || s.Phase == Rejoining:
		return s.talkOutcome()
	case !e.MessageAt.IsZero() && e.EndedAt.Sub(e.MessageAt) >= spokenFloor:
		return Voicemail
	case !e.AnsweredAt.IsZero():
		return Missed
	}
	return Abandoned
}
