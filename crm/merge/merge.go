// Package merge makes one client of two that turned out to be the same, and
// two of one again when that was a mistake.
//
// A merge moves everything that names the one client to the other, row by row
// and whatever table it is in, notes each change, and puts what both have alike
// aside, the client's own row last. So nothing else in the product needs to
// know that merged clients exist. Taking a merge apart plays the notes back:
// calls, leads and files return to their owners, and what came in since over the
// other's numbers follows them. The ledger of leads stays balanced both ways.
//
// It also says which clients may be one: while somebody types, and as a list of
// work. It decides nothing by itself.
package merge

import (
	"encoding/json"
	"time"

	"centralita/crm/client"
)

// Merge is a merge that was made. Undone ones stay on the books.
type Merge struct {
	ID           int64      `json:"id"`
	WinnerID     int64      `json:"winner_id"`
	LoserID      int64      `json:"loser_id"`
	WinnerName   string     `json:"winner_name"`
	LoserName    string     `json:"loser_name"`
	MergedAt     time.Time  `json:"merged_at"`
	MergedByName string     `json:"merged_by_name"`
	UndoneAt     *time.Time `json:"undone_at,omitempty"`
	UndoneByName string     `json:"undone_by_name"`
	Rows         int        `json:"rows" doc:"how many things changed their owner"`
}

// Choice is whose value a field of the merged client has.
type Choice string

// The choices.
const (
	OfWinner Choice = "winner"
	OfLoser  Choice = "loser"
)

// Order is the wish to merge. The versions are those that the person looked at;
// Fields that are not named keep the winner's value, or take the loser's where
// the winner has none.
type Order struct {
	WinnerID, LoserID           int64
	WinnerVersion, LoserVersion int
	Fields                      map[string]Choice
}

// Pair are two clients that may be one, and why.
type Pair struct {
	A       client.ClientRow `json:"a"`
	B       client.ClientRow `json:"b"`
	Score   int              `json:"score"`
	Reasons []string         `json:"reasons" doc:"number, email, name, organisation"`
}

// Similar is a client that may be the one somebody is about to create.
type Similar struct {
	client.ClientRow
	Score   int      `json:"score"`
	Reasons []string `json:"reasons" doc:"number, email, name"`
	Matched []string `json:"matched" doc:"the numbers and addresses they share"`
}

// change is what a merge made of a column of the winner.
type change struct {
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}
