package client

import (
	"context"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// TextSource says which fields of the firm's own hold texts that ctx's actor may
// see in clear: their labels, by id.
type TextSource func(ctx context.Context) (map[int64]string, error)

// ExtendSearch has the search look into more texts. Call it before the server
// starts.
func (s *Service) ExtendSearch(source TextSource) { s.texts = source }

// nearestTrigram is how many letters the index of parts of texts needs.
const nearestTrigram = 3

// $1 the longest word, $2 all words, $3 the fields.
const sqlByField = `select c.id, f.field_id, f.text, coalesce(c.last_contact_at, c.created_at) from (
		(select v.client_id, v.field_id, coalesce(v.text_value, t.label) as text from client_values v
			join clients c on c.id = v.client_id left join dictionary_terms t on v.text_value is null and t.id = v.ref_id
			where v.text_key like $1 and v.text_key like all($2::text[]) and v.field_id = any($3) and {rights} limit 20)
		union all (select r.client_id, v.field_id, coalesce(v.text_value, t.label) from row_values v join section_rows r on r.id = v.row_id
			join clients c on c.id = r.client_id left join dictionary_terms t on v.text_value is null and t.id = v.ref_id
			where v.text_key like $1 and v.text_key like all($2::text[]) and v.field_id = any($3) and {rights} limit 20)) f
	join clients c on c.id = f.client_id`

// byField finds clients by the texts in fields of the firm's own.
func (s *Service) byField(ctx context.Context, _ string, typed []word) ([]guess, error) {
	longest, all := "", []string{}
	for _, w := range typed {
		part := "%" + escapeLike(w.plain) + "%"
		all = append(all, part)
		if utf8.RuneCountInString(w.plain) >= nearestTrigram && len(part) > len(longest) {
			longest = part
		}
	}
	if longest == "" || s.texts == nil {
		return nil, nil
	}
	fields, err := s.texts(ctx)
	if err != nil || len(fields) == 0 {
		return nil, err
	}
	ids := make([]int64, 0, len(fields))
	for id := range fields {
		ids = append(ids, id)
	}
	return s.store.byField(ctx, longest, all, ids, func(id int64, text string) Match {
		m := matchText("custom", text, typed)
		m.Label = fields[id]
		return m
	})
}

func (s *Store) byField(ctx context.Context, longest string, all []string, ids []int64, match func(id int64, text string) Match) ([]guess, error) {
	args := []any{longest, all, ids}
	rows, err := s.db.Conn(ctx).Query(ctx, ruled(ctx, sqlByField, &args), args...)
	if err != nil {
		return nil, named(err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (g guess, err error) {
		var field int64
		if err := row.Scan(&g.id, &field, &g.text, &g.last); err != nil {
			return g, err
		}
		g.score, g.match = scoreOther, match(field, g.text)
		return g, nil
	})
	return out, named(err)
}
