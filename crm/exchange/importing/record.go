package importing

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"centralita/crm/client"
	"centralita/crm/exchange/sheet"
	"centralita/internal/fault"
	"centralita/internal/phone"
)

// record is a row that was understood. given are the targets for which the row
// has a value.
type record struct {
	line         int
	cells        []string
	fields       client.Fields
	given        map[string]bool
	points       []client.Point
	organisation string
	id           int64
}

// reader turns rows into records.
type reader struct {
	mapping   Mapping
	countries []string
	people    map[string]int64 // by folded login and name; 0: two of the same name
	assign    bool             // owners in the file count
	author    int64
}

// flaw is why a row cannot be taken.
type flaw struct{ code, field string }

var noFlaw = flaw{}

// read understands a row, or says what is wrong with it.
func (r *reader) read(row sheet.Row) (rec record, bad flaw) {
	rec = record{line: row.Line, cells: row.Cells, given: map[string]bool{}, fields: client.Fields{Kind: "person"}}
	if row.Problem != "" {
		return rec, flaw{row.Problem, ""}
	}
	var name [4]string // whole, family, given, middle
	for i, c := range r.mapping.Columns {
		if c.Target == "" {
			continue
		}
		value := ""
		if i < len(row.Cells) {
			value = clean(row.Cells[i])
		}
		if mapped, ok := c.Values[value]; ok {
			value = mapped
		}
		if bad = r.put(&rec, &name, c.Target, c.Label, cmp.Or(value, c.Default)); bad != noFlaw {
			return rec, bad
		}
	}
	for _, c := range r.mapping.Constants {
		if rec.given[c.Target] {
			continue
		}
		if bad = r.put(&rec, &name, c.Target, "", c.Value); bad != noFlaw {
			return rec, bad
		}
	}
	return rec, r.finish(&rec, name)
}

// clean takes from a cell what spreadsheets and we ourselves put around it.
func clean(cell string) string { return strings.TrimSpace(sheet.Unsafe(strings.TrimSpace(cell))) }

// put stores one value of a row.
func (r *reader) put(rec *record, name *[4]string, target, label, value string) flaw {
	if value == "" {
		return noFlaw
	}
	rec.given[target] = true
	f := &rec.fields
	switch target {
	case toName, toFamily, toGiven, toMiddle:
		name[slices.Index([]string{toName, toFamily, toGiven, toMiddle}, target)] = value
	case toOrganisation:
		rec.organisation = phone.Text(firstOf(value))
	case toKind:
		f.Kind = kindOf(value)
	case toPhone, toEmail, toMessenger:
		return r.reach(rec, target, label, value)
	case toNote:
		f.Note = strings.TrimSpace(f.Note + "\n" + strings.ReplaceAll(value, sheet.Between, "\n"))
	case toLanguage:
		f.Language = strings.ToLower(value)
	case toTimeZone:
		f.TimeZone = value
	case toResponsible:
		return r.responsible(rec, value)
	case toID:
		id, err := strconv.ParseInt(value, 10, 64)
		if err != nil || id < 1 {
			return flaw{"id_invalid", toID}
		}
		rec.id = id
	}
	return noFlaw
}

func firstOf(value string) string {
	first, _, _ := strings.Cut(value, sheet.Between)
	return first
}

var organisationWords = []string{"organisation", "organization", "company", "организация", "компания", "юрлицо", "юр. лицо", "empresa", "organización", "organizacion"}

func kindOf(value string) string {
	if slices.Contains(organisationWords, strings.ToLower(value)) {
		return "organisation"
	}
	return "person"
}

// responsible finds the user who owns the client. Without the right to assign,
// what the file says does not count.
func (r *reader) responsible(rec *record, value string) flaw {
	if !r.assign {
		delete(rec.given, toResponsible)
		return noFlaw
	}
	id, known := r.people[strings.ToLower(value)]
	switch {
	case !known:
		return flaw{"responsible_unknown", toResponsible}
	case id == 0:
		return flaw{"responsible_ambiguous", toResponsible}
	}
	rec.fields.ResponsibleID = &id
	return noFlaw
}

var (
	between = regexp.MustCompile(`\s*(?::::|;|\n|,\s)\s*`)
	lossy   = regexp.MustCompile(`^[+-]?\d+([.,]\d+)?[eE]\+?\d+$`)
)

// reach reads contact points; a cell may hold several.
func (r *reader) reach(rec *record, kind, label, value string) flaw {
	for _, one := range between.Split(strings.ReplaceAll(value, ";ext=", " ext "), -1) {
		if one = clean(one); one == "" {
			continue
		}
		if kind == toPhone && lossy.MatchString(one) {
			whole, ok := whole(one)
			if !ok {
				return flaw{"number_lossy", toPhone}
			}
			one = whole
		}
		p, err := client.ReadPoint(client.NewPoint{Kind: kind, Raw: one, Label: label}, "import", r.countries)
		if err != nil {
			return flaw{fault.CodeOf(err), kind}
		}
		if !slices.ContainsFunc(rec.points, func(q client.Point) bool { return q.Kind() == p.Kind() && q.Value() == p.Value() }) {
			rec.points = append(rec.points, p)
		}
	}
	return noFlaw
}

// whole writes a number in full that a spreadsheet has written with an exponent,
// if none of its digits is lost: 8,91612345671E+10 but not 8,9161E+10.
func whole(text string) (string, bool) {
	text = strings.ToUpper(strings.Replace(text, ",", ".", 1))
	mantissa, power, _ := strings.Cut(text, "E")
	places, err := strconv.Atoi(strings.TrimPrefix(power, "+"))
	value, bad := strconv.ParseFloat(text, 64)
	_, digits, _ := strings.Cut(mantissa, ".")
	if err != nil || bad != nil || value != math.Trunc(value) || value < 0 || value > 1e15 || len(digits) < places {
		return "", false
	}
	return strconv.FormatFloat(value, 'f', 0, 64), true
}

// finish makes a name and checks the whole.
func (r *reader) finish(rec *record, name [4]string) flaw {
	f := &rec.fields
	f.Name = name[0]
	if f.Name == "" {
		f.Name = strings.Join(strings.Fields(name[2]+" "+name[3]+" "+name[1]), " ")
	}
	switch {
	case f.Name == "" && rec.organisation != "":
		f.Name, f.Kind, rec.organisation = rec.organisation, "organisation", ""
	case f.Kind == "organisation" || client.Fold(f.Name) == client.Fold(rec.organisation):
		rec.organisation = ""
	}
	if f.Name == "" {
		return flaw{"name_missing", toName}
	}
	rec.given[toName] = true
	if err := f.Check(); err != nil {
		return flaw{"value_invalid", faulty(err)}
	}
	if len([]rune(rec.organisation)) > 200 {
		return flaw{"value_invalid", toOrganisation}
	}
	return noFlaw
}

// faulty names the field that a fault blames.
func faulty(err error) string {
	if f, ok := err.(*fault.Error); ok { //nolint:errorlint // of our own making, just now
		for path := range f.Fields {
			return strings.TrimPrefix(path, "body.")
		}
	}
	return ""
}

func itoa(i int) string { return strconv.Itoa(i) }
