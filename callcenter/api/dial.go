package api

import (
	"context"

	"centralita/callcenter"
	"centralita/internal/fault"
	"centralita/internal/phone"
)

// Rules bound what may be dialled.
type Rules struct {
	Country   string   // of a number written without one, where no line says otherwise
	Countries []string // ISO codes that may be dialled
	PerUser   int      // calls a user may make in a minute
	Total     int      // calls the firm may make in a minute
}

// Lines knows the firm's lines and clients, for a call out.
type Lines interface {
	// Outgoing returns the line a call is made from: the one named, or the firm's default when id is 0.
	Outgoing(ctx context.Context, id int64) (callcenter.Line, error)
	Identify(ctx context.Context, raw, country string) (callcenter.Identity, error)
	// Place looks up where a call is to be sent.
	Place(ctx context.Context, to callcenter.Destination) (callcenter.Place, error)
}

// Guards are the checks made in the transaction that stores a call out.
type Guards interface {
	// Admit counts the calls of the last minute and refuses one too many, and one to a number that is in a
	// conversation right now. It lets one call at a time through.
	Admit(ctx context.Context, user int64, e164 string, rules Rules) error
}

// Leads are the leads a call back is made for.
type Leads interface {
	// Callable returns the number, the line and the client of an open lead; point is the contact point of the client
	// to be called, 0 for the lead's own number.
	Callable(ctx context.Context, lead, point int64) (number string, line int64, client int64, err error)
	// Lease gives the user the only right to work the lead for a while; it refuses while somebody else has it.
	Lease(ctx context.Context, lead, user int64) error
}

// Dialler makes calls out.
type Dialler struct {
	Floor  Floor
	Lines  Lines
	Guards Guards
	Leads  Leads
	Points Points
	Rules  func(ctx context.Context) (Rules, error)
}

// CreateInput is a wish to call a number, or a contact point whose number need not be known.
type CreateInput struct {
	Body struct {
		Number         string `json:"number,omitempty" maxLength:"80"`
		ContactPointID int64  `json:"contact_point_id,omitempty" minimum:"0" doc:"Instead of a number"`
		ClientID       int64  `json:"client_id,omitempty" minimum:"0"`
		LeadID         int64  `json:"lead_id,omitempty" minimum:"0"`
		LineID         int64  `json:"line_id,omitempty" minimum:"0"`
	}
}

func (a *API) create(ctx context.Context, in *CreateInput) (*CallOutput, error) {
	b := in.Body
	if (b.Number == "") == (b.ContactPointID == 0) {
		return nil, fault.New(fault.Invalid, "invalid_input", "Say which number to call.").WithField("body.number", "a number or a contact point")
	}
	if err := a.may.MayCall(ctx, b.ClientID, b.LeadID); err != nil {
		return nil, err
	}
	w := wanted{number: b.Number, client: b.ClientID, lead: b.LeadID, line: b.LineID}
	if b.ContactPointID != 0 {
		var err error
		if w.number, w.client, err = a.dial.Points.Number(ctx, b.ContactPointID); err != nil {
			return nil, err
		}
	}
	return a.place(ctx, w)
}

// LeadInput names a lead.
type LeadInput struct {
	ID int64 `path:"id" minimum:"1"`
}

// CallBackInput names a lead and, where it has no number of its own, which of its client's to call.
type CallBackInput struct {
	LeadInput
	PointID int64 `query:"contact_point_id" minimum:"0"`
}

func (a *API) callBack(ctx context.Context, in *CallBackInput) (*CallOutput, error) {
	number, line, client, err := a.dial.Leads.Callable(ctx, in.ID, in.PointID)
	if err != nil {
		return nil, err
	}
	return a.place(ctx, wanted{number: number, client: client, lead: in.ID, line: line})
}

func (a *API) place(ctx context.Context, w wanted) (*CallOutput, error) {
	call, err := a.dial.place(ctx, a.who(ctx), w)
	if err != nil {
		return nil, wishFault(err)
	}
	return &CallOutput{a.view(ctx, call)}, nil
}

// wanted is a call out as it was asked for.
type wanted struct {
	number             string
	client, lead, line int64
}

// place checks the number, then dials under the guards. A lead is leased in the same transaction.
func (d *Dialler) place(ctx context.Context, user int64, w wanted) (callcenter.Call, error) {
	rules, err := d.Rules(ctx)
	if err != nil {
		return callcenter.Call{}, err
	}
	line, err := d.Lines.Outgoing(ctx, w.line)
	if err != nil {
		return callcenter.Call{}, err
	}
	identity, err := d.Lines.Identify(ctx, w.number, line.Country)
	if err != nil {
		return callcenter.Call{}, err
	}
	if identity.E164 == "" {
		return callcenter.Call{}, fault.New(fault.Invalid, "number_invalid", "This is not a telephone number that can be called.")
	}
	if err := phone.DialCheck(phone.Parse(w.number, line.Country), rules.Countries); err != nil {
		return callcenter.Call{}, err
	}
	return d.Floor.Dial(ctx, user, line, identity, w.number, func(ctx context.Context, call *callcenter.Call) error {
		if w.client != 0 {
			call.ClientID = w.client
		}
		call.LeadID = w.lead
		if err := d.Guards.Admit(ctx, user, identity.E164, rules); err != nil {
			return err
		}
		if w.lead == 0 {
			return nil
		}
		return d.Leads.Lease(ctx, w.lead, user)
	})
}
