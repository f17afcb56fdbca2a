package reminder

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/web"
)

// API is the HTTP face of reminders.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, status int) web.Op {
		return web.Op{
			Method: method, Path: "/reminders" + path, ID: id, Summary: summary, Tag: "reminders",
			Permission: access.RemindersWrite, Status: status,
		}
	}
	web.Handle(r, op(http.MethodGet, "", "list-reminders", "Reminders, the latest due first", 0), a.list)
	web.Handle(r, op(http.MethodPost, "", "create-reminder", "Remind a client or a colleague", http.StatusCreated), a.create)
	web.Handle(r, op(http.MethodDelete, "/{id}", "cancel-reminder", "Take a reminder back", 0), a.cancel)
	web.Handle(r, op(http.MethodPost, "/{id}/done", "finish-reminder", "What it asked for is done", 0), a.done)
}

// ReminderList is a page of reminders.
type ReminderList struct {
	Items []Reminder `json:"items"`
	Next  string     `json:"next"`
}

// ReminderDraft is a request to remind somebody.
type ReminderDraft struct {
	ClientID       int64  `json:"client_id,omitempty" minimum:"1"`
	LeadID         int64  `json:"lead_id,omitempty" minimum:"1"`
	Audience       string `json:"audience" enum:"client,user"`
	UserID         int64  `json:"user_id,omitempty" minimum:"1" doc:"The colleague; oneself if absent"`
	Channel        string `json:"channel" enum:"sms,app"`
	ContactPointID int64  `json:"contact_point_id,omitempty" minimum:"1" doc:"The client's first phone if absent"`
	Text           string `json:"text" minLength:"1" maxLength:"1600"`
	LocalTime      string `json:"local_time" maxLength:"40" doc:"2026-11-24T10:00, as clocks in the zone show it"`
	TimeZone       string `json:"time_zone,omitempty" maxLength:"64" doc:"Of the tz database; the client's, else the firm's, if absent"`
}

type listIn struct {
	ClientID int64  `query:"client_id" minimum:"1"`
	Mine     bool   `query:"mine"`
	State    string `query:"state" enum:"pending,fired,done,cancelled,expired,failed"`
	Cursor   string `query:"cursor" maxLength:"40"`
	Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listOut struct{ Body ReminderList }

type createIn struct{ Body ReminderDraft }

type idIn struct {
	ID int64 `path:"id" minimum:"1"`
}

type reminderOut struct{ Body Reminder }

func (a *API) list(ctx context.Context, in *listIn) (*listOut, error) {
	f := Filter{ClientID: in.ClientID, State: in.State, Limit: in.Limit + 1}
	if in.Mine {
		f.Mine = access.ActorFrom(ctx).UserID
	}
	var err error
	if f.After, err = parsePosition(in.Cursor); err != nil {
		return nil, err
	}
	items, err := a.service.List(ctx, f)
	if err != nil {
		return nil, err
	}
	out := &listOut{ReminderList{Items: append([]Reminder{}, items...)}}
	if len(items) > in.Limit {
		out.Body.Items = items[:in.Limit]
		out.Body.Next = positionOf(items[in.Limit-1]).String()
	}
	return out, nil
}

func (a *API) create(ctx context.Context, in *createIn) (*reminderOut, error) {
	b := in.Body
	r, err := a.service.Create(ctx, Draft{
		ClientID: b.ClientID, LeadID: b.LeadID, UserID: b.UserID, ContactPointID: b.ContactPointID,
		Audience: b.Audience, Channel: b.Channel, Text: b.Text, LocalTime: b.LocalTime, TimeZone: b.TimeZone,
	})
	return &reminderOut{r}, err
}

func (a *API) cancel(ctx context.Context, in *idIn) (*reminderOut, error) {
	r, err := a.service.Cancel(ctx, in.ID)
	return &reminderOut{r}, err
}

func (a *API) done(ctx context.Context, in *idIn) (*reminderOut, error) {
	r, err := a.service.Done(ctx, in.ID)
	return &reminderOut{r}, err
}

// position is where a page ended. To the browser its text is opaque.
type position struct {
	Due time.Time
	ID  int64
}

func positionOf(r Reminder) position { return position{r.DueAt, r.ID} }

// String is the form of a cursor.
func (p position) String() string {
	return strconv.FormatInt(p.Due.UnixMicro(), 36) + "." + strconv.FormatInt(p.ID, 36)
}

// parsePosition reads a cursor; the zero value for "".
func parsePosition(cursor string) (p position, err error) {
	if cursor == "" {
		return p, nil
	}
	due, id, _ := strings.Cut(cursor, ".")
	micros, err := strconv.ParseInt(due, 36, 64)
	if err == nil {
		p.ID, err = strconv.ParseInt(id, 36, 64)
	}
	if p.Due = time.UnixMicro(micros); err != nil || p.ID < 1 || p.Due.Year() < 2000 || p.Due.Year() > 3000 {
		return p, fault.New(fault.Invalid, "cursor_invalid", "The list has changed. Load it again.").WithField("query.cursor", "not of this list")
	}
	return p, nil
}
