package segment

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/postgres"
)

// store is the SQL of segments. All methods work in ctx's transaction, if any.
type store struct{ db *postgres.DB }

// historyDays is how far back counts are shown.
const historyDays = "60"

const selection = `select s.id, s.owner_id, u.name, s.version, s.created_at, s.updated_at, s.name, s.note, s.filter,
	(select jsonb_agg(jsonb_build_object('day', n.day, 'count', n.count) order by n.day) from segment_counts n
		where n.segment_id = s.id and n.day > current_date - ` + historyDays + `)
	from segments s join users u on u.id = s.owner_id `

const (
	sqlToday  = `(select (now() at time zone f.time_zone)::date from firms f)`
	sqlGet    = selection + `where s.id = $1 and (s.deleted_at is not null) = $2 for update of s`
	sqlInsert = `insert into segments (name, note, owner_id, filter) values ($1, $2, $3, $4) returning id`
	sqlUpdate = `with old as (delete from segment_counts n using segments s where n.segment_id = $1 and s.id = $1 and s.filter <> $4::jsonb)
		update segments set name = $2, note = $3, filter = $4, version = version + 1, updated_at = now() where id = $1`
	sqlRemove    = `update segments set deleted_at = case when $2 then now() end where id = $1`
	sqlUncounted = `select s.id from segments s where s.deleted_at is null
		and not exists (select from segment_counts n where n.segment_id = s.id and n.day = ` + sqlToday + `) order by s.id`
	sqlCount = `insert into segment_counts (segment_id, day, count) select s.id, ` + sqlToday + `, $3 from segments s where s.id = $1 and s.version = $2
		on conflict (segment_id, day) do update set count = excluded.count`
)

func scan(row pgx.CollectableRow) (g ClientSegment, err error) {
	err = row.Scan(&g.ID, &g.OwnerID, &g.OwnerName, &g.Version, &g.CreatedAt, &g.UpdatedAt, &g.Name, &g.Note, &g.Filter, &g.History)
	return g, err
}

// list returns the segments that ctx's actor may see.
func (s store) list(ctx context.Context) ([]ClientSegment, error) {
	var args []any
	mine := Segments.Where(ctx, access.Read, "s", func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	})
	rows, err := s.db.Conn(ctx).Query(ctx, selection+"where s.deleted_at is null and "+mine+" order by lower(s.name), s.id", args...)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, scan)
	return all, postgres.Classify(err)
}

func (s store) get(ctx context.Context, id int64, removed bool) (ClientSegment, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlGet, id, removed)
	if err != nil {
		return ClientSegment{}, postgres.Classify(err)
	}
	g, err := pgx.CollectExactlyOneRow(rows, scan)
	if postgres.IsNoRows(err) {
		return g, errNotFound
	}
	return g, postgres.Classify(err)
}

func (s store) insert(ctx context.Context, d SegmentDraft, owner int64) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlInsert, d.Name, d.Note, owner, d.Filter).Scan(&id)
	return id, postgres.Classify(err)
}

func (s store) update(ctx context.Context, id int64, d SegmentDraft) error {
	return s.exec(ctx, sqlUpdate, id, d.Name, d.Note, d.Filter)
}

func (s store) remove(ctx context.Context, id int64, away bool) error {
	return s.exec(ctx, sqlRemove, id, away)
}

// uncounted are the segments that have no count of today.
func (s store) uncounted(ctx context.Context) ([]int64, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlUncounted)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return ids, postgres.Classify(err)
}

// keepCount keeps how many there are today, unless the segment has changed since
// it was read.
func (s store) keepCount(ctx context.Context, g ClientSegment, n int) error {
	return s.exec(ctx, sqlCount, g.ID, g.Version, n)
}

func (s store) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sql, args...)
	return postgres.Classify(err)
}
