package segment

import (
	"context"
	"net/http"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/internal/web"
)

// API is the HTTP face of segments.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: "/segments" + path, ID: id, Summary: summary, Tag: "segments", Permission: p, Status: status}
	}
	read, write := access.SegmentsRead, access.SegmentsWrite
	web.Handle(r, op(http.MethodGet, "", "list-segments", "Segments of clients", read, 0), a.list)
	web.Handle(r, op(http.MethodGet, "/{id}", "get-segment", "A segment", read, 0), a.get)
	web.Handle(r, op(http.MethodGet, "/{id}/count", "count-segment", "How many the reader sees in it now", read, 0), a.count)
	web.Handle(r, op(http.MethodGet, "/{id}/why", "explain-segment", "Why a client is in it, or is not", read, 0), a.why)
	web.Handle(r, op(http.MethodPost, "", "add-segment", "Keep a condition as a segment", write, http.StatusCreated), a.create)
	web.Handle(r, op(http.MethodPut, "/{id}", "change-segment", "Write a segment anew", write, 0), a.change)
	web.Handle(r, op(http.MethodDelete, "/{id}", "remove-segment", "Take a segment away", write, http.StatusNoContent), a.remove)
	web.Handle(r, op(http.MethodPost, "/{id}/restore", "restore-segment", "Bring a segment back", write, 0), a.restore)
}

type segmentListOut struct {
	Body struct {
		Items []ClientSegment `json:"items"`
	}
}

func (a *API) list(ctx context.Context, _ *struct{}) (*segmentListOut, error) {
	out := &segmentListOut{}
	var err error
	out.Body.Items, err = a.service.List(ctx)
	return out, err
}

type segmentOut struct{ Body ClientSegment }

func one(g ClientSegment, err error) (*segmentOut, error) {
	if err != nil {
		return nil, err
	}
	return &segmentOut{g}, nil
}

type idIn struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) get(ctx context.Context, in *idIn) (*segmentOut, error) {
	return one(a.service.Get(ctx, in.ID))
}

type segmentCountOut struct {
	Body struct {
		Count int `json:"count"`
	}
}

func (a *API) count(ctx context.Context, in *idIn) (*segmentCountOut, error) {
	out := &segmentCountOut{}
	var err error
	out.Body.Count, err = a.service.Count(ctx, in.ID)
	return out, err
}

type whyIn struct {
	ID       int64 `path:"id" minimum:"1"`
	ClientID int64 `query:"client_id" required:"true" minimum:"1"`
}

type whyOut struct{ Body client.Explanation }

func (a *API) why(ctx context.Context, in *whyIn) (*whyOut, error) {
	noted := a.service.ports.Audit.Looking(ctx, "client.read", "client", in.ClientID, map[string]int64{"segment_id": in.ID})
	e, err := a.service.Explain(ctx, in.ID, in.ClientID)
	return audit.Shown(noted, &whyOut{e}, err)
}

type createIn struct{ Body SegmentDraft }

func (a *API) create(ctx context.Context, in *createIn) (*segmentOut, error) {
	return one(a.service.Create(ctx, in.Body))
}

// SegmentChange is a segment as it shall be, and the version that the writer saw.
type SegmentChange struct {
	Version int `json:"version" minimum:"1"`
	SegmentDraft
}

type changeIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body SegmentChange
}

func (a *API) change(ctx context.Context, in *changeIn) (*segmentOut, error) {
	return one(a.service.Change(ctx, in.ID, in.Body.Version, in.Body.SegmentDraft))
}

func (a *API) remove(ctx context.Context, in *idIn) (*struct{}, error) {
	return nil, a.service.Remove(ctx, in.ID)
}

func (a *API) restore(ctx context.Context, in *idIn) (*segmentOut, error) {
	return one(a.service.Restore(ctx, in.ID))
}
