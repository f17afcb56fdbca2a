package callcenter

import "time"

// Command is something the switch must do now. The set is closed. Every command is safe to repeat.
type Command interface{ command() }

// RingKind says why an agent's phone is called.
type RingKind string

// The reasons for calling an agent's phone.
const (
	RingOffer  RingKind = "offer"  // a client's call is offered: the agent decides
	RingDial   RingKind = "dial"   // the agent clicked a number: the phone answers by itself
	RingRejoin RingKind = "rejoin" // the agent's page came back in a conversation: the phone answers by itself
)

type (
	// Claim takes the client's channel out of the dialplan. The answer comes as Entered or ClaimLost.
	Claim struct {
		Channel string
		Again   bool // another server may have had it, and is dead
	}
	// Adopt brings a channel of the call under this server, whoever had it before.
	Adopt struct{ Channel string }
	// RingAgent calls an agent's phone. The answer comes as LegRang, LegAnswered or LegGone.
	RingAgent struct {
		Call     ID
		Leg      Leg
		Kind     RingKind
		Origin   string // the client's channel, if there is one: ties the legs together
		ShowAs   string // caller identity shown on the phone
		ShowName string
		Timeout  time.Duration
	}
	// DialClient calls the client over the trunk and records the leg. The answer comes as for RingAgent.
	DialClient struct {
		Call    ID
		Channel string
		E164    string
		ShowAs  string // the line's number
		Origin  string // the agent's channel
		Timeout time.Duration
	}
	// RingBack lets the caller hear that it rings.
	RingBack struct{ Channel string }
	// PlayRinging lets an agent hear that the far phone rings; Join ends it.
	PlayRinging struct{ Channel string }
	// Join connects the client and the agent: answers the client if need be, ends hold music, bridges both.
	// Mixed has the bridge mix the sound anew instead of passing it on.
	Join struct {
		Bridge, Client, Agent string
		Mixed                 bool
	}
	// HoldClient takes the client out of the conversation and plays music.
	HoldClient struct{ Bridge, Client string }
	// MuteAgent silences the agent's channel towards the others, or ends that.
	MuteAgent struct {
		Channel string
		On      bool
	}
	// SendDigits sends DTMF to the client.
	SendDigits struct{ Channel, Digits string }
	// AskMessage answers the caller, asks for a message in the given language, and lets him speak.
	AskMessage struct{ Channel, Language string }
	// Drop ends a leg. Elsewhere tells a ringing phone that the call was answered by somebody else.
	Drop struct {
		Channel   string
		Elsewhere bool
		Cause     int // Q.850 cause to give; 0 for normal clearing
	}
	// Dissolve removes the call's bridge.
	Dissolve struct{ Bridge string }
)

func (Claim) command()       {}
func (Adopt) command()       {}
func (RingAgent) command()   {}
func (DialClient) command()  {}
func (RingBack) command()    {}
func (PlayRinging) command() {}
func (Join) command()        {}
func (HoldClient) command()  {}
func (MuteAgent) command()   {}
func (SendDigits) command()  {}
func (AskMessage) command()  {}
func (Drop) command()        {}
func (Dissolve) command()    {}
