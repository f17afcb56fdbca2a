package client

import (
	"context"
	"net/http"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/web"
)

func (a *API) registerTags(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "clients", Permission: p, Status: status}
	}
	read, write, arrange := access.ClientsRead, access.ClientsWrite, access.SettingsWrite
	web.Handle(r, op(http.MethodGet, "/tags", "list-tags", "The tags of the firm", read, 0), a.tags)
	web.Handle(r, op(http.MethodPost, "/tags", "create-tag", "A tag by its name, made where it is missing", write, http.StatusCreated), a.makeTag)
	web.Handle(r, op(http.MethodPatch, "/tags/{id}", "change-tag", "Give a tag another name or colour", arrange, 0), a.changeTag)
	web.Handle(r, op(http.MethodDelete, "/tags/{id}", "delete-tag", "Delete a tag, and take it from everybody", arrange, http.StatusNoContent), a.dropTag)
	web.Handle(r, op(http.MethodPost, "/clients/{id}/tags", "tag-client", "Give a client a tag, by id or by name; one that is missing is made", write, http.StatusCreated), a.tagClient)
	web.Handle(r, op(http.MethodDelete, "/clients/{id}/tags/{tag_id}", "untag-client", "Take a tag from a client", write, http.StatusNoContent), a.untagClient)
	web.Handle(r, op(http.MethodGet, "/client-sources", "list-sources", "Where clients come from", read, 0), a.sources)
	web.Handle(r, op(http.MethodPost, "/client-sources", "create-source", "A source by its name, made where it is missing", write, http.StatusCreated), a.makeSource)
}

// TagList is all tags.
type TagList struct {
	Items []Tag `json:"items"`
}

// SourceList is all sources.
type SourceList struct {
	Items []Source `json:"items"`
}

type tagsOut struct{ Body TagList }

func (a *API) tags(ctx context.Context, _ *struct{}) (*tagsOut, error) {
	all, err := a.service.Tags(ctx)
	return &tagsOut{TagList{all}}, err
}

type tagOut struct{ Body Tag }

type makeTagIn struct {
	Body struct {
		Name  string `json:"name" minLength:"1" maxLength:"60"`
		Color string `json:"color,omitempty" maxLength:"10"`
	}
}

func (a *API) makeTag(ctx context.Context, in *makeTagIn) (*tagOut, error) {
	t, err := a.service.MakeTag(ctx, in.Body.Name, in.Body.Color)
	return &tagOut{t}, err
}

type changeTagIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Name  *string `json:"name,omitempty" minLength:"1" maxLength:"60"`
		Color *string `json:"color,omitempty" maxLength:"10"`
	}
}

func (a *API) changeTag(ctx context.Context, in *changeTagIn) (*tagOut, error) {
	t, err := a.service.ChangeTag(ctx, in.ID, in.Body.Name, in.Body.Color)
	return &tagOut{t}, err
}

func (a *API) dropTag(ctx context.Context, in *idIn) (*struct{}, error) {
	return nil, a.service.DropTag(ctx, in.ID)
}

type tagClientIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		TagID int64  `json:"tag_id,omitempty" minimum:"0"`
		Name  string `json:"name,omitempty" maxLength:"60"`
		Color string `json:"color,omitempty" maxLength:"10"`
	}
}

func (a *API) tagClient(ctx context.Context, in *tagClientIn) (*tagOut, error) {
	b := in.Body
	if (b.TagID == 0) == (b.Name == "") {
		return nil, fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.name", "a tag or a name")
	}
	out := &tagOut{Tag{ID: b.TagID}}
	err := a.service.db.InTx(ctx, func(ctx context.Context) (err error) {
		if err := a.service.CanChange(ctx, in.ID); err != nil {
			return err
		}
		if b.TagID == 0 {
			out.Body, err = a.service.MakeTag(ctx, b.Name, b.Color)
		} else {
			out.Body, err = a.service.store.tag(ctx, b.TagID)
		}
		if err == nil {
			_, err = a.service.AddTag(ctx, out.Body.ID, []int64{in.ID})
		}
		return err
	})
	return out, err
}

type untagClientIn struct {
	ID    int64 `path:"id" minimum:"1"`
	TagID int64 `path:"tag_id" minimum:"1"`
}

func (a *API) untagClient(ctx context.Context, in *untagClientIn) (*struct{}, error) {
	if err := a.service.CanChange(ctx, in.ID); err != nil {
		return nil, err
	}
	_, err := a.service.RemoveTag(ctx, in.TagID, []int64{in.ID})
	return nil, err
}

type sourcesOut struct{ Body SourceList }

func (a *API) sources(ctx context.Context, _ *struct{}) (*sourcesOut, error) {
	all, err := a.service.Sources(ctx)
	return &sourcesOut{SourceList{all}}, err
}

type makeSourceIn struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"60"`
	}
}

type sourceOut struct{ Body Source }

func (a *API) makeSource(ctx context.Context, in *makeSourceIn) (*sourceOut, error) {
	x, err := a.service.MakeSource(ctx, in.Body.Name)
	return &sourceOut{x}, err
}
