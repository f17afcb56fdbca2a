package field

import (
	"context"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

const (
	sqlDictionaries     = `select id, name, archived_at from dictionaries where $1 or archived_at is null order by lower(name), id`
	sqlTerms            = `select id, dictionary_id, label, position, archived_at from dictionary_terms where $1 or archived_at is null order by position, id`
	sqlDictionary       = `select id, name, archived_at from dictionaries where id = $1`
	sqlTerm             = `select id, dictionary_id, label, position, archived_at from dictionary_terms where id = $1`
	sqlInsertDictionary = `insert into dictionaries (name) values ($1) returning id`
	sqlUpdateDictionary = `update dictionaries set name = $2, archived_at = $3 where id = $1`
	sqlCountTerms       = `select count(*) from dictionary_terms where dictionary_id = $1`
	sqlInsertTerm       = `insert into dictionary_terms (dictionary_id, label, label_key, position)
		select d.id, $2, $3, coalesce((select max(position) from dictionary_terms where dictionary_id = d.id), 0) + 1
		from dictionaries d where d.id = $1 returning id, position`
	sqlUpdateTerm = `update dictionary_terms set label = $2, label_key = $3, archived_at = $4 where id = $1`
	sqlOrderTerms = `update dictionary_terms t set position = o.n from unnest($2::bigint[]) with ordinality o (id, n) where t.id = o.id and t.dictionary_id = $1`
)

func (s store) dictionaries(ctx context.Context, archived bool) ([]Dictionary, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlDictionaries, archived)
	if err != nil {
		return nil, named("read dictionaries", err)
	}
	all, err := pgx.CollectRows(rows, scanDictionary)
	if err != nil {
		return nil, named("read dictionaries", err)
	}
	at := map[int64]int{}
	for i := range all {
		at[all[i].ID] = i
	}
	if rows, err = s.db.Conn(ctx).Query(ctx, sqlTerms, archived); err != nil {
		return nil, named("read entries", err)
	}
	terms, err := pgx.CollectRows(rows, scanTerm)
	for _, t := range terms {
		if i, known := at[t.DictionaryID]; known {
			all[i].Terms = append(all[i].Terms, t)
		}
	}
	return all, named("read entries", err)
}

func scanDictionary(row pgx.CollectableRow) (d Dictionary, err error) {
	err = row.Scan(&d.ID, &d.Name, &d.ArchivedAt)
	d.Terms = []Term{}
	return d, err
}

func scanTerm(row pgx.CollectableRow) (t Term, err error) {
	err = row.Scan(&t.ID, &t.DictionaryID, &t.Label, &t.Position, &t.ArchivedAt)
	return t, err
}

func (s store) dictionary(ctx context.Context, id int64) (Dictionary, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlDictionary, id)
	if err != nil {
		return Dictionary{}, named("read dictionary", err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDictionary)
	if postgres.IsNoRows(err) {
		return d, errNoDictionary
	}
	return d, named("read dictionary", err)
}

func (s store) term(ctx context.Context, id int64) (Term, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlTerm, id)
	if err != nil {
		return Term{}, named("read entry", err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, scanTerm)
	if postgres.IsNoRows(err) {
		return t, errNoTerm
	}
	return t, named("read entry", err)
}

func (s store) insertDictionary(ctx context.Context, d *Dictionary) error {
	return named("add dictionary", s.db.Conn(ctx).QueryRow(ctx, sqlInsertDictionary, d.Name).Scan(&d.ID))
}

func (s store) updateDictionary(ctx context.Context, d Dictionary) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlUpdateDictionary, d.ID, d.Name, d.ArchivedAt)
	return named("change dictionary", err)
}

func (s store) countTerms(ctx context.Context, dictionary int64) (n int, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlCountTerms, dictionary).Scan(&n)
	return n, named("count entries", err)
}

func (s store) insertTerm(ctx context.Context, t *Term, key string) error {
	err := s.db.Conn(ctx).QueryRow(ctx, sqlInsertTerm, t.DictionaryID, t.Label, key).Scan(&t.ID, &t.Position)
	if postgres.IsNoRows(err) {
		return errNoDictionary
	}
	return named("add entry", err)
}

func (s store) updateTerm(ctx context.Context, t Term, key string) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlUpdateTerm, t.ID, t.Label, key, t.ArchivedAt)
	return named("change entry", err)
}

func (s store) orderTerms(ctx context.Context, dictionary int64, ids []int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlOrderTerms, dictionary, ids)
	return named("order entries", err)
}
