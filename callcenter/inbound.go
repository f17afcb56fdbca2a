package callcenter

import "time"

// routed carries out routing's answer for a call that still needs an agent.
func (s *step) routed(choice Choice) {
	if !s.NeedsAgent() {
		return
	}
	switch choice.Verdict {
	case Chosen:
		s.offer(choice)
	case WaitFree:
		if s.Phase != Waiting {
			s.wait()
		}
	case NobodyCan:
		s.askMessage()
	}
}

// offer rings the chosen agent's phone and shows him the call.
func (s *step) offer(choice Choice) {
	s.Agent = Leg{
		Channel: s.nextLeg("ag"), UserID: choice.UserID, Endpoint: choice.Endpoint,
		State: LegDialled, OfferedAt: s.now,
	}
	s.Phase = Ringing
	s.Deadline = s.now.Add(choice.RingFor)
	if s.RingingAt.IsZero() {
		s.RingingAt = s.now
	}
	s.fact(AgentTaken{UserID: choice.UserID}, LegMade{Leg: s.Agent},
		Stretch{Kind: SegRinging, UserID: choice.UserID},
		PopShown{UserID: choice.UserID, OfferedAt: s.now})
	s.do(RingAgent{
		Call: s.ID, Leg: s.Agent, Kind: RingOffer, Origin: s.Client.Channel,
		ShowAs: s.Caller.E164, ShowName: s.Line.Name, Timeout: choice.RingFor + 2*time.Second,
	})
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
	if s.Agent.UserID != user {
		return
	}
	switch s.Phase {
	case Talking:
		s.rejoinWait()
	case Ringing:
		s.fact(LegEnded{Channel: s.Agent.Channel, Result: "unreachable"})
		s.do(Drop{Channel: s.Agent.Channel})
		tried := s.Tried
		s.passOver(NoPhone)
		s.Tried = tried
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
	s.UserID = 0
	if !s.tried(lost) {
		s.Tried = append(s.Tried, lost)
	}
	s.WaitUntil = time.Time{}
	s.wait()
}
