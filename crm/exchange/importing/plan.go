package importing

import (
	"context"
	"slices"

	"centralita/crm/client"
)

// Base is the client base, as far as an import needs it; see client.Service.
type Base interface {
	FindMany(ctx context.Context, k client.Keys) (client.FoundMany, error)
	Organisations(ctx context.Context, names []string) (map[string]int64, error)
	WriteMany(ctx context.Context, all []*client.Bulk) error
	DeleteUntouched(ctx context.Context, versions map[int64]int) ([]int64, error)
	RemoveValues(ctx context.Context, id int64, points [][2]string) error
}

// target is a client that rows of a batch make or change.
type target struct {
	client.Bulk
	before *client.Client  // nil: a new one
	office *target         // the employer, when it is yet to be made
	has    map[string]bool // kind and value of each contact point
	row    int             // of the batch: the first one that came to it
}

// outcome is the verdict on a row of the batch, with the client it belongs to.
type outcome struct {
	line    int
	verdict string
	flaw
	target *target // of created and updated
	known  int64   // of skipped: the client who is there already
	cells  []string
}

// planner decides what becomes of rows. What earlier batches have made is found
// in the base; in a dry run, which makes nothing, ghosts remember it.
type planner struct {
	base   Base
	policy Policy
	ghosts map[string]bool // nil unless it is a dry run
	made   func(ctx context.Context, ids []int64) (map[int64]bool, error)
}

// batch is what a plan is made of and leads to.
type batch struct {
	records  []record
	outcomes []outcome
	targets  []*target
	offices  []*target // organisations that persons need
	found    client.FoundMany
	byKey    map[string][]*target
	known    map[int64]*target
	ours     map[int64]bool // clients that this very import has made
}

// plan decides about the records; the flaws of rows that could not be read are
// given with them.
func (p *planner) plan(ctx context.Context, records []record, flaws []flaw) (*batch, error) {
	b := &batch{records: records, byKey: map[string][]*target{}, known: map[int64]*target{}}
	var err error
	if b.found, err = p.base.FindMany(ctx, p.keys(records)); err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(b.found.Clients))
	for id := range b.found.Clients {
		ids = append(ids, id)
	}
	if b.ours, err = p.made(ctx, ids); err != nil {
		return nil, err
	}
	for i, rec := range records {
		bad := flaws[i]
		if bad == noFlaw {
			bad = b.own(rec)
		}
		out := outcome{line: rec.line, cells: rec.cells}
		if bad != noFlaw {
			out.verdict, out.flaw = RowFailed, bad
		} else {
			p.decide(b, i, &out)
		}
		b.outcomes = append(b.outcomes, out)
	}
	return b, p.offices(ctx, b)
}

// keys are what the records may be known by.
func (p *planner) keys(records []record) client.Keys {
	k := client.Keys{Numbers: []string{}}
	for _, rec := range records {
		for _, point := range rec.points {
			switch point.Kind() {
			case toPhone:
				k.Numbers = append(k.Numbers, point.Numbers()...)
			case toEmail:
				if p.policy.ByEmail {
					k.Emails = append(k.Emails, point.Value())
				}
			}
		}
		if rec.id != 0 && p.policy.ByID {
			k.IDs = append(k.IDs, rec.id)
		}
	}
	return k
}

// own finds the firm's own number among those of a record: it is nobody's.
func (b *batch) own(rec record) flaw {
	for _, point := range rec.points {
		if point.Kind() == toPhone && b.found.Own[point.Value()] {
			return flaw{"own_number", toPhone}
		}
	}
	return noFlaw
}

// signs are the keys of a record, strongest first.
func (p *planner) signs(rec record) []string {
	var signs []string
	for _, point := range rec.points {
		switch {
		case point.Kind() == toPhone && p.policy.ByNumber:
			for _, n := range point.Numbers() {
				signs = append(signs, "phone "+n)
			}
		case point.Kind() == toEmail && p.policy.ByEmail:
			signs = append(signs, "email "+point.Value())
		}
	}
	return signs
}

// decide finds whom the record is about and does to him what the policy says.
func (p *planner) decide(b *batch, i int, out *outcome) {
	rec := b.records[i]
	t, bad, elsewhere := p.match(b, rec)
	switch {
	case bad != noFlaw:
		out.verdict, out.flaw = RowFailed, bad
	case elsewhere:
		out.verdict, out.code = Skipped, "exists_elsewhere"
	case t == nil && p.ghost(rec):
		out.verdict, out.code = Updated, ""
		if p.policy.OnMatch == Skip {
			out.verdict, out.code = Skipped, "duplicate_in_file"
		}
	case t == nil:
		t = b.add(rec, i)
		p.remember(b, t, rec)
		out.verdict, out.target = Created, t
	default:
		p.meet(b, t, rec, out)
	}
}

// meet does to a known client what the policy says.
func (p *planner) meet(b *batch, t *target, rec record, out *outcome) {
	again := t.before == nil || b.ours[t.ID]
	if p.policy.OnMatch == Skip {
		out.verdict, out.code, out.known = Skipped, "duplicate", t.ID
		if again {
			out.code = "duplicate_in_file"
		}
		return
	}
	if !t.merge(rec, p.policy.OnMatch == Overwrite) {
		out.verdict, out.code, out.known = Skipped, "unchanged", t.ID
		return
	}
	p.remember(b, t, rec)
	out.verdict, out.target = Updated, t
}

// match finds the one client whom a record is about; nil when it is new. Several
// are told apart by name, and are a flaw where the name does not tell.
func (p *planner) match(b *batch, rec record) (t *target, bad flaw, elsewhere bool) {
	if rec.id != 0 && p.policy.ByID {
		if c, ok := b.found.Clients[rec.id]; ok {
			return b.target(c), noFlaw, false
		}
		return nil, flaw{"id_unknown", toID}, false
	}
	if p.policy.OnMatch == AlwaysNew {
		return nil, noFlaw, false
	}
	var all []*target
	for _, sign := range p.signs(rec) {
		found, foreign := b.named(sign)
		elsewhere = elsewhere || foreign
		for _, t := range found {
			if !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	if len(all) > 1 {
		key := client.Fold(rec.fields.Name)
		same := slices.DeleteFunc(slices.Clone(all), func(t *target) bool { return client.Fold(t.Name) != key })
		if len(same) != 1 {
			return nil, flaw{"ambiguous", ""}, false
		}
		all = same
	}
	if len(all) == 1 {
		return all[0], noFlaw, false
	}
	return nil, noFlaw, elsewhere
}

// named returns whom a sign names, in the base and in this batch; foreign says
// that there is somebody whom the author may not change.
func (b *batch) named(sign string) (found []*target, foreign bool) {
	found = append(found, b.byKey[sign]...)
	index := b.found.ByEmail
	if sign[0] == 'p' {
		index = b.found.ByNumber
	}
	_, key, _ := cutSpace(sign)
	for _, id := range index[key] {
		c, mine := b.found.Clients[id]
		if !mine {
			foreign = true
			continue
		}
		if t := b.target(c); !slices.Contains(found, t) {
			found = append(found, t)
		}
	}
	return found, foreign
}

// target returns the one target of a known client.
func (b *batch) target(c client.Client) *target {
	if t, ok := b.known[c.ID]; ok {
		return t
	}
	t := &target{Bulk: client.Bulk{ID: c.ID, Version: c.Version, Fields: c.Fields()}, before: &c, has: map[string]bool{}}
	for _, p := range c.ContactPoints {
		t.has[p.Kind+" "+p.Value] = true
	}
	b.known[c.ID] = t
	return t
}

// add makes a new client of a record.
func (b *batch) add(rec record, row int) *target {
	t := &target{Bulk: client.Bulk{Fields: rec.fields}, has: map[string]bool{}, row: row}
	b.targets = append(b.targets, t)
	t.takePoints(rec)
	return t
}

// remember makes the target known by what a record knows of it.
func (p *planner) remember(b *batch, t *target, rec record) {
	for _, sign := range p.signs(rec) {
		if !slices.Contains(b.byKey[sign], t) {
			b.byKey[sign] = append(b.byKey[sign], t)
		}
		if p.ghosts != nil {
			p.ghosts[sign] = true
		}
	}
	if t.before != nil && !slices.Contains(b.targets, t) {
		b.targets = append(b.targets, t)
	}
}

// ghost reports whether a dry run has foreseen the client in an earlier batch.
func (p *planner) ghost(rec record) bool {
	return p.policy.OnMatch != AlwaysNew && slices.ContainsFunc(p.signs(rec), func(sign string) bool { return p.ghosts[sign] })
}

// takePoints adds the contact points that the client does not have.
func (t *target) takePoints(rec record) (any bool) {
	for _, p := range rec.points {
		if key := p.Kind() + " " + p.Value(); !t.has[key] {
			t.has[key] = true
			t.Add = append(t.Add, p)
			any = true
		}
	}
	return any
}

// merge writes a record over a client, or into what is empty; it reports whether
// that changed anything.
func (t *target) merge(rec record, over bool) bool {
	changed := t.takePoints(rec)
	text := func(to *string, value, name string) {
		if rec.given[name] && value != *to && (over || *to == "") {
			*to, changed = value, true
		}
	}
	text(&t.Name, rec.fields.Name, toName)
	text(&t.Note, rec.fields.Note, toNote)
	text(&t.Language, rec.fields.Language, toLanguage)
	text(&t.TimeZone, rec.fields.TimeZone, toTimeZone)
	if over && rec.given[toKind] && t.OrganisationID == nil {
		text(&t.Kind, rec.fields.Kind, toKind)
	}
	if r := rec.fields.ResponsibleID; r != nil && (t.ResponsibleID == nil || over && *t.ResponsibleID != *r) {
		t.ResponsibleID, changed = r, true
	}
	return changed
}
