// Package bulk does one thing to many clients: another responsible, a value, a
// tag, the archive. What is to be done, and to whom, is written down first; then
// it is done in the background in the name of whoever asked, with the rights he
// has at that moment, row by row with a verdict for each.
//
// Rows are taken in batches. What a batch changes, the verdicts on its rows and
// how far the run has come are one transaction, so a server may die at any
// moment: whoever goes on begins where the last batch ended. A run can be stopped
// and taken back; what somebody has changed since stays as he left it. The
// package decides nothing about rights: the client base does.
package bulk

import (
	"time"

	"centralita/internal/fault"
	"centralita/internal/filter"
)

// State is where a run stands.
type State string

// The states. All but Running and Undoing are over.
const (
	Running   State = "running"
	Done      State = "done"
	Cancelled State = "cancelled"
	Failed    State = "failed"
	Undoing   State = "undoing"
	Undone    State = "undone"
)

// What can become of a row.
const (
	Changed   = "changed"
	Same      = "same"    // it was so already
	Refused   = "refused" // not within the asker's rights
	RowFailed = "failed"
)

// Kinds of work.
const (
	ToResponsible = "responsible"
	ToField       = "field"
	AddTag        = "tag_add"
	RemoveTag     = "tag_remove"
	Archive       = "archive"
	Unarchive     = "unarchive"
)

// Ways in which several share.
const (
	Even = "even"
	Load = "load" // who has fewest gets most
)

// BulkWhat is what is done to each client. UserIDs are whom clients go to: none
// takes the responsible away, several share them. Field is language or a field of
// the firm's own, Value its exact form, empty for nothing.
type BulkWhat struct {
	Kind    string  `json:"kind" enum:"responsible,field,tag_add,tag_remove,archive,unarchive"`
	UserIDs []int64 `json:"user_ids,omitempty" maxItems:"200"`
	Share   string  `json:"share,omitempty" enum:"even,load," doc:"Among several: evenly, or so that all have as many in the end"`
	Field   string  `json:"field,omitempty" maxLength:"60"`
	Value   string  `json:"value,omitempty" maxLength:"10000"`
	TagID   int64   `json:"tag_id,omitempty" minimum:"0"`
}

// BulkWho is which clients: some by id, or with All everybody who is found by
// what is typed and meets the conditions, but for Except.
type BulkWho struct {
	IDs    []int64     `json:"ids,omitempty" maxItems:"10000"`
	All    bool        `json:"all,omitempty"`
	Q      string      `json:"q,omitempty" maxLength:"200"`
	Filter filter.Node `json:"filter,omitempty"`
	Except []int64     `json:"except,omitempty" maxItems:"10000"`
}

// BulkRun is one piece of work on many clients. Position counts rows that have
// their verdict, of Total.
type BulkRun struct {
	ID         int64      `json:"id"`
	What       BulkWhat   `json:"what"`
	State      State      `json:"state" enum:"running,done,cancelled,failed,undoing,undone"`
	Problem    string     `json:"problem" doc:"The code of what stopped it"`
	Total      int        `json:"total"`
	Position   int        `json:"position"`
	Changed    int        `json:"changed"`
	Same       int        `json:"same"`
	Refused    int        `json:"refused"`
	Failed     int        `json:"failed"`
	Undone     int        `json:"undone" doc:"Rows that were taken back"`
	Kept       int        `json:"kept" doc:"Rows that stay: somebody has changed them since"`
	AuthorID   int64      `json:"author_id"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`

	turn   int
	shares []int // of the users to whom clients go
}

// target is whom the row n goes to, 0 for nobody.
func (r BulkRun) target(n int) int64 {
	for i, share := range r.shares {
		if n -= share; n <= 0 {
			return r.What.UserIDs[i]
		}
	}
	return 0
}

// BulkRow is what became of one client. Before and After are exact values; of a
// responsible the id.
type BulkRow struct {
	N          int    `json:"n"`
	ClientID   int64  `json:"client_id"`
	ClientName string `json:"client_name" doc:"Empty when the reader may not see him any more"`
	Verdict    string `json:"verdict" enum:"changed,same,refused,failed,"`
	Code       string `json:"code" doc:"Why it was refused, failed or stays"`
	Before     string `json:"before"`
	After      string `json:"after"`
	Undone     *bool  `json:"undone,omitempty"`
}

// maxRows bounds a run.
const maxRows = 100_000

var (
	errNotFound = fault.New(fault.NotFound, "bulk_not_found", "There is no such run.")
	errState    = fault.New(fault.Conflict, "bulk_state", "The run is not at a point where this can be done.")
	errNobody   = fault.New(fault.Invalid, "bulk_nobody", "Nobody is chosen.")
	errTooMany  = fault.New(fault.Invalid, "bulk_too_many", "At most 100,000 clients at once. Narrow the list.")
	errWhat     = fault.New(fault.Invalid, "invalid_input", "Check the marked fields.")
)
