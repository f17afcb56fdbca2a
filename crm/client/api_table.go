package client

import (
	"context"
	"net/http"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/filter"
	"centralita/internal/web"
)

func (a *API) registerTable(r *web.Router) {
	op := func(method, path, id, summary string) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "clients", Permission: access.ClientsRead}
	}
	web.Handle(r, op(http.MethodGet, "/clients/fields", "client-fields", "What clients can be filtered, sorted and shown by"), a.fields)
	web.Handle(r, op(http.MethodPost, "/clients/table", "client-table", "A page of clients by any conditions, columns and sort"), a.table)
	web.Handle(r, op(http.MethodPost, "/clients/count", "count-clients", "How many clients meet the conditions"), a.count)
	web.Handle(r, op(http.MethodPost, "/clients/{id}/explain", "explain-client", "Why a client meets the conditions, or does not"), a.explain)
}

type fieldsOut struct {
	Body struct {
		Items []FieldInfo `json:"items"`
	}
}

func (a *API) fields(ctx context.Context, _ *struct{}) (*fieldsOut, error) {
	out := &fieldsOut{}
	var err error
	out.Body.Items, err = a.service.Fields(ctx)
	return out, err
}

type tableIn struct {
	Body struct {
		Q       string      `json:"q,omitempty" maxLength:"200"`
		Filter  filter.Node `json:"filter,omitempty"`
		Sort    string      `json:"sort,omitempty" maxLength:"60" doc:"Key of a sortable field; by default the last contact, latest first"`
		Desc    bool        `json:"desc,omitempty"`
		Columns []string    `json:"columns,omitempty" maxItems:"40"`
		Cursor  string      `json:"cursor,omitempty" maxLength:"2000"`
		Limit   int         `json:"limit,omitempty" minimum:"1" maximum:"200" default:"50"`
	}
}

type tableOut struct{ Body Table }

func (a *API) table(ctx context.Context, in *tableIn) (*tableOut, error) {
	b := in.Body
	noted := a.browsing(ctx, b.Q, map[string]any{"filter": b.Filter, "sort": b.Sort, "columns": b.Columns, "cursor": b.Cursor})
	t, err := a.service.Table(ctx, TableQuery{
		Text: b.Q, Where: b.Filter, Sort: b.Sort, Desc: b.Desc, Columns: b.Columns, Cursor: b.Cursor, Limit: b.Limit,
	})
	return audit.Shown(noted, &tableOut{t}, err)
}

type countIn struct {
	Body struct {
		Q      string      `json:"q,omitempty" maxLength:"200"`
		Filter filter.Node `json:"filter,omitempty"`
		Exact  bool        `json:"exact,omitempty" doc:"Count beyond 10,000 as well"`
	}
}

// Counted is a number of rows; with More there are at least so many.
type Counted struct {
	Count int  `json:"count"`
	More  bool `json:"more" doc:"Counting stopped here"`
}

type countOut struct{ Body Counted }

func (a *API) count(ctx context.Context, in *countIn) (*countOut, error) {
	limit := maxCount
	if in.Body.Exact {
		limit = 0
	}
	n, err := a.service.Count(ctx, in.Body.Q, in.Body.Filter, limit)
	return &countOut{Counted{Count: n, More: limit > 0 && n == limit}}, err
}

type explainIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Filter filter.Node `json:"filter"`
	}
}

type explainOut struct{ Body Explanation }

func (a *API) explain(ctx context.Context, in *explainIn) (*explainOut, error) {
	noted := a.service.ports.Audit.Looking(ctx, "client.read", "client", in.ID, map[string]any{"filter": in.Body.Filter})
	e, err := a.service.Explain(ctx, in.ID, in.Body.Filter)
	return audit.Shown(noted, &explainOut{e}, err)
}
