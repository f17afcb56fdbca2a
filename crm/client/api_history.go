package client

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/fault"
)

// historyPage is how many deeds a page has.
const historyPage = 50

type historyIn struct {
	ID     int64  `path:"id" minimum:"1"`
	Only   string `query:"only" enum:"changes,looks" doc:"Both when absent"`
	Cursor string `query:"cursor" maxLength:"40"`
}

type historyOut struct{ Body ClientHistory }

// ClientHistory is a page of who changed what of a client, and who looked at it,
// newest first.
type ClientHistory struct {
	Items []audit.Deed `json:"items"`
	Next  string       `json:"next" doc:"cursor of the next page, empty at the end"`
}

// history is for whoever may read the card. What the card masks is told here by
// name alone: nobody reads in the past what he may not see now.
func (a *API) history(ctx context.Context, in *historyIn) (*historyOut, error) {
	before, err := place(in.Cursor)
	if err != nil {
		return nil, err
	}
	noted := a.service.ports.Audit.Looking(ctx, "client.history.read", "client", in.ID, nil)
	if _, err := a.service.Get(ctx, in.ID); err != nil {
		return nil, err
	}
	deeds, err := a.service.ports.Audit.History(ctx, "client", in.ID, before, in.Only, historyPage+1)
	if deeds, err = audit.Shown(noted, deeds, err); err != nil {
		return nil, err
	}
	out := &historyOut{}
	if len(deeds) > historyPage {
		deeds = deeds[:historyPage]
		out.Body.Next = strconv.FormatInt(deeds[historyPage-1].ID, 36)
	}
	for i, d := range deeds {
		if deeds[i].Changes, err = Past(ctx, d.Action, d.UserID, d.Changes); err != nil {
			return nil, err
		}
	}
	out.Body.Items = deeds
	return out, nil
}

// parts are the things on a card that have rights of their own, by how the
// actions on them begin.
var parts = map[string]access.Entity{"client.note.": access.Note, "client.file.": access.File}

// Past is what ctx's actor may see now of the changes that somebody made of a
// client whom he may read: no fields that his card does not show as they are, no
// notes and files that are not on it, and no numbers where they are masked.
func Past(ctx context.Context, action string, by *int64, changes []audit.Difference) ([]audit.Difference, error) {
	for prefix, e := range parts {
		if !strings.HasPrefix(action, prefix) {
			continue
		}
		mine := by != nil && *by == access.ActorFrom(ctx).UserID && access.Can(ctx, e, access.Read)
		if access.ScopeOf(ctx, e, access.Read) < access.All && !mine || e == access.Note && access.FieldMask(ctx, access.NoteField) != access.Shown {
			return nil, nil
		}
	}
	whole := access.ScopeOf(ctx, access.Client, access.Read) == access.All
	shown := slices.DeleteFunc(changes, func(c audit.Difference) bool { return masked(ctx, c.Path) || !whole && c.Path == "relation.name" })
	return audit.Masked(access.FieldMask(ctx, access.PhoneField), shown)
}

// masked reports whether a value at path is one that the card does not show as
// it is to ctx's actor.
func masked(ctx context.Context, path string) bool {
	names := strings.SplitN(path, ".", 3)
	fields := []string{"client." + names[0]}
	switch {
	case names[0] == "contact_points":
		fields = []string{access.PhoneField, access.EmailField}
	case len(names) > 1:
		id, _, _ := strings.Cut(names[1], " ") // the label stands behind it
		fields = []string{names[0] + "." + id, "custom." + id}
	}
	return slices.ContainsFunc(fields, func(f string) bool { return access.FieldMask(ctx, f) != access.Shown })
}

// place is where a page begins; 0 for the newest.
func place(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(cursor, 36, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.Invalid, "cursor_invalid", "This page does not exist any more. Start again.")
	}
	return id, nil
}
