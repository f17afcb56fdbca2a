package callcenter

import "slices"

// other returns the place of a leg that rings beside the first one, or -1.
func (s *step) other(match func(Leg) bool) int { return slices.IndexFunc(s.Others, match) }

func atChannel(channel string) func(Leg) bool {
	return func(l Leg) bool { return l.Channel == channel }
}

// pickedUp makes the one who has picked up the call's agent, whoever was asked first.
func (s *step) pickedUp(channel string) {
	if n := s.other(atChannel(channel)); n >= 0 {
		s.Agent, s.Others[n] = s.Others[n], s.Agent
	}
}

// dismissOthers lets go of those who were asked beside the agent.
func (s *step) dismissOthers(result string, reason WithdrawReason, elsewhere bool) {
	for _, leg := range s.Others {
		s.fact(LegEnded{Channel: leg.Channel, Result: result})
		if leg.Channel != s.left {
			s.do(Drop{Channel: leg.Channel, Elsewhere: elsewhere})
		}
		s.fact(PopWithdrawn{UserID: leg.UserID, OfferedAt: leg.OfferedAt, Reason: reason}, AgentFreed{UserID: leg.UserID})
	}
	s.Others = nil
}

// withdraw takes the offer from one of those whose phones ring. The call goes on ringing at the others, and waits when
// there are none. Who is innocent of it may be asked again.
func (s *step) withdraw(user int64, result string, reason WithdrawReason, innocent bool) {
	if n := s.other(func(l Leg) bool { return l.UserID == user }); n >= 0 {
		s.Agent, s.Others[n] = s.Others[n], s.Agent
	}
	s.fact(LegEnded{Channel: s.Agent.Channel, Result: result})
	if s.Agent.Channel != s.left {
		s.do(Drop{Channel: s.Agent.Channel})
	}
	s.passOver(reason, innocent)
}

// passOver takes the offer from the agent; the next one of those asked takes his place, or the call waits for another.
func (s *step) passOver(reason WithdrawReason, innocent bool) {
	s.fact(PopWithdrawn{UserID: s.Agent.UserID, OfferedAt: s.Agent.OfferedAt, Reason: reason}, AgentFreed{UserID: s.Agent.UserID})
	if !innocent {
		s.Tried = append(s.Tried, s.Agent.UserID)
	}
	s.Agent = Leg{}
	if len(s.Others) > 0 {
		s.Agent, s.Others = s.Others[0], s.Others[1:]
		return
	}
	s.wait()
}

// ringTimeout: nobody has picked up in time.
func (s *step) ringTimeout() {
	if len(s.Others) == 0 && s.Queue.Strategy != RingAll {
		s.fact(Unanswered{UserID: s.Agent.UserID})
	}
	for s.Phase == Ringing {
		s.fact(LegEnded{Channel: s.Agent.Channel, Result: "no_answer"})
		s.do(Drop{Channel: s.Agent.Channel})
		s.passOver(RingTimeout, false)
	}
}
