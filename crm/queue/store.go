package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

var errNotFound = fault.New(fault.NotFound, "queue_not_found", "There is no such queue.")

// Version is one state of a queue: since At, made by UserID (nil: the system).
type Version struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	UserID  *int64    `json:"user_id,omitempty"`
	Members []Member  `json:"members"`
	Settings
}

// Skill is something that people are more or less good at.
type Skill struct {
	ID     int64   `json:"id"`
	Name   string  `json:"name"`
	Levels []Level `json:"levels"`
}

// Level is how good a person is at a skill, 1 to 100.
type Level struct {
	UserID int64 `json:"user_id" minimum:"1"`
	Level  int   `json:"level" minimum:"1" maximum:"100"`
}

type store struct{ db *postgres.DB }

const columns = `q.id, q.version, q.active, q.settings, coalesce((select jsonb_agg(jsonb_build_object('user_id', m.user_id, 'penalty', m.penalty)
	order by m.position, m.user_id) from queue_members m where m.queue_id = q.id), '[]')`

const (
	sqlAll     = `select ` + columns + ` from queues q order by q.id`
	sqlLocked  = `select ` + columns + ` from queues q where q.id = $1 for update`
	sqlInsert  = `insert into queues (settings, active) values ($1, $2) returning id`
	sqlUpdate  = `update queues set settings = $2, active = $3, version = $4 where id = $1`
	sqlMembers = `
with gone as (delete from queue_members where queue_id = $1 and user_id <> all($2::bigint[]))
insert into queue_members (queue_id, user_id, penalty, position)
select $1, user_id, penalty, place from unnest($2::bigint[], $3::int[]) with ordinality m (user_id, penalty, place)
on conflict (queue_id, user_id) do update set penalty = excluded.penalty, position = excluded.position`
	sqlVersion  = `insert into queue_versions (queue_id, version, user_id, settings, members) values ($1, $2, nullif($3::bigint, 0), $4, $5)`
	sqlVersions = `select version, at, user_id, settings, members from queue_versions where queue_id = $1 order by version desc limit 200`
	sqlUsed     = `
select coalesce((select l.name from lines l where l.active and l.entry_kind = 'queue' and l.entry_id = $1 limit 1),
       (select q.settings ->> 'name' from queues q where q.active and q.id <> $1
          and q.settings -> 'overflow' @> jsonb_build_array(jsonb_build_object('then', jsonb_build_object('kind', 'queue', 'id', $1::bigint))) limit 1), '')`
	sqlUser   = `select exists (select from users where id = $1 and active)`
	sqlSkills = `
select s.id, s.name, coalesce((select jsonb_agg(jsonb_build_object('user_id', u.user_id, 'level', u.level) order by u.level desc, u.user_id)
	from user_skills u where u.skill_id = s.id), '[]') from skills s order by lower(s.name), s.id`
	sqlSkill       = `insert into skills (name) values ($1) returning id`
	sqlRenameSkill = `update skills set name = $2 where id = $1`
	sqlLevels      = `
with gone as (delete from user_skills where skill_id = $1 and user_id <> all($2::bigint[]))
insert into user_skills (skill_id, user_id, level) select $1, user_id, level from unnest($2::bigint[], $3::int[]) l (user_id, level)
on conflict (user_id, skill_id) do update set level = excluded.level`
	sqlForgetSkill = `delete from skills where id = $1`
	sqlSkillUsed   = `
select coalesce((select settings ->> 'name' from queues where active and settings -> 'skills' @> jsonb_build_array(jsonb_build_object('skill_id', $1::bigint)) limit 1), '')`
)

func scan(row pgx.CollectableRow) (q Queue, err error) {
	err = row.Scan(&q.ID, &q.Version, &q.Active, &q.Settings, &q.Members)
	return q, err
}

// all reads every queue and skill.
func (s store) all(ctx context.Context) (*book, error) {
	conn := s.db.Conn(ctx)
	rows, err := conn.Query(ctx, sqlAll)
	if err != nil {
		return nil, fmt.Errorf("load queues: %w", err)
	}
	b := &book{byID: map[int64]Queue{}}
	if b.queues, err = pgx.CollectRows(rows, scan); err != nil {
		return nil, fmt.Errorf("load queues: %w", err)
	}
	for _, q := range b.queues {
		b.byID[q.ID] = q
	}
	if b.skills, err = s.skills(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

func (s store) skills(ctx context.Context) ([]Skill, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlSkills)
	if err != nil {
		return nil, fmt.Errorf("load skills: %w", err)
	}
	skills, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k Skill, err error) {
		err = row.Scan(&k.ID, &k.Name, &k.Levels)
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("load skills: %w", err)
	}
	return skills, nil
}

// lock reads one queue for a change in ctx's transaction.
func (s store) lock(ctx context.Context, id int64) (Queue, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlLocked, id)
	if err != nil {
		return Queue{}, fmt.Errorf("read queue: %w", err)
	}
	q, err := pgx.CollectExactlyOneRow(rows, scan)
	if postgres.IsNoRows(err) {
		return Queue{}, errNotFound
	}
	return q, err
}

// save stores q as a new version, by user, and sets its ID when it has none.
func (s store) save(ctx context.Context, q *Queue, user int64) (err error) {
	conn := s.db.Conn(ctx)
	q.Version++
	if q.ID == 0 {
		err = conn.QueryRow(ctx, sqlInsert, q.Settings, q.Active).Scan(&q.ID)
	} else {
		_, err = conn.Exec(ctx, sqlUpdate, q.ID, q.Settings, q.Active, q.Version)
	}
	users, penalties := make([]int64, len(q.Members)), make([]int, len(q.Members))
	for i, m := range q.Members {
		users[i], penalties[i] = m.UserID, m.Penalty
	}
	if err == nil {
		_, err = conn.Exec(ctx, sqlMembers, q.ID, users, penalties)
	}
	if err == nil {
		_, err = conn.Exec(ctx, sqlVersion, q.ID, q.Version, user, q.Settings, q.Members)
	}
	if _, missing := postgres.ForeignKeyViolation(err); missing {
		return fault.Wrap(err, fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.members", "unknown user")
	}
	if err != nil {
		return fmt.Errorf("save queue: %w", err)
	}
	return nil
}

// versions returns the states of a queue, the newest first.
func (s store) versions(ctx context.Context, id int64) ([]Version, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlVersions, id)
	if err != nil {
		return nil, fmt.Errorf("read versions: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v Version, err error) {
		err = row.Scan(&v.Version, &v.At, &v.UserID, &v.Settings, &v.Members)
		return v, err
	})
	if err != nil {
		return nil, fmt.Errorf("read versions: %w", err)
	}
	return list, nil
}

// text returns the one text that a query has for an id.
func (s store) text(ctx context.Context, sql string, id int64) (found string, err error) {
	if err = s.db.Conn(ctx).QueryRow(ctx, sql, id).Scan(&found); err != nil {
		return "", fmt.Errorf("look for uses: %w", err)
	}
	return found, nil
}

func (s store) userExists(ctx context.Context, id int64) (there bool, err error) {
	if err = s.db.Conn(ctx).QueryRow(ctx, sqlUser, id).Scan(&there); err != nil {
		return false, fmt.Errorf("look for user: %w", err)
	}
	return there, nil
}

// saveSkill stores k with its levels, and sets its ID when it has none.
func (s store) saveSkill(ctx context.Context, k *Skill) (err error) {
	conn := s.db.Conn(ctx)
	if k.ID == 0 {
		err = conn.QueryRow(ctx, sqlSkill, k.Name).Scan(&k.ID)
	} else {
		_, err = conn.Exec(ctx, sqlRenameSkill, k.ID, k.Name)
	}
	users, levels := make([]int64, len(k.Levels)), make([]int, len(k.Levels))
	for i, l := range k.Levels {
		users[i], levels[i] = l.UserID, l.Level
	}
	if err == nil {
		_, err = conn.Exec(ctx, sqlLevels, k.ID, users, levels)
	}
	if _, taken := postgres.UniqueViolation(err); taken {
		return fault.Wrap(err, fault.Conflict, "skill_exists", "There is a skill of that name.")
	}
	if _, missing := postgres.ForeignKeyViolation(err); missing {
		return fault.Wrap(err, fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.levels", "unknown user")
	}
	if err != nil {
		return fmt.Errorf("save skill: %w", err)
	}
	return nil
}

func (s store) forgetSkill(ctx context.Context, id int64) error {
	if _, err := s.db.Conn(ctx).Exec(ctx, sqlForgetSkill, id); err != nil {
		return fmt.Errorf("forget skill: %w", err)
	}
	return nil
}
