package audit

import (
	"context"
	"net/http"
	"strconv"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/web"
)

const pageSize = 100

// API is the HTTP face of the log. It only reads.
type API struct{ log *Log }

// NewAPI returns the face of log.
func NewAPI(log *Log) *API { return &API{log: log} }

// Register adds the routes.
func (a *API) Register(r *web.Router) {
	web.Handle(r, web.Op{Method: http.MethodGet, Path: "/audit", ID: "list-audit", Summary: "Who did what, newest first",
		Tag: "audit", Permission: access.LedgerRead}, a.list)
}

// AuditInput asks for a page of entries.
type AuditInput struct {
	Entity   string `query:"entity" maxLength:"40"`
	EntityID int64  `query:"entity_id" minimum:"1"`
	Cursor   string `query:"cursor" maxLength:"40"`
}

// AuditOutput is a page of entries.
type AuditOutput struct {
	Body struct {
		Items []AuditEntry `json:"items"`
		Next  string       `json:"next" doc:"cursor of the next page, empty at the end"`
	}
}

func (a *API) list(ctx context.Context, in *AuditInput) (*AuditOutput, error) {
	filter := Filter{Entity: in.Entity, EntityID: in.EntityID, Limit: pageSize + 1}
	if in.Cursor != "" {
		before, err := strconv.ParseInt(in.Cursor, 36, 64)
		if err != nil || before < 1 {
			return nil, fault.New(fault.Invalid, "cursor_invalid", "This page does not exist any more. Start again.")
		}
		filter.Before = before
	}
	entries, err := a.log.List(ctx, filter)
	if err != nil {
		return nil, err
	}
	out := &AuditOutput{}
	if len(entries) > pageSize {
		entries = entries[:pageSize]
		out.Body.Next = strconv.FormatInt(entries[pageSize-1].ID, 36)
	}
	out.Body.Items = entries
	return out, nil
}
