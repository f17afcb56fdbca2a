package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// Deed is one line of a thing's history: a change of it, or a look at it. Fields
// names what changed; Changes says from what to what, and is empty for a reader
// who may not see it.
type Deed struct {
	ID       int64        `json:"id"`
	At       time.Time    `json:"at"`
	UserID   *int64       `json:"user_id,omitempty"`
	UserName string       `json:"user_name"`
	Action   string       `json:"action"`
	Look     bool         `json:"look"`
	Fields   []string     `json:"fields"`
	Changes  []Difference `json:"changes,omitempty"`
}

// The halves of a history.
const (
	OnlyChanges = "changes"
	OnlyLooks   = "looks"
)

// isLook tells looks from changes by the action's last word, as kindOf does.
const isLook = `(e.action like '%.read' or e.action like '%.play' or e.action like '%.reveal' or e.action like '%.list'
	or e.action like '%.search' or e.action like '%.typed' or e.action like '%.export' or e.action like '%.dial')`

// History returns what was done to a thing, newest first: entries with an id
// below before (0: the newest), at most limit. half narrows it to changes or to
// looks. It asks for no right: the thing's own room does.
func (l *Log) History(ctx context.Context, entity string, id, before int64, half string, limit int) ([]Deed, error) {
	narrow := ""
	switch half {
	case OnlyChanges:
		narrow = " and not " + isLook
	case OnlyLooks:
		narrow = " and " + isLook
	}
	rows, err := l.db.Conn(ctx).Query(ctx, `
		select e.id, e.at, e.user_id, coalesce(u.name, ''), e.action, `+isLook+`, e.before, e.after
		from audit_entries e left join users u on u.id = e.user_id
		where e.entity = $1 and e.entity_id = $2 and ($3::bigint = 0 or e.id < $3)`+narrow+`
		order by e.id desc limit `+strconv.Itoa(limit), entity, id, before)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	deeds, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d Deed, err error) {
		var was, is json.RawMessage
		err = row.Scan(&d.ID, &d.At, &d.UserID, &d.UserName, &d.Action, &d.Look, &was, &is)
		d.Fields = []string{}
		if !d.Look {
			d.Changes = Changes(was, is)
			d.Fields = fieldsOf(d.Changes)
		}
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	return deeds, nil
}

// fieldsOf are the first words of the paths, each once.
func fieldsOf(changes []Difference) []string {
	fields := []string{}
	for _, c := range changes {
		name := c.Path
		for i, r := range name {
			if r == '.' {
				name = name[:i]
				break
			}
		}
		if len(fields) == 0 || fields[len(fields)-1] != name {
			fields = append(fields, name)
		}
	}
	return fields
}
