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
