// Package lead is the ledger of leads. Every inbound contact opens or continues
// exactly one lead, in the transaction that stores the contact and before
// anything rings; a lead leaves open through a typed, attributed closing only.
// Hence opened = open + Σ closed by type, and the difference must be 0.
//
// It owns leads, their append-only journal lead_entries, and the rows of
// interactions that belong to contacts it was told of. A lead is identity ×
// line: of a known client, else of a number, else of that one contact alone. At
// most one lead of an identity and line is open; the database itself refuses a
// second one. What class a lead is of, and when it is due, is said in one place,
// the view leads_now, by the database's clock.
//
// It will never know how a call is made, who is at which phone, or how a number
// is written; those rooms tell it what happened.
package lead

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"centralita/crm/access"
	"centralita/internal/fault"
)

// Closing is the way a lead left open.
type Closing string

// The closings. WrittenOff and Duplicate need a reason.
const (
	Converted         Closing = "converted"
	AnsweredResolved  Closing = "answered_resolved"
	CalledBackReached Closing = "called_back_reached"
	CallerReturned    Closing = "caller_returned"
	Duplicate         Closing = "duplicate"
	Spam              Closing = "spam"
	WrongNumber       Closing = "wrong_number"
	WrittenOff        Closing = "written_off"
)

// Closings are all of them, in the order in which they are shown.
var Closings = []Closing{Converted, AnsweredResolved, CalledBackReached, CallerReturned, Duplicate, Spam, WrongNumber, WrittenOff}

// Classes are those a lead can be of, in the order in which they are shown.
var Classes = []string{"lost", "our_dial_unanswered", "next_step_overdue", "answered_no_next_step", "new",
	"client_reached_us", "called_back_20m", "called_back_23h", "next_step_planned"}

// LineRef is a lead's line as a lead shows it.
type LineRef struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Number string `json:"number"`
	Color  string `json:"color"`
}

// LeaseRef is the exclusive right somebody has to work the lead until then.
type LeaseRef struct {
	UserID   int64     `json:"user_id"`
	UserName string    `json:"user_name"`
	Until    time.Time `json:"until"`
	CallID   *int64    `json:"call_id,omitempty"`
}

// Lead is one accountable enquiry. Value is an exact decimal in Currency.
// Number is E.164 or empty; NumberDisplay is for people. OverdueSeconds is 0
// until DueAt has passed, and for a closed lead.
type Lead struct {
	ID              int64      `json:"id"`
	Line            *LineRef   `json:"line,omitempty"`
	ClientID        *int64     `json:"client_id,omitempty"`
	ClientName      string     `json:"client_name,omitempty"`
	Number          string     `json:"number"`
	NumberDisplay   string     `json:"number_display"`
	CallerName      string     `json:"caller_name"`
	Source          string     `json:"source"`
	State           string     `json:"state" enum:"open,closed"`
	Class           string     `json:"class"`
	ResponsibleID   *int64     `json:"responsible_id,omitempty"`
	ResponsibleName string     `json:"responsible_name"`
	Value           string     `json:"value" example:"150.00"`
	Currency        string     `json:"currency"`
	Note            string     `json:"note"`
	Recovered       bool       `json:"recovered" doc:"found in the switch's own evidence after an outage"`
	OpenedAt        time.Time  `json:"opened_at"`
	LastContactAt   time.Time  `json:"last_contact_at"`
	TouchedAt       *time.Time `json:"touched_at,omitempty"`
	AnsweredAt      *time.Time `json:"answered_at,omitempty"`
	Contacts        int        `json:"contacts"`
	Attempts        int        `json:"attempts"`
	LastAttemptAt   *time.Time `json:"last_attempt_at,omitempty"`
	NextStepAt      *time.Time `json:"next_step_at,omitempty"`
	NextStepNote    string     `json:"next_step_note"`
	Lease           *LeaseRef  `json:"lease,omitempty"`
	Closing         *Closing   `json:"closing,omitempty"`
	ClosingReason   string     `json:"closing_reason"`
	ClosedByName    string     `json:"closed_by_name"`
	ClosedAt        *time.Time `json:"closed_at,omitempty"`
	DueAt           *time.Time `json:"due_at,omitempty"`
	OverdueSeconds  int64      `json:"overdue_seconds"`
	LastOutcome     string     `json:"last_outcome"`
	Masked          bool       `json:"masked,omitempty" doc:"The number is not shown in full; the lead can be called back"`
	Continued       bool       `json:"continued,omitempty" doc:"in the reply to a creation: this lead was open already"`
}

// LeadEntry is a line of a lead's journal. Detail is for people.
type LeadEntry struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	UserName  string    `json:"user_name"`
	CallID    *int64    `json:"call_id,omitempty"`
	MessageID *int64    `json:"message_id,omitempty"`
	Closing   *Closing  `json:"closing,omitempty"`
	Detail    string    `json:"detail"`
}

// LeadDetail is a lead with its journal, oldest entry first.
type LeadDetail struct {
	Lead
	Entries []LeadEntry `json:"entries"`
}

var (
	errNoLead   = fault.New(fault.NotFound, "not_found", "There is nothing here.")
	errClosed   = fault.New(fault.Conflict, "lead_closed", "This lead is closed.")
	errOpen     = fault.New(fault.Conflict, "lead_open", "This lead is open.")
	errNoNumber = fault.New(fault.Conflict, "number_unknown", "This lead has no number that could be called.")
	errChoose   = fault.New(fault.Conflict, "number_choose", "The client has several numbers. Choose one.")
)

// maxText bounds reasons and notes of a step.
const maxText = 1000

// mayClose says why actor may not close l so; nil when he may.
func (l Lead) mayClose(actor access.Actor, closing Closing, reason string) error {
	switch {
	case !slices.Contains(Closings, closing):
		return fault.New(fault.Invalid, "closing_unknown", "There is no such closing.").WithField("body.closing", "unknown")
	case l.State != "open":
		return errClosed
	case (closing == WrittenOff || closing == Duplicate) && reason == "":
		return fault.New(fault.Invalid, "reason_required", "Say why.").WithField("body.reason", "required")
	case closing == WrittenOff && l.ResponsibleID != nil && *l.ResponsibleID != actor.UserID && !actor.Has(access.LeadsAssign):
		return fault.New(fault.Forbidden, "not_yours", "Only a manager may write off a lead that somebody else is responsible for.")
	}
	return nil
}

// leasedToOther fails when somebody other than user has the lead on lease.
func (l Lead) leasedToOther(user int64) error {
	if l.Lease == nil || l.Lease.UserID == user {
		return nil
	}
	return leased(*l.Lease)
}

func leased(by LeaseRef) error {
	return fault.New(fault.Conflict, "leased", by.UserName+" is working on this lead.").
		WithField("by", by.UserName).WithField("until", by.Until.UTC().Format(time.RFC3339))
}

// tidy is s without space around it; an error names field when it is too long.
func tidy(s, field string) (string, error) {
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > maxText {
		return "", fault.New(fault.Invalid, "invalid_input", "This text is too long.").WithField("body."+field, "too long")
	}
	return s, nil
}
