// Package importing brings lists of clients in: a file is uploaded, its format
// and the meaning of its columns are found and may be corrected, a dry run says
// what would happen, and then it happens in the background.
//
// Rows are taken in batches. What a batch makes and changes, the verdict on each
// of its rows and how far the import has come are one transaction, so a server
// may die at any moment: there is no half row, and whoever goes on begins where
// the last batch ended. The dry run is the same plan without the writing. An
// import can be taken back as far as nobody has touched since what it made.
//
// A file is attackers' input. What it says of owners counts only for somebody
// who may assign clients; what it says of anybody else's clients changes nothing.
// The package knows no call and no browser.
package importing

import (
	"time"

	"centralita/crm/exchange/sheet"
	"centralita/internal/fault"
)

// State is where an import stands.
type State string

// The states. Draft, Paused, Done, Cancelled, Failed and Undone wait for somebody.
const (
	Draft     State = "draft"
	Checking  State = "checking"
	Running   State = "running"
	Paused    State = "paused"
	Done      State = "done"
	Cancelled State = "cancelled"
	Failed    State = "failed" // the file could not be read to its end
	Undoing   State = "undoing"
	Undone    State = "undone"
)

// What can become of a row.
const (
	Created     = "created"
	Updated     = "updated"
	Skipped     = "skipped"
	RowFailed   = "failed"
	verdictMost = 50 // so many examples of each verdict a dry run shows
)

// What to do with a row whose client is known.
const (
	Skip      = "skip"
	Fill      = "fill"      // only what is empty
	Overwrite = "overwrite" // what the file has, where it has anything
	AlwaysNew = "new"
)

// Import is one list that is or was brought in. Position counts rows that have
// their verdict, of Total.
type Import struct {
	ID         int64        `json:"id"`
	FileName   string       `json:"file_name"`
	SizeBytes  int64        `json:"size_bytes"`
	Sheets     []string     `json:"sheets"`
	Source     string       `json:"source" doc:"google, outlook, vcard, own: a layout that was recognised; saved: by its columns"`
	State      State        `json:"state" enum:"draft,checking,running,paused,done,cancelled,failed,undoing,undone"`
	Format     sheet.Format `json:"format"`
	Mapping    Mapping      `json:"mapping"`
	Policy     Policy       `json:"policy"`
	Problem    string       `json:"problem" doc:"The code of what stopped it"`
	Report     *Report      `json:"report,omitempty" doc:"What the last dry run foresaw"`
	Position   int          `json:"position"`
	Total      int          `json:"total"`
	Created    int          `json:"created"`
	Updated    int          `json:"updated"`
	Skipped    int          `json:"skipped"`
	Failed     int          `json:"failed"`
	Undone     int          `json:"undone" doc:"Rows that were taken back"`
	Kept       int          `json:"kept" doc:"Rows that could not be taken back: somebody has worked with the client"`
	HasFile    bool         `json:"has_file"`
	AuthorID   int64        `json:"author_id"`
	AuthorName string       `json:"author_name"`
	CreatedAt  time.Time    `json:"created_at"`
	StartedAt  *time.Time   `json:"started_at,omitempty"`
	FinishedAt *time.Time   `json:"finished_at,omitempty"`

	parcel int64
	turn   int
	beatAt time.Time
}

// Policy says what to do with rows of clients who are known already. Country is
// that of numbers without one, the firm's when empty.
type Policy struct {
	ByNumber bool   `json:"by_number"`
	ByEmail  bool   `json:"by_email"`
	ByID     bool   `json:"by_id" doc:"The id of our own export"`
	OnMatch  string `json:"on_match" enum:"skip,fill,overwrite,new"`
	Country  string `json:"country" maxLength:"2"`
	SaveAs   string `json:"save_as,omitempty" maxLength:"100" doc:"Keep the mapping under this name for files with the same columns"`
}

var defaultPolicy = Policy{ByNumber: true, ByEmail: true, ByID: true, OnMatch: Fill}

// Verdict is what became of a row, or would. Line is its place in the file; Code
// says why, Field which target was at fault.
type Verdict struct {
	Line       int      `json:"line"`
	Verdict    string   `json:"verdict" enum:"created,updated,skipped,failed"`
	Code       string   `json:"code"`
	Field      string   `json:"field"`
	ClientID   *int64   `json:"client_id,omitempty"`
	ClientName string   `json:"client_name"`
	Cells      []string `json:"cells" doc:"Of rows that were not taken"`
}

// Report is what a dry run foresees: how many rows of each verdict and why, and
// the first of each.
type Report struct {
	Total   int            `json:"total"`
	Created int            `json:"created"`
	Updated int            `json:"updated"`
	Skipped int            `json:"skipped"`
	Failed  int            `json:"failed"`
	Codes   map[string]int `json:"codes"`
	Samples []Verdict      `json:"samples"`
	Ignored []string       `json:"ignored" doc:"Targets that were left out for want of the right"`
}

var (
	errNotFound  = fault.New(fault.NotFound, "import_not_found", "There is no such import.")
	errBusy      = fault.New(fault.Conflict, "import_state", "The import is not at a point where this can be done.")
	errNoTarget  = fault.New(fault.Invalid, "mapping_incomplete", "Say which column holds the name, or the organisation.").WithField("body.mapping", "no name")
	errEmpty     = fault.New(fault.Invalid, "file_empty", "There is nothing in the file.")
	errNoMapping = fault.New(fault.NotFound, "mapping_not_found", "There is no such mapping.")
	errTooLarge  = fault.New(fault.Invalid, "file_too_large", "The file is larger than 64 MB. Split it.")
)
