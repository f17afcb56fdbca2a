package callcenter

import (
	"slices"
	"time"
)

// Step is what one event did to a call.
type Step struct {
	Call     Call      // the call after the event
	Changed  bool      // whether anything did change
	Look     bool      // it is time to ask routing again
	Facts    []Fact    // what to store, in order
	Commands []Command // what the switch must do once the facts are stored, in order
}

// NewInbound returns a call that has just reached one of the firm's lines. Its phase is Arrived; the first
// event it should see is Routed.
func NewInbound(asteriskID, channel string, line Line, caller Caller, dialled string, now time.Time) Call {
	return Call{
		AsteriskID: asteriskID, Direction: In, Phase: Arrived, Line: line, Caller: caller, Dialled: dialled,
		Client: Leg{Channel: channel, State: LegDialled}, StartedAt: now, Next: &line.Entry,
	}
}

// NewOutbound returns a call that a user makes to a number. Begin starts it once it has an ID.
func NewOutbound(asteriskID string, user int64, endpoint string, line Line, to Caller, now time.Time) Call {
	return Call{
		AsteriskID: asteriskID, Direction: Out, Phase: CallingAgent, Line: line, Caller: to, Dialled: to.Raw,
		UserID: user, StartedAt: now, Agent: Leg{UserID: user, Endpoint: endpoint, Quiet: true, OfferedAt: now},
	}
}

// Apply returns what event makes of the call at now. It changes neither c nor anything else; an event that
// means nothing in the present phase gives a Step with Changed false and no facts or commands.
func (c Call) Apply(event Event, now time.Time) Step {
	s := &step{Call: c.clone(), now: now}
	if c.Over() {
		return Step{Call: c}
	}
	s.apply(event)
	return Step{Call: s.Call, Changed: s.changed, Look: s.look, Facts: s.facts, Commands: s.commands}
}

// Begin is the first step of a stored call: an inbound one notes its client's leg, an outbound one calls the
// user's own phone.
func (c Call) Begin(now time.Time) Step {
	s := &step{Call: c.clone(), now: now}
	s.fact(Begun{})
	if c.Direction == In {
		s.fact(LegMade{Leg: s.Client, Client: true}, Stretch{Kind: SegWaiting})
		s.do(Claim{Channel: s.Client.Channel})
	} else {
		s.beginOutbound()
	}
	return Step{Call: s.Call, Changed: true, Facts: s.facts, Commands: s.commands}
}

// step gathers the effects of one event on a copy of the call.
type step struct {
	Call
	now      time.Time
	changed  bool
	look     bool
	facts    []Fact
	commands []Command
	left     string // the channel whose end this is: nothing more need be done about it
}

func (s *step) fact(f ...Fact)  { s.changed = true; s.facts = append(s.facts, f...) }
func (s *step) do(c ...Command) { s.commands = append(s.commands, c...) }

func (s *step) apply(event Event) {
	switch e := event.(type) {
	case Entered:
		s.entered()
	case ClaimLost:
		s.claimLost()
	case Routed:
		s.routed(e.Choice)
	case Reached:
		s.reached(e.Place)
	case LegRang:
		s.legRang(e.Channel)
	case LegAnswered:
		s.legAnswered(e.Channel)
	case LegGone:
		s.legGone(e)
	case PhoneLost:
		s.phoneLost(e.UserID)
	case PhoneBack:
		s.phoneBack(e)
	case PBXLost:
		s.end(Failed, ByPBX, e.Cause)
	case Identified:
		s.Call = s.Know(e.Identity)
		s.ClientID = e.ClientID
		s.changed = true
	case Tick:
		s.tick()
	default:
		s.wish(event)
	}
}

// entered: the client's channel obeys us from now on; say what the phase wants of it.
func (s *step) entered() {
	if s.Direction != In || s.Client.State == LegUp {
		return
	}
	s.Client.State = LegUp
	s.fact(LegMoved{Channel: s.Client.Channel, State: LegUp})
	switch {
	case s.Phase == Message:
		s.do(AskMessage{Channel: s.Client.Channel, Language: s.Line.Language})
	case s.Phase == Talking:
		s.join()
	case s.Agent.State == LegUp && (s.Phase == Ringing || s.Phase == Rejoining):
		s.talk()
	default:
		s.do(RingBack{Channel: s.Client.Channel})
	}
}

// claimLost: the dialplan's fall-back or another server has the caller. What happens to him now is read from
// Asterisk's own evidence. Whose phone rings, or was picked up already, is told and let go.
func (s *step) claimLost() {
	if s.Direction != In || s.Client.State == LegUp {
		return
	}
	s.dropAgent("claim_lost", ClaimFailed, false)
	s.Phase, s.Deadline = Fallback, time.Time{}
	s.changed = true
}

func (s *step) legRang(channel string) {
	switch channel {
	case s.Agent.Channel:
		if s.Agent.State == LegDialled {
			s.Agent.State = LegRinging
			s.fact(LegMoved{Channel: channel, State: LegRinging})
		}
	case s.Client.Channel:
		if s.Direction == Out && s.Phase == Dialling {
			s.farRang()
		}
	default:
		if n := s.other(atChannel(channel)); n >= 0 && s.Others[n].State == LegDialled {
			s.Others[n].State = LegRinging
			s.fact(LegMoved{Channel: channel, State: LegRinging})
		}
	}
}

func (s *step) legAnswered(channel string) {
	switch channel {
	case s.Agent.Channel:
		s.agentAnswered()
	case s.Third.Channel:
		s.thirdAnswered()
	case s.Client.Channel:
		if s.Direction == Out && (s.Phase == Dialling || s.Phase == FarRinging) {
			s.farAnswered()
		}
	default:
		if s.other(atChannel(channel)) >= 0 {
			s.pickedUp(channel)
			s.agentAnswered()
			return
		}
		s.do(Drop{Channel: channel}) // a leg that was given up already
	}
}

func (s *step) agentAnswered() {
	if s.Agent.State == LegUp || s.Agent.Channel == "" {
		return
	}
	s.Agent.State = LegUp
	s.fact(LegMoved{Channel: s.Agent.Channel, State: LegUp})
	s.dismissOthers("elsewhere", AnsweredElsewhere, true)
	switch s.Phase {
	case Ringing, Rejoining:
		if s.Client.State == LegUp { // else there is nobody to talk to yet: entered connects them
			s.talk()
		}
	case CallingAgent:
		s.dialFar()
	}
}

// talk connects the agent with the client, for the first time or again.
func (s *step) talk() {
	first := s.AnsweredAt.IsZero()
	s.Phase, s.Deadline, s.UserID = Talking, time.Time{}, s.Agent.UserID
	if first {
		s.AnsweredAt = s.now
		s.fact(PickedUp{UserID: s.Agent.UserID})
	}
	if !s.Agent.Quiet {
		s.fact(PopWithdrawn{UserID: s.Agent.UserID, OfferedAt: s.Agent.OfferedAt, Reason: AnsweredElsewhere})
	}
	s.Held = false
	s.fact(Stretch{Kind: SegTalk, UserID: s.Agent.UserID})
	s.join()
}

func (s *step) join() {
	s.do(Join{Bridge: s.Bridge(), Client: s.Client.Channel, Agent: s.Agent.Channel, Mixed: s.Mixed})
	if s.Muted {
		s.do(MuteAgent{Channel: s.Agent.Channel, On: true})
	}
}

func (s *step) legGone(e LegGone) {
	s.left = e.Channel
	switch e.Channel {
	case "":
	case s.Client.Channel:
		s.clientGone(e.Cause)
	case s.Agent.Channel:
		s.agentGone(e.Cause)
	case s.Third.Channel:
		s.thirdGone(e.Cause)
	default:
		if n := s.other(atChannel(e.Channel)); n >= 0 {
			result, reason := offerResult(e.Cause)
			s.withdraw(s.Others[n].UserID, result, reason, false)
		}
	}
}

func (s *step) clientGone(cause int) {
	switch {
	case s.Direction == Out && s.AnsweredAt.IsZero():
		s.end(outboundOutcome(cause), refuser(cause), cause)
	case s.Phase == Message:
		s.end(s.messageOutcome(), ByClient, cause)
	default:
		s.end(s.talkOutcome(), ByClient, cause)
	}
}

func (s *step) agentGone(cause int) {
	switch s.Phase {
	case Ringing:
		s.offerFailed(cause)
	case Talking:
		if cause == CauseChannelUnavailable || cause == CauseRecoveryOnTimer {
			s.dropThird("ended", CallEnded)
			s.rejoinWait() // the phone fell silent: it did not hang up
			return
		}
		if s.agentLeft() {
			return
		}
		s.end(s.talkOutcome(), ByAgent, cause)
	case Rejoining:
		s.fact(LegEnded{Channel: s.Agent.Channel, Result: "lost", Cause: cause})
		s.Agent = Leg{UserID: s.Agent.UserID, Endpoint: s.Agent.Endpoint}
	case CallingAgent:
		s.end(Failed, ByAgent, cause)
	case Dialling, FarRinging:
		s.end(Cancelled, ByAgent, cause)
	}
}

// offerFailed: the agent's phone refused, was busy, could not be reached or was never picked up.
func (s *step) offerFailed(cause int) {
	result, reason := offerResult(cause)
	s.fact(LegEnded{Channel: s.Agent.Channel, Result: result, Cause: cause})
	s.passOver(reason, false)
}

func (s *step) wait() {
	s.Phase = Waiting
	if s.WaitUntil.IsZero() {
		s.WaitUntil = s.now.Add(s.Queue.MaxWait)
	}
	s.lookAgain()
	s.fact(Stretch{Kind: SegWaiting})
}

// dropAgent ends whatever the agent's side of the call is: a ringing offer, or a conversation.
func (s *step) dropAgent(result string, reason WithdrawReason, elsewhere bool) {
	if s.Agent.UserID == 0 {
		return
	}
	if s.Agent.Channel != "" {
		s.fact(LegEnded{Channel: s.Agent.Channel, Result: result})
		if s.Agent.Channel != s.left {
			s.do(Drop{Channel: s.Agent.Channel, Elsewhere: elsewhere})
		}
	}
	if s.Phase == Ringing {
		s.fact(PopWithdrawn{UserID: s.Agent.UserID, OfferedAt: s.Agent.OfferedAt, Reason: reason})
	}
	s.owesWrapUp(s.Agent.UserID)
	s.fact(AgentFreed{UserID: s.Agent.UserID})
	s.Agent = Leg{}
	s.dismissOthers(result, reason, elsewhere)
}

// owesWrapUp: who has talked on behalf of a queue has work to do afterwards, if the queue says so.
func (s *step) owesWrapUp(user int64) {
	if s.Direction != In || s.Phase != Talking && s.Phase != Rejoining {
		return
	}
	switch s.Queue.WrapUp.Mode {
	case TimedWrapUp:
		s.fact(WrapUpDue{UserID: user, Until: s.now.Add(s.Queue.WrapUp.For)})
	case UntilDone:
		s.fact(WrapUpDue{UserID: user})
	}
}

// end is the one door out of a call.
func (s *step) end(outcome Outcome, by Party, cause int) {
	reason := CallEnded
	if by == ByClient {
		reason = CallerGaveUp
	}
	bridged := !s.AnsweredAt.IsZero()
	s.dropThird("ended", reason)
	s.dropAgent("ended", reason, false)
	if s.Client.Channel != "" {
		s.fact(LegEnded{Channel: s.Client.Channel, Result: "ended", Cause: cause})
		if by != ByClient {
			s.do(Drop{Channel: s.Client.Channel})
		}
	}
	if bridged {
		s.do(Dissolve{Bridge: s.Bridge()})
	}
	s.Phase, s.Deadline, s.EndedAt = Ended, time.Time{}, s.now
	s.Outcome, s.EndedBy, s.Cause = outcome, by, cause
	s.Client.State, s.Held, s.Muted = LegNone, false, false
	s.fact(Closed{})
}

func (s *step) tick() {
	if s.Deadline.IsZero() || s.now.Before(s.Deadline) {
		return
	}
	switch s.Phase {
	case Talking:
		s.endConsult("no_answer", RingTimeout)
	case Ringing:
		s.ringTimeout()
	case Waiting, Arrived:
		s.waited()
	case Message:
		s.end(s.messageOutcome(), BySystem, CauseNormal)
	case Rejoining:
		s.giveUpRejoin()
	case CallingAgent:
		s.end(Failed, BySystem, CauseNoAnswer)
	case Dialling, FarRinging:
		s.end(NoAnswer, BySystem, CauseNoAnswer)
	}
}

// waited: the caller has waited for as long as he may, or it is time to look whether somebody can take him now.
func (s *step) waited() {
	if !s.now.Before(s.WaitUntil) {
		if !s.sendBack() {
			s.askMessage()
		}
		return
	}
	if !s.RetryAt.IsZero() && !s.now.Before(s.RetryAt) {
		s.Tried, s.RetryAt, s.changed = nil, time.Time{}, true
	}
	s.look = true
	s.lookAgain()
}

func (s *step) tried(user int64) bool { return slices.Contains(s.Tried, user) }
