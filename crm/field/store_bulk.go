package field

import (
	"context"

	"github.com/jackc/pgx/v5"
)

const (
	sqlLockClients = `select id from clients where id > $1 order by id limit $2 for no key update`
	sqlAllCells    = `select v.client_id, ` + cellColumns + ` from client_values v where v.client_id = any($1)`
	sqlAllRows     = `select r.client_id, r.id, r.section_id, r.position from section_rows r join sections s on s.id = r.section_id
		where r.client_id = any($1) and s.archived_at is null order by r.client_id, r.section_id, r.position, r.id`
	sqlAllRowCells = `select v.row_id, ` + cellColumns + ` from section_rows r join row_values v on v.row_id = r.id where r.client_id = any($1)`
	sqlTermKey     = `select dictionary_id, label from dictionary_terms where id = $1`
	sqlDawn        = `update formula_days set day = $1::text::date where day <> $1::text::date`
)

// relabelling files values under a label, some thousands at a time.
func (p place) relabelling() string {
	return `update ` + p.table + ` set text_key = $3 where (` + p.owner + `, field_id) in (select v.` + p.owner + `, v.field_id from ` + p.table + ` v
		join fields f on f.id = v.field_id where f.dictionary_id = $1 and v.ref_id = $2 and v.text_key is distinct from $3 limit $4)`
}

func (s store) lockClients(ctx context.Context, after int64, limit int) ([]int64, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlLockClients, after, limit)
	if err != nil {
		return nil, named("lock clients", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return ids, named("lock clients", err)
}

// books is book for many clients, in the order of clients.
func (s store) books(ctx context.Context, clients []int64) (books []*book, err error) {
	byClient := map[int64]*book{}
	for _, id := range clients {
		b := &book{client: id, cells: map[int64]cell{}}
		byClient[id] = b
		books = append(books, b)
	}
	var batch pgx.Batch
	batch.Queue(sqlAllCells, clients)
	batch.Queue(sqlAllRows, clients)
	batch.Queue(sqlAllRowCells, clients)
	results := s.db.Conn(ctx).SendBatch(ctx, &batch)
	defer func() {
		if closing := results.Close(); err == nil && closing != nil {
			err = named("read values", closing)
		}
	}()
	if err := collect(results, func(client, field int64, c cell) { byClient[client].cells[field] = c }); err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		return nil, named("read rows", err)
	}
	byRow := map[int64]map[int64]cell{}
	var client int64
	var r Row
	_, err = pgx.ForEachRow(rows, []any{&client, &r.ID, &r.SectionID, &r.Position}, func() error {
		byRow[r.ID] = map[int64]cell{}
		byClient[client].rows = append(byClient[client].rows, bookRow{r, byRow[r.ID]})
		return nil
	})
	if err != nil {
		return nil, named("read rows", err)
	}
	return books, collect(results, func(row, field int64, c cell) {
		if cells := byRow[row]; cells != nil {
			cells[field] = c
		}
	})
}

// relabel files some values under the label that a term has now, and returns how
// many there were at most in one table.
func (s store) relabel(ctx context.Context, term int64, fold func(string) string) (int, error) {
	var dictionary int64
	var label string
	if err := s.db.Conn(ctx).QueryRow(ctx, sqlTermKey, term).Scan(&dictionary, &label); err != nil {
		return 0, named("read entry", err)
	}
	most := 0
	for _, p := range []place{onClient, onRow} {
		tag, err := s.db.Conn(ctx).Exec(ctx, p.relabelling(), dictionary, term, keyOfText(label, fold), relabels)
		if err != nil {
			return 0, named("relabel values", err)
		}
		most = max(most, int(tag.RowsAffected()))
	}
	return most, nil
}

// dawn notes the day and reports whether it is a new one.
func (s store) dawn(ctx context.Context, day string) (bool, error) {
	tag, err := s.db.Conn(ctx).Exec(ctx, sqlDawn, day)
	return tag.RowsAffected() > 0, named("note the day", err)
}
