// Package audit is the memory of who did what: one row per act, written in the
// transaction of the act itself, so that neither can exist without the other.
//
// It owns the table audit_entries, which the database refuses to change or
// delete from. It knows no room: an act is a verb, the kind of thing it was done
// to and the thing's id; before and after are whatever the room says they are.
package audit

import (
	"encoding/json"
	"time"
)

// AuditEntry is one act. UserID is nil when the system itself acted, or nobody was
// signed in. Before and After are the room's own view of the thing, or nil.
type AuditEntry struct {
	ID        int64           `json:"id"`
	At        time.Time       `json:"at"`
	UserID    *int64          `json:"user_id,omitempty"`
	UserName  string          `json:"user_name"`
	SessionID *int64          `json:"session_id,omitempty"`
	Action    string          `json:"action"`
	Entity    string          `json:"entity"`
	EntityID  int64           `json:"entity_id"`
	Before    json.RawMessage `json:"before,omitempty"`
	After     json.RawMessage `json:"after,omitempty"`
	IP        string          `json:"ip"`
	RequestID string          `json:"request_id"`
}

// Filter narrows a list of entries; zero values do not. Half is OnlyChanges or
// OnlyLooks, Counts what an entry counts as; From and Until bound the time, Until excluded; Text is a part of what
// was before or after, of an address or of a request's id; Shallow does not look
// into what was before or after, for readers to whom that would tell. Before is the id below
// which the page begins, 0 for the newest.
type Filter struct {
	UserID      int64
	Action      string
	Entity      string
	EntityID    int64
	Half        string
	Counts      Kind
	From, Until time.Time
	Text        string
	Shallow     bool
	Before      int64
	Limit       int
}
