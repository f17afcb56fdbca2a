package e2e

import (
	"encoding/json"
	"time"
)

// What the API's answers hold, as far as the tests read it. They are written
// down here anew, from the contract, so that a change of the product's own types
// cannot change what the tests expect.

// Call is a call as the API shows it.
type Call struct {
	ID        int64
	Direction string
	Phase     string
	Line      *struct {
		ID           int64
		Name, Number string
	}
	Number struct {
		Raw, E164, Display string
		Dialable           bool
	}
	CallerName    string `json:"caller_name"`
	Candidates    []Candidate
	ClientID      int64     `json:"client_id"`
	ClientName    string    `json:"client_name"`
	LeadID        int64     `json:"lead_id"`
	UserID        int64     `json:"user_id"`
	StartedAt     time.Time `json:"started_at"`
	RingingAt     time.Time `json:"ringing_at"`
	AnsweredAt    time.Time `json:"answered_at"`
	EndedAt       time.Time `json:"ended_at"`
	Held, Muted   bool
	Path          []Visit
	Outcome       string
	EndedBy       string `json:"ended_by"`
	Cause         int
	CauseText     string `json:"cause_text"`
	ResponsibleID int64  `json:"responsible_id"`
}

// Candidate is a client who may be the caller.
type Candidate struct {
	ClientID int64 `json:"client_id"`
	Name     string
	Score    int
	Reason   string
}

// Page is a list.
type Page[T any] struct {
	Items []T
	Next  string
}

// Lead is a lead as the API shows it.
type Lead struct {
	ID            int64
	ClientID      int64 `json:"client_id"`
	Number        string
	CallerName    string `json:"caller_name"`
	Source        string
	State         string
	Class         string
	ResponsibleID int64 `json:"responsible_id"`
	Recovered     bool
	Contacts      int
	Attempts      int
	LastOutcome   string `json:"last_outcome"`
	Closing       string
	Lease         *struct {
		UserID int64 `json:"user_id"`
	}
	Entries []struct {
		Kind   string
		CallID int64 `json:"call_id"`
		Detail json.RawMessage
	}
}

// Board is the lead-loss board.
type Board struct {
	Balance struct {
		Opened, Open, Difference int64
		CallsWithoutLead         int64 `json:"calls_without_lead"`
		Closed                   []struct {
			Type  string
			Count int64
		}
	}
	Rows []Lead
}

// Recording is the recording of a call.
type Recording struct {
	CallID     int64 `json:"call_id"`
	State      string
	DurationMS int `json:"duration_ms"`
	SHA256     string
	SizeBytes  int64 `json:"size_bytes"`
	Peaks      struct{ Client, Agent []int }
	AudioURL   string `json:"audio_url"`
}

// TraceStep is one choice of routing.
type TraceStep struct {
	Verdict      string
	ChosenUserID int64 `json:"chosen_user_id"`
	Considered   []struct {
		UserID   int64 `json:"user_id"`
		Eligible bool
		Reason   string
		Rank     int
	}
}

// Presence is what somebody is doing.
type Presence struct {
	UserID     int64 `json:"user_id"`
	State      string
	Registered bool
	CallID     int64 `json:"call_id"`
}

// Client is a client's card.
type Client struct {
	ID            int64
	Name          string
	ResponsibleID int64      `json:"responsible_id"`
	SMSOptOutAt   *time.Time `json:"sms_opt_out_at"`
	ContactPoints []struct {
		ID    int64
		Value string
	} `json:"contact_points"`
}

// Entry is one entry of a client's timeline.
type Entry struct {
	ID     int64
	Kind   string
	LeadID int64 `json:"lead_id"`
	Call   *struct {
		ID             int64
		Outcome        string
		Voicemail      bool
		RecordingState string `json:"recording_state"`
	}
	SMS *struct {
		ID          int64
		Body, State string
	}
}

// Message is an SMS.
type Message struct {
	ID         int64
	Direction  string
	ClientID   int64 `json:"client_id"`
	LeadID     int64 `json:"lead_id"`
	From, To   string
	Body       string
	State      string
	ReminderID int64 `json:"reminder_id"`
}

// Pop is the event that shows the card of a call.
type Pop struct {
	Call      Call
	OfferedAt time.Time `json:"offered_at"`
}

// Withdrawal is the event that takes the card away.
type Withdrawal struct {
	CallID    int64     `json:"call_id"`
	OfferedAt time.Time `json:"offered_at"`
	Reason    string
}

// Queue is a queue of callers.
type Queue struct {
	ID      int64 `json:"id"`
	Version int   `json:"version"`
}

// Visit is a place that a call has been to.
type Visit struct {
	Kind, Name, Why string
	ID              int64
}

// Skill is something that people are more or less good at.
type Skill struct {
	ID   int64
	Name string
}
