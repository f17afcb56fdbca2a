package callcenter

import "time"

// routed carries out routing's answer for a call that still needs an agent.
func (s *step) routed(choice Choice) {
	if !s.NeedsAgent() {
		return
	}
	arriving, entering := s.Phase == Arrived, s.Entering
	s.Entering = false
	switch {
	case choice.Verdict == Chosen:
		s.offer(choice)
	case s.overflows(choice.Staffing, entering):
	case choice.Verdict == NobodyCan, choice.Verdict == AllTried && s.Queue.Retry == 0:
		if !s.sendBack() {
			s.askMessage()
		}
	default:
		if choice.Verdict == AllTried && s.RetryAt.IsZero() {
			s.RetryAt = s.now.Add(s.Queue.Retry)
		}
		if arriving {
			s.wait()
		}
		s.lookAgain()
	}
}

// offer rings the phones of the chosen agents and shows them the call.
func (s *step) offer(choice Choice) {
	s.Phase, s.Others = Ringing, nil
	s.Deadline = s.now.Add(choice.RingFor)
	if s.RingingAt.IsZero() {
		s.RingingAt = s.now
	}
	for n, asked := range choice.Askeds() {
		leg := Leg{
			Channel: s.nextLeg("ag"), UserID: asked.UserID, Endpoint: asked.Endpoint, State: LegDialled, OfferedAt: s.now,
		}
		s.fact(AgentTaken{UserID: asked.UserID}, LegMade{Leg: leg})
		if n == 0 {
			s.Agent = leg
			s.fact(Stretch{Kind: SegRinging, UserID: asked.UserID})
		} else {
			s.Others = append(s.Others, leg)
		}
		s.fact(PopShown{UserID: asked.UserID, OfferedAt: s.now})
		s.do(RingAgent{
			Call: s.ID, Leg: leg, Kind: RingOffer, Origin: s.Client.Channel,
			ShowAs: s.Caller.E164, ShowName: s.Line.Name, Timeout: choice.RingFor + 2*time.Second,
		})
	}
}

// askMessage lets the caller leave a message: nobody can take the call.
func (s *step) askMessage() {
	s.Phase = Message
	s.MessageAt = s.now
	s.Deadline = s.now.Add(MessagePatience)
	s.fact(Stretch{Kind: SegMessage})
	if s.Client.State == LegUp {
		s.do(AskMessage{Channel: s.Client.Channel, Language: s.Line.Language})
	}
}

// phoneLost: in a conversation the client hears music until the page is back; an offer goes to somebody else,
// and may come back to this user, who did not refuse it.
func (s *step) phoneLost(user int64) {
	switch {
	case s.Rings(user) && s.Third.UserID == user:
		s.endConsult("unreachable", NoPhone)
	case s.Rings(user):
		s.withdraw(user, "unreachable", NoPhone, true)
	case s.Agent.UserID == user && s.Phase == Talking:
		s.dropThird("ended", CallEnded)
		s.rejoinWait()
	}
}

// fresh is how young a conversation is that the client would rather begin anew than wait for.
const fresh = 3 * time.Second

func (s *step) rejoinWait() {
	s.Phase = Rejoining
	s.Deadline = s.now.Add(RejoinPatience)
	if s.now.Sub(s.AnsweredAt) < fresh {
		s.Deadline = s.now.Add(AcceptPatience)
	}
	s.fact(Stretch{Kind: SegRejoin, UserID: s.Agent.UserID})
	s.do(HoldClient{Bridge: s.Bridge(), Client: s.Client.Channel})
}

// phoneBack calls the phone that came back; it answers by itself and the conversation goes on.
func (s *step) phoneBack(e PhoneBack) {
	if s.Phase != Rejoining || s.Agent.UserID != e.UserID {
		return
	}
	if s.Agent.Channel != "" {
		s.fact(LegEnded{Channel: s.Agent.Channel, Result: "lost"})
		s.do(Drop{Channel: s.Agent.Channel})
	}
	s.remix()
	s.Agent = Leg{
		Channel: s.nextLeg("ag"), UserID: e.UserID, Endpoint: e.Endpoint,
		State: LegDialled, OfferedAt: s.now, Quiet: true,
	}
	s.fact(LegMade{Leg: s.Agent})
	s.do(RingAgent{
		Call: s.ID, Leg: s.Agent, Kind: RingRejoin, Origin: s.Client.Channel,
		ShowAs: s.Caller.E164, ShowName: s.Line.Name, Timeout: PhonePatience,
	})
}

// giveUpRejoin: the agent did not come back. An inbound caller is offered to the others; on an outbound call
// there is nobody else who wanted to talk.
func (s *step) giveUpRejoin() {
	lost := s.Agent.UserID
	if s.Direction == Out {
		s.end(s.talkOutcome(), BySystem, CauseNormal)
		return
	}
	s.dropAgent("lost", CallEnded, false)
	s.remix()
	s.UserID = 0
	if !s.tried(lost) {
		s.Tried = append(s.Tried, lost)
	}
	s.WaitUntil = time.Time{}
	s.wait()
}
