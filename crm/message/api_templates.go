package message

import (
	"context"
	"net/http"
	"time"

	"centralita/crm/access"
	"centralita/internal/web"
)

func (a *API) registerTemplates(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: "/message-templates" + path, ID: id, Summary: summary, Tag: "messages", Permission: p, Status: status}
	}
	web.Handle(r, op(http.MethodGet, "", "list-message-templates", "All templates", access.MessagesRead, 0), a.templates)
	web.Handle(r, op(http.MethodPost, "", "create-message-template", "Add a template", access.SettingsWrite, http.StatusCreated), a.createTemplate)
	web.Handle(r, op(http.MethodPatch, "/{id}", "change-message-template", "Change a template", access.SettingsWrite, 0), a.changeTemplate)
	web.Handle(r, op(http.MethodDelete, "/{id}", "delete-message-template", "Remove a template", access.SettingsWrite, http.StatusNoContent), a.deleteTemplate)
	web.Handle(r, op(http.MethodPost, "/{id}/preview", "preview-message-template", "The text as a client would get it", access.MessagesSend, 0), a.preview)
}

// TemplateList is all templates.
type TemplateList struct {
	Items []Template `json:"items"`
}

// TemplateFields are the fields of a template; one that is absent keeps its
// value. A new one needs them all.
type TemplateFields struct {
	Key    *string `json:"key,omitempty" pattern:"^[a-z][a-z0-9_]{0,49}$"`
	Locale *string `json:"locale,omitempty" enum:"en,es,ru"`
	Title  *string `json:"title,omitempty" maxLength:"200"`
	Body   *string `json:"body,omitempty" maxLength:"1600" doc:"May hold {client_name}, {firm}, {date}, {time} and {manager}"`
}

func (f TemplateFields) onto(t *Template) {
	set(&t.Key, f.Key)
	set(&t.Locale, f.Locale)
	set(&t.Title, f.Title)
	set(&t.Body, f.Body)
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// TemplatePreview is a rendered template and how many SMS it would be.
type TemplatePreview struct {
	Text     string `json:"text"`
	Segments int    `json:"segments"`
}

type templatesOut struct{ Body TemplateList }

type templateOut struct{ Body Template }

type createTemplateIn struct{ Body TemplateFields }

type changeTemplateIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body TemplateFields
}

type previewIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		ClientID int64     `json:"client_id" minimum:"1"`
		At       time.Time `json:"at,omitempty" doc:"What {date} and {time} show; now if absent"`
	}
}

type previewOut struct{ Body TemplatePreview }

func (a *API) templates(ctx context.Context, _ *struct{}) (*templatesOut, error) {
	items, err := a.service.Templates(ctx)
	return &templatesOut{TemplateList{append([]Template{}, items...)}}, err
}

func (a *API) createTemplate(ctx context.Context, in *createTemplateIn) (*templateOut, error) {
	var t Template
	in.Body.onto(&t)
	t, err := a.service.CreateTemplate(ctx, t)
	return &templateOut{t}, err
}

func (a *API) changeTemplate(ctx context.Context, in *changeTemplateIn) (*templateOut, error) {
	t, err := a.service.ChangeTemplate(ctx, in.ID, in.Body.onto)
	return &templateOut{t}, err
}

func (a *API) deleteTemplate(ctx context.Context, in *idIn) (*struct{}, error) {
	return nil, a.service.DeleteTemplate(ctx, in.ID)
}

func (a *API) preview(ctx context.Context, in *previewIn) (*previewOut, error) {
	text, err := a.service.Preview(ctx, in.ID, in.Body.ClientID, in.Body.At)
	return &previewOut{TemplatePreview{Text: text, Segments: Segments(text)}}, err
}
