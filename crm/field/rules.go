package field

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"centralita/internal/fault"
	"centralita/internal/phone"
)

// Limits of what a firm adds; a card with more is no card any more.
const (
	maxTitle    = 60
	maxTerm     = 100
	maxText     = 10_000
	maxKey      = 50 // leaves room for a number behind it
	maxSections = 50
	maxFields   = 100 // of a section
	maxTerms    = 5_000
	maxRows     = 5_000 // of one section of one client
)

var (
	errNoSection    = fault.New(fault.NotFound, "section_not_found", "There is no such section.")
	errNoField      = fault.New(fault.NotFound, "field_not_found", "There is no such field.")
	errNoDictionary = fault.New(fault.NotFound, "dictionary_not_found", "There is no such dictionary.")
	errNoTerm       = fault.New(fault.NotFound, "term_not_found", "There is no such entry.")
	errNoRow        = fault.New(fault.NotFound, "row_not_found", "There is no such row.")
	errNoClient     = fault.New(fault.NotFound, "client_not_found", "There is no such client.")
	errTooMany      = fault.New(fault.Conflict, "too_many", "There are as many as there can be. Remove some first.")
	errChanged      = fault.New(fault.Conflict, "value_changed", "Somebody else has changed this value meanwhile.")
	errBad          = fault.New(fault.Invalid, "invalid_input", "Check the marked fields.")
)

// title checks a name that people read.
func title(text, path string, longest int) (string, error) {
	if utf8.RuneCountInString(text) > longest {
		return "", errBad.WithField(path, "at most "+strconv.Itoa(longest)+" characters")
	}
	if text = phone.Text(text); text == "" {
		return "", errBad.WithField(path, "required")
	}
	return text, nil
}

// reserved are words of the language of formulas.
var reserved = []string{
	"and", "or", "not", "in", "if", "else", "let", "true", "false", "nil", "matches", "contains", "startswith", "endswith", "today",
}

// keyOf makes the name by which formulas call a field of its label: letters and
// digits, words joined by _. taken reports what is taken.
func keyOf(label string, taken func(string) bool) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(label) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = b.Len() > 0
			continue
		}
		if b.Len()+utf8.RuneLen(r) >= maxKey {
			break
		}
		if gap {
			b.WriteByte('_')
			gap = false
		}
		b.WriteRune(r)
	}
	key := b.String()
	if first, _ := utf8.DecodeRuneInString(key); !unicode.IsLetter(first) {
		key = strings.TrimRight("f_"+key, "_")
	}
	used := func(k string) bool {
		for _, word := range reserved {
			if k == word {
				return true
			}
		}
		return words[k] != nil || taken(k)
	}
	for n, base := 2, key; used(key); n++ {
		key = base + "_" + strconv.Itoa(n)
	}
	return key
}

// checkOptions keeps of o what the type of f has a use for, and refuses what is
// missing. Whether a formula can be computed is told elsewhere.
func (f *Field) checkOptions() error {
	o := f.Options
	f.Options = Options{Required: o.Required && f.Type != Formula}
	switch f.Type {
	case Text, Date, File:
		return nil
	case Number, Money, Formula:
		f.Options.Decimals, f.Options.Currency = o.Decimals, o.Currency
		if f.Type == Number {
			f.Options.Currency = ""
		}
		if f.Type == Money && o.Currency == "" {
			return errBad.WithField("body.options.currency", "required")
		}
		if f.Type == Formula {
			f.Options.Formula = strings.TrimSpace(o.Formula)
		}
		return nil
	case Choice:
		if f.Options.DictionaryID = o.DictionaryID; o.DictionaryID == 0 {
			return errBad.WithField("body.options.dictionary_id", "required")
		}
		return nil
	case Reference:
		if f.Options.Refers = o.Refers; referents[o.Refers].sql == "" {
			return errBad.WithField("body.options.refers", "required")
		}
		return nil
	}
	return errBad.WithField("body.type", "unknown type")
}
