package message

import (
	"context"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/lead"
	"centralita/internal/fault"
)

// Messages is who may read whose messages: they belong to whoever sent them and
// to whoever is responsible for the client. One of somebody unknown is nobody's,
// and open to all who read messages.
var Messages = access.Resource{
	Entity: access.Message, Owner: "user_id", Client: "client_id", Table: "messages", Unowned: true, Missing: errNotFound,
}

// seen is m as ctx's actor may see it.
func (m Message) seen(ctx context.Context) Message {
	mask := access.FieldMask(ctx, access.PhoneField)
	m.From, m.To, m.Body, m.Error = mask.Number(m.From), mask.Number(m.To), mask.Prose(m.Body), mask.Prose(m.Error)
	return m
}

// seen has messages be as ctx's actor may see them: also the names of their
// clients.
func (s *Service) seen(ctx context.Context, items []Message) error {
	places := make([]client.Mention, len(items))
	for i, m := range items {
		items[i] = m.seen(ctx)
		places[i] = client.Mention{ID: m.ClientID, Name: &items[i].ClientName}
	}
	return client.Veil(ctx, s.db, places...)
}

// shown is seen of one message that was read with err.
func (s *Service) shown(ctx context.Context, m Message, err error) (*messageOut, error) {
	if err != nil {
		return nil, err
	}
	one := []Message{m}
	err = s.seen(ctx, one)
	return &messageOut{one[0]}, err
}

// mayWrite refuses a wish of ctx's actor for a client or a lead that he may not
// see, in the words for one that does not exist.
func (s *Service) mayWrite(ctx context.Context, w Wish) error {
	err := access.Require(ctx, access.Message, access.Create)
	if err == nil && w.ClientID != 0 {
		err = client.Clients.CheckID(ctx, s.db, access.Read, w.ClientID)
	}
	if err == nil && w.LeadID != 0 {
		err = lead.Leads.CheckID(ctx, s.db, access.Read, w.LeadID)
	}
	if fault.KindOf(err) == fault.NotFound {
		return errReference
	}
	return err
}

// mayTouch asks whether ctx's actor may send a message again or take it back: he
// may read it, and send messages at all.
func (s *Service) mayTouch(ctx context.Context, id int64) error {
	if err := Messages.CheckID(ctx, s.db, access.Read, id); err != nil {
		return err
	}
	return access.Require(ctx, access.Message, access.Create)
}

// mayPlay asks whether ctx's actor may look at the phones of everybody at once.
func mayPlay(ctx context.Context) error {
	if access.ScopeOf(ctx, access.Message, access.Read) < access.All || access.FieldMask(ctx, access.PhoneField) != access.Shown {
		return access.Require(ctx, "", "")
	}
	return nil
}
