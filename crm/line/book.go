package line

import (
	"context"
	"slices"

	"centralita/internal/fault"
	"centralita/internal/kept"
	"centralita/internal/phone"
)

// tail is how many last digits must agree for a dialled number that agrees in
// no other way.
const tail = 7

// page is the set of lines at one time. It is never changed.
type page struct {
	lines   []Line // by id
	byID    map[int64]int
	country string // the firm's own
}

// Book answers questions about lines from memory. Safe for concurrent use.
type Book struct{ kept *kept.Set[page] }

// NewBook returns a book over the store. It loads on first use.
func NewBook(store *Store) *Book { return &Book{kept.New("lines", store.load)} }

// Forget has the next question wait for the database.
func (b *Book) Forget() { b.kept.Forget() }

// Lines returns all lines by id, inactive ones too. The slice is shared: do not
// change it.
func (b *Book) Lines(ctx context.Context) ([]Line, error) {
	p, err := b.kept.Get(ctx)
	if err != nil {
		return nil, err
	}
	return p.lines, nil
}

// ByID returns a line, or fault.NotFound.
func (b *Book) ByID(ctx context.Context, id int64) (Line, error) {
	p, err := b.kept.Get(ctx)
	if err != nil {
		return Line{}, err
	}
	if i, ok := p.byID[id]; ok {
		return p.lines[i], nil
	}
	return Line{}, errNotFound
}

// Resolve returns the active line whose number was dialled, in whatever form the
// carrier wrote it; when none has it, the firm's first active line; fault.NotFound
// with the code no_line when there is no active line at all.
func (b *Book) Resolve(ctx context.Context, dialled string) (Line, error) {
	p, err := b.kept.Get(ctx)
	if err != nil {
		return Line{}, err
	}
	first := slices.IndexFunc(p.lines, func(l Line) bool { return l.Active })
	if first < 0 {
		return Line{}, fault.New(fault.NotFound, "no_line", "No line is active.")
	}
	if i := p.match(dialled); i >= 0 {
		return p.lines[i], nil
	}
	return p.lines[first], nil
}

// Countries returns the countries under which numbers of the firm may be read:
// its own first, then those of its active lines, each once.
func (b *Book) Countries(ctx context.Context) ([]string, error) {
	p, err := b.kept.Get(ctx)
	if err != nil {
		return nil, err
	}
	countries := []string{p.country}
	for _, l := range p.lines {
		if l.Active && !slices.Contains(countries, l.Country) {
			countries = append(countries, l.Country)
		}
	}
	return countries, nil
}

// Country returns the country of a line; that of the firm for id 0.
func (b *Book) Country(ctx context.Context, id int64) (string, error) {
	p, err := b.kept.Get(ctx)
	if err != nil {
		return "", err
	}
	if id == 0 {
		return p.country, nil
	}
	l, err := b.ByID(ctx, id)
	return l.Country, err
}

// match returns the index of the active line that was dialled, or -1: by the
// number as kept, by any reading under the line's own country, by last digits.
func (p *page) match(dialled string) int {
	digits := phone.Digits(dialled)
	byTail := -1
	for i, l := range p.lines {
		if !l.Active {
			continue
		}
		if own := phone.Digits(l.Number); own == digits || readsAs(dialled, l) {
			return i
		} else if n := min(len(own), len(digits)); byTail < 0 && n >= tail && own[len(own)-n:] == digits[len(digits)-n:] {
			byTail = i
		}
	}
	return byTail
}

// readsAs reports whether l's number is one that dialled may mean in l's country.
func readsAs(dialled string, l Line) bool {
	return slices.ContainsFunc(phone.Parse(dialled, l.Country).Readings, func(r phone.Reading) bool { return r.E164 == l.Number })
}
