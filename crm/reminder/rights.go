package reminder

import (
	"context"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/lead"
	"centralita/internal/fault"
)

// Reminders is who may see whose reminders: they belong to whom they remind, to
// who made them, and to whoever is responsible for the client.
var Reminders = access.Resource{
	Entity: access.Reminder, Owner: "user_id", Also: "created_by", Client: "client_id", Table: "reminders", Missing: errNotFound,
}

// seen is r as ctx's actor may see it.
func (r Reminder) seen(ctx context.Context) Reminder {
	r.Text = access.FieldMask(ctx, access.PhoneField).Prose(r.Text)
	return r
}

// seen has reminders be as ctx's actor may see them: also the names of their
// clients.
func (s *Service) seen(ctx context.Context, items []Reminder) error {
	places := make([]client.Mention, len(items))
	for i, r := range items {
		items[i] = r.seen(ctx)
		places[i] = client.Mention{ID: r.ClientID, Name: &items[i].ClientName}
	}
	return client.Veil(ctx, s.db, places...)
}

// shown is seen of one reminder that was read with err.
func (s *Service) shown(ctx context.Context, r Reminder, err error) (Reminder, error) {
	if err != nil {
		return Reminder{}, err
	}
	one := []Reminder{r}
	err = s.seen(ctx, one)
	return one[0], err
}

// mayMake refuses a draft for a client or a lead that ctx's actor may not see, in
// the words for one that does not exist.
func (s *Service) mayMake(ctx context.Context, d Draft) error {
	err := access.Require(ctx, access.Reminder, access.Create)
	if err == nil && d.ClientID != 0 {
		err = client.Clients.CheckID(ctx, s.db, access.Read, d.ClientID)
	}
	if err == nil && d.LeadID != 0 {
		err = lead.Leads.CheckID(ctx, s.db, access.Read, d.LeadID)
	}
	if fault.KindOf(err) == fault.NotFound {
		return errNoUser
	}
	return err
}
