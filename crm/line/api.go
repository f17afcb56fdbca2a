package line

import (
	"context"
	"net/http"

	"centralita/internal/web"
)

// API is the HTTP face of lines.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	web.Handle(r, web.Op{
		Method: http.MethodGet, Path: "/lines", ID: "list-lines", Summary: "All business lines", Tag: "lines", Permission: web.SignedIn,
	}, a.list)
	web.Handle(r, web.Op{
		Method: http.MethodPost, Path: "/lines", ID: "create-line", Summary: "Open a line", Tag: "lines",
		Permission: "settings.write", Status: http.StatusCreated,
	}, a.create)
	web.Handle(r, web.Op{
		Method: http.MethodPatch, Path: "/lines/{id}", ID: "change-line", Summary: "Change a line", Tag: "lines", Permission: "settings.write",
	}, a.change)
}

// LineList is all lines.
type LineList struct {
	Items []Line `json:"items"`
}

// LineFields are the fields of a line that can be set; one that is absent keeps
// its value, or takes the default in a new line.
type LineFields struct {
	Name      *string `json:"name,omitempty" maxLength:"100"`
	Number    *string `json:"number,omitempty" maxLength:"60" doc:"In any written form"`
	Country   *string `json:"country,omitempty" pattern:"^[A-Z]{2}$"`
	Language  *string `json:"language,omitempty" enum:"en,es,ru"`
	Entry     *Entry  `json:"entry,omitempty"`
	LeadValue *string `json:"lead_value,omitempty" maxLength:"20" doc:"Exact decimal"`
	Color     *string `json:"color,omitempty" pattern:"^[a-z]{3,10}$"`
	Active    *bool   `json:"active,omitempty"`
}

// onto sets the fields that are present.
func (f LineFields) onto(l *Line) {
	set(&l.Name, f.Name)
	set(&l.Number, f.Number)
	set(&l.Country, f.Country)
	set(&l.Language, f.Language)
	set(&l.Entry, f.Entry)
	set(&l.LeadValue, f.LeadValue)
	set(&l.Color, f.Color)
	set(&l.Active, f.Active)
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

type listOut struct{ Body LineList }

type lineOut struct{ Body Line }

type createIn struct{ Body LineFields }

type changeIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body LineFields
}

func (a *API) list(ctx context.Context, _ *struct{}) (*listOut, error) {
	lines, err := a.service.Lines(ctx)
	if err != nil {
		return nil, err
	}
	return &listOut{LineList{append([]Line{}, lines...)}}, nil
}

func (a *API) create(ctx context.Context, in *createIn) (*lineOut, error) {
	l := defaults()
	in.Body.onto(&l)
	l, err := a.service.Create(ctx, l)
	return &lineOut{l}, err
}

func (a *API) change(ctx context.Context, in *changeIn) (*lineOut, error) {
	l, err := a.service.Change(ctx, in.ID, in.Body.onto)
	return &lineOut{l}, err
}
