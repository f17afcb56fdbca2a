package importing

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"centralita/internal/fault"
	"centralita/internal/phone"
)

// The targets that a column may have; "" leaves it out. Several columns may
// share one of the targets in repeatable.
const (
	toName         = "name"
	toGiven        = "given_name"
	toMiddle       = "middle_name"
	toFamily       = "family_name"
	toOrganisation = "organisation"
	toKind         = "kind"
	toPhone        = "phone"
	toEmail        = "email"
	toMessenger    = "messenger"
	toNote         = "note"
	toLanguage     = "language"
	toTimeZone     = "time_zone"
	toResponsible  = "responsible"
	toID           = "id"
)

var (
	targets    = []string{toName, toGiven, toMiddle, toFamily, toOrganisation, toKind, toPhone, toEmail, toMessenger, toNote, toLanguage, toTimeZone, toResponsible, toID}
	repeatable = []string{toPhone, toEmail, toMessenger, toNote}
)

// Mapping says what the columns of a file are, by their place, and what is set
// for all rows.
type Mapping struct {
	Columns   []Column   `json:"columns" maxItems:"300"`
	Constants []Constant `json:"constants" maxItems:"20"`
}

// Column is what one column means. Label is that of a contact point; Default
// stands for an empty cell; Values replaces what the file has by what we have.
type Column struct {
	Header  string            `json:"header" maxLength:"200"`
	Target  string            `json:"target" maxLength:"40"`
	Label   string            `json:"label" maxLength:"60"`
	Default string            `json:"default" maxLength:"200"`
	Values  map[string]string `json:"values"`
}

// Constant is the same value for every row.
type Constant struct {
	Target string `json:"target" maxLength:"40"`
	Value  string `json:"value" maxLength:"200"`
}

// complete fills what may be left out of JSON.
func (m Mapping) complete() Mapping {
	m.Columns = append([]Column{}, m.Columns...)
	m.Constants = append([]Constant{}, m.Constants...)
	for i := range m.Columns {
		if m.Columns[i].Values == nil {
			m.Columns[i].Values = map[string]string{}
		}
	}
	return m
}

// check refuses a mapping that no row can follow.
func (m Mapping) check() error {
	bad := fault.New(fault.Invalid, "mapping_invalid", "Check the marked columns.")
	seen := map[string]bool{}
	use := func(target, at string) {
		switch {
		case target == "":
		case !slices.Contains(targets, target):
			bad = bad.WithField(at, "unknown target")
		case seen[target] && !slices.Contains(repeatable, target):
			bad = bad.WithField(at, "used twice")
		}
		seen[target] = true
	}
	for i, c := range m.Columns {
		use(c.Target, place("columns", i))
		if len(c.Values) > 500 {
			bad = bad.WithField(place("columns", i), "too many values")
		}
	}
	for i, c := range m.Constants {
		use(c.Target, place("constants", i))
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if !seen[toName] && !seen[toGiven] && !seen[toFamily] && !seen[toOrganisation] {
		return errNoTarget
	}
	return nil
}

func place(list string, i int) string { return "body.mapping." + list + "[" + itoa(i) + "].target" }

// headerKey names a set of columns, whatever their order: files of one origin
// have the same.
func headerKey(header []string) string {
	names := make([]string, 0, len(header))
	for _, h := range header {
		names = append(names, plain(h))
	}
	slices.Sort(names)
	sum := sha256.Sum256([]byte(strings.Join(names, "\x1f")))
	return hex.EncodeToString(sum[:16])
}

// plain is a column's name without what people write differently.
func plain(header string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(phone.Text(header)), func(r rune) bool {
		return strings.ContainsRune(" _-.:*()/№#", r)
	}), " ")
}

// applyTo gives a saved mapping to a file whose columns stand in another order.
func (m Mapping) applyTo(header []string) Mapping {
	byName := map[string][]Column{}
	for _, c := range m.Columns {
		byName[plain(c.Header)] = append(byName[plain(c.Header)], c)
	}
	out := Mapping{Constants: m.Constants}
	for _, h := range header {
		column := Column{Header: h}
		if known := byName[plain(h)]; len(known) > 0 {
			column, byName[plain(h)] = known[0], known[1:]
			column.Header = h
		}
		out.Columns = append(out.Columns, column)
	}
	return out.complete()
}
