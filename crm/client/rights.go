package client

import (
	"context"
	"strings"

	"centralita/crm/access"
	"centralita/internal/fault"
)

// Clients is who may do what with whose clients. A client nobody is responsible
// for is within the scope All only.
var Clients = access.Resource{Entity: access.Client, Owner: "responsible_id", Table: "clients", Shared: true, Missing: errNotFound}

// history are the kinds of entries of a timeline, as the rights see them.
var history = map[string]access.Resource{
	"call": {Entity: access.Call, Owner: "user_id"},
	"sms":  {Entity: access.Message, Owner: "user_id"},
	"note": {Entity: access.Note, Owner: "user_id"},
	"file": {Entity: access.File, Owner: "user_id"},
}

var errUnseen = fault.New(fault.Forbidden, "not_shown", "You cannot change what is not shown to you.")

// CanRead returns nil when ctx's actor may see a client, else fault.NotFound.
func (s *Service) CanRead(ctx context.Context, id int64) error {
	if err := Clients.CheckID(ctx, s.db, access.Read, id); err != nil {
		return err
	}
	return s.store.exists(ctx, id)
}

// CanChange returns nil when ctx's actor may change a client.
func (s *Service) CanChange(ctx context.Context, id int64) error {
	if err := Clients.CheckID(ctx, s.db, access.Change, id); err != nil {
		return err
	}
	return s.store.exists(ctx, id)
}

// may asks for v with a client that was read.
func (c Client) may(ctx context.Context, v access.Verb) error {
	return Clients.Check(ctx, v, c.ID, idOf(c.ResponsibleID))
}

func idOf(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}

// Number returns the number of a contact point of a client whom ctx's actor may
// see, in full, and the client: to be dialled, not to be shown.
func (s *Service) Number(ctx context.Context, pointID int64) (number string, clientID int64, err error) {
	number, clientID, responsible, err := s.store.number(ctx, pointID)
	if err != nil {
		return "", 0, err
	}
	if Clients.Check(ctx, access.Read, clientID, responsible) != nil || access.FieldMask(ctx, access.PhoneField) == access.Hidden {
		return "", 0, errNoPoint
	}
	return number, clientID, nil
}

// seen is c as ctx's actor may see it.
func (c Client) seen(ctx context.Context) Client {
	c.Note = access.FieldMask(ctx, access.NoteField).Text(c.Note)
	c.Note = access.FieldMask(ctx, access.PhoneField).Prose(c.Note)
	points := make([]ContactPoint, 0, len(c.ContactPoints))
	for _, p := range c.ContactPoints {
		if mask := access.FieldMask(ctx, fieldOf(p.Kind)); mask != access.Hidden {
			points = append(points, p.seen(mask))
		}
	}
	c.ContactPoints = points
	return c
}

// fieldOf names the field that rules over contact points of a kind.
func fieldOf(kind string) string {
	if kind == "email" {
		return access.EmailField
	}
	return access.PhoneField
}

func (p ContactPoint) seen(mask access.Mask) ContactPoint {
	if mask == access.Shown {
		return p
	}
	show := mask.Text
	switch p.Kind {
	case "phone":
		show = mask.Number
	case "email":
		show = mask.Email
	}
	p.Display = show(p.Value)
	p.Raw, p.Value, p.Label, p.Readings, p.Masked = p.Display, p.Display, access.Masked.Prose(p.Label), []Reading{}, true
	return p
}

// seen is a row of a list as ctx's actor may see it.
func (r ClientRow) seen(ctx context.Context) ClientRow {
	mask := access.FieldMask(ctx, access.PhoneField)
	if mask == access.Shown {
		return r
	}
	r.Masked = true
	r.PrimaryPhone = mask.Number(r.PrimaryPhone)
	phones := make([]string, 0, len(r.Phones))
	for _, p := range r.Phones {
		if masked := mask.Number(p); masked != "" {
			phones = append(phones, masked)
		}
	}
	r.Phones = phones
	return r
}

func (h LeadHit) seen(ctx context.Context) LeadHit {
	mask := access.FieldMask(ctx, access.PhoneField)
	h.Number, h.NumberDisplay, h.CallerName = mask.Number(h.Number), mask.Number(h.NumberDisplay), mask.Prose(h.CallerName)
	return h
}

func (e TimelineEntry) seen(ctx context.Context) TimelineEntry {
	phone := access.FieldMask(ctx, access.PhoneField)
	if call := e.Call; call != nil {
		call.Number = phone.Number(call.Number)
		if !access.Can(ctx, access.Recording, access.Read) {
			call.RecordingState = ""
		}
	}
	if sms := e.SMS; sms != nil {
		sms.To, sms.From, sms.Body, sms.Error = phone.Number(sms.To), phone.Number(sms.From), phone.Prose(sms.Body), phone.Prose(sms.Error)
	}
	if note := e.Note; note != nil {
		note.Text = phone.Prose(access.FieldMask(ctx, access.NoteField).Text(note.Text))
	}
	return e
}

// visible is the condition on the row i of interactions, of a client with this
// responsible, that ctx's actor may read what it stands for.
func visible(ctx context.Context, kinds []string, responsible int64, arg func(any) string) string {
	var either []string
	for _, kind := range kinds {
		r := history[kind]
		condition := "true"
		if r.Check(ctx, access.Read, 0, responsible) != nil {
			condition = r.Where(ctx, access.Read, "i", arg)
		}
		if condition != "false" {
			either = append(either, "(i.kind = '"+kind+"' and "+condition+")")
		}
	}
	if len(either) == 0 {
		return "false"
	}
	return "(" + strings.Join(either, " or ") + ")"
}
