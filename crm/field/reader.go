package field

import (
	"context"
	"strconv"
	"strings"

	"centralita/internal/fault"
)

// Reader turns what people wrote, in a file that is imported, into the exact form
// of values.
type Reader struct {
	terms map[int64]map[string]int64 // by dictionary and label
	users map[string]int64
}

var errNoTermOf = fault.New(fault.Invalid, "term_unknown", "The dictionary has no such entry.")

const sqlUserNames = `select id, lower(name) from users union all select id, lower(login) from users order by 1`

// Reader returns a reader that knows the entries and the people of this moment.
func (s *Service) Reader(ctx context.Context) (*Reader, error) {
	r := &Reader{terms: map[int64]map[string]int64{}, users: map[string]int64{}}
	all, err := s.store.dictionaries(ctx, false)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		r.terms[d.ID] = map[string]int64{}
		for _, t := range d.Terms {
			r.terms[d.ID][strings.ToLower(t.Label)] = t.ID
		}
	}
	users, err := s.store.people(ctx)
	r.users = users
	return r, err
}

// Read returns the exact form of text for a field: a number or a date as people
// write them, the label of a term, a person's name or login, the id of another
// record. A term that is not there is fault.Invalid, term_unknown.
func (r *Reader) Read(f Field, text string) (string, error) {
	plain := strings.TrimSpace(text)
	if plain == "" {
		return "", nil
	}
	switch f.Type {
	case Formula, File:
		return "", invalid("field_computed", "This field cannot be imported.")
	case Number, Money:
		plain = writtenNumber(plain)
	case Date:
		plain = writtenDate(plain)
	case Choice:
		id, known := r.terms[f.Options.DictionaryID][strings.ToLower(plain)]
		if !known {
			return "", errNoTermOf
		}
		return strconv.FormatInt(id, 10), nil
	case Reference:
		if id, known := r.users[strings.ToLower(plain)]; known && f.Options.Refers == "user" {
			return strconv.FormatInt(id, 10), nil
		}
		plain = strings.TrimPrefix(plain, "#")
	case Text:
		plain = text
	}
	_, err := f.read(plain, func(s string) string { return s })
	return plain, err
}
