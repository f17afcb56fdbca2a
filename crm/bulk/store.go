package bulk

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/internal/postgres"
)

// store is the SQL of runs. All methods work in ctx's transaction, if any.
type store struct{ db *postgres.DB }

const selection = `select r.id, r.what, r.state, r.problem, r.total, r.position, r.changed, r.same, r.refused, r.failed, r.undone, r.kept,
	r.created_by, r.created_at, r.finished_at, r.turn, r.shares from bulk_runs r `

const rowColumns = `select w.n, w.client_id, coalesce(w.verdict, ''), w.code, w.before, w.after, w.undone from bulk_rows w `

const (
	sqlInsert = `insert into bulk_runs (what, created_by) values ($1, $2) returning id`
	sqlList   = selection + `where r.created_by = $1 order by r.id desc limit $2`
	sqlBegin  = `update bulk_runs set state = $2, total = $3, problem = '', turn = turn + 1, finished_at = null, beat_at = now() where id = $1 returning turn`
	sqlState  = `update bulk_runs set state = $2, problem = $3, finished_at = case when $2 not in ('running', 'undoing') then now() end where id = $1`
	sqlLoads  = `select coalesce(a.n, 0) - coalesce(b.n, 0) from unnest($2::bigint[]) with ordinality u (id, place)
		left join (select c.responsible_id as id, count(*) as n from clients c where c.responsible_id = any($2) group by 1) a on a.id = u.id
		left join (select c.responsible_id as id, count(*) as n from bulk_rows w join clients c on c.id = w.client_id
			where w.run_id = $1 and c.responsible_id = any($2) group by 1) b on b.id = u.id order by u.place`
	sqlAssign = `update bulk_runs set shares = $2 where id = $1`
	sqlNext   = rowColumns + `where w.run_id = $1 and w.n > $2 order by w.n limit $3`
	sqlToUndo = rowColumns + `where w.run_id = $1 and w.verdict = 'changed' and w.undone is null order by w.n desc limit $2`
	sqlJudge  = `update bulk_rows w set verdict = v.verdict, code = v.code, before = v.before, after = v.after
		from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[]) as v (n, verdict, code, before, after) where w.run_id = $1 and w.n = v.n`
	sqlAdvance = `update bulk_runs set position = position + $2, changed = changed + $3, same = same + $4, refused = refused + $5, failed = failed + $6,
		beat_at = now() where id = $1`
	sqlBack = `with w as (update bulk_rows w set undone = v.undone, code = v.code
			from unnest($2::int[], $3::boolean[], $4::text[]) as v (n, undone, code) where w.run_id = $1 and w.n = v.n returning w.undone)
		update bulk_runs set undone = undone + (select count(*) from w where undone), kept = kept + (select count(*) from w where not undone), beat_at = now()
		where id = $1`
	sqlRows      = rowColumns + `where w.run_id = $1 and w.n > $2 and ($3 = '' or w.verdict = $3 or $3 = 'kept' and w.undone = false) order by w.n limit $4`
	sqlAbandoned = `update bulk_runs set turn = turn + 1, beat_at = now()
		where state in ('running', 'undoing') and beat_at < now() - make_interval(secs => $1) returning id, turn`
)

func scan(row pgx.CollectableRow) (r BulkRun, err error) {
	err = row.Scan(&r.ID, &r.What, &r.State, &r.Problem, &r.Total, &r.Position, &r.Changed, &r.Same, &r.Refused, &r.Failed, &r.Undone, &r.Kept,
		&r.AuthorID, &r.CreatedAt, &r.FinishedAt, &r.turn, &r.shares)
	return r, err
}

func scanRow(row pgx.CollectableRow) (r BulkRow, err error) {
	err = row.Scan(&r.N, &r.ClientID, &r.Verdict, &r.Code, &r.Before, &r.After, &r.Undone)
	return r, err
}

func (s store) insert(ctx context.Context, what BulkWhat, author int64) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlInsert, what, author).Scan(&id)
	return id, postgres.Classify(err)
}

// fill writes down the rows that a statement selects the ids of, without some, in
// an order that has nothing to do with who they are.
func (s store) fill(ctx context.Context, id int64, sql string, args []any, except []int64) (int, error) {
	if except == nil {
		except = []int64{}
	}
	n := len(args)
	tag, err := s.db.Conn(ctx).Exec(ctx, `insert into bulk_rows (run_id, n, client_id)
		select $`+strconv.Itoa(n+1)+`, row_number() over (order by hashint8(x.id), x.id), x.id from (`+sql+` limit `+strconv.Itoa(maxRows+1)+`) x (id)
		where x.id <> all($`+strconv.Itoa(n+2)+`::bigint[])`, append(args, id, except)...)
	return int(tag.RowsAffected()), postgres.Classify(err)
}

// fillWith writes down those of the clients whom ctx's actor may see.
func (s store) fillWith(ctx context.Context, id int64, ids []int64) (int, error) {
	args := []any{ids}
	mine := client.Clients.Where(ctx, access.Read, "c", func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	})
	return s.fill(ctx, id, "select c.id from clients c where c.id = any($1) and "+mine, args, nil)
}

// loads is how many clients each of the users has besides those of a run.
func (s store) loads(ctx context.Context, id int64, users []int64) ([]int, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlLoads, id, users)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[int])
	return all, postgres.Classify(err)
}

// assign keeps how many of the rows each of the users gets.
func (s store) assign(ctx context.Context, id int64, shares []int) error {
	return s.exec(ctx, sqlAssign, id, shares)
}

func (s store) begin(ctx context.Context, id int64, state State, total int) (turn int, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlBegin, id, state, total).Scan(&turn)
	return turn, postgres.Classify(err)
}

func (s store) setState(ctx context.Context, id int64, state State, problem string) error {
	return s.exec(ctx, sqlState, id, state, problem)
}

// get returns a run, locked until ctx's transaction ends if lock is set.
func (s store) get(ctx context.Context, id int64, lock bool) (BulkRun, error) {
	sql := selection + `where r.id = $1`
	if lock {
		sql += ` for update`
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sql, id)
	if err != nil {
		return BulkRun{}, postgres.Classify(err)
	}
	run, err := pgx.CollectExactlyOneRow(rows, scan)
	if postgres.IsNoRows(err) {
		return run, errNotFound
	}
	return run, postgres.Classify(err)
}

func (s store) list(ctx context.Context, author int64, limit int) ([]BulkRun, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlList, author, limit)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, scan)
	return all, postgres.Classify(err)
}

func (s store) some(ctx context.Context, sql string, args ...any) ([]BulkRow, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sql, args...)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, scanRow)
	return all, postgres.Classify(err)
}

// next returns the rows after a position.
func (s store) next(ctx context.Context, id int64, after, limit int) ([]BulkRow, error) {
	return s.some(ctx, sqlNext, id, after, limit)
}

// toUndo returns rows that are still to be taken back, the last one first.
func (s store) toUndo(ctx context.Context, id int64, limit int) ([]BulkRow, error) {
	return s.some(ctx, sqlToUndo, id, limit)
}

func (s store) rows(ctx context.Context, id int64, after int, verdict string, limit int) ([]BulkRow, error) {
	return s.some(ctx, sqlRows, id, after, verdict, limit)
}

// judge writes the verdicts on some rows, and how far the run has come with them.
func (s store) judge(ctx context.Context, id int64, rows []BulkRow) error {
	var ns []int
	var verdicts, codes, befores, afters []string
	counts := map[string]int{}
	for _, r := range rows {
		counts[r.Verdict]++
		ns, verdicts, codes = append(ns, r.N), append(verdicts, r.Verdict), append(codes, r.Code)
		befores, afters = append(befores, r.Before), append(afters, r.After)
	}
	if err := s.exec(ctx, sqlJudge, id, ns, verdicts, codes, befores, afters); err != nil {
		return err
	}
	return s.exec(ctx, sqlAdvance, id, len(rows), counts[Changed], counts[Same], counts[Refused], counts[RowFailed])
}

// back notes which rows were taken back and which stay, and why.
func (s store) back(ctx context.Context, id int64, rows []BulkRow) error {
	var ns []int
	var undone []bool
	var codes []string
	for _, r := range rows {
		ns, undone, codes = append(ns, r.N), append(undone, *r.Undone), append(codes, r.Code)
	}
	return s.exec(ctx, sqlBack, id, ns, undone, codes)
}

// abandoned takes over the runs whose worker is silent; it returns their new turns.
func (s store) abandoned(ctx context.Context, silence time.Duration) (map[int64]int, error) {
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

func (s store) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sql, args...)
	return postgres.Classify(err)
}
