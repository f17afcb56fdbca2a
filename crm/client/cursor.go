package client

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"centralita/internal/fault"
)

// position is where a page of a list ended: the sort key and the id of its last
// row. To the browser it is an opaque text.
type position struct {
	Sort string    `json:"s"`
	Key  string    `json:"k,omitempty"`
	At   time.Time `json:"t,omitzero"`
	ID   int64     `json:"i"`
}

func (p position) encode() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // a struct of plain fields
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

var errCursor = fault.New(fault.Invalid, "cursor_invalid", "The list has changed. Load it again.").WithField("query.cursor", "not of this list")

// decode reads a cursor of a list sorted by sort; nil for "". A text that is no
// such cursor is fault.Invalid.
func decode(cursor, sort string) (*position, error) {
	if cursor == "" {
		return nil, nil //nolint:nilnil // no cursor is the first page
	}
	var p position
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil || p.Sort != sort {
		return nil, errCursor
	}
	return &p, nil
}
