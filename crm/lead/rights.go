package lead

import (
	"context"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/internal/fault"
)

// Leads is who may do what with whose leads. One that nobody is responsible for
// has to be worked by somebody: it is open to all who work on leads.
var Leads = access.Resource{Entity: access.Lead, Owner: "responsible_id", Table: "leads", Shared: true, Unowned: true, Missing: errNoLead}

// may asks for v with a lead that was read.
func (l Lead) may(ctx context.Context, v access.Verb) error {
	owner := int64(0)
	if l.ResponsibleID != nil {
		owner = *l.ResponsibleID
	}
	return Leads.Check(ctx, v, l.ID, owner)
}

// read returns a lead that ctx's actor may read.
func (l *Ledger) read(ctx context.Context, id int64) (Lead, error) {
	lead, err := l.get(ctx, id)
	if err != nil {
		return Lead{}, err
	}
	if err := lead.may(ctx, access.Read); err != nil {
		return Lead{}, err
	}
	return lead, nil
}

// seen is l as ctx's actor may see it.
func (l Lead) seen(ctx context.Context) Lead {
	mask := access.FieldMask(ctx, access.PhoneField)
	if mask == access.Shown {
		return l
	}
	l.Masked = true
	l.Number, l.NumberDisplay, l.CallerName = mask.Number(l.Number), mask.Number(l.NumberDisplay), mask.Prose(l.CallerName)
	l.Note, l.NextStepNote, l.ClosingReason = mask.Prose(l.Note), mask.Prose(l.NextStepNote), mask.Prose(l.ClosingReason)
	return l
}

// seen are leads as ctx's actor may see them: also the names of their clients.
func (l *Ledger) seen(ctx context.Context, leads []Lead) ([]Lead, error) {
	out, places := make([]Lead, len(leads)), make([]client.Mention, len(leads))
	for i, lead := range leads {
		out[i] = lead.seen(ctx)
		places[i] = client.Mention{ID: out[i].ClientID, Name: &out[i].ClientName}
	}
	return out, client.Veil(ctx, l.db, places...)
}

// shown is seen of one lead that was read with err.
func (l *Ledger) shown(ctx context.Context, lead Lead, err error) (Lead, error) {
	if err != nil {
		return Lead{}, err
	}
	one, err := l.seen(ctx, []Lead{lead})
	return one[0], err
}

// mayOpen asks whether ctx's actor may open a lead for a client.
func (l *Ledger) mayOpen(ctx context.Context, clientID int64) error {
	if err := access.Require(ctx, access.Lead, access.Create); err != nil || clientID == 0 {
		return err
	}
	err := client.Clients.CheckID(ctx, l.db, access.Read, clientID)
	if fault.KindOf(err) == fault.NotFound {
		return fault.Wrap(err, fault.Invalid, "client_unknown", "There is no such client.")
	}
	return err
}
