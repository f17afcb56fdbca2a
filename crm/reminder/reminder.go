// Package reminder keeps promises with a date: an SMS to a client, or to a
// colleague a word on the screen or an SMS, at a local time.
//
// A reminder is due at one instant, computed once from its local time and zone
// when it is made; later changes of anybody's zone do not move it. A local time
// that the clocks skip is refused, one that they show twice means the first.
//
// It fires once: whoever moves it out of pending, in one transaction with the
// SMS or the event that it causes, has fired it. A durable job comes at the due
// time and a periodic round finds whatever the job missed, so that neither a
// crash nor a step of the clock loses or repeats it. One that comes too late to
// make sense expires, and the one who made it is told.
package reminder

import (
	"time"

	"centralita/internal/fault"
)

// State is where a reminder stands.
type State string

// The states. Fired means that the SMS was wished for or the event written;
// done is a person's word.
const (
	Pending   State = "pending"
	Fired     State = "fired"
	Done      State = "done"
	Cancelled State = "cancelled"
	Expired   State = "expired"
	Failed    State = "failed"
)

// Whom a reminder is for, and how it comes.
const (
	ForClient  = "client"
	ForUser    = "user"
	ChannelSMS = "sms"
	ChannelApp = "app"
)

// validity is how long after its due time a reminder still makes sense.
const validity = 24 * time.Hour

// maxAhead bounds how far in the future a reminder may be.
const maxAhead = 5 * 366 * 24 * time.Hour

// Reminder is one promise. Ambiguous says that its local time comes twice that
// day and that the first is meant. Error says why it failed, as a stable code.
type Reminder struct {
	ID            int64     `json:"id"`
	ClientID      *int64    `json:"client_id,omitempty"`
	ClientName    string    `json:"client_name"`
	LeadID        *int64    `json:"lead_id,omitempty"`
	Audience      string    `json:"audience" enum:"client,user"`
	UserID        *int64    `json:"user_id,omitempty"`
	UserName      string    `json:"user_name"`
	Channel       string    `json:"channel" enum:"sms,app"`
	Text          string    `json:"text"`
	LocalTime     string    `json:"local_time"`
	TimeZone      string    `json:"time_zone"`
	Ambiguous     bool      `json:"ambiguous"`
	DueAt         time.Time `json:"due_at"`
	State         State     `json:"state" enum:"pending,fired,done,cancelled,expired,failed"`
	Error         string    `json:"error"`
	MessageID     *int64    `json:"message_id,omitempty"`
	CreatedByName string    `json:"created_by_name"`
	CreatedAt     time.Time `json:"created_at"`

	contactPointID *int64
	createdBy      *int64
	validFor       time.Duration
}

// Draft is what a reminder is made of. Ids that are zero are absent; without a
// TimeZone the client's counts, else the firm's.
type Draft struct {
	ClientID, LeadID, UserID, ContactPointID int64
	Audience, Channel, Text                  string
	LocalTime, TimeZone                      string
}

var (
	errNotFound   = fault.New(fault.NotFound, "not_found", "There is no such reminder.")
	errText       = fault.New(fault.Invalid, "text_invalid", "A reminder has 1 to 1600 characters.").WithField("body.text", "1 to 1600 characters")
	errTime       = fault.New(fault.Invalid, "time_invalid", "This is not a date and time.").WithField("body.local_time", "like 2026-11-24T10:00")
	errZone       = fault.New(fault.Invalid, "time_zone_invalid", "There is no such time zone.").WithField("body.time_zone", "like Europe/Madrid")
	errPast       = fault.New(fault.Invalid, "time_in_past", "This time is over.").WithField("body.local_time", "in the past")
	errFar        = fault.New(fault.Invalid, "time_too_far", "This is more than five years away.").WithField("body.local_time", "too far away")
	errGap        = fault.New(fault.Invalid, "time_does_not_exist", "The clocks are put forward over this time that day.").WithField("body.local_time", "skipped by summer time")
	errAudience   = fault.New(fault.Invalid, "audience_invalid", "A client is reminded by SMS, a colleague on the screen or by SMS.").WithField("body.channel", "does not fit the audience")
	errNoUser     = fault.New(fault.Invalid, "unknown_reference", "The client, lead, number or colleague does not exist.")
	errNoNumber   = fault.New(fault.Invalid, "number_invalid", "There is no number to which an SMS could go.").WithField("body.contact_point_id", "no phone number")
	errNoMobile   = fault.New(fault.Invalid, "user_without_number", "This colleague has no telephone number of their own yet.").WithField("body.user_id", "no number")
	errNotPending = fault.New(fault.Conflict, "not_pending", "This reminder waits no more.")
	errNotYours   = fault.New(fault.Forbidden, "forbidden", "This is somebody else's reminder.")
)
