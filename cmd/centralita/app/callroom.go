package app

import (
	"context"
	"slices"
	"strconv"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/api"
	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/exchange/export"
	"centralita/crm/lead"
	"centralita/crm/line"
	"centralita/crm/queue"
	"centralita/crm/webhook"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// directory answers the call room's questions about lines and clients.
type directory struct {
	lines   *line.Service
	queues  *queue.Service
	clients *client.Service
	name    func(user int64) string
}

// Line returns the line that was dialled, or the default one.
func (d directory) Line(ctx context.Context, dialled string) (callcenter.Line, error) {
	l, err := d.lines.Resolve(ctx, dialled)
	if err != nil {
		return callcenter.Line{}, err
	}
	return callLine(l), nil
}

// Outgoing returns the line a call is made from.
func (d directory) Outgoing(ctx context.Context, id int64) (callcenter.Line, error) {
	if id == 0 {
		return d.Line(ctx, "")
	}
	l, err := d.lines.ByID(ctx, id)
	if err != nil {
		return callcenter.Line{}, err
	}
	return callLine(l), nil
}

func callLine(l line.Line) callcenter.Line {
	return callcenter.Line{
		ID: l.ID, Name: l.Name, Number: l.Number, Country: l.Country, Color: l.Color, Language: l.Language,
		Entry: callcenter.Destination{Kind: callcenter.DestinationKind(l.Entry.Kind), ID: l.Entry.ID},
	}
}

// Identify says who may be behind a number.
func (d directory) Identify(ctx context.Context, raw, country string) (callcenter.Identity, error) {
	found, err := d.clients.Identify(ctx, raw, country)
	if err != nil {
		return callcenter.Identity{}, err
	}
	identity := callcenter.Identity{E164: found.E164, Display: found.Display, Dialable: found.Dialable}
	for _, c := range found.Candidates {
		identity.Candidates = append(identity.Candidates, callcenter.Candidate{
			ClientID: c.ClientID, Name: c.Name, Kind: c.Kind, ResponsibleID: deref(c.ResponsibleID),
			ResponsibleName: c.ResponsibleName, Score: c.Score, Reason: c.Reason, Matched: c.Matched,
			LastContactAt: c.LastContactAt, LastUserID: deref(c.LastUserID), OpenLeads: c.OpenLeads,
		})
	}
	return identity, nil
}

func deref(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}

// ledger keeps the lead ledger in step with calls: it is the floor's Ledger, and a scribe.
type ledger struct {
	leads   *lead.Ledger
	clients *client.Service
	exports *export.Service
	now     func() time.Time
}

// Open opens or continues the lead of an inbound call; for an outbound one it only files the call.
func (l ledger) Open(ctx context.Context, c *callcenter.Call) error {
	filed, err := l.leads.Open(ctx, contact(c))
	if err != nil {
		return err
	}
	c.LeadID, c.InteractionID = filed.LeadID, filed.InteractionID
	return nil
}

// OpenNew opens the lead of an inbound call from somebody who, when he was looked up a moment ago, had none.
func (l ledger) OpenNew(ctx context.Context, c *callcenter.Call) (bool, error) {
	waits := func(k callcenter.Candidate) bool { return k.ClientID == c.ClientID && k.OpenLeads > 0 }
	if c.Direction != callcenter.In || c.Recovered || slices.ContainsFunc(c.Identity.Candidates, waits) {
		return false, nil
	}
	filed, err := l.leads.OpenNew(ctx, contact(c))
	c.LeadID, c.InteractionID = filed.LeadID, filed.InteractionID
	return true, err
}

// contact is a call as the lead ledger files it.
func contact(c *callcenter.Call) lead.Contact {
	return lead.Contact{
		Source: "call", Direction: string(c.Direction), LineID: c.Line.ID, ClientID: c.ClientID, E164: c.Caller.E164,
		Raw: c.Caller.Raw, Caller: c.Caller.Name, CallID: int64(c.ID), UniqueKey: strconv.FormatInt(int64(c.ID), 10),
		At: c.StartedAt, Recovered: c.Recovered, ResponsibleID: c.ResponsibleID, LeadID: c.LeadID, UserID: c.UserID,
	}
}

// Write notes in the lead what became of its call.
func (l ledger) Write(ctx context.Context, c callcenter.Call, facts []callcenter.Fact) error {
	for _, fact := range facts {
		if err := l.note(ctx, c, fact); err != nil {
			return err
		}
	}
	return nil
}

func (l ledger) note(ctx context.Context, c callcenter.Call, fact callcenter.Fact) error {
	id, now := int64(c.ID), l.now()
	switch f := fact.(type) {
	case callcenter.PickedUp:
		if c.LeadID == 0 {
			return nil
		}
		if c.Direction == callcenter.Out {
			return l.leads.Reached(ctx, c.LeadID, id, f.UserID, now)
		}
		return l.leads.Answered(ctx, c.LeadID, id, f.UserID, now)
	case callcenter.LegMade:
		if c.Direction == callcenter.Out && f.Client && c.LeadID != 0 {
			return l.leads.Attempted(ctx, c.LeadID, id, c.UserID, now)
		}
	case callcenter.Closed:
		return l.closed(ctx, c)
	}
	return nil
}

func (l ledger) closed(ctx context.Context, c callcenter.Call) error {
	if c.ClientID != 0 && c.Outcome == callcenter.Answered {
		if err := l.clients.Contacted(ctx, c.ClientID, c.Caller.E164, c.EndedAt); err != nil {
			return err
		}
	}
	if c.Direction == callcenter.In {
		if err := l.exports.Heard(ctx, c.Caller.E164, "call"); err != nil { // not at its beginning: his phone rings first
			return err
		}
	}
	if c.LeadID == 0 {
		return nil
	}
	id, outcome := int64(c.ID), string(c.Outcome)
	switch {
	case c.Outcome == callcenter.Answered:
		return nil
	case c.Direction == callcenter.Out:
		return l.leads.Unreached(ctx, c.LeadID, id, c.UserID, c.EndedAt, outcome)
	case c.Outcome == callcenter.Voicemail:
		return l.leads.Voicemail(ctx, c.LeadID, id, c.EndedAt)
	}
	return l.leads.Missed(ctx, c.LeadID, id, c.EndedAt, outcome)
}

// inbox files the contacts that come as messages.
type inbox struct {
	leads    *lead.Ledger
	exports  *export.Service
	webhooks *webhook.Service
}

// Open opens or continues the lead of a message, tells of it, and knows again a number that is only in an exported file.
func (i inbox) Open(ctx context.Context, c lead.Contact) (lead.Filed, error) {
	filed, err := i.leads.Open(ctx, c)
	if err != nil || c.Direction == "out" {
		return filed, err
	}
	if err := i.webhooks.Emit(ctx, webhook.Fact{Kind: "message.received", Subject: c.MessageID, Data: map[string]any{
		"message_id": c.MessageID, "lead_id": filed.LeadID, "client_id": c.ClientID, "line_id": c.LineID,
	}}); err != nil {
		return filed, err
	}
	return filed, i.exports.Heard(ctx, c.E164, "sms")
}

// leaseFor is how long a call back keeps others from the lead unless the call itself keeps it longer.
const leaseFor = 2 * time.Minute

// callBacks are the leads of calls back.
type callBacks struct{ leads *lead.Ledger }

// Callable returns the number, the line and the client of an open lead.
func (b callBacks) Callable(ctx context.Context, id, point int64) (number string, line, client int64, err error) {
	return b.leads.Callable(ctx, id, point)
}

// Lease gives the user the only right to work the lead for a while.
func (b callBacks) Lease(ctx context.Context, id, user int64) error {
	return b.leads.Lease(ctx, id, user, leaseFor)
}

// dialRules are the firm's rules for calls out: the countries of its lines, and those an administrator has allowed.
func dialRules(people *access.Service, lines *line.Service) func(context.Context) (api.Rules, error) {
	return func(ctx context.Context) (api.Rules, error) {
		firm, err := people.Firm(ctx)
		if err != nil {
			return api.Rules{}, err
		}
		countries, err := lines.Countries(ctx)
		if err != nil {
			return api.Rules{}, err
		}
		return api.Rules{
			Country: firm.Country, Countries: append(countries, firm.AllowedCountries...),
			PerUser: firm.PerUserCallsPerMinute, Total: firm.CallsPerMinute,
		}, nil
	}
}

// linker hands leads over to clients, and has the live calls of such a lead show who is calling.
type linker struct {
	leads *lead.Ledger
	app   *App
}

// LinkClient hands the lead over in ctx's transaction.
func (l linker) LinkClient(ctx context.Context, leadID, clientID int64) error {
	if err := l.leads.LinkClient(ctx, leadID, clientID); err != nil {
		return err
	}
	postgres.AfterCommit(ctx, func() { l.Linked(context.WithoutCancel(ctx), leadID, clientID) })
	return nil
}

// CanRead returns nil when ctx's actor may see the client.
func (l linker) CanRead(ctx context.Context, clientID int64) error {
	return l.app.clients.CanRead(ctx, clientID)
}

// Adopt makes a number the client's, where ctx's actor may change him.
func (l linker) Adopt(ctx context.Context, clientID int64, e164 string) (int64, error) {
	if access.ActorFrom(ctx).Has(access.ClientsWrite) && l.app.clients.CanChange(ctx, clientID) == nil {
		return l.app.clients.AdoptNumber(ctx, clientID, e164)
	}
	return 0, nil
}

// Disown removes what Adopt added.
func (l linker) Disown(ctx context.Context, clientID, point int64) error {
	_, err := l.app.clients.RemovePoint(ctx, clientID, point)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	return err
}

// Linked tells the live calls of the lead who is calling.
func (l linker) Linked(ctx context.Context, leadID, clientID int64) {
	l.app.attempt(ctx, "call not identified", func(ctx context.Context) error {
		var chosen callcenter.Candidate
		if clientID != 0 {
			c, err := l.app.clients.Get(ctx, clientID)
			if err != nil {
				return err
			}
			chosen = callcenter.Candidate{ClientID: c.ID, Name: c.Name, Kind: c.Kind, ResponsibleID: deref(c.ResponsibleID),
				ResponsibleName: c.ResponsibleName, Score: 100, Reason: "linked"}
		}
		return l.app.floor.Identify(ctx, leadID, chosen)
	})
}
