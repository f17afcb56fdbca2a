package importing

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"time"

	"centralita/crm/access"
	"centralita/crm/exchange/sheet"
	"centralita/internal/fault"
	"centralita/internal/web"
)

// uploadTime is how long an upload may take on a slow line.
const uploadTime = 15 * time.Minute

// API is the HTTP face of imports.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string) web.Op {
		return web.Op{Method: method, Path: "/imports" + path, ID: id, Summary: summary, Tag: "imports", Permission: access.ClientsImport}
	}
	raw := func(o web.Op, fn func(http.ResponseWriter, *http.Request) error) {
		r.Raw(o, func(w http.ResponseWriter, req *http.Request) {
			if err := fn(w, req); err != nil {
				r.WriteError(w, req, err)
			}
		})
	}
	upload := op(http.MethodPost, "", "upload-import", "Upload a list as the body; its name in the query")
	upload.MaxBody = maxFile + 1
	raw(upload, a.upload)
	raw(op(http.MethodGet, "/{id}/verdicts", "download-import-verdicts", "What became of each row, as CSV"), a.download)
	web.Handle(r, op(http.MethodGet, "", "list-imports", "Imports, newest first"), a.list)
	web.Handle(r, op(http.MethodGet, "/{id}", "get-import", "An import and how far it is"), a.get)
	web.Handle(r, op(http.MethodGet, "/{id}/preview", "preview-import", "The beginning of the file"), a.preview)
	web.Handle(r, op(http.MethodGet, "/{id}/rows", "list-import-rows", "What became of each row"), a.rows)
	web.Handle(r, op(http.MethodPatch, "/{id}", "change-import", "Change how a file is read and what is done with it"), a.edit)
	web.Handle(r, op(http.MethodDelete, "/{id}", "discard-import", "Throw a draft away"), a.discard)
	for _, m := range []struct {
		path, summary string
		do            func(context.Context, int64) (Import, error)
	}{
		{"check", "Dry run: what would happen", a.service.Check},
		{"run", "Begin, or go on after a pause", a.service.Run},
		{"pause", "Stop for a while", a.service.Pause},
		{"cancel", "Stop for good", a.service.Cancel},
		{"undo", "Take back what nobody has touched since", a.service.Undo},
	} {
		web.Handle(r, op(http.MethodPost, "/{id}/"+m.path, m.path+"-import", m.summary), func(ctx context.Context, in *idIn) (*importOut, error) {
			return one(m.do(ctx, in.ID))
		})
	}
	web.Handle(r, op(http.MethodGet, "/mappings", "list-import-mappings", "Saved mappings"), a.mappings)
	web.Handle(r, op(http.MethodDelete, "/mappings/{id}", "forget-import-mapping", "Forget a saved mapping"), a.forget)
}

type idIn struct {
	ID int64 `path:"id" minimum:"1"`
}

type importOut struct{ Body Import }

func one(im Import, err error) (*importOut, error) {
	if err != nil {
		return nil, err
	}
	return &importOut{im}, nil
}

// ImportList is a page of imports.
type ImportList struct {
	Items []Import `json:"items"`
	Next  string   `json:"next"`
}

type listIn struct {
	Cursor string `query:"cursor" pattern:"^[0-9]{0,18}$"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listOut struct{ Body ImportList }

func (a *API) list(ctx context.Context, in *listIn) (*listOut, error) {
	before, err := number(in.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := a.service.List(ctx, before, in.Limit+1)
	out := &listOut{ImportList{Items: items}}
	if len(items) > in.Limit {
		out.Body.Items, out.Body.Next = items[:in.Limit], strconv.FormatInt(items[in.Limit-1].ID, 10)
	}
	return out, err
}

func number(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	return strconv.ParseInt(cursor, 10, 64)
}

func (a *API) get(ctx context.Context, in *idIn) (*importOut, error) {
	return one(a.service.Get(ctx, in.ID))
}

type previewIn struct {
	ID    int64 `path:"id" minimum:"1"`
	Limit int   `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type previewOut struct{ Body Preview }

func (a *API) preview(ctx context.Context, in *previewIn) (*previewOut, error) {
	p, err := a.service.Preview(ctx, in.ID, in.Limit)
	return &previewOut{p}, err
}

type editIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body ImportEdit
}

func (a *API) edit(ctx context.Context, in *editIn) (*importOut, error) {
	return one(a.service.Edit(ctx, in.ID, in.Body))
}

func (a *API) discard(ctx context.Context, in *idIn) (*struct{}, error) {
	return nil, a.service.Discard(ctx, in.ID)
}

// VerdictList is a page of verdicts, in the order of the file.
type VerdictList struct {
	Header []string  `json:"header"`
	Items  []Verdict `json:"items"`
	Next   string    `json:"next"`
}

type rowsIn struct {
	ID      int64  `path:"id" minimum:"1"`
	Verdict string `query:"verdict" enum:"created,updated,skipped,failed"`
	Cursor  string `query:"cursor" pattern:"^[0-9]{0,9}$"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"100"`
}

type rowsOut struct{ Body VerdictList }

func (a *API) rows(ctx context.Context, in *rowsIn) (*rowsOut, error) {
	after, err := number(in.Cursor)
	if err != nil {
		return nil, err
	}
	header, items, err := a.service.Verdicts(ctx, in.ID, int(after), in.Verdict, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &rowsOut{VerdictList{Header: header, Items: items}}
	if len(items) > in.Limit {
		out.Body.Items, out.Body.Next = items[:in.Limit], itoa(items[in.Limit-1].Line)
	}
	return out, nil
}

type savedOut struct {
	Body struct {
		Items []Saved `json:"items"`
	}
}

func (a *API) mappings(ctx context.Context, _ *struct{}) (*savedOut, error) {
	out := &savedOut{}
	var err error
	out.Body.Items, err = a.service.Saved(ctx)
	return out, err
}

func (a *API) forget(ctx context.Context, in *idIn) (*struct{}, error) {
	return nil, a.service.Forget(ctx, in.ID)
}

// upload takes the body as it is. A browser's form cannot send this type, so no
// other site can have one upload.
func (a *API) upload(w http.ResponseWriter, req *http.Request) error {
	if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil || kind != "application/octet-stream" {
		return fault.New(fault.Invalid, "unsupported_media_type", "The body must be application/octet-stream.")
	}
	if req.ContentLength > maxFile {
		return errTooLarge
	}
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime)); err != nil {
		return err
	}
	im, err := a.service.Upload(req.Context(), req.URL.Query().Get("name"), req.Body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(im)
}

// download writes the verdicts as CSV, after the log knows of it.
func (a *API) download(w http.ResponseWriter, req *http.Request) error {
	id, err := strconv.ParseInt(req.PathValue("id"), 10, 64)
	if err != nil {
		return errNotFound
	}
	verdict := req.URL.Query().Get("verdict")
	if err := a.service.MayDownload(req.Context(), id); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="import-`+itoa(int(id))+`-rows.csv"`)
	w.Header().Set("Cache-Control", "no-store")
	out, err := sheet.NewCSV(w, ";")
	if err != nil {
		return nil //nolint:nilerr // the browser is gone
	}
	if err := a.service.Download(req.Context(), id, verdict, out); err != nil {
		panic(http.ErrAbortHandler) // half a file must not look whole
	}
	return nil
}
