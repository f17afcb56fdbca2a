// Package api is the call room's HTTP face: live calls and what can be done with them, click-to-call, presence,
// traces and the health of the switch; and the news that the browsers hear of calls.
package api

import (
	"context"
	"errors"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/floor"
	"centralita/callcenter/routing"
	"centralita/internal/fault"
	"centralita/internal/web"
)

// Permissions of the call room.
const (
	PermUse   web.Permission = "calls.use"
	PermRead  web.Permission = "calls.read"
	PermWork  web.Permission = "leads.work"
	PermAdmin web.Permission = "settings.read"
	PermLead  web.Permission = "sessions.manage"
)

// Floor is the room at work.
type Floor interface {
	Do(ctx context.Context, call callcenter.ID, wish callcenter.Event) (callcenter.Call, error)
	Dial(ctx context.Context, user int64, line callcenter.Line, identity callcenter.Identity, raw string,
		guard func(ctx context.Context, call *callcenter.Call) error) (callcenter.Call, error)
	Calls() []callcenter.Call
	Agents() []routing.Agent
	Staff
}

// Staff is what agents say of themselves.
type Staff interface {
	SetReady(ctx context.Context, user int64, ready bool, reason string) error
	EndWrapUp(ctx context.Context, user int64, w floor.WrapUp) error
	ExtendWrapUp(ctx context.Context, user int64, call callcenter.ID, by time.Duration) error
}

// Journal writes down what one user did to another.
type Journal interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
}

// Condition is the SQL condition that a row of the table alias may be read; arg adds a parameter and returns its
// placeholder.
type Condition func(ctx context.Context, alias string, arg func(any) string) string

// Reader reads stored calls.
type Reader interface {
	Call(ctx context.Context, id callcenter.ID) (callcenter.Call, error)
	List(ctx context.Context, filter Filter, readable Condition) (calls []callcenter.Call, next string, err error)
	Traces(ctx context.Context, id callcenter.ID) ([]TraceStep, error)
	LiveOf(ctx context.Context, user int64) ([]callcenter.Call, error)
	// Unserved returns the inbound calls, of all servers, that nobody has taken yet, oldest first.
	Unserved(ctx context.Context) ([]callcenter.Call, error)
}

// API serves the call room's routes.
type API struct {
	floor Floor
	read  Reader
	dial  *Dialler
	who   func(context.Context) int64
	names Names
	may   Rights

	journal Journal
}

// New returns the API. who gives the user of a request.
func New(f Floor, read Reader, dial *Dialler, who func(context.Context) int64, names Names, may Rights, journal Journal) *API {
	return &API{floor: f, read: read, dial: dial, who: who, names: names, may: may, journal: journal}
}

// view shows a call to the one who asks.
func (a *API) view(ctx context.Context, c callcenter.Call) CallView {
	return a.may.Seen(ctx, View(c, a.names).asSeenFrom(a.who(ctx)))
}

// Register adds the routes.
func (a *API) Register(r *web.Router) {
	a.registerPresence(r)
	a.registerQueues(r)
	a.registerTransfers(r)
	web.Handle(r, op("GET", "/calls/current", "list-current-calls", "My live calls", PermUse), a.current)
	web.Handle(r, op("GET", "/calls/{id}", "get-call", "One call", PermRead), a.get)
	web.Handle(r, op("GET", "/calls", "list-calls", "Calls, newest first", PermRead), a.list)
	web.Handle(r, op("GET", "/calls/{id}/trace", "get-call-trace", "Why routing chose as it did", PermRead), a.trace)
	dial := op("POST", "/calls", "create-call", "Call a number: my phone first, then theirs", PermUse)
	dial.Status = 202
	web.Handle(r, dial, a.create)
	back := op("POST", "/leads/{id}/call-back", "call-lead-back", "Lease the lead and call its number", PermWork)
	back.Status = 202
	web.Handle(r, back, a.callBack)
	a.wish(r, "decline", "Do not take the ringing call", func(u int64) callcenter.Event { return callcenter.Decline{UserID: u} })
	a.wish(r, "hangup", "End the call", func(u int64) callcenter.Event { return callcenter.HangUp{UserID: u} })
	a.wish(r, "hold", "Put the client on hold", func(u int64) callcenter.Event { return callcenter.Hold{UserID: u, On: true} })
	a.wish(r, "unhold", "Take the client back", func(u int64) callcenter.Event { return callcenter.Hold{UserID: u} })
	a.wish(r, "mute", "Mute my microphone", func(u int64) callcenter.Event { return callcenter.Mute{UserID: u, On: true} })
	a.wish(r, "unmute", "Unmute my microphone", func(u int64) callcenter.Event { return callcenter.Mute{UserID: u} })
	web.Handle(r, op("POST", "/calls/{id}/dtmf", "send-dtmf", "Send digits to the client", PermUse), a.digits)
}

func op(method, path, id, summary string, p web.Permission) web.Op {
	return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "calls", Permission: p, Beyond: method != "GET"}
}

// CallInput names a call.
type CallInput struct {
	ID int64 `path:"id" minimum:"1"`
}

// CallOutput is one call.
type CallOutput struct {
	Body CallView
}

// Calls is a page of calls.
type Calls struct {
	Items []CallView `json:"items"`
	Next  string     `json:"next"`
}

// CallsOutput is a page of calls.
type CallsOutput struct {
	Body Calls
}

func (a *API) wish(r *web.Router, name, summary string, event func(user int64) callcenter.Event) {
	web.Handle(r, op("POST", "/calls/{id}/"+name, name+"-call", summary, PermUse),
		func(ctx context.Context, in *CallInput) (*CallOutput, error) {
			return a.do(ctx, in.ID, event(a.who(ctx)))
		})
}

func (a *API) do(ctx context.Context, id int64, wish callcenter.Event) (*CallOutput, error) {
	call, err := a.floor.Do(ctx, callcenter.ID(id), wish)
	if errors.Is(err, floor.ErrNotNow) { // of a call that is not his to see he does not learn that it goes on
		if _, hidden := a.call(ctx, id); hidden != nil {
			err = floor.ErrNoCall
		}
	}
	if err != nil {
		return nil, wishFault(err)
	}
	return &CallOutput{a.view(ctx, call)}, nil
}

func wishFault(err error) error {
	switch {
	case errors.Is(err, floor.ErrNoCall):
		return fault.New(fault.NotFound, "call_over", "This call is over.")
	case errors.Is(err, floor.ErrNotNow):
		return fault.New(fault.Conflict, "not_now", "That is not possible at this point of the call.")
	case errors.Is(err, floor.ErrUnreached):
		return fault.Wrap(err, fault.Unavailable, "server_away", "The server that has this call does not answer. Look at the call, and try again in a moment.")
	case errors.Is(err, floor.ErrNoPhone):
		return fault.New(fault.Conflict, "phone_not_registered", "Your phone is not connected.")
	case errors.Is(err, floor.ErrTaken):
		return fault.New(fault.Conflict, "already_in_call", "You are in a call already.")
	}
	return err
}

// DigitsInput are DTMF digits for a call.
type DigitsInput struct {
	CallInput
	Body struct {
		Digits string `json:"digits" minLength:"1" maxLength:"64" pattern:"^[0-9A-D*#]+$"`
	}
}

func (a *API) digits(ctx context.Context, in *DigitsInput) (*CallOutput, error) {
	return a.do(ctx, in.ID, callcenter.Digits{UserID: a.who(ctx), Digits: in.Body.Digits})
}

func (a *API) current(ctx context.Context, _ *struct{}) (*CallsOutput, error) {
	calls, err := a.read.LiveOf(ctx, a.who(ctx))
	if err != nil {
		return nil, err
	}
	return a.page(ctx, calls, ""), nil
}

func (a *API) page(ctx context.Context, calls []callcenter.Call, next string) *CallsOutput {
	out := &CallsOutput{Body: Calls{Items: make([]CallView, 0, len(calls)), Next: next}}
	for _, c := range calls {
		out.Body.Items = append(out.Body.Items, a.view(ctx, c))
	}
	return out
}

func (a *API) get(ctx context.Context, in *CallInput) (*CallOutput, error) {
	call, err := a.call(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &CallOutput{a.view(ctx, call)}, nil
}

// call returns a stored call that the one who asks may read.
func (a *API) call(ctx context.Context, id int64) (callcenter.Call, error) {
	call, err := a.read.Call(ctx, callcenter.ID(id))
	if err != nil {
		return call, err
	}
	return call, a.may.MayRead(ctx, call)
}

// Filter chooses calls. Zero fields choose all.
type Filter struct {
	ClientID int64  `query:"client_id"`
	LeadID   int64  `query:"lead_id"`
	UserID   int64  `query:"user_id"`
	Outcome  string `query:"outcome" maxLength:"20"`
	Cursor   string `query:"cursor" maxLength:"100"`
	Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (a *API) list(ctx context.Context, in *Filter) (*CallsOutput, error) {
	calls, next, err := a.read.List(ctx, *in, a.may.Where)
	if err != nil {
		return nil, err
	}
	return a.page(ctx, calls, next), nil
}

// TraceStep is one choice of routing.
type TraceStep struct {
	At           time.Time            `json:"at"`
	Verdict      callcenter.Verdict   `json:"verdict"`
	ChosenUserID *int64               `json:"chosen_user_id,omitempty"`
	QueueID      *int64               `json:"queue_id,omitempty"`
	QueueName    string               `json:"queue_name"`
	QueueVersion *int                 `json:"queue_version,omitempty" doc:"Of the queue's settings, as they were applied"`
	Staffing     callcenter.Staffing  `json:"staffing"`
	Considered   []routing.Considered `json:"considered"`
}

// TraceOutput is every choice made for a call, oldest first.
type TraceOutput struct {
	Body struct {
		Items []TraceStep `json:"items"`
	}
}

func (a *API) trace(ctx context.Context, in *CallInput) (*TraceOutput, error) {
	if _, err := a.call(ctx, in.ID); err != nil {
		return nil, err
	}
	steps, err := a.read.Traces(ctx, callcenter.ID(in.ID))
	if err != nil {
		return nil, err
	}
	out := &TraceOutput{}
	out.Body.Items = steps
	return out, nil
}
