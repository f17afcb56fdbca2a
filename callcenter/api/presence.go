package api

import (
	"context"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/routing"
	"centralita/internal/web"
)

// PresenceState is what an agent is doing.
type PresenceState string

// The states of an agent.
const (
	Offline   PresenceState = "offline" // the phone is not registered
	Available PresenceState = "available"
	Ringing   PresenceState = "ringing"
	OnCall    PresenceState = "on_call"
	NotReady  PresenceState = "not_ready"
	WrapUp    PresenceState = "wrap_up" // not done with his last conversation
)

// Presence is one agent's state.
type Presence struct {
	UserID     int64         `json:"user_id"`
	Name       string        `json:"name"`
	State      PresenceState `json:"state" enum:"offline,available,ringing,on_call,not_ready,wrap_up"`
	Reason     string        `json:"reason" doc:"Why he is not ready, or will not be after his call"`
	Ready      bool          `json:"ready" doc:"Wants calls; while he is in one, what he will be afterwards"`
	Registered bool          `json:"registered"`
	Since      time.Time     `json:"since"`
	Until      *time.Time    `json:"until,omitempty" doc:"When his wrap-up ends by itself"`
	CallID     *int64        `json:"call_id,omitempty"`
}

// PresenceList is every agent's state.
type PresenceList struct {
	Items []Presence `json:"items"`
}

// PresenceListOutput is every agent's state.
type PresenceListOutput struct {
	Body PresenceList
}

// PresenceInput is a wish to take calls or not.
type PresenceInput struct {
	Body struct {
		State  PresenceState `json:"state" enum:"available,not_ready"`
		Reason string        `json:"reason,omitempty" maxLength:"100"`
	}
}

// PresenceOutput is one agent's state.
type PresenceOutput struct {
	Body Presence
}

func (a *API) registerPresence(r *web.Router) {
	web.Handle(r, web.Op{Method: "GET", Path: "/presence", ID: "list-presence", Tag: "presence",
		Summary: "Who is there", Permission: web.SignedIn},
		func(context.Context, *struct{}) (*PresenceListOutput, error) {
			return &PresenceListOutput{PresenceList{Items: PresenceOf(a.floor)}}, nil
		})
	web.Handle(r, web.Op{Method: "PUT", Path: "/presence/me", ID: "set-presence", Tag: "presence",
		Summary: "Say whether I take calls", Permission: PermUse, Beyond: true}, a.setPresence)
	web.Handle(r, web.Op{Method: "PUT", Path: "/presence/{user_id}", ID: "set-presence-of", Tag: "presence",
		Summary: "Say for somebody whether he takes calls", Permission: PermLead}, a.setPresenceOf)
	web.Handle(r, web.Op{Method: "DELETE", Path: "/presence/{user_id}/wrap-up", ID: "end-wrap-up-of", Tag: "presence",
		Summary: "End somebody's wrap-up", Permission: PermLead, Status: 204}, a.endWrapUpOf)
	web.Handle(r, web.Op{Method: "POST", Path: "/calls/{id}/wrap-up", ID: "end-wrap-up", Tag: "presence",
		Summary: "Say what became of my conversation, and be done with it", Permission: PermUse, Beyond: true, Status: 204}, a.endWrapUp)
	web.Handle(r, web.Op{Method: "POST", Path: "/calls/{id}/wrap-up/extend", ID: "extend-wrap-up", Tag: "presence",
		Summary: "Half a minute more for my wrap-up", Permission: PermUse, Beyond: true, Status: 204}, a.extendWrapUp)
}

func (a *API) setPresence(ctx context.Context, in *PresenceInput) (*PresenceOutput, error) {
	me := a.who(ctx)
	if err := a.floor.SetReady(ctx, me, in.Body.State == Available, in.Body.Reason); err != nil {
		return nil, err
	}
	for _, p := range PresenceOf(a.floor) {
		if p.UserID == me {
			return &PresenceOutput{p}, nil
		}
	}
	return &PresenceOutput{Presence{UserID: me, Name: a.names(me), State: Offline}}, nil
}

// PresenceOf returns every agent's state, ordered by user.
func PresenceOf(f interface {
	Agents() []routing.Agent
	Calls() []callcenter.Call
}) []Presence {
	busy := map[int64]callcenter.Call{}
	for _, c := range f.Calls() {
		for _, user := range c.Askeds() {
			busy[user] = c
		}
	}
	agents := f.Agents()
	list := make([]Presence, 0, len(agents))
	for _, agent := range agents {
		list = append(list, presence(agent, busy[agent.UserID]))
	}
	return list
}

func presence(agent routing.Agent, call callcenter.Call) Presence {
	p := Presence{UserID: agent.UserID, Name: agent.Name, Registered: agent.Registered, Ready: agent.Ready, Since: agent.IdleSince, CallID: id(int64(call.ID))}
	if !agent.Ready {
		p.Reason = agent.Reason
	}
	switch {
	case call.Rings(agent.UserID):
		p.State, p.Since = Ringing, call.Agent.OfferedAt
	case call.ID != 0, agent.Busy:
		p.State = OnCall
		if !call.AnsweredAt.IsZero() {
			p.Since = call.AnsweredAt
		}
	case agent.WrapUp:
		p.State, p.Until, p.CallID = WrapUp, moment(agent.WrapUntil), id(agent.WrapCall)
	case !agent.Registered:
		p.State = Offline
	case !agent.Ready:
		p.State = NotReady
	default:
		p.State = Available
	}
	return p
}
