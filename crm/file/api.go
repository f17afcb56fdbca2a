package file

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/fault"
	"centralita/internal/web"
)

// uploadTime is how long an upload may take on a slow line.
const uploadTime = 30 * time.Minute

// API is the HTTP face of files.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "files", Permission: p}
	}
	read, write := access.ClientsRead, access.ClientsWrite
	web.Handle(r, op(http.MethodGet, "/clients/{id}/files", "list-files", "The files of a client, newest first", read), a.list)
	web.Handle(r, op(http.MethodPatch, "/files/{id}", "rename-file", "Give a file another name", write), a.rename)
	web.Handle(r, op(http.MethodDelete, "/files/{id}", "delete-file", "Take a file away; it can be brought back for 30 days", write), a.remove)
	web.Handle(r, op(http.MethodPost, "/files/{id}/restore", "restore-file", "Bring a deleted file back", write), a.restore)
	raw := func(o web.Op, fn func(http.ResponseWriter, *http.Request) error) {
		r.Raw(o, func(w http.ResponseWriter, req *http.Request) {
			if err := fn(w, req); err != nil {
				r.WriteError(w, req, err)
			}
		})
	}
	upload := op(http.MethodPost, "/clients/{id}/files", "upload-file", "Keep the body as a file", write)
	upload.MaxBody = a.service.limits.File + 1
	raw(upload, a.upload)
	raw(op(http.MethodGet, "/files/{id}/content", "download-file", "A file as an attachment, by ranges", read), a.download)
	raw(op(http.MethodGet, "/files/{id}/preview", "preview-file", "A picture or a PDF to be shown", read), a.preview)
}

// FileList are the files of a client, and how large the next one may be.
type FileList struct {
	Items    []File `json:"items"`
	MaxBytes int64  `json:"max_bytes"`
}

type idIn struct {
	ID int64 `path:"id" minimum:"1"`
}

type listOut struct{ Body FileList }

func (a *API) list(ctx context.Context, in *idIn) (*listOut, error) {
	noted := a.service.ports.Audit.Looking(ctx, "client.files.read", "client", in.ID, nil)
	files, err := a.service.List(ctx, in.ID)
	return audit.Shown(noted, &listOut{FileList{Items: files, MaxBytes: a.service.limits.File}}, err)
}

type renameIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"400"`
	}
}

type fileOut struct{ Body File }

func (a *API) rename(ctx context.Context, in *renameIn) (*fileOut, error) {
	f, err := a.service.Rename(ctx, in.ID, in.Body.Name)
	return &fileOut{f}, err
}

func (a *API) remove(ctx context.Context, in *idIn) (*fileOut, error) {
	f, err := a.service.Delete(ctx, in.ID)
	return &fileOut{f}, err
}

func (a *API) restore(ctx context.Context, in *idIn) (*fileOut, error) {
	f, err := a.service.Restore(ctx, in.ID)
	return &fileOut{f}, err
}

// upload takes the body as it is; the name comes in the query. A browser's form
// cannot send this type, so no other site can have one upload.
func (a *API) upload(w http.ResponseWriter, req *http.Request) error {
	id, err := pathID(req)
	if err != nil {
		return err
	}
	if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil || kind != "application/octet-stream" {
		return fault.New(fault.Invalid, "unsupported_media_type", "The body must be application/octet-stream.")
	}
	if req.ContentLength > a.service.limits.File {
		return errTooLarge
	}
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime)); err != nil {
		return err
	}
	f, err := a.service.Add(req.Context(), id, req.URL.Query().Get("name"), req.Body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(f)
}

func (a *API) download(w http.ResponseWriter, req *http.Request) error {
	id, err := pathID(req)
	if err != nil {
		return err
	}
	content, err := a.service.Open(req.Context(), id)
	if err != nil {
		return err
	}
	defer content.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", disposition("attachment", content.Name))
	http.ServeContent(w, req, "", time.Time{}, content)
	return nil
}

// Policies of what is shown: nothing in it may load or run anything. A PDF is
// drawn by the browser's own viewer, which a sandbox would keep from starting.
const (
	imagePolicy = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
	pdfPolicy   = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'none'; base-uri 'none'"
)

func (a *API) preview(w http.ResponseWriter, req *http.Request) error {
	id, err := pathID(req)
	if err != nil {
		return err
	}
	if f, err := a.service.Get(req.Context(), id); err != nil {
		return err
	} else if f.Preview == "" {
		return fault.New(fault.Conflict, "no_preview", "This file can only be downloaded.")
	}
	content, err := a.service.Open(req.Context(), id)
	if err != nil {
		return err
	}
	defer content.Close()
	policy := imagePolicy
	if content.Preview == "pdf" {
		policy = pdfPolicy
	}
	w.Header().Set("Content-Type", content.Mime)
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Disposition", disposition("inline", content.Name))
	http.ServeContent(w, req, "", time.Time{}, content)
	return nil
}

func pathID(req *http.Request) (int64, error) {
	id, err := strconv.ParseInt(req.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, errNotFound
	}
	return id, nil
}
