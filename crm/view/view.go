// Package view keeps how somebody likes to see the list of clients: conditions,
// order and columns under a name, for himself, for his team, or for the firm.
//
// A view is a question, not an answer: whoever uses one sees what his own rights
// let him see, and is refused where it asks for a field that is masked for him.
// Who may share is said by the scope in which his role lets him change views. A
// view that is taken away can be had back. The package reads no client.
package view

import (
	"time"

	"centralita/internal/fault"
	"centralita/internal/filter"
)

// Audiences of a view.
const (
	Me   = "me"
	Team = "team"
	Firm = "firm"
)

// SavedView is a list that is kept under a name.
type SavedView struct {
	ID        int64     `json:"id"`
	OwnerID   int64     `json:"owner_id"`
	OwnerName string    `json:"owner_name"`
	TeamName  string    `json:"team_name"`
	Version   int       `json:"version" doc:"Send it back with a change"`
	UpdatedAt time.Time `json:"updated_at"`
	Mine      bool      `json:"mine"`
	Editable  bool      `json:"editable" doc:"The reader may change it"`
	ViewDraft
}

// ViewDraft is what is written of a view.
type ViewDraft struct {
	Name     string       `json:"name" minLength:"1" maxLength:"60"`
	Audience string       `json:"audience" enum:"me,team,firm"`
	TeamID   *int64       `json:"team_id,omitempty" nullable:"true" doc:"For the audience team"`
	Query    ViewQuery    `json:"query"`
	Columns  []ViewColumn `json:"columns" maxItems:"40"`
}

// ViewQuery is what a view asks for, and in what order.
type ViewQuery struct {
	Q      string      `json:"q,omitempty" maxLength:"200"`
	Filter filter.Node `json:"filter,omitempty"`
	Sort   string      `json:"sort,omitempty" maxLength:"60"`
	Desc   bool        `json:"desc,omitempty"`
}

// ViewColumn is a column and how wide it is in pixels.
type ViewColumn struct {
	Key   string `json:"key" minLength:"1" maxLength:"60"`
	Width int    `json:"width" minimum:"40" maximum:"800"`
}

// OwnView is one of the views that the product brings; Key is its name.
type OwnView struct {
	Key   string    `json:"key"`
	Query ViewQuery `json:"query"`
}

// ViewBook is every view of a reader, and the one that his list begins with: an
// id, the key of one of the product's, or nothing.
type ViewBook struct {
	Items   []SavedView `json:"items"`
	Own     []OwnView   `json:"own"`
	Default string      `json:"default"`
	Share   string      `json:"share" enum:"me,team,firm" doc:"How far the reader may share"`
}

// own are the views of the product, in the order in which they are offered.
var own = []OwnView{
	{"mine", ViewQuery{Filter: all(filter.Node{Field: "responsible", Op: "is", Value: []any{"me"}})}},
	{"nobodys", ViewQuery{Filter: all(filter.Node{Field: "responsible", Op: "empty"})}},
	{"silent", ViewQuery{Filter: all(filter.Node{Field: "silence", Op: "not_last", Value: 30.0})}},
	{"called", ViewQuery{Filter: all(filter.Node{Field: "calls", Op: "some", Value: map[string]any{"count": 1.0, "days": 7.0}})}},
}

func all(n filter.Node) filter.Node { return filter.Node{All: []filter.Node{n}} }

var (
	errNotFound = fault.New(fault.NotFound, "view_not_found", "There is no such view.")
	errChanged  = fault.New(fault.Conflict, "changed_meanwhile", "Somebody else has changed this view meanwhile.")
	errShare    = fault.New(fault.Forbidden, "view_share", "Your role does not let you share views this far.")
	errTeam     = fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.team_id", "a team of yours")
)
