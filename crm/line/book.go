package line

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"centralita/internal/fault"
	"centralita/internal/phone"
)

// maxAge is the age at which the lines are read again, behind the back of the
// question that finds them old. Whoever asks once a second keeps them fresh.
const maxAge = 2 * time.Second

// loadLimit bounds one reading.
const loadLimit = 5 * time.Second

// tail is how many last digits must agree for a dialled number that agrees in
// no other way.
const tail = 7

// page is the set of lines at one time. It is never changed.
type page struct {
	at      time.Time
	lines   []Line // by id
	byID    map[int64]int
	country string // the firm's own
}

// Book answers questions about lines from memory. Safe for concurrent use.
type Book struct {
	store      *Store
	current    atomic.Pointer[page]
	loading    sync.Mutex
	refreshing atomic.Bool
	changes    atomic.Int64 // how often Forget was called
}

// NewBook returns a book over the store. It loads on first use.
func NewBook(store *Store) *Book { return &Book{store: store} }

// Forget has the next question wait for the database.
func (b *Book) Forget() {
	b.changes.Add(1)
	b.current.Store(nil)
}

// Lines returns all lines by id, inactive ones too. The slice is shared: do not
// change it.
func (b *Book) Lines(ctx context.Context) ([]Line, error) {
	p, err := b.page(ctx)
	if err != nil {
		return nil, err
	}
	return p.lines, nil
}

// ByID returns a line, or fault.NotFound.
func (b *Book) ByID(ctx context.Context, id int64) (Line, error) {
	p, err := b.page(ctx)
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
	p, err := b.page(ctx)
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
	p, err := b.page(ctx)
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
	p, err := b.page(ctx)
	if err != nil {
		return "", err
	}
	if id == 0 {
		return p.country, nil
	}
	l, err := b.ByID(ctx, id)
	return l.Country, err
}

// page returns the lines as known, and sees to it that they do not grow old.
func (b *Book) page(ctx context.Context) (*page, error) {
	p := b.current.Load()
	switch {
	case p == nil:
		return b.load(ctx)
	case time.Since(p.at) > maxAge && b.refreshing.CompareAndSwap(false, true):
		go b.refresh()
	}
	return p, nil
}

// refresh reads the lines again; when that fails the old ones stay.
func (b *Book) refresh() {
	defer b.refreshing.Store(false)
	changes := b.changes.Load()
	p, err := b.read()
	if err != nil {
		slog.Warn("lines: serving what was known", "error", err)
		return
	}
	if b.changes.Load() == changes {
		b.current.Store(p)
	}
}

// load reads the lines for a question that cannot be answered otherwise; one
// reading serves all that wait.
func (b *Book) load(ctx context.Context) (*page, error) {
	b.loading.Lock()
	defer b.loading.Unlock()
	if p := b.current.Load(); p != nil {
		return p, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	changes := b.changes.Load()
	p, err := b.read()
	if err == nil && b.changes.Load() == changes {
		b.current.Store(p)
	}
	return p, err
}

// read asks the database outside of any transaction: what one of them has
// changed and may take back must not be remembered.
func (b *Book) read() (*page, error) {
	ctx, cancel := context.WithTimeout(context.Background(), loadLimit)
	defer cancel()
	return b.store.load(ctx)
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
