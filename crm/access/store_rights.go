package access

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// sqlActor is what makes an actor of the row u of users at the time $2: his
// roles, the absent for whom he stands in, and the members of his teams and of
// all teams below them.
const sqlActor = `u.id, u.login, u.name, u.roles, u.locale,
	(select coalesce(jsonb_agg(jsonb_build_object('key', r.key, 'builtin', r.builtin, 'grants', r.grants, 'fields', r.fields)), '[]')
	 from roles r where r.key = any(u.roles)),
	array(select d.user_id from deputies d where d.deputy_id = u.id and d.starts_at <= $2 and d.ends_at > $2),
	array(with recursive below as (
		select m.team_id from team_members m where m.user_id = u.id
		union select t.id from teams t join below b on t.parent_id = b.team_id)
		select distinct m.user_id from team_members m join below b on b.team_id = m.team_id)`

// found is an actor as sqlActor yields him.
type foundActor struct {
	Actor
	roles        []byte
	absent, team []int64
}

func (f *foundActor) into() []any {
	return []any{&f.UserID, &f.Login, &f.Name, &f.Roles, &f.Locale, &f.roles, &f.absent, &f.team}
}

// actor resolves what was found.
func (s store) actor(f foundActor) (Actor, error) {
	var columns []stored
	if err := json.Unmarshal(f.roles, &columns); err != nil {
		return Actor{}, fmt.Errorf("read roles: %w", err)
	}
	given := make([]Grants, len(columns))
	for i, c := range columns {
		given[i] = c.role().Grants
	}
	sum := union(given)
	a := f.Actor
	a.grants = &sum
	a.own = append([]int64{a.UserID}, f.absent...)
	a.team = slices.Concat(a.own, f.team)
	a.shares = s.isShared
	return a, nil
}

// actorOf returns an active user as an actor without a session.
func (s store) actorOf(ctx context.Context, user int64, now time.Time) (Actor, error) {
	var f foundActor
	err := s.db.Conn(ctx).QueryRow(ctx, "select "+sqlActor+" from users u where u.id = $1 and u.active", user, now).Scan(f.into()...)
	if postgres.IsNoRows(err) {
		return Actor{}, errNoUser
	}
	if err != nil {
		return Actor{}, postgres.Classify(err)
	}
	return s.actor(f)
}

const sqlIsShared = `select exists (select from record_shares
	where user_id = $1 and entity = $2 and entity_id = $3 and until > now())`

// isShared reports whether a record is open to a user for the time being.
func (s store) isShared(ctx context.Context, e Entity, id, user int64) (yes bool, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlIsShared, user, e, id).Scan(&yes)
	return yes, postgres.Classify(err)
}

const roleColumns = "key, name, builtin, grants, fields"

// roles returns all roles; the built-in ones first, by power.
func (s store) roles(ctx context.Context) ([]Role, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, "select "+roleColumns+" from roles order by builtin desc, lower(name), key")
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[stored])
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	roles := make([]Role, len(columns))
	for i, c := range columns {
		roles[i] = c.role()
	}
	slices.SortStableFunc(roles, func(a, b Role) int { return rank(a.Key) - rank(b.Key) })
	return roles, nil
}

// lockRoles returns all roles and keeps others from changing one, or what users
// hold, until ctx's transaction ends.
func (s store) lockRoles(ctx context.Context) ([]Role, error) {
	if _, err := s.db.Conn(ctx).Exec(ctx, "select from roles where key = $1 for update", Owner); err != nil {
		return nil, fmt.Errorf("lock roles: %w", err)
	}
	return s.roles(ctx)
}

// holders returns the active users who hold one of the roles.
func (s store) holders(ctx context.Context, keys []string) ([]int64, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, "select id from users where active and roles && $1 order by id", keys)
	if err != nil {
		return nil, fmt.Errorf("list holders: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

const sqlShare = `
	insert into record_shares (entity, entity_id, user_id, reason, until)
	select entity, id, $3, $4, $5 from unnest($1::text[], $2::bigint[]) r (entity, id)
	on conflict (user_id, entity, entity_id, reason) do update set until = excluded.until`

func (s store) share(ctx context.Context, records []Record, user int64, reason string, until time.Time) error {
	entities, ids := make([]string, len(records)), make([]int64, len(records))
	for i, r := range records {
		entities[i], ids[i] = string(r.Entity), r.ID
	}
	if err := s.db.Later(ctx, sqlShare, []any{entities, ids, user, reason, until}, nil); err != nil {
		return fmt.Errorf("share records: %w", err)
	}
	return nil
}

// endShares has what was shared for a reason end by a time at the latest.
func (s store) endShares(ctx context.Context, reason string, until time.Time) error {
	err := s.db.Later(ctx, "update record_shares set until = $2 where reason = $1 and until > $2", []any{reason, until}, nil)
	if err != nil {
		return fmt.Errorf("end shares: %w", err)
	}
	return nil
}
