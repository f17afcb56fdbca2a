package field

import (
	"context"
	"errors"
	"net/http"

	"centralita/crm/access"
	"centralita/internal/web"
)

// API is the HTTP face of fields.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "fields", Permission: p, Status: status}
	}
	arrange := access.SettingsWrite
	web.Handle(r, op(http.MethodGet, "/sections", "list-sections", "The sections of a card, with their fields", access.ClientsRead, 0), a.sections)
	web.Handle(r, op(http.MethodGet, "/sections/all", "list-all-sections", "Archived sections and fields as well", arrange, 0), a.all)
	web.Handle(r, op(http.MethodPost, "/sections", "create-section", "Add a section to every card", arrange, http.StatusCreated), a.addSection)
	web.Handle(r, op(http.MethodPut, "/sections/order", "order-sections", "Put sections into order", arrange, http.StatusNoContent), a.orderSections)
	web.Handle(r, op(http.MethodPatch, "/sections/{id}", "change-section", "Rename or archive a section", arrange, 0), a.changeSection)
	web.Handle(r, op(http.MethodPost, "/sections/{id}/fields", "create-field", "Add a field to a section", arrange, http.StatusCreated), a.addField)
	web.Handle(r, op(http.MethodPut, "/sections/{id}/order", "order-fields", "Put the fields of a section into order", arrange, http.StatusNoContent), a.orderFields)
	web.Handle(r, op(http.MethodPatch, "/fields/{id}", "change-field", "Change or archive a field", arrange, 0), a.changeField)
	web.Handle(r, op(http.MethodPost, "/fields/formula", "check-formula", "Whether a formula can be computed, and what it comes to", arrange, 0), a.checkFormula)
	a.registerDictionaries(r, op)
	a.registerValues(r, op)
}

// SectionList is the sections of a card.
type SectionList struct {
	Items []Section `json:"items"`
}

type sectionsOut struct{ Body SectionList }

type sectionOut struct{ Body Section }

type fieldOut struct{ Body Field }

type entityIn struct {
	Entity string `query:"entity" enum:"client" default:"client"`
}

func (a *API) sections(ctx context.Context, in *entityIn) (*sectionsOut, error) {
	all, err := a.service.Defs(ctx, in.Entity)
	return &sectionsOut{SectionList{all}}, err
}

func (a *API) all(ctx context.Context, in *entityIn) (*sectionsOut, error) {
	all, err := a.service.All(ctx, in.Entity)
	return &sectionsOut{SectionList{append([]Section{}, all...)}}, err
}

type addSectionIn struct {
	Body struct {
		Entity string     `json:"entity,omitempty" enum:"client" default:"client"`
		Kind   string     `json:"kind" enum:"fields,table"`
		Title  string     `json:"title" minLength:"1" maxLength:"60"`
		Fields []NewField `json:"fields,omitempty" maxItems:"100"`
	}
}

func (a *API) addSection(ctx context.Context, in *addSectionIn) (*sectionOut, error) {
	x, err := a.service.AddSection(ctx, Section{Entity: in.Body.Entity, Kind: in.Body.Kind, Title: in.Body.Title}, in.Body.Fields)
	return &sectionOut{x}, err
}

// Arrangement is an order: ids, first to last.
type Arrangement struct {
	IDs []int64 `json:"ids" maxItems:"5000"`
}

type orderIn struct{ Body Arrangement }

func (a *API) orderSections(ctx context.Context, in *orderIn) (*struct{}, error) {
	return nil, a.service.OrderSections(ctx, Client, in.Body.IDs)
}

type changeSectionIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Title    *string `json:"title,omitempty" minLength:"1" maxLength:"60"`
		Archived *bool   `json:"archived,omitempty"`
	}
}

func (a *API) changeSection(ctx context.Context, in *changeSectionIn) (*sectionOut, error) {
	x, err := a.service.ChangeSection(ctx, in.ID, in.Body.Title, in.Body.Archived)
	return &sectionOut{x}, err
}

type addFieldIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body NewField
}

func (a *API) addField(ctx context.Context, in *addFieldIn) (*fieldOut, error) {
	f, err := a.service.AddField(ctx, in.ID, in.Body)
	return &fieldOut{f}, err
}

type orderOneIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body Arrangement
}

func (a *API) orderFields(ctx context.Context, in *orderOneIn) (*struct{}, error) {
	return nil, a.service.OrderFields(ctx, in.ID, in.Body.IDs)
}

type changeFieldIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body FieldChange
}

func (a *API) changeField(ctx context.Context, in *changeFieldIn) (*fieldOut, error) {
	f, err := a.service.ChangeField(ctx, in.ID, in.Body)
	return &fieldOut{f}, err
}

// FormulaCheck says whether a formula can be used.
type FormulaCheck struct {
	Result string        `json:"result,omitempty" enum:"text,number,date," doc:"What it comes to"`
	Error  *FormulaError `json:"error,omitempty"`
}

type checkFormulaIn struct {
	Body struct {
		SectionID int64  `json:"section_id" minimum:"0" doc:"0: a section that is only being made"`
		FieldID   int64  `json:"field_id,omitempty" minimum:"0" doc:"The field whose formula it is, if there is one already"`
		Formula   string `json:"formula" maxLength:"100000"`
	}
}

type checkFormulaOut struct{ Body FormulaCheck }

func (a *API) checkFormula(ctx context.Context, in *checkFormulaIn) (*checkFormulaOut, error) {
	result, err := a.service.CheckFormula(ctx, in.Body.SectionID, in.Body.FieldID, in.Body.Formula)
	out := &checkFormulaOut{FormulaCheck{Result: result}}
	if errors.As(err, &out.Body.Error) {
		return out, nil
	}
	return out, err
}
