// Package client keeps the client base: persons and organisations, the numbers
// and addresses by which they are reached, and the timeline of all that passed
// between them and the firm.
//
// Identity is evidence: a contact point keeps what was written, and with it
// every E.164 number that this may mean; a caller is looked up by all readings
// of his number in one indexed round trip, and several candidates come back
// ranked, each with its reason. The firm's own numbers are never anybody's, and
// a withheld number matches nobody.
//
// Every change is committed together with its line in the audit log, and only
// then announced. Who sees which clients, and how much of a number, is said in
// rights.go. The package knows no call in progress, and leaves the ledger of
// leads to its own room.
package client

import "time"

// Client is a person or an organisation on the books, with everything the head
// of its card shows. LastContactAt is the time of the latest interaction.
type Client struct {
	ID              int64          `json:"id"`
	Kind            string         `json:"kind" enum:"person,organisation"`
	Name            string         `json:"name"`
	ResponsibleID   *int64         `json:"responsible_id,omitempty"`
	ResponsibleName string         `json:"responsible_name"`
	OrganisationID  *int64         `json:"organisation_id,omitempty"`
	Position        string         `json:"position" doc:"What a person is in the organisation"`
	SourceID        *int64         `json:"source_id,omitempty"`
	SourceName      string         `json:"source_name" doc:"Where the client came from"`
	ArchivedAt      *time.Time     `json:"archived_at,omitempty"`
	Note            string         `json:"note"`
	Language        string         `json:"language"`
	TimeZone        string         `json:"time_zone"`
	SMSOptOutAt     *time.Time     `json:"sms_opt_out_at,omitempty"`
	Version         int            `json:"version" doc:"Send it back with a change"`
	LastContactAt   *time.Time     `json:"last_contact_at,omitempty"`
	CreatedAt       time.Time      `json:"created_at"`
	ContactPoints   []ContactPoint `json:"contact_points"`
	OpenLeads       int            `json:"open_leads"`
}

// ClientRow is a client in a list.
type ClientRow struct {
	ID              int64      `json:"id"`
	Kind            string     `json:"kind"`
	Name            string     `json:"name"`
	ResponsibleID   *int64     `json:"responsible_id,omitempty"`
	ResponsibleName string     `json:"responsible_name"`
	PrimaryPhone    string     `json:"primary_phone" doc:"International format; the first phone"`
	Phones          []string   `json:"phones" doc:"International format, oldest first"`
	LastContactAt   *time.Time `json:"last_contact_at,omitempty"`
	OpenLeads       int        `json:"open_leads"`
	Masked          bool       `json:"masked,omitempty" doc:"The numbers are not shown in full"`
}

// ContactPoint is one way to reach a client: what was written, the value it is
// first read as, and for a phone every reading, most certain first.
type ContactPoint struct {
	ID         int64      `json:"id"`
	Kind       string     `json:"kind" enum:"phone,email,messenger"`
	Raw        string     `json:"raw"`
	Value      string     `json:"value"`
	Display    string     `json:"display"`
	Readings   []Reading  `json:"readings"`
	Label      string     `json:"label"`
	Source     string     `json:"source"`
	LastSeenAt *time.Time `json:"last_seen_at,omitempty"`
	Masked     bool       `json:"masked,omitempty" doc:"Not shown in full; it can be called by its id"`
}

// Reading is one number that a contact point may mean; confidence is 1 to 100.
type Reading struct {
	E164       string `json:"e164"`
	Confidence int    `json:"confidence"`
}

// Candidate is a client who may be behind a number, and why. Reason is exact,
// national, trunk_prefix, tail or shared; Matched is the number agreed on.
type Candidate struct {
	ClientID        int64      `json:"client_id"`
	Name            string     `json:"name"`
	Kind            string     `json:"kind"`
	ResponsibleID   *int64     `json:"responsible_id,omitempty"`
	ResponsibleName string     `json:"responsible_name"`
	Score           int        `json:"score" doc:"0 to 100"`
	Reason          string     `json:"reason" enum:"exact,national,trunk_prefix,tail,shared"`
	Matched         string     `json:"matched"`
	LastContactAt   *time.Time `json:"last_contact_at,omitempty"`
	LastUserID      *int64     `json:"-"` // who of ours took part in that
	OpenLeads       int        `json:"open_leads"`
}

// Contact is the latest interaction with a client.
type Contact struct {
	At       time.Time
	Kind     string
	UserName string
}

// Identity is who may be behind a number. E164 is the best reading, "" if there
// is none; Candidates come best first, at most ten. LastContact is that of the
// first candidate, nil if there was none.
type Identity struct {
	E164        string
	Display     string
	Dialable    bool
	Candidates  []Candidate
	LastContact *Contact
}

// TimelineEntry is one interaction; exactly one of Call, SMS, Note and File is
// set. Direction is in, out, or "" for a note or a file.
type TimelineEntry struct {
	ID        int64      `json:"id"`
	Kind      string     `json:"kind" enum:"call,sms,note,file"`
	Direction string     `json:"direction"`
	At        time.Time  `json:"at"`
	UserID    *int64     `json:"user_id,omitempty"`
	UserName  string     `json:"user_name"`
	LeadID    *int64     `json:"lead_id,omitempty"`
	LineName  string     `json:"line_name"`
	Call      *EntryCall `json:"call,omitempty"`
	SMS       *EntrySMS  `json:"sms,omitempty"`
	Note      *EntryNote `json:"note,omitempty"`
	File      *EntryFile `json:"file,omitempty"`
}

// EntryFile is a file that somebody put on the card.
type EntryFile struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	SizeBytes int64  `json:"size_bytes"`
	Deleted   bool   `json:"deleted"`
}

// EntryCall is a call on the timeline. DurationS is talk, WaitS the time until
// the answer or the end, both in seconds; Number is the far party's.
type EntryCall struct {
	ID             int64  `json:"id"`
	Outcome        string `json:"outcome"`
	DurationS      int    `json:"duration_s"`
	WaitS          int    `json:"wait_s"`
	RecordingState string `json:"recording_state"`
	Number         string `json:"number"`
	Voicemail      bool   `json:"voicemail"`
	CauseText      string `json:"cause_text"`
}

// EntrySMS is a message on the timeline.
type EntrySMS struct {
	ID    int64  `json:"id"`
	Body  string `json:"body"`
	State string `json:"state"`
	To    string `json:"to"`
	From  string `json:"from"`
	Error string `json:"error"`
}

// EntryNote is what somebody wrote down.
type EntryNote struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
}

// LeadHit is an open lead found by a search.
type LeadHit struct {
	ID            int64     `json:"id"`
	ClientID      *int64    `json:"client_id,omitempty"`
	ClientName    string    `json:"client_name"`
	Number        string    `json:"number"`
	NumberDisplay string    `json:"number_display"`
	CallerName    string    `json:"caller_name"`
	LineName      string    `json:"line_name"`
	State         string    `json:"state"`
	OpenedAt      time.Time `json:"opened_at"`
}
