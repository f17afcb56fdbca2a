package webhook

import (
	"context"
	"net/http"

	"centralita/crm/access"
	"centralita/internal/web"
)

// API is the HTTP face of the room.
type API struct{ s *Service }

// NewAPI returns the face of s.
func NewAPI(s *Service) *API { return &API{s} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, status int) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "webhooks", Permission: access.WebhooksManage, Status: status}
	}
	proved := func(o web.Op) web.Op { o.StepUp = true; return o }
	secret := func(o web.Op) web.Op { o.Secret = true; return proved(o) }
	web.Handle(r, op(http.MethodGet, "/webhooks", "list-webhooks", "Who is told of what, and what can be told", 0), a.list)
	web.Handle(r, secret(op(http.MethodPost, "/webhooks", "add-webhook", "Register a webhook; its secret is shown this once", http.StatusCreated)), a.add)
	web.Handle(r, proved(op(http.MethodPatch, "/webhooks/{id}", "change-webhook", "Write a webhook anew, pause it, have it go on", 0)), a.change)
	web.Handle(r, proved(op(http.MethodDelete, "/webhooks/{id}", "remove-webhook", "Forget a webhook and its deliveries", http.StatusNoContent)), a.remove)
	web.Handle(r, secret(op(http.MethodPost, "/webhooks/{id}/secret", "renew-webhook-secret", "A new secret, shown this once", http.StatusOK)), a.renew)
	web.Handle(r, op(http.MethodPost, "/webhooks/{id}/test", "test-webhook", "Send a test event", http.StatusCreated), a.test)
	web.Handle(r, op(http.MethodGet, "/webhooks/{id}/deliveries", "list-webhook-deliveries", "What a webhook was told, newest first", 0), a.deliveries)
	web.Handle(r, op(http.MethodPost, "/webhook-deliveries/{id}/replay", "replay-webhook-delivery", "Send it once more, under the same event id", http.StatusCreated), a.replay)
}

// WebhooksOutput are all webhooks, and the kinds of facts there are.
type WebhooksOutput struct {
	Body struct {
		Items []Webhook `json:"items"`
		Kinds []string  `json:"kinds"`
	}
}

func (a *API) list(ctx context.Context, _ *struct{}) (*WebhooksOutput, error) {
	out := &WebhooksOutput{}
	var err error
	out.Body.Items, err = a.s.List(ctx)
	out.Body.Kinds = Kinds
	return out, err
}

// WebhookDraft is what a person says of a webhook.
type WebhookDraft struct {
	Name   string   `json:"name" minLength:"1" maxLength:"60"`
	URL    string   `json:"url" minLength:"8" maxLength:"2000" doc:"https, and an address of the public internet"`
	Events []string `json:"events" minItems:"1" maxItems:"40"`
	Active bool     `json:"active" doc:"false: paused; it misses what happens meanwhile"`
}

func (d WebhookDraft) draft() Draft {
	state := Paused
	if d.Active {
		state = Active
	}
	return Draft{d.Name, d.URL, d.Events, state}
}

// AddWebhookInput is a webhook to register.
type AddWebhookInput struct{ Body WebhookDraft }

// AddWebhookOutput is a webhook with its secret.
type AddWebhookOutput struct {
	Body struct {
		Webhook Webhook `json:"webhook"`
		Secret  string  `json:"secret"`
	}
}

func (a *API) add(ctx context.Context, in *AddWebhookInput) (*AddWebhookOutput, error) {
	out := &AddWebhookOutput{}
	var err error
	out.Body.Webhook, out.Body.Secret, err = a.s.Add(ctx, in.Body.draft())
	return out, err
}

// ChangeWebhookInput is a webhook as it is to be.
type ChangeWebhookInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body WebhookDraft
}

// WebhookOutput is a webhook.
type WebhookOutput struct{ Body Webhook }

func (a *API) change(ctx context.Context, in *ChangeWebhookInput) (*WebhookOutput, error) {
	w, err := a.s.Change(ctx, in.ID, in.Body.draft())
	return &WebhookOutput{w}, err
}

// OneWebhook names a webhook.
type OneWebhook struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) remove(ctx context.Context, in *OneWebhook) (*struct{}, error) {
	return nil, a.s.Remove(ctx, in.ID)
}

// WebhookSecretOutput is a new secret.
type WebhookSecretOutput struct {
	Body struct {
		Secret string `json:"secret"`
	}
}

func (a *API) renew(ctx context.Context, in *OneWebhook) (*WebhookSecretOutput, error) {
	out := &WebhookSecretOutput{}
	var err error
	out.Body.Secret, err = a.s.Renew(ctx, in.ID)
	return out, err
}

// DeliveryOutput is a delivery.
type DeliveryOutput struct{ Body Delivery }

func (a *API) test(ctx context.Context, in *OneWebhook) (*DeliveryOutput, error) {
	d, err := a.s.Test(ctx, in.ID)
	return &DeliveryOutput{d}, err
}

// DeliveriesInput asks for a page of deliveries.
type DeliveriesInput struct {
	ID     int64 `path:"id" minimum:"1"`
	Before int64 `query:"before" minimum:"1" doc:"id below which the page begins"`
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// DeliveriesOutput is a page of deliveries.
type DeliveriesOutput struct {
	Body struct {
		Items []Delivery `json:"items"`
	}
}

func (a *API) deliveries(ctx context.Context, in *DeliveriesInput) (*DeliveriesOutput, error) {
	out := &DeliveriesOutput{}
	var err error
	out.Body.Items, err = a.s.Deliveries(ctx, in.ID, in.Before, in.Limit)
	return out, err
}

// OneDelivery names a delivery.
type OneDelivery struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) replay(ctx context.Context, in *OneDelivery) (*DeliveryOutput, error) {
	d, err := a.s.Replay(ctx, in.ID)
	return &DeliveryOutput{d}, err
}
