package message

import (
	"context"
	"net/http"
	"strconv"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/fault"
	"centralita/internal/web"
)

// API is the HTTP face of messages and templates.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes, the provider's webhooks included.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "messages", Permission: p, Status: status}
	}
	web.Handle(r, op(http.MethodGet, "/messages", "list-messages", "SMS in and out, newest first", access.MessagesRead, 0), a.list)
	web.Handle(r, op(http.MethodPost, "/messages", "send-message", "Have an SMS sent", access.MessagesSend, http.StatusAccepted), a.send)
	web.Handle(r, op(http.MethodPost, "/messages/{id}/resend", "resend-message", "Send again what failed or is unknown, once", access.MessagesSend, http.StatusAccepted), a.resend)
	web.Handle(r, op(http.MethodPost, "/messages/{id}/cancel", "cancel-message", "Take back a message that still waits", access.MessagesSend, 0), a.cancel)
	web.Handle(r, op(http.MethodGet, "/message-outbox", "loopback-outbox", "What the phones of a loopback Twilio show", access.MessagesRead, 0), a.outbox)
	web.Handle(r, op(http.MethodPost, "/message-outbox/reply", "loopback-reply", "Answer from a phone of the loopback Twilio", access.MessagesSend, 0), a.reply)
	a.registerTemplates(r)
	a.RegisterHooks(r)
}

// MessageList is a page of messages.
type MessageList struct {
	Items []Message `json:"items"`
	Next  string    `json:"next"`
}

// Filter narrows a list; zero values do not. Before is the id below which the
// page begins.
type Filter struct {
	ClientID         int64
	State, Direction string
	Before           int64
	Limit            int
}

type listIn struct {
	ClientID  int64  `query:"client_id" minimum:"1"`
	State     string `query:"state" enum:"queued,sending,unknown,accepted,sent,failed,undelivered,delivered,refused,cancelled,received"`
	Direction string `query:"direction" enum:"in,out"`
	Cursor    string `query:"cursor" maxLength:"20"`
	Limit     int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listOut struct{ Body MessageList }

type messageOut struct{ Body Message }

type idIn struct {
	ID int64 `path:"id" minimum:"1"`
}

// MessageWish is a request to send an SMS.
type MessageWish struct {
	ClientID int64  `json:"client_id,omitempty" minimum:"1"`
	LeadID   int64  `json:"lead_id,omitempty" minimum:"1"`
	LineID   int64  `json:"line_id,omitempty" minimum:"1"`
	To       string `json:"to,omitempty" maxLength:"200" doc:"In any written form"`
	PointID  int64  `json:"contact_point_id,omitempty" minimum:"1" doc:"Instead of a number"`
	Body     string `json:"body" minLength:"1" maxLength:"1600"`
}

type sendIn struct{ Body MessageWish }

func (a *API) list(ctx context.Context, in *listIn) (*listOut, error) {
	before, err := cursorID(in.Cursor)
	if err != nil {
		return nil, err
	}
	f := Filter{ClientID: in.ClientID, State: in.State, Direction: in.Direction, Before: before, Limit: in.Limit}
	items, next, err := a.service.List(ctx, f)
	if err == nil {
		err = a.service.ports.Audit.Look(ctx, "message.list", "message", 0, audit.Asked(map[string]any{
			"client_id": f.ClientID, "state": f.State, "direction": f.Direction, "before": f.Before,
		}))
	}
	if err != nil {
		return nil, err
	}
	return &listOut{MessageList{Items: items, Next: next}}, nil
}

func (a *API) send(ctx context.Context, in *sendIn) (*messageOut, error) {
	m, err := a.service.SendFor(ctx, Wish{
		ClientID: in.Body.ClientID, LeadID: in.Body.LeadID, LineID: in.Body.LineID, UserID: access.ActorFrom(ctx).UserID,
		To: in.Body.To, PointID: in.Body.PointID, Body: in.Body.Body,
	})
	return a.service.shown(ctx, m, err)
}

func (a *API) resend(ctx context.Context, in *idIn) (*messageOut, error) {
	m, err := a.service.Resend(ctx, in.ID)
	return a.service.shown(ctx, m, err)
}

func (a *API) cancel(ctx context.Context, in *idIn) (*messageOut, error) {
	m, err := a.service.Cancel(ctx, in.ID)
	return a.service.shown(ctx, m, err)
}

// cursorID reads a cursor; 0 for the first page.
func cursorID(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(cursor, 36, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.Invalid, "cursor_invalid", "The list has changed. Load it again.").WithField("query.cursor", "not of this list")
	}
	return id, nil
}
