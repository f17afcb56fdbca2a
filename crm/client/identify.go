package client

import (
	"cmp"
	"context"
	"slices"
	"time"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/phone"
)

// How much evidence counts.
const (
	maxCandidates = 10
	certain       = 95 // from here on, weaker evidence for others is left out …
	doubtful      = 85 // … below this
	tailScore     = 40
	tailDigits    = 8 // so many last digits say something
)

// match is a row of the look-up: a client, and the reading that was found.
type match struct {
	Candidate
	stored int  // confidence of the stored reading
	first  bool // it is what the contact point is first read as
	last   *Contact
}

// Identify says who may be behind raw, claimed on a line of country, in one
// round trip. A withheld, empty, alphabetic or hostile number has no
// candidates, nor has a number of the firm itself; none of that is an error. It
// is the firm's own knowledge, whoever caused the question; see ByNumber.
func (s *Service) Identify(ctx context.Context, raw, country string) (Identity, error) {
	n := phone.Parse(raw, country)
	id := Identity{E164: n.E164, Display: n.Display, Dialable: n.Dialable, Candidates: []Candidate{}}
	var (
		matches []match
		err     error
	)
	digits := phone.Digits(n.Raw)
	switch {
	case n.Kind != phone.KindNumber:
		return id, nil
	case len(n.Readings) > 0 && n.Readings[0].Confidence > tailScore:
		matches, err = s.store.byReading(ctx, n)
	case len(digits) >= tailDigits:
		matches, err = s.store.byTail(ctx, n, digits)
	default:
		return id, nil
	}
	if err != nil {
		return id, err
	}
	ranked := rank(n, matches)
	for _, m := range ranked {
		id.Candidates = append(id.Candidates, m.Candidate)
	}
	if len(ranked) > 0 {
		id.LastContact = ranked[0].last
	}
	return id, nil
}

// ByNumber is Identify for somebody who asks: of the candidates he hears of those
// whom he may see, and nothing of a number that he did not say himself.
func (s *Service) ByNumber(ctx context.Context, raw, country string) (Identity, error) {
	id, err := s.Identify(ctx, raw, country)
	if err != nil {
		return id, err
	}
	mask := access.FieldMask(ctx, access.PhoneField)
	known := id.Candidates
	id.Candidates = []Candidate{}
	for _, c := range known {
		if mask != access.Shown && c.Reason == "tail" {
			continue
		}
		if err := Clients.Check(ctx, access.Read, c.ClientID, idOf(c.ResponsibleID)); fault.KindOf(err) == fault.Internal && err != nil {
			return id, err
		} else if err == nil {
			c.Matched = mask.Number(c.Matched)
			id.Candidates = append(id.Candidates, c)
		}
	}
	return id, nil
}

// rank gives each client one score and one reason and sorts them: the best
// evidence first, then whom the firm spoke with last.
func rank(n phone.Number, matches []match) []match {
	best := map[int64]int{} // client to index in ranked
	ranked := make([]match, 0, len(matches))
	for _, m := range matches {
		m.Score, m.Reason = judge(n, m)
		if i, twice := best[m.ClientID]; !twice {
			best[m.ClientID] = len(ranked)
			ranked = append(ranked, m)
		} else if ranked[i].Score < m.Score {
			ranked[i] = m
		}
	}
	slices.SortStableFunc(ranked, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), latest(b).Compare(latest(a)), cmp.Compare(a.ClientID, b.ClientID))
	})
	if len(ranked) > 0 && ranked[0].Score >= certain {
		ranked = slices.DeleteFunc(ranked, func(m match) bool { return m.Score < doubtful })
	}
	shared(ranked)
	return ranked[:min(len(ranked), maxCandidates)]
}

// judge weighs how sure the caller's reading is and how sure the stored one.
// A number that both sides first read as the same is that number.
func judge(n phone.Number, m match) (score int, reason string) {
	if m.stored == 0 {
		return tailScore, "tail"
	}
	asked := n.Readings[0]
	for _, r := range n.Readings {
		if r.E164 == m.Matched {
			asked = r
			break
		}
	}
	score = min(asked.Confidence, m.stored)
	if asked.E164 == n.E164 && m.first {
		score = max(score, doubtful)
	}
	switch asked.Why {
	case phone.WhyNational:
		return score, "national"
	case phone.WhyTrunkPrefix, phone.WhyForeignTrunk, phone.WhyArgentine9, phone.WhyMexican1, phone.WhyBrazilian9, phone.WhyItalian0:
		return score, "trunk_prefix"
	}
	if !m.first {
		return score, "trunk_prefix"
	}
	return score, "exact"
}

// shared marks clients whom the number names equally: none of them is certain.
func shared(ranked []match) {
	if len(ranked) < 2 || ranked[0].Score != ranked[1].Score {
		return
	}
	top := ranked[0].Score
	for i := range ranked {
		if ranked[i].Score != top {
			return
		}
		ranked[i].Reason, ranked[i].Score = "shared", max(1, top-10-5*min(i, 10))
	}
}

func latest(m match) time.Time {
	if m.LastContactAt == nil {
		return time.Time{}
	}
	return *m.LastContactAt
}
