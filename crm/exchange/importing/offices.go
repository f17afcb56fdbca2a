package importing

import (
	"context"
	"slices"
	"strings"

	"centralita/crm/client"
)

func cutSpace(sign string) (kind, value string, ok bool) { return strings.Cut(sign, " ") }

// offices finds the organisations that the persons of a batch work for, among
// the clients and in the file itself, and plans those that are not there.
func (p *planner) offices(ctx context.Context, b *batch) error {
	var names []string
	for i, rec := range b.records {
		if t := b.outcomes[i].target; t != nil && rec.organisation != "" {
			names = append(names, client.Fold(rec.organisation))
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	known, err := p.base.Organisations(ctx, slices.Compact(names))
	if err != nil {
		return err
	}
	planned := map[string]*target{}
	for _, t := range b.targets {
		if t.Kind == "organisation" {
			planned[client.Fold(t.Name)] = t
		}
	}
	for i, rec := range b.records {
		if t := b.outcomes[i].target; t != nil && rec.organisation != "" {
			b.employ(t, i, known, planned, p.policy.OnMatch == Overwrite)
		}
	}
	return nil
}

// employ puts a person into an organisation: a known one at once, a planned one
// when it has an id.
func (b *batch) employ(t *target, row int, known map[string]int64, planned map[string]*target, over bool) {
	if t.Kind != "person" || t.OrganisationID != nil && !over {
		return
	}
	name := b.records[row].organisation
	key := client.Fold(name)
	if key == "" {
		return
	}
	if id, ok := known[key]; ok && id != t.ID {
		t.OrganisationID = &id
		return
	}
	office, ok := planned[key]
	if !ok {
		office = &target{Bulk: client.Bulk{Fields: client.Fields{Kind: "organisation", Name: name, ResponsibleID: t.ResponsibleID}}, row: row}
		planned[key] = office
		b.offices = append(b.offices, office)
	}
	t.office = office
}

// write stores what a batch has planned: organisations before those who work
// for them.
func (b *batch) write(ctx context.Context, base Base) error {
	first := slices.Clone(b.offices)
	var then []*target
	for _, t := range b.targets {
		if t.Kind == "organisation" {
			first = append(first, t)
		} else {
			then = append(then, t)
		}
	}
	if err := base.WriteMany(ctx, bulk(first)); err != nil {
		return err
	}
	for _, t := range then {
		if t.office != nil {
			t.OrganisationID = &t.office.ID
		}
	}
	return base.WriteMany(ctx, bulk(then))
}

func bulk(targets []*target) []*client.Bulk {
	all := make([]*client.Bulk, len(targets))
	for i, t := range targets {
		all[i] = &t.Bulk
	}
	return all
}
