package field

import (
	"context"
	"net/http"

	"centralita/crm/access"
	"centralita/internal/web"
)

func (a *API) registerValues(r *web.Router, op func(method, path, id, summary string, p web.Permission, status int) web.Op) {
	read, write := access.ClientsRead, access.ClientsWrite
	web.Handle(r, op(http.MethodGet, "/clients/{id}/sheet", "get-sheet", "What a client's sections hold", read, 0), a.sheet)
	web.Handle(r, op(http.MethodPatch, "/clients/{id}/values", "set-values", "Change fields of a client", write, 0), a.set)
	web.Handle(r, op(http.MethodPost, "/clients/{id}/rows", "add-row", "Add a row to a table of a client", write, http.StatusCreated), a.addRow)
	web.Handle(r, op(http.MethodPatch, "/clients/{id}/rows/{row_id}", "change-row", "Change a row", write, 0), a.changeRow)
	web.Handle(r, op(http.MethodDelete, "/clients/{id}/rows/{row_id}", "remove-row", "Remove a row", write, http.StatusNoContent), a.removeRow)
}

type clientIn struct {
	ID int64 `path:"id" minimum:"1"`
}

type sheetOut struct{ Body Sheet }

func (a *API) sheet(ctx context.Context, in *clientIn) (*sheetOut, error) {
	sheet, err := a.service.Sheet(ctx, in.ID)
	if err == nil {
		err = a.service.ports.Audit.Look(ctx, "client.sheet.read", "client", in.ID, nil)
	}
	if err != nil {
		return nil, err
	}
	return &sheetOut{sheet}, nil
}

// after answers a change with what the sections hold now.
func (a *API) after(ctx context.Context, client int64, err error) (*sheetOut, error) {
	if err != nil {
		return nil, err
	}
	sheet, err := a.service.Sheet(ctx, client)
	return &sheetOut{sheet}, err
}

type setIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Values []Change `json:"values" minItems:"1" maxItems:"500"`
	}
}

func (a *API) set(ctx context.Context, in *setIn) (*sheetOut, error) {
	return a.after(ctx, in.ID, a.service.Set(ctx, in.ID, in.Body.Values))
}

type addRowIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		SectionID int64    `json:"section_id" minimum:"1"`
		Position  *int     `json:"position,omitempty" minimum:"0" maximum:"1000000" doc:"At the end when absent"`
		Values    []Change `json:"values,omitempty" maxItems:"100"`
	}
}

type rowOut struct{ Body Row }

func (a *API) addRow(ctx context.Context, in *addRowIn) (*rowOut, error) {
	r, err := a.service.AddRow(ctx, in.ID, in.Body.SectionID, in.Body.Position, in.Body.Values)
	return &rowOut{r}, err
}

type changeRowIn struct {
	ID    int64 `path:"id" minimum:"1"`
	RowID int64 `path:"row_id" minimum:"1"`
	Body  struct {
		Values []Change `json:"values" minItems:"1" maxItems:"100"`
	}
}

func (a *API) changeRow(ctx context.Context, in *changeRowIn) (*sheetOut, error) {
	return a.after(ctx, in.ID, a.service.ChangeRow(ctx, in.ID, in.RowID, in.Body.Values))
}

type rowIn struct {
	ID    int64 `path:"id" minimum:"1"`
	RowID int64 `path:"row_id" minimum:"1"`
}

func (a *API) removeRow(ctx context.Context, in *rowIn) (*struct{}, error) {
	return nil, a.service.RemoveRow(ctx, in.ID, in.RowID)
}
