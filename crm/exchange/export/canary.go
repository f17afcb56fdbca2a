package export

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/exchange/sheet"
	"centralita/internal/phone"
)

// canary is the made-up client of one export, and the row before which he stands.
type canary struct {
	place               int
	name, number, email string
}

// hide makes the canary of an export out of what the first rows look like: the
// given name of one client, the family name of another, a number like theirs that
// is nobody's.
func (s *Service) hide(ctx context.Context, e Export) error {
	w := Wish{Query: e.query, Columns: e.Columns}
	page, err := s.ports.Base.Table(ctx, w.page("", 50))
	if err != nil {
		return err
	}
	rules, err := s.store.settings(ctx)
	if err != nil {
		return err
	}
	c := canary{place: rand.IntN(max(1, e.Total)), name: mixedName(page.Items)}
	if model := anyText(page.Items, "phone"); model != "" && access.FieldMask(ctx, access.PhoneField) == access.Shown {
		if c.number, err = s.freeNumber(ctx, model); err != nil {
			return err
		}
	}
	if model := anyText(page.Items, "email"); model != "" && access.FieldMask(ctx, access.EmailField) == access.Shown {
		c.email = address(c.name, model, rules.CanaryDomain)
	}
	return s.store.addCanary(ctx, e, c)
}

// mixedName is a name as these clients have, that none of them has.
func mixedName(rows []client.TableRow) string {
	var first, last []string
	for _, r := range rows {
		words := strings.Fields(r.Name)
		if r.Kind == "person" && len(words) > 1 {
			first, last = append(first, words[0]), append(last, words[len(words)-1])
		}
	}
	if len(first) < 2 {
		return "Alex Moreno"
	}
	i := rand.IntN(len(first))
	j := (i + 1 + rand.IntN(len(first)-1)) % len(first)
	return first[i] + " " + last[j]
}

// anyText returns one text of a column, "" if no row has any.
func anyText(rows []client.TableRow, key string) string {
	for _, i := range rand.Perm(len(rows)) {
		if text := cellText(rows[i].Cells[key]); text != "" {
			text, _, _ = strings.Cut(text, sheet.Between)
			return text
		}
	}
	return ""
}

// freeNumber returns a number like model, in E.164, that is nobody's.
func (s *Service) freeNumber(ctx context.Context, model string) (string, error) {
	e164 := phone.Parse(model, "").E164
	if len(e164) < 10 {
		return "", nil
	}
	for range 50 {
		number := e164[:len(e164)-6] + fmt.Sprintf("%06d", rand.IntN(1_000_000))
		if !phone.Parse(number, "").Dialable {
			continue
		}
		free, err := s.ports.Base.Unknown(ctx, number)
		if err != nil || free {
			return number, err
		}
	}
	return "", nil
}

// address is an e-mail address for a name, unlike any that a person has.
func address(name, model, domain string) string {
	if domain == "" {
		_, domain, _ = strings.Cut(model, "@")
	}
	user := strings.Join(strings.FieldsFunc(client.Fold(name), func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) }), ".")
	if user == "" {
		user = "contact"
	}
	return fmt.Sprintf("%s.%d@%s", user, 1000+rand.IntN(9000), domain)
}

// row is the canary as a row like model's.
func (c canary) row(model client.TableRow, e Export) []string {
	cells := make([]string, len(e.Columns))
	for i, key := range e.Columns {
		switch key {
		case "name":
			cells[i] = c.name
		case "kind":
			cells[i] = "person"
		case "phone":
			cells[i] = phone.Display(c.number)
		case "email":
			cells[i] = c.email
		case "note", "organisation":
		case columnID:
			cells[i] = itoa(model.ID + 1)
		default:
			cells[i] = e.text(model, key)
		}
	}
	return cells
}

// writeRows writes a page, with the canary where his place is.
func writeRows(out sheet.Writer, e Export, page client.Table, fake canary) error {
	for i, row := range page.Items {
		if e.Position+i == fake.place && fake.name != "" {
			if err := out.Write(fake.row(row, e)); err != nil {
				return err
			}
		}
		cells := make([]string, len(e.Columns))
		for j, key := range e.Columns {
			cells[j] = e.text(row, key)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	return nil
}

// text is a cell as it is written: a colleague by his name.
func (e Export) text(row client.TableRow, key string) string {
	if key == columnID {
		return itoa(row.ID)
	}
	if id, ok := row.Cells[key].(float64); ok && e.people[key] {
		return e.names[int64(id)]
	}
	return cellText(row.Cells[key])
}

// cellText writes a cell as text; a list has the mark between values that an
// import reads.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return map[bool]string{true: "1", false: "0"}[v]
	case float64:
		return strings.TrimSuffix(fmt.Sprintf("%.4f", v), ".0000")
	case []any:
		parts := make([]string, 0, len(v))
		for _, each := range v {
			if text := cellText(each); text != "" {
				parts = append(parts, text)
			}
		}
		return strings.Join(parts, sheet.Between)
	}
	return fmt.Sprint(v)
}

// Heard is told of every inbound contact: a number or an address that a canary
// has means that somebody uses a file that left the firm. All who approve exports
// are told, and the log. It runs in ctx's transaction and is one indexed look-up.
func (s *Service) Heard(ctx context.Context, contact, how string) error {
	if contact == "" {
		return nil
	}
	found, err := s.store.heard(ctx, strings.ToLower(contact), how)
	if err != nil {
		return err
	}
	for _, c := range found {
		if err := s.ports.Audit.Record(ctx, "canary.heard", "export", c.ExportID, nil, c); err != nil {
			return err
		}
		if err := s.tellDeciders(ctx, "canary.heard", c, 0); err != nil {
			return err
		}
		s.changed(ctx, c.ExportID)
	}
	return nil
}

// Canaries returns the files that were heard of, for who approves exports.
func (s *Service) Canaries(ctx context.Context) ([]Canary, error) { return s.store.canaries(ctx) }
