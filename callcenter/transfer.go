package callcenter

import "time"

// Transfer is how a call came to whom it is offered now.
type Transfer struct {
	By       int64     `json:"by,omitempty"`
	Note     string    `json:"note,omitempty"`
	At       time.Time `json:"at,omitzero"`
	Returned bool      `json:"returned,omitempty"` // nobody took it there: it goes back to who sent it
}

// consultPatience is how long a colleague's phone rings who is to be consulted.
const consultPatience = 25 * time.Second

// transfer lets go of the agent and sends the client where he says: a queue or a colleague. The client hears music.
func (s *step) transfer(e SendOn) {
	s.Transfer = Transfer{By: s.Agent.UserID, Note: e.Note, At: s.now}
	s.do(HoldClient{Bridge: s.Bridge(), Client: s.Client.Channel})
	s.leave()
	s.remix()
	s.Held, s.Muted = false, false
	s.sendTo(e.To)
}

// remix has everybody mixed from now on, the client being out of the bridge. A switch that passes the sound of a second
// phone on to the client keeps it from the recording when its packets are numbered lower than those of the first.
func (s *step) remix() {
	if !s.Mixed {
		s.do(Dissolve{Bridge: s.Bridge()})
		s.Mixed = true
	}
}

// leave takes the agent out of a conversation that goes on without him.
func (s *step) leave() {
	s.fact(LegEnded{Channel: s.Agent.Channel, Result: "transferred"})
	if s.Agent.Channel != s.left {
		s.do(Drop{Channel: s.Agent.Channel})
	}
	s.fact(SentOn{UserID: s.Agent.UserID})
	s.owesWrapUp(s.Agent.UserID)
	s.fact(AgentFreed{UserID: s.Agent.UserID})
	s.Agent = Leg{}
}

// sendTo has the call wait for somebody at another place.
func (s *step) sendTo(to Destination) {
	s.Phase, s.Next, s.NextWhy = Waiting, &to, ""
	s.WaitUntil, s.Deadline, s.Tried = time.Time{}, time.Time{}, nil
	s.fact(Stretch{Kind: SegWaiting})
}

// sendBack gives a client whom nobody took back to who had sent him on; false when there is nobody, or it was tried.
func (s *step) sendBack() bool {
	if s.Transfer.By == 0 || s.Transfer.Returned {
		return false
	}
	s.Transfer.Returned = true
	s.Next, s.NextWhy, s.changed = &Destination{Kind: ToUser, ID: s.Transfer.By}, WhenReturned, true
	return true
}

// consult calls a colleague while the client hears music.
func (s *step) consult(e Consult) {
	if !s.Held {
		s.Held = true
		s.do(HoldClient{Bridge: s.Bridge(), Client: s.Client.Channel})
	}
	s.remix()
	s.Third = Leg{
		Channel: s.nextLeg("ag"), UserID: e.To, Endpoint: e.Endpoint, State: LegDialled, OfferedAt: s.now,
	}
	s.Transfer = Transfer{By: s.Agent.UserID, Note: e.Note, At: s.now}
	s.Deadline = s.now.Add(consultPatience)
	s.fact(AgentTaken{UserID: e.To}, LegMade{Leg: s.Third}, Stretch{Kind: SegConsult, UserID: s.Agent.UserID},
		PopShown{UserID: e.To, OfferedAt: s.now})
	s.do(RingAgent{
		Call: s.ID, Leg: s.Third, Kind: RingOffer, Origin: s.Agent.Channel,
		ShowAs: s.Caller.E164, ShowName: s.Line.Name, Timeout: consultPatience + 2*time.Second,
	})
}

// thirdAnswered: the colleague is there; the two talk, and the client waits.
func (s *step) thirdAnswered() {
	if s.Third.State == LegUp || s.Third.Channel == "" {
		return
	}
	s.Third.State, s.Deadline = LegUp, time.Time{}
	s.fact(LegMoved{Channel: s.Third.Channel, State: LegUp},
		PopWithdrawn{UserID: s.Third.UserID, OfferedAt: s.Third.OfferedAt, Reason: AnsweredElsewhere})
	s.do(Join{Bridge: s.Bridge(), Client: s.Third.Channel, Agent: s.Agent.Channel, Mixed: true})
}

// dropThird lets the colleague go, whatever he was doing.
func (s *step) dropThird(result string, reason WithdrawReason) {
	if s.Third.UserID == 0 {
		return
	}
	s.fact(LegEnded{Channel: s.Third.Channel, Result: result})
	if s.Third.Channel != s.left {
		s.do(Drop{Channel: s.Third.Channel})
	}
	if s.Third.State != LegUp {
		s.fact(PopWithdrawn{UserID: s.Third.UserID, OfferedAt: s.Third.OfferedAt, Reason: reason})
	}
	if s.Conferring() { // he has talked with the client, too
		s.owesWrapUp(s.Third.UserID)
	}
	s.fact(AgentFreed{UserID: s.Third.UserID})
	s.Third, s.Deadline = Leg{}, time.Time{}
}

// endConsult lets the colleague go and takes the client back.
func (s *step) endConsult(result string, reason WithdrawReason) {
	s.dropThird(result, reason)
	s.Transfer = Transfer{}
	s.Held = false
	s.fact(Stretch{Kind: SegTalk, UserID: s.Agent.UserID})
	s.join()
}

// complete gives the client to the colleague: they talk at once, or his phone rings on.
func (s *step) complete() {
	third := s.Third
	s.Third = Leg{}
	s.leave()
	s.Agent, s.Held, s.Muted, s.Tried = third, false, false, nil
	if third.State == LegUp {
		s.UserID, s.Deadline = third.UserID, time.Time{}
		s.fact(Stretch{Kind: SegTalk, UserID: third.UserID})
		s.join()
		return
	}
	s.Phase = Ringing
	s.joinQueue(Direct(third.UserID, "", consultPatience))
	s.QueuedAt, s.WaitUntil = s.now, s.now.Add(consultPatience)
	s.Deadline = s.now.Add(consultPatience)
	s.fact(Stretch{Kind: SegRinging, UserID: third.UserID})
}

// merge brings all three together.
func (s *step) merge() {
	s.Held = false
	s.fact(Stretch{Kind: SegConference, UserID: s.Agent.UserID})
	s.join()
}

// Conferring reports whether client, agent and colleague talk together.
func (c Call) Conferring() bool { return c.Third.State == LegUp && !c.Held }

// agentLeft: of a conversation of three, or one that is being handed over, the colleague has it now.
func (s *step) agentLeft() bool {
	if s.Third.UserID == 0 {
		return false
	}
	s.complete()
	return true
}

// thirdGone: the colleague has hung up, or could not be reached.
func (s *step) thirdGone(cause int) {
	result := "ended"
	reason := CallEnded
	if s.Third.State != LegUp {
		result, reason = offerResult(cause)
	}
	if s.Conferring() {
		s.dropThird(result, reason)
		s.Transfer = Transfer{}
		s.fact(Stretch{Kind: SegTalk, UserID: s.Agent.UserID})
		return
	}
	s.endConsult(result, reason)
}
