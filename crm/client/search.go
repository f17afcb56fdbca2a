package client

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/phone"
)

// How many of each a search shows.
const (
	foundClients = 8
	foundLeads   = 5
)

// Found is the answer to what was typed into the search box.
type Found struct {
	Clients []Hit     `json:"clients"`
	Leads   []LeadHit `json:"leads"`
}

// leadRights is who may see which open lead, as the ledger has it.
var leadRights = access.Resource{Entity: access.Lead, Owner: "responsible_id", Shared: true, Unowned: true}

// sqlOpenLeads looks through the open leads, which are few: $1 are the readings
// of a number, $2 the beginnings of one, $3 a part of a name, in lower case.
const sqlOpenLeads = `select d.id, d.client_id, coalesce(c.name, ''), d.number, d.caller_name, coalesce(l.name, ''), d.state, d.opened_at
	from leads d left join clients c on c.id = d.client_id left join lines l on l.id = d.line_id
	where d.state = 'open' and %s and (d.number = any($1) or d.number like any($2) or ($3 <> '' and lower(d.caller_name) like $3))
	order by d.opened_at desc limit 5`

// Search finds clients, see find, and, withLeads, open leads by a name or by a
// number in any written form.
func (s *Service) Search(ctx context.Context, text string, withLeads bool) (Found, error) {
	countries, err := s.ports.Lines.Countries(ctx)
	if err != nil {
		return Found{}, err
	}
	found := Found{Clients: []Hit{}, Leads: []LeadHit{}}
	if phone.Text(text) == "" {
		return found, nil
	}
	if found.Clients, err = s.find(ctx, text, foundClients); err != nil {
		return found, err
	}
	if withLeads {
		found.Leads, err = s.store.openLeads(ctx, text, countries)
	}
	return found, err
}

func (s *Store) openLeads(ctx context.Context, text string, countries []string) ([]LeadHit, error) {
	numbers, beginnings, name := []string{}, []string{}, ""
	if !isNumber(text) {
		name = "%" + escapeLike(lower(text)) + "%"
	} else if numbers = readings(text, countries); access.FieldMask(ctx, access.PhoneField) == access.Shown {
		for _, p := range phone.Prefixes(text, countries...) {
			beginnings = append(beginnings, p+"%")
		}
		beginnings = append(beginnings, "%"+phone.Digits(text))
	}
	args := []any{numbers, beginnings, name}
	mine := leadRights.Where(ctx, access.Read, "d", func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	})
	rows, err := s.db.Conn(ctx).Query(ctx, fmt.Sprintf(sqlOpenLeads, mine), args...)
	if err != nil {
		return nil, named(err)
	}
	hits, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h LeadHit, err error) {
		err = row.Scan(&h.ID, &h.ClientID, &h.ClientName, &h.Number, &h.CallerName, &h.LineName, &h.State, &h.OpenedAt)
		h.NumberDisplay = phone.Display(h.Number)
		return h.seen(ctx), err
	})
	if err != nil {
		return nil, named(err)
	}
	places := make([]Mention, len(hits))
	for i := range hits {
		places[i] = Mention{hits[i].ClientID, &hits[i].ClientName}
	}
	return hits, Veil(ctx, s.db, places...)
}
