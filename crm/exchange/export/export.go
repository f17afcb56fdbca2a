// Package export lets clients be carried away, and makes sure that somebody
// knows: exporting is a right of its own, every export stands in the log before
// the first byte exists, a large one needs a second person, each user has his
// daily share, and each file holds one made-up client by whom it is known again.
//
// Rows come from the one authorised read path of the client base, page by page,
// with the rights that the author has at that moment: who is disabled gets
// nothing more. A page and how far the export has come are one transaction, so
// that another worker can go on. The file waits in the database for its author
// alone, and not for long. The package has no SQL on clients.
package export

import (
	"time"

	"centralita/internal/fault"
	"centralita/internal/filter"
)

// State is where an export stands.
type State string

// The states.
const (
	Waiting   State = "waiting" // for a second person
	Queued    State = "queued"
	Running   State = "running"
	Ready     State = "ready"
	Refused   State = "refused"
	Cancelled State = "cancelled"
	Failed    State = "failed"
	Expired   State = "expired"
)

// Export is one file that was asked for.
type Export struct {
	ID          int64      `json:"id"`
	State       State      `json:"state" enum:"waiting,queued,running,ready,refused,cancelled,failed,expired"`
	Format      string     `json:"format" enum:"csv,xlsx"`
	Columns     []string   `json:"columns"`
	Text        string     `json:"text" doc:"What was typed into the search box"`
	Filtered    bool       `json:"filtered" doc:"There were conditions"`
	Reason      string     `json:"reason"`
	Total       int        `json:"total"`
	Position    int        `json:"position"`
	SizeBytes   int64      `json:"size_bytes"`
	Problem     string     `json:"problem"`
	AuthorID    int64      `json:"author_id"`
	AuthorName  string     `json:"author_name"`
	CreatedAt   time.Time  `json:"created_at"`
	DeciderName string     `json:"decider_name"`
	Decision    string     `json:"decision" doc:"Why it was refused"`
	DecidedAt   *time.Time `json:"decided_at,omitempty"`
	ReadyAt     *time.Time `json:"ready_at,omitempty"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
	Fetched     int        `json:"fetched"`

	query     Query
	titles    []string
	delimiter string
	cursor    string
	parcel    int64
	parts     int
	turn      int
	people    map[string]bool  // columns that hold the id of a user
	names     map[int64]string // of users
}

// Query says which clients, in which order.
type Query struct {
	Text  string      `json:"q,omitempty"`
	Where filter.Node `json:"filter,omitempty"`
	Sort  string      `json:"sort,omitempty"`
	Desc  bool        `json:"desc,omitempty"`
}

// Wish is a request for an export. Titles are the names of the columns in the
// file, in the author's language.
type Wish struct {
	Query
	Columns   []string
	Titles    []string
	Format    string
	Delimiter string
	Reason    string
}

// Settings are the firm's rules for exports.
type Settings struct {
	ApprovalRows int    `json:"approval_rows" minimum:"0" maximum:"100000000" doc:"More rows than this need a second person"`
	DailyExports int    `json:"daily_exports" minimum:"0" maximum:"10000"`
	DailyRows    int    `json:"daily_rows" minimum:"0" maximum:"100000000"`
	KeepHours    int    `json:"keep_hours" minimum:"1" maximum:"720"`
	CanaryDomain string `json:"canary_domain" maxLength:"100" pattern:"^([a-z0-9.-]+\\.[a-z]{2,})?$" doc:"A domain of the firm, for addresses of made-up clients"`
}

// Canary is a made-up client who was heard of.
type Canary struct {
	ExportID   int64     `json:"export_id"`
	AuthorName string    `json:"author_name" doc:"Who took the file"`
	ExportedAt time.Time `json:"exported_at"`
	SeenAt     time.Time `json:"seen_at"`
	How        string    `json:"how" enum:"call,sms,email"`
	Times      int       `json:"times"`
}

// maxBook is how many rows a workbook may have: it cannot be written in parts.
const maxBook = 100_000

var (
	errNotFound = fault.New(fault.NotFound, "export_not_found", "There is no such export.")
	errState    = fault.New(fault.Conflict, "export_state", "The export is at another point meanwhile.")
	errNothing  = fault.New(fault.Invalid, "export_empty", "There is nothing that you may export.")
	errReason   = fault.New(fault.Invalid, "reason_required", "Say what the export is for.").WithField("body.reason", "required")
	errQuota    = fault.New(fault.Limited, "export_quota", "This is more than you may export in a day.")
	errOwn      = fault.New(fault.Forbidden, "own_approval", "Somebody else has to decide about your own export.")
	errBook     = fault.New(fault.Invalid, "export_too_large", "A workbook holds at most 100,000 rows here. Take CSV.").WithField("body.format", "too many rows")
	errColumns  = fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.columns", "one title for each column")
)
