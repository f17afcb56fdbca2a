package client

import (
	"context"
	"net/http"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/web"
)

func (a *API) registerCard(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "clients", Permission: p, Status: status}
	}
	read, write := access.ClientsRead, access.ClientsWrite
	web.Handle(r, op(http.MethodGet, "/clients/at-hand", "clients-at-hand", "Whom I pinned, and whose cards I opened last", read, 0), a.atHand)
	web.Handle(r, op(http.MethodGet, "/clients/{id}/card", "get-card", "Everything that the first look at a card shows", read, 0), a.card)
	web.Handle(r, op(http.MethodPut, "/clients/{id}/pin", "pin-client", "Keep a client at hand", read, http.StatusNoContent), a.pin)
	web.Handle(r, op(http.MethodDelete, "/clients/{id}/pin", "unpin-client", "Keep a client at hand no more", read, http.StatusNoContent), a.unpin)
	web.Handle(r, op(http.MethodPost, "/clients/{id}/addresses", "add-address", "Add an address", write, http.StatusCreated), a.addAddress)
	web.Handle(r, op(http.MethodPut, "/clients/{id}/addresses/{address_id}", "change-address", "Write an address anew", write, 0), a.changeAddress)
	web.Handle(r, op(http.MethodDelete, "/clients/{id}/addresses/{address_id}", "remove-address", "Remove an address", write, 0), a.removeAddress)
	web.Handle(r, op(http.MethodPost, "/clients/{id}/consents", "add-consent", "Note a consent, or that it was taken back", write, http.StatusCreated), a.addConsent)
	web.Handle(r, op(http.MethodPost, "/clients/{id}/relations", "relate-client", "Relate a client to another", write, http.StatusCreated), a.relate)
	web.Handle(r, op(http.MethodDelete, "/clients/{id}/relations/{relation_id}", "unrelate-client", "Take a relation away", write, 0), a.unrelate)
	web.Handle(r, op(http.MethodPost, "/clients/{id}/archive", "archive-client", "Take a client out of the lists", write, 0), a.archive)
	web.Handle(r, op(http.MethodPost, "/clients/{id}/restore", "restore-client", "Bring back an archived or deleted client", write, 0), a.restore)
	web.Handle(r, op(http.MethodDelete, "/clients/{id}", "delete-client", "Delete a client on whom nothing hangs; it can be restored for 30 days", access.ClientsDelete, http.StatusNoContent), a.delete)
}

type atHandOut struct{ Body AtHand }

func (a *API) atHand(ctx context.Context, _ *struct{}) (*atHandOut, error) {
	noted := a.service.ports.Audit.Looking(ctx, "client.list", "client", 0, map[string]bool{"at_hand": true})
	h, err := a.service.AtHand(ctx)
	return audit.Shown(noted, &atHandOut{h}, err)
}

type cardOut struct{ Body Card }

func (a *API) card(ctx context.Context, in *idIn) (*cardOut, error) {
	noted := a.service.ports.Audit.Looking(ctx, "client.read", "client", in.ID, nil)
	c, err := a.service.Card(ctx, in.ID)
	out, err := audit.Shown(noted, &cardOut{c}, err)
	if err != nil {
		return nil, err
	}
	return out, a.service.Opened(ctx, in.ID)
}

func (a *API) pin(ctx context.Context, in *idIn) (*struct{}, error) {
	return nil, a.service.Pin(ctx, in.ID, true)
}

func (a *API) unpin(ctx context.Context, in *idIn) (*struct{}, error) {
	return nil, a.service.Pin(ctx, in.ID, false)
}

type addressOut struct{ Body Address }

type addAddressIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body NewAddress
}

func (a *API) addAddress(ctx context.Context, in *addAddressIn) (*addressOut, error) {
	x, err := a.service.AddAddress(ctx, in.ID, in.Body)
	return &addressOut{x}, err
}

type changeAddressIn struct {
	ID        int64 `path:"id" minimum:"1"`
	AddressID int64 `path:"address_id" minimum:"1"`
	Body      NewAddress
}

func (a *API) changeAddress(ctx context.Context, in *changeAddressIn) (*addressOut, error) {
	x, err := a.service.ChangeAddress(ctx, in.ID, in.AddressID, in.Body)
	return &addressOut{x}, err
}

type addressIn struct {
	ID        int64 `path:"id" minimum:"1"`
	AddressID int64 `path:"address_id" minimum:"1"`
}

func (a *API) removeAddress(ctx context.Context, in *addressIn) (*addressOut, error) {
	x, err := a.service.RemoveAddress(ctx, in.ID, in.AddressID)
	return &addressOut{x}, err
}

type addConsentIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body NewConsent
}

type consentOut struct{ Body Consent }

func (a *API) addConsent(ctx context.Context, in *addConsentIn) (*consentOut, error) {
	c, err := a.service.AddConsent(ctx, in.ID, in.Body)
	return &consentOut{c}, err
}

type relateIn struct {
	ID   int64 `path:"id" minimum:"1"`
	Body NewRelation
}

type relationOut struct{ Body Relation }

func (a *API) relate(ctx context.Context, in *relateIn) (*relationOut, error) {
	r, err := a.service.Relate(ctx, in.ID, in.Body)
	return &relationOut{r}, err
}

type relationIn struct {
	ID         int64 `path:"id" minimum:"1"`
	RelationID int64 `path:"relation_id" minimum:"1"`
}

func (a *API) unrelate(ctx context.Context, in *relationIn) (*relationOut, error) {
	r, err := a.service.Unrelate(ctx, in.ID, in.RelationID)
	return &relationOut{r}, err
}

func (a *API) archive(ctx context.Context, in *idIn) (*clientOut, error) {
	return one(a.service.Archive(ctx, in.ID, true))
}

func (a *API) restore(ctx context.Context, in *idIn) (*clientOut, error) {
	return one(a.service.Restore(ctx, in.ID))
}

func (a *API) delete(ctx context.Context, in *idIn) (*struct{}, error) {
	return nil, a.service.Delete(ctx, in.ID)
}
