package callcenter

import "time"

// Fact is something that has become true of a call, to be stored in the transaction of the step that made it so.
// The set is closed.
type Fact interface{ fact() }

// WithdrawReason says why a screen pop is taken away.
type WithdrawReason string

// The reasons for withdrawing a pop.
const (
	AnsweredElsewhere WithdrawReason = "answered_elsewhere"
	CallerGaveUp      WithdrawReason = "caller_gave_up"
	RingTimeout       WithdrawReason = "timeout"
	AgentDeclined     WithdrawReason = "declined"
	NoPhone           WithdrawReason = "no_phone"
	CallEnded         WithdrawReason = "ended"
	Transferred       WithdrawReason = "transferred" // he has sent the client on
	ClaimFailed       WithdrawReason = "claim_lost"  // the switch had given the caller to somebody else already
)

// NoAnswerReason is why somebody is not ready who was asked and did not pick up.
const NoAnswerReason = "no_answer"

// SegmentKind names a stretch of a call.
type SegmentKind string

// The stretches of a call.
const (
	SegWaiting SegmentKind = "waiting"
	SegRinging SegmentKind = "ringing"
	SegTalk    SegmentKind = "talk"
	SegHold    SegmentKind = "hold"
	SegMessage SegmentKind = "message"
	SegRejoin  SegmentKind = "rejoin"

	SegConsult    SegmentKind = "consult"    // the agent talks with a colleague, the client waits
	SegConference SegmentKind = "conference" // all three talk
)

type (
	// Begun says that the call is new: it is to be stored for the first time.
	Begun struct{}
	// LegMade says that a leg was made. Client tells whose it is.
	LegMade struct {
		Leg    Leg
		Client bool
	}
	// LegMoved says that a leg has come to a new state.
	LegMoved struct {
		Channel string
		State   LegState
	}
	// LegEnded says that a leg is over.
	LegEnded struct {
		Channel string
		Result  string
		Cause   int
	}
	// Stretch begins a stretch of the call and ends the one before.
	Stretch struct {
		Kind   SegmentKind
		UserID int64
	}
	// PopShown says that the call is shown to a user because his phone rings.
	PopShown struct {
		UserID    int64
		OfferedAt time.Time
	}
	// PopWithdrawn takes the pop away again.
	PopWithdrawn struct {
		UserID    int64
		OfferedAt time.Time
		Reason    WithdrawReason
	}
	// AgentTaken reserves a user for the call. It holds until AgentFreed.
	AgentTaken struct{ UserID int64 }
	// AgentFreed ends the reservation.
	AgentFreed struct{ UserID int64 }
	// WrapUpDue says that the user has work to do after his conversation, before he is given another call. It comes
	// before the AgentFreed that ends his reservation. Until is zero when it ends when he says so.
	WrapUpDue struct {
		UserID int64
		Until  time.Time
	}
	// Unanswered says that the user was asked alone and did not pick up: he wants no calls until he says that he does.
	Unanswered struct{ UserID int64 }
	// SentOn says that the user has given the conversation to somebody else.
	SentOn struct{ UserID int64 }
	// PickedUp says that a person of ours and the client are connected for the first time.
	PickedUp struct{ UserID int64 }
	// Closed says that the call is over; the call holds outcome, party and cause.
	Closed struct{}
)

func (Begun) fact()        {}
func (LegMade) fact()      {}
func (LegMoved) fact()     {}
func (LegEnded) fact()     {}
func (Stretch) fact()      {}
func (PopShown) fact()     {}
func (PopWithdrawn) fact() {}
func (AgentTaken) fact()   {}
func (AgentFreed) fact()   {}
func (WrapUpDue) fact()    {}
func (Unanswered) fact()   {}
func (SentOn) fact()       {}
func (PickedUp) fact()     {}
func (Closed) fact()       {}
