package field

import (
	"context"
	"net/http"

	"centralita/crm/access"
	"centralita/internal/web"
)

func (a *API) registerDictionaries(r *web.Router, op func(method, path, id, summary string, p web.Permission, status int) web.Op) {
	arrange := access.SettingsWrite
	web.Handle(r, op(http.MethodGet, "/dictionaries", "list-dictionaries", "Dictionaries with their entries", access.ClientsRead, 0), a.dictionaries)
	web.Handle(r, op(http.MethodPost, "/dictionaries", "create-dictionary", "Make a dictionary", arrange, http.StatusCreated), a.addDictionary)
	web.Handle(r, op(http.MethodPatch, "/dictionaries/{id}", "change-dictionary", "Rename or archive a dictionary", arrange, 0), a.changeDictionary)
	web.Handle(r, op(http.MethodPost, "/dictionaries/{id}/terms", "add-term", "Add an entry to a dictionary", access.ClientsWrite, http.StatusCreated), a.addTerm)
	web.Handle(r, op(http.MethodPut, "/dictionaries/{id}/order", "order-terms", "Put the entries into order", arrange, http.StatusNoContent), a.orderTerms)
	web.Handle(r, op(http.MethodPatch, "/dictionaries/terms/{id}", "change-term", "Rename or archive an entry", arrange, 0), a.changeTerm)
}

// DictionaryList is all dictionaries.
type DictionaryList struct {
	Items []Dictionary `json:"items"`
}

type dictionariesIn struct {
	Archived bool `query:"archived" doc:"Archived ones and their entries as well"`
}

type dictionariesOut struct{ Body DictionaryList }

func (a *API) dictionaries(ctx context.Context, in *dictionariesIn) (*dictionariesOut, error) {
	all, err := a.service.Dictionaries(ctx, in.Archived)
	return &dictionariesOut{DictionaryList{append([]Dictionary{}, all...)}}, err
}

type dictionaryOut struct{ Body Dictionary }

type addDictionaryIn struct {
	Body struct {
		Name  string   `json:"name" minLength:"1" maxLength:"100"`
		Terms []string `json:"terms,omitempty" maxItems:"1000"`
	}
}

func (a *API) addDictionary(ctx context.Context, in *addDictionaryIn) (*dictionaryOut, error) {
	d, err := a.service.AddDictionary(ctx, in.Body.Name, in.Body.Terms)
	return &dictionaryOut{d}, err
}

type changeDictionaryIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Name     *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
		Archived *bool   `json:"archived,omitempty"`
	}
}

func (a *API) changeDictionary(ctx context.Context, in *changeDictionaryIn) (*dictionaryOut, error) {
	d, err := a.service.ChangeDictionary(ctx, in.ID, in.Body.Name, in.Body.Archived)
	return &dictionaryOut{d}, err
}

type termOut struct{ Body Term }

type addTermIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Label string `json:"label" minLength:"1" maxLength:"100"`
	}
}

func (a *API) addTerm(ctx context.Context, in *addTermIn) (*termOut, error) {
	t, err := a.service.AddTerm(ctx, in.ID, in.Body.Label)
	return &termOut{t}, err
}

func (a *API) orderTerms(ctx context.Context, in *orderOneIn) (*struct{}, error) {
	return nil, a.service.OrderTerms(ctx, in.ID, in.Body.IDs)
}

type changeTermIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Label    *string `json:"label,omitempty" minLength:"1" maxLength:"100"`
		Archived *bool   `json:"archived,omitempty"`
	}
}

func (a *API) changeTerm(ctx context.Context, in *changeTermIn) (*termOut, error) {
	t, err := a.service.ChangeTerm(ctx, in.ID, in.Body.Label, in.Body.Archived)
	return &termOut{t}, err
}
