package importing

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"centralita/crm/client"
	"centralita/internal/postgres"
)

const (
	sqlMade    = `select distinct client_id from import_rows where import_id = $1 and client_id = any($2) and verdict = 'created'`
	sqlAddRows = `insert into import_rows (import_id, line, verdict, code, field, client_id, version, undo, cells)
		select $1, v.line, v.verdict, v.code, v.field, nullif(v.client, 0), nullif(v.version, 0), v.undo::jsonb,
			case when v.cells is null then null else array(select jsonb_array_elements_text(v.cells::jsonb)) end
		from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::int[], $8::text[], $9::text[])
			as v (line, verdict, code, field, client, version, undo, cells)`
	sqlAdvance = `update imports set position = position + $2, created = created + $3, updated = updated + $4, skipped = skipped + $5,
		failed = failed + $6, beat_at = now() where id = $1`
	sqlRows = `select r.line, r.verdict, r.code, r.field, r.client_id, coalesce(c.name, ''), coalesce(r.cells, '{}')
		from import_rows r left join clients c on c.id = r.client_id
		where r.import_id = $1 and r.line > $2 and ($3 = '' or r.verdict = $3) order by r.line limit $4`
	sqlToUndo = `select line, verdict, client_id, version, undo from import_rows
		where import_id = $1 and undone is null and client_id is not null and verdict in ('created', 'updated') order by line desc limit $2 for update`
	sqlUndoneRows = `update import_rows set undone = $3 where import_id = $1 and line = any($2)`
	sqlReversion  = `update import_rows set version = $3 where import_id = $1 and client_id = $2 and undone is null`
	sqlUndone     = `update imports set undone = undone + $2, kept = kept + $3, beat_at = now() where id = $1`
)

// made returns which of the clients this very import has made.
func (s *Store) made(ctx context.Context, importID int64, ids []int64) (map[int64]bool, error) {
	made := map[int64]bool{}
	if len(ids) == 0 {
		return made, nil
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sqlMade, importID, ids)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, id := range found {
		made[id] = true
	}
	return made, postgres.Classify(err)
}

// undo is what it takes to give a client back what an update took.
type undo struct {
	Fields client.Fields `json:"fields"`
	Points [][2]string   `json:"points"`
}

// rowsOf are verdicts as the arrays of an insert.
type rowsOf struct {
	lines                  []int
	verdicts, codes, field []string
	clients                []int64
	versions               []int
	undos, cells           []*string
}

func (r *rowsOf) add(line int, verdict string, bad flaw, client int64, version int, back *undo, cells []string) error {
	r.lines, r.verdicts = append(r.lines, line), append(r.verdicts, verdict)
	r.codes, r.field = append(r.codes, bad.code), append(r.field, bad.field)
	r.clients, r.versions = append(r.clients, client), append(r.versions, version)
	undoText, err := text(back, back != nil)
	if err != nil {
		return err
	}
	cellText, err := text(cells, cells != nil)
	r.undos, r.cells = append(r.undos, undoText), append(r.cells, cellText)
	return err
}

func text(v any, there bool) (*string, error) {
	if !there {
		return nil, nil //nolint:nilnil // SQL's null
	}
	b, err := json.Marshal(v)
	t := string(b)
	return &t, err
}

func (s *Store) addRows(ctx context.Context, importID int64, r rowsOf) error {
	return s.exec(ctx, sqlAddRows, importID, r.lines, r.verdicts, r.codes, r.field, r.clients, r.versions, r.undos, r.cells)
}

// advance notes that n more rows have their verdict.
func (s *Store) advance(ctx context.Context, importID int64, n int, counts map[string]int) error {
	return s.exec(ctx, sqlAdvance, importID, n, counts[Created], counts[Updated], counts[Skipped], counts[RowFailed])
}

// rows returns verdicts of an import after a line.
func (s *Store) rows(ctx context.Context, importID int64, after int, verdict string, limit int) ([]Verdict, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlRows, importID, after, verdict, limit)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Verdict])
	return all, postgres.Classify(err)
}

// doneRow is what a row has done and may be taken back.
type doneRow struct {
	Line     int
	Verdict  string
	ClientID int64
	Version  int
	Undo     *undo
}

// toUndo returns rows that are still to be taken back, the last one first.
func (s *Store) toUndo(ctx context.Context, importID int64, limit int) ([]doneRow, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlToUndo, importID, limit)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[doneRow])
	return all, postgres.Classify(err)
}

// markUndone notes which rows were taken back and which could not be.
func (s *Store) markUndone(ctx context.Context, importID int64, undone, kept []int) error {
	if err := s.exec(ctx, sqlUndoneRows, importID, undone, true); err != nil {
		return err
	}
	if err := s.exec(ctx, sqlUndoneRows, importID, kept, false); err != nil {
		return err
	}
	return s.exec(ctx, sqlUndone, importID, count(undone), count(kept))
}

// count counts rows of the file; those of employers have negative lines.
func count(lines []int) (n int) {
	for _, l := range lines {
		if l > 0 {
			n++
		}
	}
	return n
}

// reversion tells the rows of a client that were before an update what version
// he has since it was taken back.
func (s *Store) reversion(ctx context.Context, importID, clientID int64, version int) error {
	return s.exec(ctx, sqlReversion, importID, clientID, version)
}
