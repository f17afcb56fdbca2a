package api

import (
	"context"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/floor"
	"centralita/internal/fault"
)

// extension is how much more time one wish gives for a wrap-up.
const extension = 30 * time.Second

// WrapUpInput is what became of a conversation.
type WrapUpInput struct {
	CallInput
	Body struct {
		DispositionID int64  `json:"disposition_id,omitempty" minimum:"0"`
		Note          string `json:"note,omitempty" maxLength:"4000"`
	}
}

func (a *API) endWrapUp(ctx context.Context, in *WrapUpInput) (*struct{}, error) {
	call, err := a.read.Call(ctx, callcenter.ID(in.ID))
	if fault.KindOf(err) == fault.NotFound {
		return nil, wishFault(floor.ErrNoCall) // as of one that was never his
	}
	if err != nil {
		return nil, err
	}
	mine, _ := a.presenceOf(a.who(ctx))
	must := mine.State == WrapUp && mine.CallID != nil && *mine.CallID == in.ID && call.Queue.WrapUp.Must
	if must && in.Body.DispositionID == 0 {
		return nil, fault.New(fault.Invalid, "disposition_required", "Choose what became of the call.").
			WithField("body.disposition_id", "must be chosen")
	}
	return nil, wishFault(a.floor.EndWrapUp(ctx, a.who(ctx), floor.WrapUp{
		Call: call.ID, Disposition: in.Body.DispositionID, Note: in.Body.Note,
	}))
}

func (a *API) extendWrapUp(ctx context.Context, in *CallInput) (*struct{}, error) {
	return nil, wishFault(a.floor.ExtendWrapUp(ctx, a.who(ctx), callcenter.ID(in.ID), extension))
}

// AgentInput names an agent.
type AgentInput struct {
	UserID int64 `path:"user_id" minimum:"1"`
}

// PresenceOfInput is what somebody else is to do.
type PresenceOfInput struct {
	AgentInput
	PresenceInput
}

func (a *API) setPresenceOf(ctx context.Context, in *PresenceOfInput) (*PresenceOutput, error) {
	before, err := a.presenceOf(in.UserID)
	if err != nil {
		return nil, err
	}
	if err := a.floor.SetReady(ctx, in.UserID, in.Body.State == Available, in.Body.Reason); err != nil {
		return nil, err
	}
	after, err := a.presenceOf(in.UserID)
	if err != nil {
		return nil, err
	}
	return &PresenceOutput{after}, a.journal.Record(ctx, "agent.state", "user", in.UserID,
		map[string]any{"ready": before.Ready, "reason": before.Reason}, map[string]any{"ready": after.Ready, "reason": after.Reason})
}

func (a *API) endWrapUpOf(ctx context.Context, in *AgentInput) (*struct{}, error) {
	p, err := a.presenceOf(in.UserID)
	if err != nil {
		return nil, err
	}
	if p.State != WrapUp || p.CallID == nil {
		return nil, wishFault(floor.ErrNotNow)
	}
	if err := a.floor.EndWrapUp(ctx, in.UserID, floor.WrapUp{Call: callcenter.ID(*p.CallID), Expired: true}); err != nil {
		return nil, wishFault(err)
	}
	return nil, a.journal.Record(ctx, "agent.wrap_up", "user", in.UserID, map[string]any{"call_id": *p.CallID}, nil)
}

// presenceOf returns one agent's state, or a NotFound fault.
func (a *API) presenceOf(user int64) (Presence, error) {
	for _, p := range PresenceOf(a.floor) {
		if p.UserID == user {
			return p, nil
		}
	}
	return Presence{}, fault.New(fault.NotFound, "user_not_found", "There is no such user.")
}
