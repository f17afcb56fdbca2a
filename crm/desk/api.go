package desk

import (
	"context"
	"net/http"

	"centralita/internal/web"
)

// API is the HTTP face of the desk's settings.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	web.Handle(r, web.Op{Method: http.MethodGet, Path: "/desk/reasons", ID: "list-reasons", Tag: "desk",
		Summary: "Why somebody takes no calls", Permission: web.SignedIn}, a.reasons)
	web.Handle(r, web.Op{Method: http.MethodPut, Path: "/desk/reasons", ID: "set-reasons", Tag: "desk",
		Summary: "Set the list of reasons", Permission: "settings.write"}, a.setReasons)
	web.Handle(r, web.Op{Method: http.MethodGet, Path: "/desk/dispositions", ID: "list-dispositions", Tag: "desk",
		Summary: "What a conversation can come to", Permission: web.SignedIn}, a.dispositions)
	web.Handle(r, web.Op{Method: http.MethodPut, Path: "/desk/dispositions", ID: "set-dispositions", Tag: "desk",
		Summary: "Set the list of dispositions", Permission: "settings.write"}, a.setDispositions)
}

// ReasonList is all reasons in their order.
type ReasonList struct {
	Items []PauseReason `json:"items" maxItems:"100"`
}

// DispositionList is all dispositions in their order.
type DispositionList struct {
	Items []Disposition `json:"items" maxItems:"100"`
}

type reasonsOut struct{ Body ReasonList }

type reasonsIn struct{ Body ReasonList }

type dispositionsOut struct{ Body DispositionList }

// DispositionFields are a disposition as it is to be; one without an ID is new.
type DispositionFields struct {
	ID      int64  `json:"id,omitempty" minimum:"0"`
	Name    string `json:"name" minLength:"1" maxLength:"80"`
	QueueID *int64 `json:"queue_id,omitempty" minimum:"1"`
	Active  bool   `json:"active"`
}

type dispositionsIn struct {
	Body struct {
		Items []DispositionFields `json:"items" maxItems:"100"`
	}
}

func (a *API) reasons(ctx context.Context, _ *struct{}) (*reasonsOut, error) {
	list, err := a.service.Reasons(ctx)
	return &reasonsOut{ReasonList{append([]PauseReason{}, list...)}}, err
}

func (a *API) setReasons(ctx context.Context, in *reasonsIn) (*reasonsOut, error) {
	if err := a.service.SetReasons(ctx, in.Body.Items); err != nil {
		return nil, err
	}
	return a.reasons(ctx, nil)
}

func (a *API) dispositions(ctx context.Context, _ *struct{}) (*dispositionsOut, error) {
	list, err := a.service.Dispositions(ctx)
	return &dispositionsOut{DispositionList{append([]Disposition{}, list...)}}, err
}

func (a *API) setDispositions(ctx context.Context, in *dispositionsIn) (*dispositionsOut, error) {
	list := make([]Disposition, 0, len(in.Body.Items))
	for _, d := range in.Body.Items {
		list = append(list, Disposition(d))
	}
	if err := a.service.SetDispositions(ctx, list); err != nil {
		return nil, err
	}
	return a.dispositions(ctx, nil)
}
