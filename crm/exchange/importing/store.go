package importing

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/postgres"
)

// Store is the SQL of imports. All methods work in ctx's transaction, if any.
type Store struct{ db *postgres.DB }

// NewStore returns the store in db.
func NewStore(db *postgres.DB) *Store { return &Store{db: db} }

const selection = `
	select i.id, coalesce(i.parcel_id, 0), i.file_name, i.size_bytes, i.sheets, i.source, i.state, i.format, i.mapping, i.policy, i.problem,
	       i.report, i.turn, i.position, i.total, i.created, i.updated, i.skipped, i.failed, i.undone, i.kept,
	       i.created_by, u.name, i.created_at, i.started_at, i.finished_at, i.beat_at
	from imports i join users u on u.id = i.created_by `

const (
	sqlInsert = `insert into imports (parcel_id, file_name, size_bytes, sheets, source, format, mapping, policy, created_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`
	sqlSaveDraft = `update imports set format = $2, mapping = $3, policy = $4, source = $5, report = null, total = 0, position = 0, updated_at = now()
		where id = $1`
	sqlBegin = `update imports set state = $2, turn = turn + 1, problem = '', beat_at = now(), updated_at = now(), finished_at = null,
			started_at = case when $2 = 'running' then coalesce(started_at, now()) else started_at end,
			position = case when $2 = 'checking' then 0 else position end
		where id = $1 returning turn`
	sqlSetState = `update imports set state = $2, problem = $3, updated_at = now(),
			position = case when $2 = 'draft' then 0 else position end,
			finished_at = case when $2 in ('done', 'cancelled', 'failed', 'undone') then now() end
		where id = $1`
	sqlRemove    = `delete from imports where id = $1`
	sqlAbandoned = `update imports set turn = turn + 1, beat_at = now()
		where state in ('checking', 'running', 'undoing') and beat_at < now() - make_interval(secs => $1) returning id, turn`
	sqlDropFiles = `delete from parcels p using imports i where i.parcel_id = p.id
		and i.state in ('draft', 'done', 'cancelled', 'failed', 'undone') and i.updated_at < now() - make_interval(secs => $1)`
	sqlBeat      = `update imports set position = $3, total = $4, beat_at = now() where id = $1 and turn = $2 and state = 'checking'`
	sqlTotal     = `update imports set total = $2, beat_at = now() where id = $1`
	sqlReport    = `update imports set report = $3, state = 'draft', position = 0, updated_at = now() where id = $1 and turn = $2 and state = 'checking'`
	sqlSavedFor  = `select id, name, mapping, policy from import_mappings where header_key = $1`
	sqlSaved     = `select m.id, m.name, m.mapping, m.policy from import_mappings m order by lower(m.name), m.id limit 200`
	sqlForget    = `delete from import_mappings where id = $1 returning name`
	sqlSaveSaved = `insert into import_mappings (name, header_key, mapping, policy, created_by) values ($1, $2, $3, $4, $5)
		on conflict (header_key) do update set name = excluded.name, mapping = excluded.mapping, policy = excluded.policy, updated_at = now()`
)

func scan(row pgx.CollectableRow) (im Import, err error) {
	err = row.Scan(&im.ID, &im.parcel, &im.FileName, &im.SizeBytes, &im.Sheets, &im.Source, &im.State, &im.Format, &im.Mapping, &im.Policy,
		&im.Problem, &im.Report, &im.turn, &im.Position, &im.Total, &im.Created, &im.Updated, &im.Skipped, &im.Failed, &im.Undone, &im.Kept,
		&im.AuthorID, &im.AuthorName, &im.CreatedAt, &im.StartedAt, &im.FinishedAt, &im.beatAt)
	im.HasFile = im.parcel != 0
	im.Mapping = im.Mapping.complete()
	return im, err
}

// get returns an import, locked until ctx's transaction ends if lock is set.
func (s *Store) get(ctx context.Context, id int64, lock bool) (Import, error) {
	sql := selection + `where i.id = $1`
	if lock {
		sql += ` for update of i`
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sql, id)
	if err != nil {
		return Import{}, postgres.Classify(err)
	}
	im, err := pgx.CollectExactlyOneRow(rows, scan)
	if postgres.IsNoRows(err) {
		return im, errNotFound
	}
	return im, postgres.Classify(err)
}

// list returns the imports that ctx's actor may see.
func (s *Store) list(ctx context.Context, before int64, limit int) ([]Import, error) {
	args := []any{before, limit}
	mine := Imports.Where(ctx, access.Read, "i", func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	})
	rows, err := s.db.Conn(ctx).Query(ctx, selection+`
		where ($1::bigint = 0 or i.id < $1) and `+mine+` order by i.id desc limit $2`, args...)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, scan)
	return all, postgres.Classify(err)
}

func (s *Store) insert(ctx context.Context, im Import) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlInsert, im.parcel, im.FileName, im.SizeBytes, im.Sheets, im.Source, im.Format, im.Mapping,
		im.Policy, im.AuthorID).Scan(&id)
	return id, postgres.Classify(err)
}

func (s *Store) saveDraft(ctx context.Context, im Import) error {
	return s.exec(ctx, sqlSaveDraft, im.ID, im.Format, im.Mapping, im.Policy, im.Source)
}

func (s *Store) begin(ctx context.Context, id int64, state State) (turn int, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlBegin, id, state).Scan(&turn)
	return turn, postgres.Classify(err)
}

func (s *Store) setState(ctx context.Context, id int64, state State, problem string) error {
	return s.exec(ctx, sqlSetState, id, state, problem)
}

func (s *Store) remove(ctx context.Context, id int64) error { return s.exec(ctx, sqlRemove, id) }

// abandoned appoints itself to imports whose worker is silent; it returns their
// new turns.
func (s *Store) abandoned(ctx context.Context, silence time.Duration) (map[int64]int, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlAbandoned, silence.Seconds())
	if err != nil {
		return nil, postgres.Classify(err)
	}
	turns := map[int64]int{}
	var id int64
	var turn int
	_, err = pgx.ForEachRow(rows, []any{&id, &turn}, func() error {
		turns[id] = turn
		return nil
	})
	return turns, postgres.Classify(err)
}

func (s *Store) dropOldFiles(ctx context.Context, after time.Duration) error {
	return s.exec(ctx, sqlDropFiles, after.Seconds())
}

// beat notes how far a dry run has come.
func (s *Store) beat(ctx context.Context, im Import, position int) (goOn bool, err error) {
	tag, err := s.db.Conn(ctx).Exec(ctx, sqlBeat, im.ID, im.turn, position, im.Total)
	return tag.RowsAffected() > 0, postgres.Classify(err)
}

func (s *Store) setTotal(ctx context.Context, id int64, total int) error {
	return s.exec(ctx, sqlTotal, id, total)
}

// report keeps what a dry run foresees, unless it was cancelled meanwhile.
func (s *Store) report(ctx context.Context, im Import, r Report) error {
	return s.exec(ctx, sqlReport, im.ID, im.turn, r)
}

// Saved is a mapping that is kept for files with the same columns.
type Saved struct {
	ID      int64   `json:"id"`
	Name    string  `json:"name"`
	Mapping Mapping `json:"mapping"`
	Policy  Policy  `json:"policy"`
}

func (s *Store) savedFor(ctx context.Context, key string) (*Saved, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlSavedFor, key)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Saved])
	if err != nil || len(found) == 0 {
		return nil, postgres.Classify(err)
	}
	return &found[0], nil
}

func (s *Store) saved(ctx context.Context) ([]Saved, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlSaved)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Saved])
	for i := range all {
		all[i].Mapping = all[i].Mapping.complete()
	}
	return all, postgres.Classify(err)
}

// forget removes a saved mapping and returns its name.
func (s *Store) forget(ctx context.Context, id int64) (name string, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlForget, id).Scan(&name)
	if postgres.IsNoRows(err) {
		return "", errNoMapping
	}
	return name, postgres.Classify(err)
}

func (s *Store) saveMapping(ctx context.Context, im Import) error {
	header := make([]string, len(im.Mapping.Columns))
	for i, c := range im.Mapping.Columns {
		header[i] = c.Header
	}
	return s.exec(ctx, sqlSaveSaved, im.Policy.SaveAs, headerKey(header), im.Mapping, im.Policy, im.AuthorID)
}

func (s *Store) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sql, args...)
	return postgres.Classify(err)
}
