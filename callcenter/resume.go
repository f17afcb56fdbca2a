package callcenter

import "time"

// Seen is what the switch says of a channel that it has.
type Seen struct {
	Up   bool // answered
	Held bool // in the hands of a server of ours, living or dead, rather than of the dialplan or still ringing
}

// Resume is the first step of a call taken over from the store: after a restart of the server, or of its link to
// the switch. seen holds the channels that the switch has. What happened meanwhile is caught up with, and the
// commands of the present phase are given again.
func (c Call) Resume(seen map[string]Seen, now time.Time) Step {
	s := &step{Call: c.clone(), now: now}
	if c.Over() {
		return Step{Call: c}
	}
	adopt := func(channel string, made bool) { // made by us: it comes when it is answered, to whoever has adopted it
		if was, there := seen[channel]; there && (was.Held || made) {
			s.do(Adopt{Channel: channel})
		}
	}
	adopt(s.Client.Channel, s.Direction == Out)
	adopt(s.Agent.Channel, true)
	adopt(s.Third.Channel, true)
	for _, leg := range s.Others {
		adopt(leg.Channel, true)
	}
	s.resume(seen)
	return Step{Call: s.Call, Changed: s.changed, Facts: s.facts, Commands: s.commands}
}

func (s *step) resume(seen map[string]Seen) {
	client, clientSeen := seen[s.Client.Channel]
	agent, agentSeen := seen[s.Agent.Channel]
	if s.Client.Channel != "" && !clientSeen {
		s.clientGone(0)
		return
	}
	if s.Direction == In && !client.Held {
		s.Client.State = LegDialled
		s.do(Claim{Channel: s.Client.Channel, Again: true}) // the fall-back has him by now, or nobody yet
		return
	}
	if s.Direction == In && s.Client.State == LegDialled {
		s.entered()
	}
	switch s.Phase {
	case Arrived:
		s.wait()
	case Ringing:
		s.resumeOffers(seen)
	case CallingAgent, Rejoining:
		s.resumeAgent(agent, agentSeen)
	case Dialling, FarRinging:
		s.resumeFar(client, agentSeen)
	case Talking:
		s.resumeTalk(seen, agentSeen)
	case Waiting:
		if s.AnsweredAt.IsZero() {
			s.do(RingBack{Channel: s.Client.Channel})
		} else {
			s.do(HoldClient{Bridge: s.Bridge(), Client: s.Client.Channel})
		}
	}
}

// resumeAgent: an answered leg that is not held yet is on its way to us, and tells by itself when it has come.
func (s *step) resumeAgent(agent Seen, there bool) {
	switch {
	case agent.Up && agent.Held:
		s.agentAnswered()
	case !there && s.Agent.Channel != "":
		s.agentGone(CauseNoAnswer)
	}
}

// resumeOffers: who has picked up meanwhile has the call; who is not there any more did not take it.
func (s *step) resumeOffers(seen map[string]Seen) {
	for _, leg := range append([]Leg{s.Agent}, s.Others...) {
		if was := seen[leg.Channel]; was.Up && was.Held {
			s.legAnswered(leg.Channel)
			return
		}
	}
	for _, leg := range append([]Leg{s.Agent}, s.Others...) {
		if _, there := seen[leg.Channel]; !there && s.Phase == Ringing {
			s.legGone(LegGone{Channel: leg.Channel, Cause: CauseNoAnswer})
		}
	}
}

func (s *step) resumeFar(client Seen, agentThere bool) {
	switch {
	case !agentThere:
		s.agentGone(0)
	case client.Up && client.Held:
		s.farAnswered()
	}
}

func (s *step) resumeTalk(seen map[string]Seen, agentThere bool) {
	third, thirdThere := seen[s.Third.Channel]
	if s.Third.UserID != 0 && agentThere {
		switch {
		case !thirdThere:
			s.thirdGone(CauseNormal)
			return
		case third.Up && third.Held:
			s.thirdAnswered()
		}
	}
	switch {
	case !agentThere:
		s.agentGone(0)
	case s.Held:
		s.do(HoldClient{Bridge: s.Bridge(), Client: s.Client.Channel})
	default:
		s.join()
	}
}
