package access

import (
	"context"
	"net/http"

	"centralita/internal/web"
)

// registerSessions adds the routes of sessions: one's own, and everybody's.
func (a *API) registerSessions(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "access", Permission: p}
	}
	web.Handle(r, op(http.MethodGet, "/my/sessions", "list-my-sessions", "Where I am signed in", web.Personal), a.mySessions)
	web.Handle(r, op(http.MethodDelete, "/my/sessions", "end-my-other-sessions", "Sign out everywhere else", web.Personal), a.endMyOthers)
	web.Handle(r, op(http.MethodDelete, "/my/sessions/{id}", "end-my-session", "Sign out one of my browsers", web.Personal), a.endMine)
	web.Handle(r, op(http.MethodGet, "/sessions", "list-sessions", "Who is signed in, and where", SessionsManage), a.sessions)
	web.Handle(r, op(http.MethodDelete, "/sessions/{id}", "end-session", "Sign out somebody's browser", SessionsManage), a.endSession)
	web.Handle(r, op(http.MethodDelete, "/users/{id}/sessions", "end-user-sessions", "Sign somebody out everywhere", SessionsManage), a.endUser)
}

// SessionsOutput is a page of sessions.
type SessionsOutput struct {
	Body struct {
		Items []Session `json:"items"`
		Next  int64     `json:"next,omitempty" doc:"give it as before for the next page; absent on the last"`
	}
}

// SessionsInput chooses sessions.
type SessionsInput struct {
	UserID int64 `query:"user_id" minimum:"1"`
	Before int64 `query:"before" minimum:"1"`
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"100"`
}

func (a *API) page(ctx context.Context, f sessionFilter) (*SessionsOutput, error) {
	all, err := a.s.Sessions(ctx, f)
	out := &SessionsOutput{}
	out.Body.Items = all
	if len(all) == f.Limit {
		out.Body.Next = all[len(all)-1].ID
	}
	return out, err
}

func (a *API) sessions(ctx context.Context, in *SessionsInput) (*SessionsOutput, error) {
	return a.page(ctx, sessionFilter{User: in.UserID, Before: in.Before, Limit: in.Limit})
}

// MySessionsInput pages through one's own sessions.
type MySessionsInput struct {
	Before int64 `query:"before" minimum:"1"`
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"100"`
}

func (a *API) mySessions(ctx context.Context, in *MySessionsInput) (*SessionsOutput, error) {
	return a.page(ctx, sessionFilter{User: ActorFrom(ctx).UserID, Before: in.Before, Limit: in.Limit})
}

// IDInput names something.
type IDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) endMine(ctx context.Context, in *IDInput) (*struct{}, error) {
	return nil, a.s.EndSession(ctx, in.ID, ActorFrom(ctx).UserID)
}

func (a *API) endMyOthers(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.s.EndSessions(ctx, ActorFrom(ctx).UserID)
}

func (a *API) endSession(ctx context.Context, in *IDInput) (*struct{}, error) {
	return nil, a.s.EndSession(ctx, in.ID, 0)
}

func (a *API) endUser(ctx context.Context, in *IDInput) (*struct{}, error) {
	return nil, a.s.EndSessions(ctx, in.ID)
}
