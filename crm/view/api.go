package view

import (
	"context"
	"net/http"

	"centralita/crm/access"
	"centralita/internal/web"
)

// API is the HTTP face of views.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: "/views" + path, ID: id, Summary: summary, Tag: "views", Permission: p, Status: status}
	}
	read, write := access.ClientsRead, access.ViewsWrite
	web.Handle(r, op(http.MethodGet, "", "list-views", "Views of the client list, and the one to begin with", read, 0), a.book)
	web.Handle(r, op(http.MethodPost, "", "add-view", "Keep a view", write, http.StatusCreated), a.create)
	web.Handle(r, op(http.MethodPut, "/default", "prefer-view", "Choose the view to begin with", read, http.StatusNoContent), a.prefer)
	web.Handle(r, op(http.MethodPut, "/{id}", "change-view", "Write a view anew", write, 0), a.change)
	web.Handle(r, op(http.MethodDelete, "/{id}", "remove-view", "Take a view away", write, http.StatusNoContent), a.remove)
	web.Handle(r, op(http.MethodPost, "/{id}/restore", "restore-view", "Bring a view back", write, 0), a.restore)
}

type bookOut struct{ Body ViewBook }

func (a *API) book(ctx context.Context, _ *struct{}) (*bookOut, error) {
	b, err := a.service.Book(ctx)
	return &bookOut{b}, err
}

type viewOut struct{ Body SavedView }

func one(v SavedView, err error) (*viewOut, error) {
	if err != nil {
		return nil, err
	}
	return &viewOut{v}, nil
}

type createIn struct{ Body ViewDraft }

func (a *API) create(ctx context.Context, in *createIn) (*viewOut, error) {
	return one(a.service.Create(ctx, in.Body))
}

// ViewChange is a view as it shall be, and the version that the writer saw.
type ViewChange struct {
	Version int `json:"version" minimum:"1"`
	ViewDraft
}

type changeIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body ViewChange
}

func (a *API) change(ctx context.Context, in *changeIn) (*viewOut, error) {
	return one(a.service.Change(ctx, in.ID, in.Body.Version, in.Body.ViewDraft))
}

type idIn struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) remove(ctx context.Context, in *idIn) (*struct{}, error) {
	return nil, a.service.Remove(ctx, in.ID)
}

func (a *API) restore(ctx context.Context, in *idIn) (*viewOut, error) {
	return one(a.service.Restore(ctx, in.ID))
}

type viewPreferIn struct {
	Body struct {
		View string `json:"view" maxLength:"20" doc:"An id, the key of one of the product's, or nothing"`
	}
}

func (a *API) prefer(ctx context.Context, in *viewPreferIn) (*struct{}, error) {
	return nil, a.service.Prefer(ctx, in.Body.View)
}
