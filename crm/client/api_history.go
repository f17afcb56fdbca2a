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
	for i := range deeds {
		deeds[i].Changes = slices.DeleteFunc(deeds[i].Changes, func(c audit.Difference) bool { return masked(ctx, c.Path) })
	}
	out.Body.Items = deeds
	return out, nil
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
		fields = []string{names[0] + "." + names[1], "custom." + names[1]}
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
