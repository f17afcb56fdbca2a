// Package segment keeps conditions on clients under a name: who is silent, who
// has called twice and bought nothing. A segment holds no list: who is in it is
// asked anew each time, with the rights of whoever asks, so it is always right
// and shows nobody more than he may see.
//
// Once a day each segment is counted with the rights of its owner, so that one
// sees how it grows. The package knows no field: what can be asked is the client
// base's to say, and what is added there is there for segments at once.
package segment

import (
	"time"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/filter"
)

// ClientSegment is a condition on clients that is kept. Usable is false when the
// condition asks for something that the reader may not see.
type ClientSegment struct {
	ID        int64          `json:"id"`
	OwnerID   int64          `json:"owner_id"`
	OwnerName string         `json:"owner_name"`
	Version   int            `json:"version" doc:"Send it back with a change"`
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`
	Editable  bool           `json:"editable" doc:"The reader may change it"`
	Usable    bool           `json:"usable" doc:"The reader may ask for all of it"`
	History   []SegmentCount `json:"history" doc:"By day, oldest first; as its owner saw it"`
	SegmentDraft
}

// SegmentDraft is what is written of a segment.
type SegmentDraft struct {
	Name   string      `json:"name" minLength:"1" maxLength:"80"`
	Note   string      `json:"note,omitempty" maxLength:"500"`
	Filter filter.Node `json:"filter"`
}

// SegmentCount is how many there were on a day.
type SegmentCount struct {
	Day   string `json:"day" doc:"Like 2026-01-31"`
	Count int    `json:"count"`
}

// Segments belong to who made them.
var Segments = access.Resource{Entity: access.Segment, Owner: "owner_id", Table: "segments", Missing: errNotFound}

var (
	errNotFound = fault.New(fault.NotFound, "segment_not_found", "There is no such segment.")
	errChanged  = fault.New(fault.Conflict, "changed_meanwhile", "Somebody else has changed this segment meanwhile.")
	errName     = fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.name", "required")
	errFilter   = fault.New(fault.Invalid, "segment_empty", "A segment needs a condition.").WithField("body.filter", "required")
)
