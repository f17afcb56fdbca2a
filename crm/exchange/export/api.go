package export

import (
	"context"
	"net/http"
	"strconv"

	"centralita/crm/access"
	"centralita/internal/filter"
	"centralita/internal/web"
)

// API is the HTTP face of exports.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "exports", Permission: p, Status: status}
	}
	own, decide := access.ClientsExport, access.ExportsApprove
	web.Handle(r, op(http.MethodGet, "/exports", "list-exports", "One's own exports; all of them for who approves", web.SignedIn, 0), a.list)
	fresh := func(o web.Op) web.Op { o.StepUp = true; return o }
	web.Handle(r, fresh(op(http.MethodPost, "/exports", "request-export", "Ask for a file of clients", own, http.StatusCreated)), a.request)
	web.Handle(r, op(http.MethodGet, "/exports/{id}", "get-export", "An export and how far it is", web.SignedIn, 0), a.get)
	web.Handle(r, fresh(op(http.MethodPost, "/exports/{id}/approve", "approve-export", "Let another's export begin", decide, 0)), a.approve)
	web.Handle(r, op(http.MethodPost, "/exports/{id}/refuse", "refuse-export", "Refuse another's export", decide, 0), a.refuse)
	web.Handle(r, op(http.MethodPost, "/exports/{id}/cancel", "cancel-export", "Take one's export back, with its file", own, 0), a.cancel)
	r.Raw(op(http.MethodGet, "/exports/{id}/file", "fetch-export", "The file, for its author", own, 0), func(w http.ResponseWriter, req *http.Request) {
		a.fetch(r, w, req)
	})
	web.Handle(r, op(http.MethodGet, "/export-canaries", "list-canaries", "Files that were heard of", decide, 0), a.canaries)
	web.Handle(r, op(http.MethodGet, "/export-settings", "get-export-settings", "The firm's rules for exports", access.SettingsRead, 0), a.settings)
	web.Handle(r, fresh(op(http.MethodPut, "/export-settings", "change-export-settings", "Change the firm's rules for exports", access.SettingsWrite, 0)), a.setSettings)
}

// ExportList is a page of exports.
type ExportList struct {
	Items []Export `json:"items"`
	Next  string   `json:"next"`
}

type listIn struct {
	All    bool   `query:"all" doc:"Everybody's"`
	Cursor string `query:"cursor" pattern:"^[0-9]{0,18}$"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listOut struct{ Body ExportList }

func (a *API) list(ctx context.Context, in *listIn) (*listOut, error) {
	before := int64(0)
	if in.Cursor != "" {
		var err error
		if before, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil {
			return nil, err
		}
	}
	items, err := a.service.List(ctx, in.All, before, in.Limit+1)
	if err == nil {
		err = a.service.ports.Audit.Look(ctx, "export.list", "export", 0, map[string]any{"all": in.All, "before": before})
	}
	if err != nil {
		return nil, err
	}
	out := &listOut{ExportList{Items: items}}
	if len(items) > in.Limit {
		out.Body.Items, out.Body.Next = items[:in.Limit], itoa(items[in.Limit-1].ID)
	}
	return out, nil
}

// ExportWish is a request for a file of clients.
type ExportWish struct {
	Q         string      `json:"q,omitempty" maxLength:"200"`
	Filter    filter.Node `json:"filter,omitempty"`
	Sort      string      `json:"sort,omitempty" maxLength:"60"`
	Desc      bool        `json:"desc,omitempty"`
	Columns   []string    `json:"columns" minItems:"1" maxItems:"40"`
	Titles    []string    `json:"titles" minItems:"1" maxItems:"40" doc:"The names of the columns in the file"`
	Format    string      `json:"format" enum:"csv,xlsx"`
	Delimiter string      `json:"delimiter,omitempty" enum:"comma,semicolon" default:"comma"`
	Reason    string      `json:"reason,omitempty" maxLength:"500"`
}

type requestIn struct{ Body ExportWish }

type exportOut struct{ Body Export }

func one(e Export, err error) (*exportOut, error) {
	if err != nil {
		return nil, err
	}
	return &exportOut{e}, nil
}

func (a *API) request(ctx context.Context, in *requestIn) (*exportOut, error) {
	b := in.Body
	delimiter := ","
	if b.Delimiter == "semicolon" {
		delimiter = ";"
	}
	return one(a.service.Request(ctx, Wish{
		Query: Query{Text: b.Q, Where: b.Filter, Sort: b.Sort, Desc: b.Desc}, Columns: b.Columns, Titles: b.Titles,
		Format: b.Format, Delimiter: delimiter, Reason: b.Reason,
	}))
}

type idIn struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) get(ctx context.Context, in *idIn) (*exportOut, error) {
	return one(a.service.Get(ctx, in.ID))
}

func (a *API) approve(ctx context.Context, in *idIn) (*exportOut, error) {
	return one(a.service.Decide(ctx, in.ID, true, ""))
}

type refuseIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *API) refuse(ctx context.Context, in *refuseIn) (*exportOut, error) {
	return one(a.service.Decide(ctx, in.ID, false, in.Body.Reason))
}

func (a *API) cancel(ctx context.Context, in *idIn) (*exportOut, error) {
	return one(a.service.Cancel(ctx, in.ID))
}

// fetch sends the file. An error after the first byte ends the connection: half
// a file must not look whole.
func (a *API) fetch(r *web.Router, w http.ResponseWriter, req *http.Request) {
	id, err := strconv.ParseInt(req.PathValue("id"), 10, 64)
	if err != nil {
		r.WriteError(w, req, errNotFound)
		return
	}
	begun := false
	err = a.service.Fetch(req.Context(), id, func(name, kind string) {
		begun = true
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
		w.Header().Set("Cache-Control", "no-store")
	}, w)
	switch {
	case err != nil && begun:
		panic(http.ErrAbortHandler)
	case err != nil:
		r.WriteError(w, req, err)
	}
}

type canariesOut struct {
	Body struct {
		Items []Canary `json:"items"`
	}
}

func (a *API) canaries(ctx context.Context, _ *struct{}) (*canariesOut, error) {
	out := &canariesOut{}
	var err error
	out.Body.Items, err = a.service.Canaries(ctx)
	return out, err
}

type settingsOut struct{ Body Settings }

func (a *API) settings(ctx context.Context, _ *struct{}) (*settingsOut, error) {
	out, err := a.service.Settings(ctx)
	return &settingsOut{out}, err
}

type settingsIn struct{ Body Settings }

func (a *API) setSettings(ctx context.Context, in *settingsIn) (*settingsOut, error) {
	out, err := a.service.ChangeSettings(ctx, in.Body)
	return &settingsOut{out}, err
}
