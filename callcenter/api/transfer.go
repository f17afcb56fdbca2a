package api

import (
	"context"

	"centralita/callcenter"
	"centralita/internal/fault"
	"centralita/internal/web"
)

// TransferInput says to whom a call goes on.
type TransferInput struct {
	CallInput
	Body struct {
		Kind callcenter.DestinationKind `json:"kind" enum:"queue,user"`
		ID   int64                      `json:"id" minimum:"1"`
		Note string                     `json:"note,omitempty" maxLength:"500" doc:"For who takes it"`
	}
}

// ConsultInput says whom to ask.
type ConsultInput struct {
	CallInput
	Body struct {
		UserID int64  `json:"user_id" minimum:"1"`
		Note   string `json:"note,omitempty" maxLength:"500"`
	}
}

// ThirdView is a colleague who is consulted, or in the conversation too.
type ThirdView struct {
	UserID int64  `json:"user_id"`
	Name   string `json:"name"`
	Up     bool   `json:"up" doc:"Has picked up"`
	Joined bool   `json:"joined" doc:"Talks with the client, too"`
}

// TransferView is who has sent a call on.
type TransferView struct {
	UserID   int64  `json:"user_id"`
	Name     string `json:"name"`
	Note     string `json:"note"`
	Returned bool   `json:"returned" doc:"Nobody took it there"`
}

func (a *API) registerTransfers(r *web.Router) {
	web.Handle(r, op("POST", "/calls/{id}/transfer", "transfer-call", "Give the client to a queue or a colleague", PermUse), a.transfer)
	web.Handle(r, op("POST", "/calls/{id}/consult", "consult-on-call", "Ask a colleague while the client waits", PermUse), a.consult)
	a.wish(r, "consult-end", "Let the colleague go and take the client back", func(u int64) callcenter.Event { return callcenter.EndConsult{UserID: u} })
	a.wish(r, "complete", "Give the client to the colleague", func(u int64) callcenter.Event { return callcenter.Complete{UserID: u} })
	a.wish(r, "conference", "Talk all three", func(u int64) callcenter.Event { return callcenter.Merge{UserID: u} })
}

func (a *API) transfer(ctx context.Context, in *TransferInput) (*CallOutput, error) {
	to := callcenter.Destination{Kind: in.Body.Kind, ID: in.Body.ID}
	place, err := a.dial.Lines.Place(ctx, to)
	if err != nil || to.Kind == callcenter.ToUser && place.Name == "" {
		return nil, fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.id", "is not there any more")
	}
	return a.do(ctx, in.ID, callcenter.SendOn{UserID: a.who(ctx), To: to, Note: in.Body.Note})
}

func (a *API) consult(ctx context.Context, in *ConsultInput) (*CallOutput, error) {
	return a.do(ctx, in.ID, callcenter.Consult{UserID: a.who(ctx), To: in.Body.UserID, Note: in.Body.Note})
}

// sides adds to a view who else is in the call.
func (v *CallView) sides(c callcenter.Call, names Names) {
	if c.Third.UserID != 0 {
		v.Third = &ThirdView{
			UserID: c.Third.UserID, Name: names(c.Third.UserID), Up: c.Third.State == callcenter.LegUp, Joined: c.Conferring(),
		}
	}
	if t := c.Transfer; t.By != 0 {
		v.Transfer = &TransferView{UserID: t.By, Name: names(t.By), Note: t.Note, Returned: t.Returned}
	}
}

// asSeenFrom is the call from the side of a user: at the phone of a colleague who is asked, it rings.
func (v CallView) asSeenFrom(user int64) CallView {
	if v.Third != nil && v.Third.UserID == user {
		v.Held = false
		if !v.Third.Up {
			v.Phase = callcenter.Ringing
		}
	}
	return v
}
