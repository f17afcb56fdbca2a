package merge

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"centralita/crm/access"
	"centralita/crm/client"
)

// Draft is a client that somebody is about to create: what has been typed so far. Country reads national numbers.
type Draft struct {
	Name    string
	Phones  []string
	Emails  []string
	Country string
}

const (
	maxSimilar = 5
	alike      = 0.55 // from here on two names are worth a warning
)

const sqlByEmail = `select client_id, value from contact_points where kind = 'email' and value = any($1::text[]) limit 20`

// Similar returns clients that the actor may see and that the draft may be, the likeliest first, at most five.
func (s *Service) Similar(ctx context.Context, d Draft) ([]Similar, error) {
	found := map[int64]*Similar{}
	note := func(id int64, score int, reason, matched string) {
		f := found[id]
		if f == nil {
			f = &Similar{Reasons: []string{}, Matched: []string{}}
			found[id] = f
		}
		f.Score = max(f.Score, score)
		if !slices.Contains(f.Reasons, reason) {
			f.Reasons = append(f.Reasons, reason)
		}
		if matched != "" && !slices.Contains(f.Matched, matched) {
			f.Matched = append(f.Matched, matched)
		}
	}
	for _, raw := range d.Phones {
		id, err := s.ports.Clients.ByNumber(ctx, raw, d.Country)
		if err != nil {
			return nil, err
		}
		for _, c := range id.Candidates {
			note(c.ClientID, c.Score, "number", c.Matched)
		}
	}
	if err := s.byEmail(ctx, d.Emails, note); err != nil {
		return nil, err
	}
	if err := s.byName(ctx, d.Name, note); err != nil {
		return nil, err
	}
	return s.shown(ctx, found)
}

func (s *Service) byEmail(ctx context.Context, emails []string, note func(id int64, score int, reason, matched string)) error {
	if len(emails) == 0 || access.FieldMask(ctx, access.EmailField) != access.Shown { // else addresses could be tried
		return nil
	}
	for i, e := range emails {
		emails[i] = strings.ToLower(strings.TrimSpace(e))
	}
	found, err := s.store.byEmail(ctx, emails)
	for _, f := range found {
		note(f.ClientID, 95, "email", f.Value)
	}
	return err
}

func (s *Service) byName(ctx context.Context, name string, note func(id int64, score int, reason, matched string)) error {
	if len([]rune(strings.TrimSpace(name))) < 3 {
		return nil
	}
	hits, err := s.ports.Clients.Search(ctx, name, false)
	if err != nil {
		return err
	}
	for _, c := range hits.Clients {
		if likeness := Likeness(name, c.Name); likeness >= alike {
			note(c.ID, int(likeness*80), "name", "")
		}
	}
	return nil
}

// shown completes what was found with what a list shows of it.
func (s *Service) shown(ctx context.Context, found map[int64]*Similar) ([]Similar, error) {
	ids := make([]int64, 0, len(found))
	for id := range found {
		ids = append(ids, id)
	}
	rows, err := s.ports.Clients.Rows(ctx, ids)
	if err != nil {
		return nil, err
	}
	similar := []Similar{}
	for id, f := range found {
		if row, seen := rows[id]; seen {
			f.ClientRow = row
			similar = append(similar, *f)
		}
	}
	slices.SortFunc(similar, func(a, b Similar) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(len(b.Reasons), len(a.Reasons)), cmp.Compare(a.ID, b.ID))
	})
	return similar[:min(len(similar), maxSimilar)], nil
}

// Likeness says how alike two names are, from 0 to 1, whatever the order of their words: the share of the trigrams of
// their words that both have (Jaccard index, as PostgreSQL's pg_trgm counts it).
func Likeness(a, b string) float64 {
	x, y := trigrams(a), trigrams(b)
	both := 0
	for t := range x {
		if _, ok := y[t]; ok {
			both++
		}
	}
	if either := len(x) + len(y) - both; either > 0 {
		return float64(both) / float64(either)
	}
	return 0
}

func trigrams(name string) map[string]struct{} {
	set := map[string]struct{}{}
	for _, word := range strings.Fields(client.Fold(name)) {
		r := []rune("  " + word + " ")
		for i := 0; i+3 <= len(r); i++ {
			set[string(r[i:i+3])] = struct{}{}
		}
	}
	return set
}
