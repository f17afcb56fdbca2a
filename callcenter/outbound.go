package callcenter

// beginOutbound calls the user's own phone first; it answers by itself.
func (s *step) beginOutbound() {
	s.Agent.Channel = s.nextLeg("ag")
	s.Agent.State = LegDialled
	s.Deadline = s.now.Add(PhonePatience)
	s.fact(AgentTaken{UserID: s.UserID}, LegMade{Leg: s.Agent}, Stretch{Kind: SegRinging, UserID: s.UserID})
	s.do(RingAgent{
		Call: s.ID, Leg: s.Agent, Kind: RingDial,
		ShowAs: s.Caller.E164, ShowName: s.Line.Name, Timeout: PhonePatience,
	})
}

// dialFar: the user is on the line; now the client's phone.
func (s *step) dialFar() {
	s.Client = Leg{Channel: s.nextLeg("cl"), State: LegDialled, OfferedAt: s.now}
	s.Phase = Dialling
	s.Deadline = s.now.Add(FarPatience)
	s.fact(LegMade{Leg: s.Client, Client: true})
	s.do(DialClient{
		Call: s.ID, Channel: s.Client.Channel, E164: s.Caller.E164, ShowAs: s.Line.Number,
		Origin: s.Agent.Channel, Timeout: FarPatience,
	})
}

func (s *step) farRang() {
	s.Phase = FarRinging
	s.Client.State = LegRinging
	s.RingingAt = s.now
	s.fact(LegMoved{Channel: s.Client.Channel, State: LegRinging})
	s.do(PlayRinging{Channel: s.Agent.Channel})
}

func (s *step) farAnswered() {
	s.Client.State = LegUp
	s.fact(LegMoved{Channel: s.Client.Channel, State: LegUp})
	s.talk()
}
