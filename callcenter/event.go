package callcenter

import "time"

// Event is something that happened to a call. The set is closed.
type Event interface{ event() }

type (
	// Routed is routing's answer for a call that needs an agent.
	Routed struct{ Choice Choice }
	// Reached is the answer to Call.Next: what is known of the place.
	Reached struct{ Place Place }
	// Entered says that the client's channel is in our hands: the switch will do with it what we say.
	Entered struct{}
	// ClaimLost says that the switch gave the call to somebody else, or to its own fall-back.
	ClaimLost struct{}
	// LegRang says that the phone at the end of a leg rings.
	LegRang struct{ Channel string }
	// LegAnswered says that a leg was picked up and is in our hands.
	LegAnswered struct{ Channel string }
	// LegGone says that a leg ended, or could not be made; Cause is Q.850, Answered whether by an own hang-up.
	LegGone struct {
		Channel string
		Cause   int
	}
	// PhoneLost says that the phone of a user is not registered any more.
	PhoneLost struct{ UserID int64 }
	// PhoneBack says that the phone of a user is registered again.
	PhoneBack struct {
		UserID   int64
		Endpoint string
	}
	// PBXLost says that the switch restarted or forgot the call.
	PBXLost struct{ Cause int }
	// Identified says that more is known of the far party: somebody has said that it is this client, or none (0).
	Identified struct {
		Identity Identity
		ClientID int64
	}
	// Tick says that time has passed; what is due by it is done.
	Tick struct{}

	// Decline is the wish of the user whose phone rings not to take the call.
	Decline struct{ UserID int64 }
	// HangUp is the wish of the call's user to end it.
	HangUp struct{ UserID int64 }
	// Hold puts the client on hold, or takes him back.
	Hold struct {
		UserID int64
		On     bool
	}
	// Mute silences the user towards the client, or ends that.
	Mute struct {
		UserID int64
		On     bool
	}
	// SendOn gives the client to a queue or a colleague; Note is for who takes him.
	SendOn struct {
		UserID int64
		To     Destination
		Note   string
	}
	// Consult calls a colleague while the client waits. Endpoint is his phone.
	Consult struct {
		UserID   int64
		To       int64
		Endpoint string
		Note     string
	}
	// EndConsult lets the colleague go and takes the client back.
	EndConsult struct{ UserID int64 }
	// Complete gives the client to the colleague.
	Complete struct{ UserID int64 }
	// Merge brings client, agent and colleague together.
	Merge struct{ UserID int64 }
	// Digits are DTMF to be sent to the client: 0-9, A-D, * and #.
	Digits struct {
		UserID int64
		Digits string
	}
)

func (Routed) event()      {}
func (Reached) event()     {}
func (Entered) event()     {}
func (ClaimLost) event()   {}
func (LegRang) event()     {}
func (LegAnswered) event() {}
func (LegGone) event()     {}
func (PhoneLost) event()   {}
func (PhoneBack) event()   {}
func (PBXLost) event()     {}
func (Identified) event()  {}
func (Tick) event()        {}
func (Decline) event()     {}
func (HangUp) event()      {}
func (Hold) event()        {}
func (Mute) event()        {}
func (SendOn) event()      {}
func (Consult) event()     {}
func (EndConsult) event()  {}
func (Complete) event()    {}
func (Merge) event()       {}
func (Digits) event()      {}

// Verdict is the kind of answer routing gives.
type Verdict string

// The verdicts of routing.
const (
	Chosen    Verdict = "chosen"     // ring the named user
	WaitFree  Verdict = "wait"       // everybody who may take it is busy
	AllTried  Verdict = "all_tried"  // all who could take it have been asked
	NobodyCan Verdict = "nobody_can" // nobody who may take it is there
)

// Choice is routing's answer: whom to ring and for how long, or that there is nobody; and how the queue is staffed.
type Choice struct {
	Verdict  Verdict
	UserID   int64
	Endpoint string
	Also     []Asked // whose phones ring at the same time
	RingFor  time.Duration
	Staffing Staffing
}

// Asked is one person whose phone is to ring.
type Asked struct {
	UserID   int64
	Endpoint string
}

// Askeds returns everybody whose phone is to ring, the first one first.
func (c Choice) Askeds() []Asked {
	if c.Verdict != Chosen {
		return nil
	}
	return append([]Asked{{c.UserID, c.Endpoint}}, c.Also...)
}
