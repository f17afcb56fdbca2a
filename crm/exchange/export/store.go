package export

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// Store is the SQL of exports. All methods work in ctx's transaction, if any.
type Store struct{ db *postgres.DB }

// NewStore returns the store in db.
func NewStore(db *postgres.DB) *Store { return &Store{db: db} }

const selection = `
	select e.id, e.state, e.format, e.columns, e.reason, e.total, e.position, e.size_bytes, e.problem, e.created_by, u.name, e.created_at,
	       coalesce(d.name, ''), e.decision, e.decided_at, e.ready_at, e.expires_at, e.fetched,
	       e.query, e.titles, e.delimiter, e.cursor, coalesce(e.parcel_id, 0), e.parts, e.turn
	from exports e join users u on u.id = e.created_by left join users d on d.id = e.decided_by `

const (
	sqlSettings     = `select approval_rows, daily_exports, daily_rows, keep_hours, canary_domain from export_settings`
	sqlSaveSettings = `update export_settings set approval_rows = $1, daily_exports = $2, daily_rows = $3, keep_hours = $4, canary_domain = $5, updated_at = now()`
	sqlLockUser     = `select id from users where id = $1 for no key update`
	sqlToday        = `select count(*), coalesce(sum(greatest(e.total, e.position)), 0) from exports e cross join firms f
		where e.created_by = $1 and e.state not in ('refused') and (e.state <> 'cancelled' or e.position > 0)
			and e.created_at >= date_trunc('day', now() at time zone f.time_zone) at time zone f.time_zone`
	sqlInsert = `insert into exports (state, format, delimiter, query, columns, titles, reason, total, created_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`
	sqlDecide = `update exports set state = $2, decided_by = $3, decision = $4, decided_at = now(), beat_at = now() where id = $1`
	sqlClose  = `update exports set state = $2, problem = $3, parcel_id = null where id = $1`
	sqlStart  = `update exports set state = 'running', parcel_id = $2, beat_at = now() where id = $1`
	sqlPart   = `with p as (insert into parcel_parts (parcel_id, n, data) values ($2, $3, $4))
		update exports set cursor = $5, position = position + $6, parts = parts + 1, size_bytes = size_bytes + $7, beat_at = now() where id = $1`
	sqlBeat  = `update exports set beat_at = now() where id = $1 and turn = $2 and state = 'running'`
	sqlWrote = `update exports set position = $2, size_bytes = $3, beat_at = now() where id = $1`
	sqlReady = `update exports set state = 'ready', ready_at = now(), expires_at = now() + make_interval(hours => (select keep_hours from export_settings))
		where id = $1`
	sqlFetched   = `update exports set fetched = fetched + 1 where id = $1`
	sqlAbandoned = `update exports set turn = turn + 1, beat_at = now()
		where state in ('queued', 'running') and beat_at < now() - make_interval(secs => $1) returning id, turn`
	sqlExpire = `with over as (update exports e set state = 'expired' where e.state = 'ready' and e.expires_at < now() returning e.parcel_id)
		delete from parcels p using over where p.id = over.parcel_id`
	sqlCanary    = `select place, name, number, email from export_canaries where export_id = $1`
	sqlAddCanary = `insert into export_canaries (export_id, user_id, place, name, number, email) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`
	sqlHeard     = `with seen as (update export_canaries set seen_at = now(), seen_how = $2, seen_times = seen_times + 1
			where (number = $1 and number <> '') or (email = $1 and email <> '') returning *)
		select s.export_id, u.name, s.created_at, s.seen_at, s.seen_how, s.seen_times from seen s join users u on u.id = s.user_id`
	sqlCanaries = `select c.export_id, u.name, c.created_at, c.seen_at, c.seen_how, c.seen_times from export_canaries c join users u on u.id = c.user_id
		where c.seen_at is not null order by c.seen_at desc limit 100`
)

func scan(row pgx.CollectableRow) (e Export, err error) {
	err = row.Scan(&e.ID, &e.State, &e.Format, &e.Columns, &e.Reason, &e.Total, &e.Position, &e.SizeBytes, &e.Problem, &e.AuthorID, &e.AuthorName,
		&e.CreatedAt, &e.DeciderName, &e.Decision, &e.DecidedAt, &e.ReadyAt, &e.ExpiresAt, &e.Fetched,
		&e.query, &e.titles, &e.delimiter, &e.cursor, &e.parcel, &e.parts, &e.turn)
	w := e.query.Where
	e.Text, e.Filtered = e.query.Text, w.Field != "" || len(w.All)+len(w.Any)+len(w.None) > 0
	return e, err
}

func (s *Store) settings(ctx context.Context) (Settings, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlSettings)
	if err != nil {
		return Settings{}, postgres.Classify(err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Settings])
	return found, postgres.Classify(err)
}

func (s *Store) saveSettings(ctx context.Context, to Settings) error {
	return s.exec(ctx, sqlSaveSettings, to.ApprovalRows, to.DailyExports, to.DailyRows, to.KeepHours, to.CanaryDomain)
}

// today returns how many exports of how many rows a user has asked for on this
// day of the firm's, and keeps his others waiting until ctx's transaction ends.
func (s *Store) today(ctx context.Context, user int64) (files, rows int, err error) {
	if err := s.db.Conn(ctx).QueryRow(ctx, sqlLockUser, user).Scan(&user); err != nil {
		return 0, 0, postgres.Classify(err)
	}
	err = s.db.Conn(ctx).QueryRow(ctx, sqlToday, user).Scan(&files, &rows)
	return files, rows, postgres.Classify(err)
}

func (s *Store) insert(ctx context.Context, w Wish, state State, total int, author int64) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlInsert, state, w.Format, w.Delimiter, w.Query, w.Columns, w.Titles, w.Reason, total, author).Scan(&id)
	return id, postgres.Classify(err)
}

// get returns an export, locked until ctx's transaction ends if lock is set.
func (s *Store) get(ctx context.Context, id int64, lock bool) (Export, error) {
	sql := selection + `where e.id = $1`
	if lock {
		sql += ` for update of e`
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sql, id)
	if err != nil {
		return Export{}, postgres.Classify(err)
	}
	e, err := pgx.CollectExactlyOneRow(rows, scan)
	if postgres.IsNoRows(err) {
		return e, errNotFound
	}
	return e, postgres.Classify(err)
}

// list returns the exports of an author, of everybody when he is 0; those that
// wait for a decision first.
func (s *Store) list(ctx context.Context, author, before int64, limit int) ([]Export, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, selection+`
		where ($1::bigint = 0 or e.created_by = $1) and ($2::bigint = 0 or e.id < $2) order by e.id desc limit $3`, author, before, limit)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, scan)
	return all, postgres.Classify(err)
}

func (s *Store) decide(ctx context.Context, id int64, state State, by int64, reason string) error {
	return s.exec(ctx, sqlDecide, id, state, by, reason)
}

func (s *Store) close(ctx context.Context, id int64, state State, problem string) error {
	return s.exec(ctx, sqlClose, id, state, problem)
}

func (s *Store) start(ctx context.Context, id, parcel int64) error {
	return s.exec(ctx, sqlStart, id, parcel)
}

// addPart stores a page of a file together with how far the export has come.
func (s *Store) addPart(ctx context.Context, e Export, cursor string, rows int, data []byte) error {
	return s.exec(ctx, sqlPart, e.ID, e.parcel, e.parts, data, cursor, rows, len(data))
}

// beat says that e's worker lives, and learns whether it is still wanted.
func (s *Store) beat(ctx context.Context, e Export) (goOn bool, err error) {
	tag, err := s.db.Conn(ctx).Exec(ctx, sqlBeat, e.ID, e.turn)
	return tag.RowsAffected() > 0, postgres.Classify(err)
}

func (s *Store) wrote(ctx context.Context, id int64, rows int, size int64) error {
	return s.exec(ctx, sqlWrote, id, rows, size)
}

func (s *Store) ready(ctx context.Context, id int64) error   { return s.exec(ctx, sqlReady, id) }
func (s *Store) fetched(ctx context.Context, id int64) error { return s.exec(ctx, sqlFetched, id) }
func (s *Store) expire(ctx context.Context) error            { return s.exec(ctx, sqlExpire) }

// abandoned appoints itself to exports whose worker is silent; it returns their
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

func (s *Store) canary(ctx context.Context, exportID int64) (c canary, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlCanary, exportID).Scan(&c.place, &c.name, &c.number, &c.email)
	if postgres.IsNoRows(err) {
		return canary{}, nil
	}
	return c, postgres.Classify(err)
}

func (s *Store) addCanary(ctx context.Context, e Export, c canary) error {
	return s.exec(ctx, sqlAddCanary, e.ID, e.AuthorID, c.place, c.name, c.number, c.email)
}

func (s *Store) heard(ctx context.Context, contact, how string) ([]Canary, error) {
	return s.heardOf(ctx, sqlHeard, contact, how)
}

func (s *Store) canaries(ctx context.Context) ([]Canary, error) { return s.heardOf(ctx, sqlCanaries) }

func (s *Store) heardOf(ctx context.Context, sql string, args ...any) ([]Canary, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sql, args...)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Canary])
	return all, postgres.Classify(err)
}

func (s *Store) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sql, args...)
	return postgres.Classify(err)
}

func itoa(id int64) string { return strconv.FormatInt(id, 10) }
