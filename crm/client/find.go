package client

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"centralita/crm/access"
	"centralita/internal/phone"
)

// Hit is a client that was found, and why.
type Hit struct {
	ClientRow
	Match Match `json:"match"`
}

// How far a search goes before it has enough.
const (
	maxCandidatesByName = 200
	maxOthers           = 20
	maxTypedWords       = 8
	maxSlipWords        = 5
)

// guess is a client that may be what was meant.
type guess struct {
	id    int64
	text  string // the name, the address, the number or the note that was found
	last  time.Time
	match Match
	score int
}

// find returns at most limit clients, the best first: by name however it is
// spelled, by number, by address, by what is noted. It finds nothing by a field
// of which ctx's actor sees a part only: else the rest could be guessed.
func (s *Service) find(ctx context.Context, text string, limit int) ([]Hit, error) {
	found := map[int64]guess{}
	typed := wordsOf(phone.Text(text))
	typed = typed[:min(len(typed), maxTypedWords)]
	ways := []func(context.Context, string, []word) ([]guess, error){s.byNumber, s.byName, s.byAddress, s.bySlip, s.byNote, s.byField}
	for i, way := range ways {
		if i > 2 && len(found) >= limit {
			break // exact answers fill the screen: no guessing
		}
		more, err := way(ctx, text, typed)
		if err != nil {
			return nil, err
		}
		for _, c := range more {
			if c.score > found[c.id].score {
				found[c.id] = c
			}
		}
	}
	return s.hits(ctx, found, limit)
}

// hits reads the rows of the best guesses.
func (s *Service) hits(ctx context.Context, found map[int64]guess, limit int) ([]Hit, error) {
	best := make([]guess, 0, len(found))
	for _, c := range found {
		best = append(best, c)
	}
	slices.SortFunc(best, func(a, b guess) int {
		return cmp.Or(cmp.Compare(b.score, a.score), b.last.Compare(a.last), cmp.Compare(a.id, b.id))
	})
	best = best[:min(len(best), limit)]
	ids := make([]int64, len(best))
	for i, c := range best {
		ids[i] = c.id
	}
	rows, err := s.store.rowsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	hits := []Hit{}
	for _, c := range best {
		if r, there := rows[c.id]; there {
			hits = append(hits, Hit{r, c.match})
		}
	}
	return hits, nil
}

func (s *Service) byName(ctx context.Context, _ string, typed []word) ([]guess, error) {
	if short(typed) {
		return nil, nil
	}
	var parts []string
	for _, w := range typed {
		parts = append(parts, anyOf(prefixed(w.latin), prefixed(w.sound)))
	}
	return s.named(ctx, strings.Join(parts, " & "), typed)
}

// bySlip allows for a letter too many, too few, wrong, or swapped in each word.
func (s *Service) bySlip(ctx context.Context, _ string, typed []word) ([]guess, error) {
	var parts []string
	guessed := false
	for _, w := range typed {
		either := []string{prefixed(w.latin), prefixed(w.sound)}
		if utf8.RuneCountInString(w.latin) >= nearLeast {
			words, err := s.store.nearWords(ctx, near(w.latin))
			if err != nil {
				return nil, err
			}
			slices.SortStableFunc(words, func(a, b string) int { return slips(w.latin, a) - slips(w.latin, b) })
			for _, n := range words[:min(len(words), maxSlipWords)] {
				either = append(either, quoted(n))
				guessed = true
			}
		}
		parts = append(parts, anyOf(either...))
	}
	if !guessed {
		return nil, nil
	}
	return s.named(ctx, strings.Join(parts, " & "), typed)
}

// named finds names by a tsquery and compares them with what was typed.
func (s *Service) named(ctx context.Context, query string, typed []word) ([]guess, error) {
	var whole []string
	for _, w := range typed {
		whole = append(whole, w.plain)
	}
	guesses, err := s.store.byWords(ctx, query, strings.Join(whole, " "))
	if err != nil {
		return nil, err
	}
	var out []guess
	for _, c := range guesses {
		var ok bool
		if c.match, c.score, ok = matchName(c.text, typed); ok {
			out = append(out, c)
		}
	}
	return out, nil
}

func (s *Service) byNumber(ctx context.Context, text string, _ []word) ([]guess, error) {
	mask := access.FieldMask(ctx, access.PhoneField)
	if !isNumber(text) || mask == access.Hidden {
		return nil, nil
	}
	countries, err := s.ports.Lines.Countries(ctx)
	if err != nil {
		return nil, err
	}
	whole := readings(text, countries)
	var begins []string
	tail := ""
	if mask == access.Shown {
		begins, tail = phone.Prefixes(text, countries...), reversed(phone.Digits(text))
	}
	guesses, err := s.store.byDigits(ctx, whole, begins, tail)
	for i, c := range guesses {
		guesses[i].score = scoreStart * 10
		if slices.Contains(whole, c.text) {
			guesses[i].score = scoreExact * 10
		}
		guesses[i].match = matchNumber(mask.Number(phone.Display(c.text)), text)
		if mask != access.Shown {
			guesses[i].match.Ranges = [][2]int{}
		}
	}
	return guesses, err
}

func (s *Service) byAddress(ctx context.Context, text string, _ []word) ([]guess, error) {
	address := strings.TrimPrefix(lower(phone.Text(text)), "@")
	if utf8.RuneCountInString(address) < 2 || strings.Contains(address, " ") || access.FieldMask(ctx, access.EmailField) != access.Shown {
		return nil, nil
	}
	guesses, err := s.store.byAddress(ctx, address)
	for i, c := range guesses {
		at := utf8.RuneCountInString(c.text[:max(0, strings.Index(c.text, address))])
		guesses[i].score = scoreStart*10 - 1
		guesses[i].match = Match{Field: "email", Text: c.text, Ranges: [][2]int{{at, at + utf8.RuneCountInString(address)}}}
	}
	return guesses, err
}

func (s *Service) byNote(ctx context.Context, _ string, typed []word) ([]guess, error) {
	if short(typed) || access.FieldMask(ctx, access.NoteField) != access.Shown {
		return nil, nil
	}
	var parts []string
	for _, w := range typed {
		parts = append(parts, prefixed(w.plain))
	}
	guesses, err := s.store.byNote(ctx, strings.Join(parts, " & "))
	for i, c := range guesses {
		guesses[i].score = scoreOther
		guesses[i].match = matchText("note", access.FieldMask(ctx, access.PhoneField).Prose(c.text), typed)
	}
	return guesses, err
}

// short reports whether too little was typed to look for words.
func short(typed []word) bool {
	letters := 0
	for _, w := range typed {
		letters += utf8.RuneCountInString(w.plain)
	}
	return letters < 2
}

// Parts of a tsquery. A lexeme is quoted, so nothing typed is read as syntax.
func quoted(w string) string   { return "'" + tsquerySafe.Replace(w) + "'" }
func prefixed(w string) string { return quoted(w) + ":*" }

func anyOf(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(p string) bool { return strings.HasPrefix(p, "''") })
	slices.Sort(parts)
	return "(" + strings.Join(slices.Compact(parts), " | ") + ")"
}

var tsquerySafe = strings.NewReplacer("'", "''", `\`, `\\`)

// learn is how many names one turn of learning reads.
const learn = 20_000

// LearnNames adds the words of names that came since the last time to those that
// a slip of the finger is compared with, and reports whether there are more. It
// is an errand of every minute.
func (s *Service) LearnNames(ctx context.Context) (more bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		last, keys, err := s.store.newNames(ctx, learn)
		if err != nil || len(keys) == 0 {
			return err
		}
		more = len(keys) == learn
		seen := map[string]bool{}
		var words []string
		for _, key := range keys {
			for w := range strings.FieldsSeq(latin(key)) {
				if utf8.RuneCountInString(w) >= nearLeast-1 && !seen[w] && !strings.ContainsFunc(w, unicode.IsDigit) {
					seen[w] = true
					words = append(words, w)
				}
			}
		}
		return s.store.addWords(ctx, words, last)
	})
	return more, err
}
