// Package file keeps what people put on a client's card: offers, photographs,
// scans. The row is committed first, the content is written under a random name,
// and only then the file is there; so no content is ever without a row, and a row
// whose content never came is swept after a day.
//
// What a file is, is told by its content alone. It is never unpacked, rendered or
// run here: it goes out as an attachment that a browser will not look into, and
// only pictures and PDFs may also be shown, each under a policy of their own.
// Every read is written down before the first byte leaves.
//
// The package never decides who may see a client: it asks the client base.
package file

import (
	"time"

	"centralita/internal/fault"
)

// File is one file on a card. Preview says how it may be shown: image, pdf, or
// "" for not at all. Suspect is true where opening it may run it, or where the
// name says another thing than the content.
type File struct {
	ID        int64      `json:"id"`
	ClientID  int64      `json:"client_id"`
	Name      string     `json:"name"`
	Mime      string     `json:"mime" doc:"Told by the content"`
	SizeBytes int64      `json:"size_bytes"`
	SHA256    string     `json:"sha256"`
	UserID    *int64     `json:"user_id,omitempty"`
	UserName  string     `json:"user_name"`
	CreatedAt time.Time  `json:"created_at"`
	DeletedAt *time.Time `json:"deleted_at,omitempty"`
	Preview   string     `json:"preview" enum:"image,pdf,"`
	Suspect   bool       `json:"suspect" doc:"Opening it may run it, or its name hides what it is"`

	blob string
}

// Limits bound what is kept, in bytes: one file, and all of them together.
type Limits struct {
	File, Firm int64
}

// undoFor is how long a deleted file can be brought back; then its content goes.
const undoFor = 30 * 24 * time.Hour

// unreadyFor is how long an upload may take before it counts as given up.
const unreadyFor = 24 * time.Hour

var (
	errNotFound = fault.New(fault.NotFound, "file_not_found", "There is no such file.")
	errGone     = fault.New(fault.NotFound, "file_gone", "The content of this file is not on the server any more. Tell your administrator.")
	errEmpty    = fault.New(fault.Invalid, "file_empty", "The file is empty.")
	errTooLarge = fault.New(fault.Invalid, "file_too_large", "The file is larger than is allowed here.")
	errFull     = fault.New(fault.Conflict, "files_full", "There is no room left for files. Delete some, or ask your administrator for more.")
	errDamaged  = fault.New(fault.Conflict, "file_damaged", "The file was changed on the server after it was uploaded.")
)
