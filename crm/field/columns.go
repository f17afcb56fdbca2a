package field

import (
	"context"
	"fmt"
	"strconv"

	"centralita/crm/access"
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
		if f.Type == Formula && d.mask(ctx, f) != maskOf(ctx, f.ID) {
			return // what it is computed of could be guessed
		}
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
	show, missing := "", ""
	switch f.of() {
	case Text:
		c.Type, c.SQL, c.Fold, c.Cast, missing = filter.Text, "v.text_key", s.ports.Fold, "text", ""
		show = "v.text_value"
	case Number, Money:
		c.Type, c.SQL, c.Cast, missing = filter.Number, "v.number_value", "numeric", "-Infinity"
		show = "trim_scale(v.number_value)::text"
		if f.Options.Currency != "" {
			c.Type = filter.Money
		}
	case Date:
		c.Type, c.SQL, c.Cast, missing = filter.Day, "v.date_value", "date", "-infinity"
		show = "to_char(v.date_value, 'YYYY-MM-DD')"
	case Choice:
		c.Type, c.SQL, c.Of = filter.Ref, "v.ref_id", "dictionary:"+strconv.FormatInt(f.Options.DictionaryID, 10)
		c.Cast, missing = "text", ""
		show = "(select t.label from dictionary_terms t where t.id = v.ref_id)"
	case Reference:
		c.Type, c.SQL, c.Of = filter.Ref, "v.ref_id", f.Options.Refers
		if f.Options.Refers == "user" {
			c.Type = filter.User
			show = "(select u.name from users u where u.id = v.ref_id)"
		}
	default:
		return c, false
	}
	if show != "" {
		c.Show = shown(x, f, show)
	}
	if c.Cast != "" && x.Kind == Fields {
		rows := filter.Rows{
			From: "client_values v", Where: fmt.Sprintf("v.field_id = %d and %s is not null", f.ID, sortColumn(f)),
			Owner: "v.client_id", Value: sortColumn(f), Missing: missing,
		}
		c.Rows = &rows
		c.Sort = fmt.Sprintf("coalesce((select %s from %s where %s and %s = c.id), '%s'::%s)", rows.Value, rows.From, rows.Where, rows.Owner, missing, c.Cast)
	}
	return c, true
}

// shown is what a list has of a field in a column: of a table, that of all rows.
// Records that not everybody may see are in no column.
func shown(x *Section, f *Field, sql string) string {
	if x.Kind == Table {
		return fmt.Sprintf(`(select jsonb_agg(%s order by r.position, r.id) from section_rows r join row_values v on v.row_id = r.id
			where r.client_id = c.id and v.field_id = %d)`, sql, f.ID)
	}
	return fmt.Sprintf("(select %s from client_values v where v.client_id = c.id and v.field_id = %d)", sql, f.ID)
}

// Searchable returns the labels, by id, of the fields with texts that ctx's actor
// sees in clear: a search may look into them.
func (s *Service) Searchable(ctx context.Context) (map[int64]string, error) {
	d, err := s.store.defs(ctx, Client)
	if err != nil {
		return nil, err
	}
	labels := map[int64]string{}
	d.each(func(_ *Section, f *Field) {
		if kind := f.of(); (kind == Text || kind == Choice) && d.mask(ctx, f) == access.Shown {
			labels[f.ID] = f.Label
		}
	})
	return labels, nil
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
