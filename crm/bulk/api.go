package bulk

import (
	"context"
	"net/http"

	"centralita/crm/access"
	"centralita/internal/web"
)

// API is the HTTP face of runs.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, status int) web.Op {
		return web.Op{Method: method, Path: "/bulk-runs" + path, ID: id, Summary: summary, Tag: "bulk", Permission: access.ClientsWrite, Status: status}
	}
	web.Handle(r, op(http.MethodGet, "", "list-bulk-runs", "One's own runs, the latest first", 0), a.list)
	web.Handle(r, op(http.MethodPost, "", "start-bulk-run", "Do one thing to many clients", http.StatusCreated), a.start)
	web.Handle(r, op(http.MethodGet, "/{id}", "get-bulk-run", "A run and how far it is", 0), a.get)
	web.Handle(r, op(http.MethodGet, "/{id}/rows", "list-bulk-rows", "What became of each client", 0), a.rows)
	web.Handle(r, op(http.MethodPost, "/{id}/cancel", "cancel-bulk-run", "Stop a run; what is done stays", 0), a.cancel)
	web.Handle(r, op(http.MethodPost, "/{id}/undo", "undo-bulk-run", "Take back what nobody has changed since", 0), a.undo)
}

type listIn struct {
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"10"`
}

type bulkListOut struct {
	Body struct {
		Items []BulkRun `json:"items"`
	}
}

func (a *API) list(ctx context.Context, in *listIn) (*bulkListOut, error) {
	out := &bulkListOut{}
	var err error
	out.Body.Items, err = a.service.List(ctx, in.Limit)
	return out, err
}

type bulkStartIn struct {
	Body struct {
		What BulkWhat `json:"what"`
		Who  BulkWho  `json:"who"`
	}
}

type runOut struct{ Body BulkRun }

func one(run BulkRun, err error) (*runOut, error) {
	if err != nil {
		return nil, err
	}
	return &runOut{run}, nil
}

func (a *API) start(ctx context.Context, in *bulkStartIn) (*runOut, error) {
	return one(a.service.Start(ctx, in.Body.What, in.Body.Who))
}

type idIn struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) get(ctx context.Context, in *idIn) (*runOut, error) {
	return one(a.service.Get(ctx, in.ID))
}

func (a *API) cancel(ctx context.Context, in *idIn) (*runOut, error) {
	return one(a.service.Cancel(ctx, in.ID))
}

func (a *API) undo(ctx context.Context, in *idIn) (*runOut, error) {
	return one(a.service.Undo(ctx, in.ID))
}

type rowsIn struct {
	ID      int64  `path:"id" minimum:"1"`
	After   int    `query:"after" minimum:"0"`
	Verdict string `query:"verdict" enum:"changed,same,refused,failed,kept"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"100"`
}

type bulkRowsOut struct {
	Body struct {
		Items []BulkRow `json:"items"`
	}
}

func (a *API) rows(ctx context.Context, in *rowsIn) (*bulkRowsOut, error) {
	out := &bulkRowsOut{}
	var err error
	out.Body.Items, err = a.service.Rows(ctx, in.ID, in.After, in.Verdict, in.Limit)
	return out, err
}
