package client

import (
	"context"
	"fmt"
	"strings"

	"centralita/crm/access"
	"centralita/internal/filter"
	"centralita/internal/postgres"
)

// Explanation says whether a client meets conditions, and how he stands to each.
type Explanation struct {
	Holds   bool     `json:"holds"`
	Reasons []Ground `json:"reasons" doc:"In the order of the conditions"`
}

// Ground is one condition and what a client has there.
type Ground struct {
	Field string `json:"field"`
	Op    string `json:"op"`
	Value any    `json:"value,omitempty"`
	Holds bool   `json:"holds"`
	Has   any    `json:"has,omitempty" doc:"What the client has: a value, a list, or how many events and the last"`
}

// Askable returns nil when ctx's actor may ask q, and what is wrong with it
// otherwise. It reads no client.
func (s *Service) Askable(ctx context.Context, q TableQuery) error {
	schema, asker, err := s.asking(ctx)
	if err != nil {
		return err
	}
	if q.Sort != "" {
		if _, err := schema.Order(q.Sort, asker, "body.sort"); err != nil {
			return err
		}
	}
	if _, err := columnsOf(ctx, schema, q.Columns); err != nil {
		return err
	}
	_, err = schema.Where(q.Where, asker, "body.filter", (&statement{}).bind)
	return err
}

// Explain says why a client whom ctx's actor may see meets conditions, or why not.
func (s *Service) Explain(ctx context.Context, id int64, where filter.Node) (Explanation, error) {
	if err := s.CanRead(ctx, id); err != nil {
		return Explanation{}, err
	}
	schema, asker, err := s.asking(ctx)
	if err != nil {
		return Explanation{}, err
	}
	q := &statement{}
	holds, parts, err := schema.Explain(where, asker, "body.filter", q.bind)
	if err != nil {
		return Explanation{}, err
	}
	if !where.Mentions("archived") {
		holds += " and " + kept
	}
	return s.store.explain(ctx, q, id, holds, parts)
}

// explain reads how a client stands to each condition, as much of it as may be seen.
func (s *Store) explain(ctx context.Context, q *statement, id int64, holds string, parts []filter.Part) (e Explanation, err error) {
	tests, has := []string{"true"}, []string{}
	var columns []column
	for i, p := range parts {
		tests = append(tests, p.Holds)
		key := p.Field.Key
		if _, is := p.Field.Column(); !is || p.Field.Type == filter.Events {
			key = fmt.Sprintf("#%d", i)
		}
		has = append(has, q.bind(key)+"::text, "+p.Has)
		columns = append(columns, column{key: key, mask: maskOf(ctx, p.Field)})
	}
	sql := "select " + holds + ", array[" + strings.Join(tests, ", ") + "], jsonb_build_object(" + strings.Join(has, ", ") + ") from clients c where c.id = " + q.bind(id)
	var held []bool
	var cells []byte
	err = s.db.Conn(ctx).QueryRow(ctx, sql, q.args...).Scan(&e.Holds, &held, &cells)
	if postgres.IsNoRows(err) {
		return e, errNotFound
	}
	if err != nil {
		return e, named(err)
	}
	row := TableRow{}
	if err := row.read(cells, columns, access.FieldMask(ctx, access.PhoneField)); err != nil {
		return e, fmt.Errorf("explain: %w", err)
	}
	e.Reasons = []Ground{}
	for i, p := range parts {
		e.Reasons = append(e.Reasons, Ground{Field: p.Node.Field, Op: p.Node.Op, Value: p.Node.Value, Holds: held[i+1], Has: row.Cells[columns[i].key]})
	}
	return e, nil
}
