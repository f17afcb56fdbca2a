// Package message sends and receives SMS through Twilio, each wish once.
//
// It owns the tables messages, message_callbacks, message_templates and
// opt_outs. A message goes through these steps, each of them committed:
//
//  1. Send writes the wish (queued) and its job in the transaction of the caller.
//  2. A worker commits the intent (sending) before a byte of the request leaves.
//  3. The answer is committed: accepted with the carrier's id, failed with a
//     reason, or back to queued when it is certain that nothing was sent.
//  4. An answer that was lost leaves a message that may or may not be on its way.
//     The carrier's own list and the callbacks usually tell; until they do it is
//     unknown, a person sees it, and it is never sent again but by a new wish.
//  5. Signed callbacks carry it on to sent, delivered, undelivered or failed.
//     A state has a rank and the rank never falls, so that order, repeats and
//     delays of callbacks do not matter.
//
// An inbound SMS opens or continues a lead in the transaction that stores it.
// Words like STOP, in three languages, bind at once: no wish to that number is
// taken, and none that waits is carried out.
package message

import (
	"time"

	"centralita/internal/fault"
)

// State is where a message stands.
type State string

// The states. Accepted is the carrier's word that it has the message; refused
// is ours not to send it; unknown may or may not have been sent.
const (
	Queued      State = "queued"
	Sending     State = "sending"
	Unknown     State = "unknown"
	Accepted    State = "accepted"
	Sent        State = "sent"
	Failed      State = "failed"
	Undelivered State = "undelivered"
	Delivered   State = "delivered"
	Refused     State = "refused"
	Cancelled   State = "cancelled"
	Received    State = "received"
)

// rank orders the states: what is known of a message only grows. Delivered is
// above the two failures because a handset's receipt is the better evidence.
func (s State) rank() int {
	switch s {
	case Sending:
		return 10
	case Unknown:
		return 15
	case Accepted:
		return 20
	case Sent:
		return 30
	case Failed:
		return 45
	case Undelivered:
		return 50
	case Delivered:
		return 60
	case Refused, Cancelled, Received:
		return 70
	}
	return 0
}

// stateOf translates the carrier's word for a status; false for words that say
// nothing of an outbound SMS.
func stateOf(status string) (State, bool) {
	switch status {
	case "accepted", "scheduled", "queued", "sending":
		return Accepted, true
	case "sent":
		return Sent, true
	case "delivered", "read":
		return Delivered, true
	case "undelivered":
		return Undelivered, true
	case "failed", "canceled":
		return Failed, true
	}
	return "", false
}

// Message is one SMS. From and To are E.164, or what the carrier calls a sender
// that is no number. ErrorCode is stable: the carrier's number or a word of
// ours; Error is for people. Segments is how many SMS the text is billed as.
type Message struct {
	ID          int64      `json:"id"`
	Direction   string     `json:"direction" enum:"in,out"`
	ClientID    *int64     `json:"client_id,omitempty"`
	ClientName  string     `json:"client_name"`
	LeadID      *int64     `json:"lead_id,omitempty"`
	LineID      *int64     `json:"line_id,omitempty"`
	UserID      *int64     `json:"user_id,omitempty"`
	UserName    string     `json:"user_name"`
	From        string     `json:"from"`
	To          string     `json:"to"`
	Body        string     `json:"body"`
	Media       int        `json:"media" doc:"Attachments that came with it; they are not fetched"`
	State       State      `json:"state" enum:"queued,sending,unknown,accepted,sent,failed,undelivered,delivered,refused,cancelled,received"`
	ErrorCode   string     `json:"error_code"`
	Error       string     `json:"error"`
	Segments    int        `json:"segments"`
	ReminderID  *int64     `json:"reminder_id,omitempty"`
	ResendOf    *int64     `json:"resend_of,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	SentAt      *time.Time `json:"sent_at,omitempty"`
	DeliveredAt *time.Time `json:"delivered_at,omitempty"`

	providerID string
	attempts   int
	intentAt   *time.Time
	notAfter   *time.Time
	watcherID  int64 // who is told of changes; 0: nobody
}

// Wish is what somebody wants sent. To may be in any written form. Ids that are
// zero are absent. NotAfter is when it has lost its sense; zero: a day from now.
type Wish struct {
	ClientID, LeadID, LineID, UserID, ReminderID, ResendOf int64
	To, Body                                               string
	// PointID is a contact point to send to instead of To, whose number need not be known.
	PointID  int64
	NotAfter time.Time
}

// maxBody is how many characters an SMS may have.
const maxBody = 1600

// defaultValidity is how long a wish without an end makes sense.
const defaultValidity = 24 * time.Hour

// Errors of wishes.
var (
	errNotFound      = fault.New(fault.NotFound, "not_found", "There is no such message.")
	errNumber        = fault.New(fault.Invalid, "number_invalid", "This is not a number that can get an SMS.")
	errBody          = fault.New(fault.Invalid, "body_invalid", "An SMS has 1 to 1600 characters.")
	errOptedOut      = fault.New(fault.Conflict, "opted_out", "This person has asked not to get SMS.")
	errNotConfigured = fault.New(fault.Conflict, "sms_not_configured", "No SMS provider is set up.")
	errTooLate       = fault.New(fault.Invalid, "not_after_past", "The time until which it makes sense is over.")
	errTooMany       = fault.New(fault.Limited, "sms_cap", "Too many SMS in a minute. Wait a little.")
	errNotResendable = fault.New(fault.Conflict, "not_resendable", "Only a message that failed or whose fate is unknown can be sent again.")
	errResent        = fault.New(fault.Conflict, "already_resent", "This message was sent again already.")
	errNotWaiting    = fault.New(fault.Conflict, "not_cancellable", "Only a message that still waits can be cancelled.")
	errReference     = fault.New(fault.Invalid, "unknown_reference", "The client, lead or line does not exist.")
)
