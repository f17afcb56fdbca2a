package field

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// place is where a value lies: of a client himself, or of one of his rows.
type place struct{ table, owner string }

var (
	onClient = place{"client_values", "client_id"}
	onRow    = place{"row_values", "row_id"}
)

const cellColumns = `v.field_id, v.text_value, trim_scale(v.number_value)::text, to_char(v.date_value, 'YYYY-MM-DD'), v.ref_id`

const (
	// Values change under the lock of their client, so that formulas are computed
	// of what is there.
	sqlLockClient = `select id from clients where id = $1 for no key update`
	sqlManyCells  = `select v.client_id, 0::bigint, ` + cellColumns + ` from client_values v where v.client_id = any($1) and v.field_id = any($2)
		union all select r.client_id, r.id, ` + cellColumns + ` from section_rows r join row_values v on v.row_id = r.id
		where r.client_id = any($1) and v.field_id = any($2) order by 1, 2`
	sqlInsertRow = `insert into section_rows (section_id, client_id, position)
		select $1, $2, coalesce($3::int, (select max(position) + 1 from section_rows where client_id = $2 and section_id = $1), 1) returning id, position`
	sqlDeleteRow = `delete from section_rows where id = $1`
)

func (p place) set() string {
	return fmt.Sprintf(`insert into %s (%s, field_id, text_value, text_key, number_value, date_value, ref_id)
		values ($1, $2, $3, $4, $5::text::numeric, $6::text::date, $7)
		on conflict (%[2]s, field_id) do update set text_value = excluded.text_value, text_key = excluded.text_key,
			number_value = excluded.number_value, date_value = excluded.date_value, ref_id = excluded.ref_id, updated_at = now()`, p.table, p.owner)
}

func (p place) clear() string {
	return fmt.Sprintf(`delete from %s where %s = $1 and field_id = $2`, p.table, p.owner)
}

// book is all that a client's sections hold, as it is stored.
type book struct {
	client int64
	cells  map[int64]cell // by field
	rows   []bookRow
}

type bookRow struct {
	Row
	cells map[int64]cell
}

func (b *book) row(id int64) *bookRow {
	for i := range b.rows {
		if b.rows[i].ID == id {
			return &b.rows[i]
		}
	}
	return nil
}

// cellsOf returns the cells of a row, of the client himself for row 0.
func (b *book) cellsOf(row int64) map[int64]cell {
	if row == 0 {
		return b.cells
	}
	return b.row(row).cells
}

// lock keeps others from changing the client's values until ctx's transaction ends.
func (s store) lock(ctx context.Context, client int64) error {
	err := s.db.Conn(ctx).QueryRow(ctx, sqlLockClient, client).Scan(&client)
	if postgres.IsNoRows(err) {
		return errNoClient
	}
	return named("lock client", err)
}

// book reads all values of a client in one round trip.
func (s store) book(ctx context.Context, client int64) (*book, error) {
	books, err := s.books(ctx, []int64{client})
	if err != nil {
		return nil, err
	}
	return books[0], nil
}

func collect(results pgx.BatchResults, fn func(owner, field int64, c cell)) error {
	rows, err := results.Query()
	if err != nil {
		return named("read values", err)
	}
	for rows.Next() {
		var owner, field int64
		var c cell
		if err := rows.Scan(&owner, &field, &c.text, &c.number, &c.date, &c.ref); err != nil {
			rows.Close()
			return named("read values", err)
		}
		fn(owner, field, c)
	}
	return named("read values", rows.Err())
}

// many reads some fields of many clients at once, rows of tables in their order.
func (s store) many(ctx context.Context, clients, fields []int64, fn func(client, row, field int64, c cell)) error {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlManyCells, clients, fields)
	if err != nil {
		return named("read values", err)
	}
	var client, row, field int64
	var c cell
	_, err = pgx.ForEachRow(rows, []any{&client, &row, &field, &c.text, &c.number, &c.date, &c.ref}, func() error {
		fn(client, row, field, c)
		c = cell{}
		return nil
	})
	return named("read values", err)
}

// written is a cell to be stored.
type written struct {
	row, field int64 // row 0: the client's own
	cell       cell
}

// owned are cells of one client.
type owned struct {
	client int64
	cells  []written
}

// write stores cells of a client in one round trip.
func (s store) write(ctx context.Context, client int64, cells []written) error {
	return s.writeAll(ctx, []owned{{client, cells}})
}

// writeAll stores cells of many clients in one round trip.
func (s store) writeAll(ctx context.Context, all []owned) error {
	var b pgx.Batch
	for _, o := range all {
		for _, w := range o.cells {
			w.queue(&b, o.client)
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return named("write values", s.db.Conn(ctx).SendBatch(ctx, &b).Close())
}

func (w written) queue(b *pgx.Batch, client int64) {
	at, owner := onClient, client
	if w.row != 0 {
		at, owner = onRow, w.row
	}
	if c := w.cell; c.empty() {
		b.Queue(at.clear(), owner, w.field)
	} else {
		b.Queue(at.set(), owner, w.field, c.text, c.key, c.number, c.date, c.ref)
	}
}

func (s store) insertRow(ctx context.Context, client int64, r *Row, position *int) error {
	return named("add row", s.db.Conn(ctx).QueryRow(ctx, sqlInsertRow, r.SectionID, client, position).Scan(&r.ID, &r.Position))
}

func (s store) deleteRow(ctx context.Context, id int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlDeleteRow, id)
	return named("remove row", err)
}
