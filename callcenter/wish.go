package callcenter

import "time"

// wish carries out what a user asked for. A wish of somebody whose call it is not, or that the phase does not
// allow, changes nothing; Allowed tells beforehand.
func (s *step) wish(event Event) {
	if !s.Allowed(event) {
		return
	}
	switch e := event.(type) {
	case Decline:
		if s.Third.UserID == e.UserID {
			s.endConsult("declined", AgentDeclined)
			return
		}
		s.withdraw(e.UserID, "declined", AgentDeclined, false)
	case HangUp:
		if s.Third.UserID == e.UserID {
			s.do(Drop{Channel: s.Third.Channel})
			s.left = s.Third.Channel
			s.thirdGone(CauseNormal)
			return
		}
		if s.Phase == Talking && s.agentLeft() {
			return
		}
		s.hangUp()
	case Hold:
		s.hold(e.On)
	case Mute:
		s.Muted = e.On
		s.changed = true
		s.do(MuteAgent{Channel: s.Agent.Channel, On: e.On})
	case SendOn:
		s.transfer(e)
	case Consult:
		s.consult(e)
	case EndConsult:
		s.endConsult("ended", CallEnded)
	case Complete:
		s.complete()
	case Merge:
		s.merge()
	case Digits:
		s.do(SendDigits{Channel: s.Client.Channel, Digits: e.Digits})
	}
}

// Allowed reports whether the wish can be carried out in the call's present phase by the user who has it.
func (c Call) Allowed(wish Event) bool {
	switch e := wish.(type) {
	case SendOn:
		return c.talks(e.UserID) && c.Third.UserID == 0 && (e.To.Kind == ToQueue || e.To.Kind == ToUser && e.To.ID != e.UserID)
	case Consult:
		return c.talks(e.UserID) && c.Third.UserID == 0 && e.To != e.UserID && e.Endpoint != ""
	case EndConsult:
		return c.talks(e.UserID) && c.Third.UserID != 0
	case Complete:
		return c.talks(e.UserID) && c.Third.UserID != 0
	case Merge:
		return c.talks(e.UserID) && c.Third.State == LegUp && c.Held
	case Decline:
		return c.Rings(e.UserID)
	case HangUp:
		if e.UserID != 0 && c.Third.UserID == e.UserID {
			return c.Third.State == LegUp
		}
		return c.Agent.UserID == e.UserID && !c.Over() && c.Phase != Ringing
	case Hold:
		return c.talks(e.UserID) && c.Held != e.On && c.Third.UserID == 0
	case Mute:
		return c.Phase == Talking && c.Agent.UserID == e.UserID && c.Muted != e.On
	case Digits:
		return c.Phase == Talking && c.Agent.UserID == e.UserID && !c.Held && validDigits(e.Digits)
	}
	return false
}

// talks reports whether the user has the conversation.
func (c Call) talks(user int64) bool {
	return c.Phase == Talking && c.Agent.UserID == user && user != 0
}

func (s *step) hangUp() {
	if s.AnsweredAt.IsZero() {
		s.end(Cancelled, ByAgent, CauseNormal)
		return
	}
	s.end(s.talkOutcome(), ByAgent, CauseNormal)
}

func (s *step) hold(on bool) {
	s.Held = on
	if on {
		s.fact(Stretch{Kind: SegHold, UserID: s.Agent.UserID})
		s.do(HoldClient{Bridge: s.Bridge(), Client: s.Client.Channel})
		return
	}
	s.fact(Stretch{Kind: SegTalk, UserID: s.Agent.UserID})
	s.join()
}

// maxDigits bounds one request for DTMF.
const maxDigits = 64

func validDigits(digits string) bool {
	if digits == "" || len(digits) > maxDigits {
		return false
	}
	for _, d := range digits {
		switch {
		case d >= '0' && d <= '9', d >= 'A' && d <= 'D', d == '*', d == '#':
		default:
			return false
		}
	}
	return true
}

// talkOutcome classifies a call that is over and was not asked for a message.
func (s *step) talkOutcome() Outcome {
	switch {
	case s.AnsweredAt.IsZero():
		return Abandoned
	case s.now.Sub(s.AnsweredAt) < HumanTouch && s.Direction == In:
		return Abandoned
	}
	return Answered
}

// messageOutcome classifies a call that ended while the caller was asked for a message.
func (s *step) messageOutcome() Outcome {
	switch {
	case !s.AnsweredAt.IsZero():
		return Answered
	case s.Client.State == LegUp && s.now.Sub(s.MessageAt) >= MessageFloor:
		return Voicemail
	}
	return Missed
}

// Patience returns how long from now the call may be left alone before Tick is due; ok is false when nothing is.
func (c Call) Patience(now time.Time) (wait time.Duration, ok bool) {
	if c.Deadline.IsZero() || c.Over() {
		return 0, false
	}
	return max(0, c.Deadline.Sub(now)), true
}
