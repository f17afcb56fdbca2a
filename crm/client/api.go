package client

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/web"
)

// API is the HTTP face of the client base.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "clients", Permission: p, Status: status}
	}
	read, write := access.ClientsRead, access.ClientsWrite
	web.Handle(r, op(http.MethodGet, "/clients", "list-clients", "Clients by name or by any written number", read, 0), a.list)
	web.Handle(r, op(http.MethodGet, "/clients/by-number", "identify-number", "Who may be behind a number", read, 0), a.byNumber)
	web.Handle(r, op(http.MethodPost, "/clients", "create-client", "Create a client, from a lead too", write, http.StatusCreated), a.create)
	web.Handle(r, op(http.MethodGet, "/clients/{id}", "get-client", "The head of a card", read, 0), a.get)
	web.Handle(r, op(http.MethodPatch, "/clients/{id}", "change-client", "Change a client", write, 0), a.change)
	web.Handle(r, op(http.MethodPost, "/clients/{id}/contact-points", "add-contact-point", "Add a number or address", write, 0), a.addPoint)
	web.Handle(r, op(http.MethodPatch, "/clients/{id}/contact-points/{point_id}", "change-contact-point", "Change a number or address", write, 0), a.changePoint)
	web.Handle(r, op(http.MethodDelete, "/clients/{id}/contact-points/{point_id}", "remove-contact-point", "Remove a number or address", write, 0), a.removePoint)
	web.Handle(r, op(http.MethodGet, "/clients/{id}/timeline", "client-timeline", "What passed between a client and the firm", read, 0), a.timeline)
	web.Handle(r, op(http.MethodGet, "/clients/{id}/history", "client-history", "Who changed what of a client, and who looked", read, 0), a.history)
	web.Handle(r, op(http.MethodPost, "/clients/{id}/notes", "add-note", "Write a note on the card", write, http.StatusCreated), a.addNote)
	a.registerTable(r)
	a.registerCard(r)
	a.registerTags(r)
	web.Handle(r, op(http.MethodGet, "/search", "search", "Clients and open leads by what is typed", read, 0), a.search)
}

// NumberMatches says who may be behind a number.
type NumberMatches struct {
	Items   []Candidate `json:"items"`
	E164    string      `json:"e164"`
	Display string      `json:"display"`
}

// ClientCreate is the body of a new client.
type ClientCreate struct {
	Kind           string     `json:"kind" enum:"person,organisation"`
	Name           string     `json:"name" minLength:"1" maxLength:"200"`
	ResponsibleID  *int64     `json:"responsible_id,omitempty" nullable:"true"`
	OrganisationID *int64     `json:"organisation_id,omitempty" nullable:"true"`
	Position       string     `json:"position,omitempty" maxLength:"100"`
	SourceID       *int64     `json:"source_id,omitempty" nullable:"true"`
	Note           string     `json:"note,omitempty" maxLength:"10000"`
	Language       string     `json:"language,omitempty" enum:",en,es,ru"`
	TimeZone       string     `json:"time_zone,omitempty" maxLength:"60"`
	ContactPoints  []NewPoint `json:"contact_points,omitempty" maxItems:"50"`
	LeadID         int64      `json:"lead_id,omitempty" minimum:"0" doc:"The lead, its calls and its history become the client's"`
}

// ClientPatch is a change of a client: what is absent stays; null takes the
// responsible, the organisation or the source away.
type ClientPatch struct {
	Version        int     `json:"version" minimum:"1"`
	Kind           *string `json:"kind,omitempty" enum:"person,organisation"`
	Name           *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	ResponsibleID  *int64  `json:"responsible_id,omitempty" nullable:"true"`
	OrganisationID *int64  `json:"organisation_id,omitempty" nullable:"true"`
	Position       *string `json:"position,omitempty" maxLength:"100"`
	SourceID       *int64  `json:"source_id,omitempty" nullable:"true"`
	Note           *string `json:"note,omitempty" maxLength:"10000"`
	Language       *string `json:"language,omitempty" enum:",en,es,ru"`
	TimeZone       *string `json:"time_zone,omitempty" maxLength:"60"`

	given map[string]json.RawMessage
}

// UnmarshalJSON also notes which fields are there, to tell null from absent.
func (p *ClientPatch) UnmarshalJSON(b []byte) error {
	type plain ClientPatch
	if err := json.Unmarshal(b, (*plain)(p)); err != nil {
		return err
	}
	return json.Unmarshal(b, &p.given)
}

func (p ClientPatch) onto(f *Fields) {
	set(&f.Kind, p.Kind)
	set(&f.Name, p.Name)
	set(&f.Note, p.Note)
	set(&f.Language, p.Language)
	set(&f.TimeZone, p.TimeZone)
	set(&f.Position, p.Position)
	if _, given := p.given["source_id"]; given {
		f.SourceID = p.SourceID
	}
	if _, given := p.given["responsible_id"]; given {
		f.ResponsibleID = p.ResponsibleID
	}
	if _, given := p.given["organisation_id"]; given {
		f.OrganisationID = p.OrganisationID
	}
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

type clientOut struct{ Body Client }

func one(c Client, err error) (*clientOut, error) {
	if err != nil {
		return nil, err
	}
	return &clientOut{c}, nil
}

type listIn struct {
	Q             string `query:"q" maxLength:"200"`
	ResponsibleID int64  `query:"responsible_id" minimum:"0"`
	Kind          string `query:"kind" enum:"person,organisation"`
	Sort          string `query:"sort" enum:"name,recent" default:"name"`
	Cursor        string `query:"cursor" maxLength:"2000"`
	Limit         int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listOut struct{ Body Page }

func (a *API) list(ctx context.Context, in *listIn) (*listOut, error) {
	noted := a.browsing(ctx, in.Q, map[string]any{
		"responsible_id": in.ResponsibleID, "kind": in.Kind, "sort": in.Sort, "cursor": in.Cursor,
	})
	page, err := a.service.List(ctx, Filter{
		Query: in.Q, ResponsibleID: in.ResponsibleID, Kind: in.Kind, Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit,
	})
	return audit.Shown(noted, &listOut{page}, err)
}

type byNumberIn struct {
	Number  string `query:"number" required:"true" maxLength:"400"`
	Country string `query:"country" pattern:"^[A-Z]{2}$"`
	LineID  int64  `query:"line_id" minimum:"0"`
}

type byNumberOut struct{ Body NumberMatches }

func (a *API) byNumber(ctx context.Context, in *byNumberIn) (*byNumberOut, error) {
	country := in.Country
	if country == "" {
		var err error
		if country, err = a.service.ports.Lines.Country(ctx, in.LineID); err != nil {
			return nil, err
		}
	}
	noted := a.service.ports.Audit.Searching(ctx, "client", in.Number)
	id, err := a.service.ByNumber(ctx, in.Number, country)
	return audit.Shown(noted, &byNumberOut{NumberMatches{Items: id.Candidates, E164: id.E164, Display: id.Display}}, err)
}

type createIn struct{ Body ClientCreate }

func (a *API) create(ctx context.Context, in *createIn) (*clientOut, error) {
	b := in.Body
	return one(a.service.Create(ctx, NewClient{
		Fields: Fields{
			Kind: b.Kind, Name: b.Name, ResponsibleID: b.ResponsibleID, OrganisationID: b.OrganisationID,
			Position: b.Position, SourceID: b.SourceID, Note: b.Note, Language: b.Language, TimeZone: b.TimeZone,
		},
		ContactPoints: b.ContactPoints, LeadID: b.LeadID,
	}))
}

type idIn struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) get(ctx context.Context, in *idIn) (*clientOut, error) {
	noted := a.service.ports.Audit.Looking(ctx, "client.read", "client", in.ID, nil)
	c, err := a.service.Get(ctx, in.ID)
	return one(audit.Shown(noted, c, err))
}

type changeIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body ClientPatch
}

func (a *API) change(ctx context.Context, in *changeIn) (*clientOut, error) {
	return one(a.service.Change(ctx, in.ID, in.Body.Version, in.Body.onto))
}

type addPointIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body NewPoint
}

func (a *API) addPoint(ctx context.Context, in *addPointIn) (*clientOut, error) {
	return one(a.service.AddPoint(ctx, in.ID, in.Body))
}

type changePointIn struct {
	ID      int64 `path:"id" minimum:"1"`
	PointID int64 `path:"point_id" minimum:"1"`
	Body    struct {
		Raw   *string `json:"raw,omitempty" minLength:"1" maxLength:"200"`
		Label *string `json:"label,omitempty" maxLength:"60"`
	}
}

func (a *API) changePoint(ctx context.Context, in *changePointIn) (*clientOut, error) {
	return one(a.service.ChangePoint(ctx, in.ID, in.PointID, in.Body.Raw, in.Body.Label))
}

type pointIn struct {
	ID      int64 `path:"id" minimum:"1"`
	PointID int64 `path:"point_id" minimum:"1"`
}

func (a *API) removePoint(ctx context.Context, in *pointIn) (*clientOut, error) {
	return one(a.service.RemovePoint(ctx, in.ID, in.PointID))
}

type timelineIn struct {
	ID     int64  `path:"id" minimum:"1"`
	Cursor string `query:"cursor" maxLength:"2000"`
	Kinds  string `query:"kinds" pattern:"^((call|sms|note|file)(,(call|sms|note|file)){0,3})?$" doc:"Comma-separated; all when absent"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"40"`
}

type timelineOut struct{ Body Timeline }

func (a *API) timeline(ctx context.Context, in *timelineIn) (*timelineOut, error) {
	var kinds []string
	if in.Kinds != "" {
		kinds = strings.Split(in.Kinds, ",")
	}
	noted := a.service.ports.Audit.Looking(ctx, "client.timeline.read", "client", in.ID, nil)
	t, err := a.service.Timeline(ctx, in.ID, kinds, in.Cursor, in.Limit)
	return audit.Shown(noted, &timelineOut{t}, err)
}

type noteIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"10000"`
	}
}

type entryOut struct{ Body TimelineEntry }

func (a *API) addNote(ctx context.Context, in *noteIn) (*entryOut, error) {
	e, err := a.service.AddNote(ctx, in.ID, in.Body.Text)
	return &entryOut{e}, err
}

type searchIn struct {
	Q string `query:"q" maxLength:"200"`
}

type searchOut struct{ Body Found }

func (a *API) search(ctx context.Context, in *searchIn) (*searchOut, error) {
	noted := a.service.ports.Audit.Searching(ctx, "client", in.Q)
	found, err := a.service.Search(ctx, in.Q, access.ActorFrom(ctx).Has(access.LeadsRead))
	return audit.Shown(noted, &searchOut{found}, err)
}

// browsing notes that a page of a list is looked at, and how it was asked for;
// with something typed it is a search.
func (a *API) browsing(ctx context.Context, typed string, asked map[string]any) func() error {
	if typed != "" {
		return a.service.ports.Audit.Searching(ctx, "client", typed)
	}
	return a.service.ports.Audit.Looking(ctx, "client.list", "client", 0, audit.Asked(asked))
}
