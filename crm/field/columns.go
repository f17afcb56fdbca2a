package field

import (
	"context"
	"fmt"
	"strconv"

	"centralita/internal/filter"
)

// KeyOf returns the name of a field for filters, columns, exports and masks.
func KeyOf(id int64) string { return "custom." + strconv.FormatInt(id, 10) }

// Conditions returns the fields of clients as things that a list can be narrowed
// and sorted by; the clients table is c in the list's statement. A field of a
// table is met by a client of whom one row meets it. Whether the asker may use a
// field is the filter's to ask, by its Right.
func (s *Service) Conditions(ctx context.Context) ([]filter.Field, error) {
	d, err := s.store.defs(ctx, Client)
	if err != nil {
		return nil, err
	}
	var all []filter.Field
	d.each(func(x *Section, f *Field) {
		if c, ok := s.condition(x, f); ok {
			all = append(all, c)
		}
	})
	return all, nil
}

func (s *Service) condition(x *Section, f *Field) (c filter.Field, ok bool) {
	c = filter.Field{Key: KeyOf(f.ID), Label: f.Label, Right: KeyOf(f.ID)}
	c.Set = fmt.Sprintf("select v.client_id from client_values v where v.field_id = %d and", f.ID)
	if x.Kind == Table {
		c.Label = x.Title + ": " + f.Label
		c.Set = fmt.Sprintf("select r.client_id from row_values v join section_rows r on r.id = v.row_id where v.field_id = %d and", f.ID)
	}
	missing := ""
	switch f.of() {
	case Text:
		c.Type, c.SQL, c.Fold, c.Cast, missing = filter.Text, "v.text_key", s.ports.Fold, "text", "''"
	case Number, Money:
		c.Type, c.SQL, c.Cast, missing = filter.Number, "v.number_value", "numeric", "'-Infinity'::numeric"
		if f.Options.Currency != "" {
			c.Type = filter.Money
		}
	case Date:
		c.Type, c.SQL, c.Cast, missing = filter.Day, "v.date_value", "date", "'-infinity'::date"
	case Choice:
		c.Type, c.SQL, c.Of = filter.Ref, "v.ref_id", "dictionary:"+strconv.FormatInt(f.Options.DictionaryID, 10)
		c.Cast, missing = "text", "''"
	case Reference:
		c.Type, c.SQL, c.Of = filter.Ref, "v.ref_id", f.Options.Refers
		if f.Options.Refers == "user" {
			c.Type = filter.User
		}
	default:
		return c, false
	}
	if missing != "" && x.Kind == Fields {
		c.Sort = "coalesce((select " + sortColumn(f) + " from client_values v where v.client_id = c.id and v.field_id = " +
			strconv.FormatInt(f.ID, 10) + "), " + missing + ")"
	}
	return c, true
}

// sortColumn is what values of f are sorted by.
func sortColumn(f *Field) string {
	switch f.of() {
	case Number, Money:
		return "v.number_value"
	case Date:
		return "v.date_value"
	}
	return "v.text_key"
}
