package client

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
)

const (
	// $1 a tsquery, $2 and $3 the bounds of names that begin with what was typed.
	sqlByWords = `select c.id, c.name, coalesce(c.last_contact_at, c.created_at) from (
			(select id from clients c where name_words(c.name_key) @@ $1::tsquery and {rights} limit 200)
			union (select id from clients c where c.name_key >= $2 and c.name_key < $3 and {rights} order by c.name_key, c.id limit 20)) f
		join clients c on c.id = f.id`
	// $1 whole numbers, $2 beginnings, $3 the last digits reversed.
	sqlByDigits = `select c.id, f.value, coalesce(c.last_contact_at, c.created_at) from (
			(select client_id, e164 as value from contact_readings where e164 = any($1::text[]) limit 50)
			union all (select r.client_id, r.e164 from unnest($2::text[]) b (prefix), lateral (select client_id, e164 from contact_readings
				where e164 >= b.prefix and e164 < b.prefix || ':' limit 50) r)
			union all (select p.client_id, p.value from (select $3::text collate "C" as tail) t, lateral (select client_id, value from contact_points
				where kind = 'phone' and t.tail <> '' and digits_tail >= t.tail and digits_tail < t.tail || ':' limit 50) p)) f
		join clients c on c.id = f.client_id where {rights}`
	sqlByAddress = `select c.id, f.value, coalesce(c.last_contact_at, c.created_at) from (
			(select client_id, value from contact_points where kind <> 'phone' and value ~>=~ $1 and value ~<~ $2 limit 20)
			union (select client_id, value from contact_points where kind = 'email'
				and split_part(value, '@', 2) ~>=~ $1 and split_part(value, '@', 2) ~<~ $2 limit 20)) f
		join clients c on c.id = f.client_id where {rights}`
	sqlByNote = `(select c.id, n.text, n.created_at from notes n join clients c on c.id = n.client_id
			where plain_words(n.text) @@ $1::tsquery and {notes} and {rights} limit 20)
		union all (select c.id, c.note, c.updated_at from clients c where c.note <> '' and plain_words(c.note) @@ $1::tsquery and {rights} limit 20)`
	sqlNearWords = `select word from name_words where near && $1 limit 200`
	sqlRowsOf    = `select ` + rowColumns + ` from unnest($1::bigint[]) f (id)` + rowJoins
	// The last ids are read again: a transaction may have been slower than its id.
	sqlNewNames = `select c.id, c.name_key from clients c where c.id > (select client_id - 1000 from name_words_learned for update) order by c.id limit $1`
	sqlAddWords = `with w as (insert into name_words (word, near) select w.word, array(select jsonb_array_elements_text(w.near))
			from jsonb_to_recordset($1::jsonb) as w (word text, near jsonb) on conflict do nothing)
		update name_words_learned set client_id = $2`
)

// found runs one of the searches under the rights of ctx's actor.
func (s *Store) found(ctx context.Context, sql string, args ...any) ([]guess, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, ruled(ctx, sql, &args), args...)
	if err != nil {
		return nil, named(err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c guess, err error) {
		return c, row.Scan(&c.id, &c.text, &c.last)
	})
	return out, named(err)
}

func (s *Store) byWords(ctx context.Context, query, beginning string) ([]guess, error) {
	return s.found(ctx, sqlByWords, query, beginning, beginning+string(unicode.MaxRune))
}

func (s *Store) byDigits(ctx context.Context, whole, begins []string, tail string) ([]guess, error) {
	return s.found(ctx, sqlByDigits, whole, begins, tail)
}

func (s *Store) byAddress(ctx context.Context, address string) ([]guess, error) {
	return s.found(ctx, sqlByAddress, address, address+string(unicode.MaxRune))
}

func (s *Store) byNote(ctx context.Context, query string) ([]guess, error) {
	return s.found(ctx, sqlByNote, query)
}

func (s *Store) nearWords(ctx context.Context, near []string) ([]string, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlNearWords, near)
	if err != nil {
		return nil, named(err)
	}
	words, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return words, named(err)
}

// rowsOf reads clients as a list shows them.
func (s *Store) rowsOf(ctx context.Context, ids []int64) (map[int64]ClientRow, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlRowsOf, ids)
	if err != nil {
		return nil, named(err)
	}
	out := map[int64]ClientRow{}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (ClientRow, error) {
		var key string
		var at time.Time
		r, err := scanRow(row, &key, &at)
		out[r.ID] = r.seen(ctx)
		return r, err
	})
	return out, named(err)
}

// newNames returns the keys of names that were not learned yet, and the last id.
func (s *Store) newNames(ctx context.Context, limit int) (last int64, keys []string, err error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlNewNames, limit)
	if err != nil {
		return 0, nil, named(err)
	}
	keys, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (key string, err error) {
		return key, row.Scan(&last, &key)
	})
	return last, keys, named(err)
}

func (s *Store) addWords(ctx context.Context, words []string, last int64) error {
	type entry struct {
		Word string   `json:"word"`
		Near []string `json:"near"`
	}
	entries := make([]entry, len(words))
	for i, w := range words {
		entries[i] = entry{w, near(w)}
	}
	text, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	_, err = s.db.Conn(ctx).Exec(ctx, sqlAddWords, string(text), last)
	return named(err)
}

// jotted is who may read whose notes.
var jotted = access.Resource{Entity: access.Note, Owner: "user_id"}

// ruled puts the rights of ctx's actor into a statement, and leaves archived
// clients out.
func ruled(ctx context.Context, sql string, args *[]any) string {
	bind := func(v any) string {
		*args = append(*args, v)
		return "$" + strconv.Itoa(len(*args))
	}
	sql = strings.ReplaceAll(sql, "{rights}", Clients.Where(ctx, access.Read, "c", bind)+" and "+kept)
	if strings.Contains(sql, "{notes}") {
		sql = strings.ReplaceAll(sql, "{notes}", jotted.Where(ctx, access.Read, "n", bind))
	}
	return sql
}
