package view

import (
	"context"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// store is the SQL of views. All methods work in ctx's transaction, if any.
type store struct{ db *postgres.DB }

const selection = `select v.id, v.owner_id, u.name, coalesce(t.name, ''), v.version, v.updated_at, v.name, v.audience, v.team_id, v.query, v.columns
	from views v join users u on u.id = v.owner_id left join teams t on t.id = v.team_id `

const (
	sqlList = `with recursive up as (
			select m.team_id from team_members m where m.user_id = $1
			union select t.parent_id from teams t join up on t.id = up.team_id where t.parent_id is not null)
		` + selection + `where v.deleted_at is null and (v.owner_id = $1 or v.audience = 'firm'
			or v.audience = 'team' and v.team_id in (select team_id from up)) order by lower(v.name), v.id`
	sqlGet    = selection + `where v.id = $1 and (v.deleted_at is not null) = $2 for update of v`
	sqlInsert = `insert into views (name, owner_id, audience, team_id, query, columns) values ($1, $2, $3, $4, $5, $6) returning id`
	sqlUpdate = `update views set name = $2, audience = $3, team_id = $4, query = $5, columns = $6, version = version + 1, updated_at = now() where id = $1`
	sqlRemove = `update views set deleted_at = case when $2 then now() end where id = $1`
	sqlMember = `select exists (select from teams t where t.id = $1 and ($3 or exists (select from team_members m where m.team_id = t.id and m.user_id = $2)))`
	sqlWish   = `select view from view_defaults where user_id = $1`
	sqlPrefer = `insert into view_defaults (user_id, view) values ($1, $2) on conflict (user_id) do update set view = excluded.view`
	sqlForget = `delete from view_defaults where user_id = $1`
)

func scan(row pgx.CollectableRow) (v SavedView, err error) {
	err = row.Scan(&v.ID, &v.OwnerID, &v.OwnerName, &v.TeamName, &v.Version, &v.UpdatedAt, &v.Name, &v.Audience, &v.TeamID, &v.Query, &v.Columns)
	return v, err
}

// list returns the views of a user and those shared with him: with the firm, with
// his teams, and with those that his teams belong to.
func (s store) list(ctx context.Context, user int64) ([]SavedView, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlList, user)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, scan)
	return all, postgres.Classify(err)
}

func (s store) get(ctx context.Context, id int64, removed bool) (SavedView, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlGet, id, removed)
	if err != nil {
		return SavedView{}, postgres.Classify(err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, scan)
	if postgres.IsNoRows(err) {
		return v, errNotFound
	}
	return v, postgres.Classify(err)
}

func (s store) insert(ctx context.Context, d ViewDraft, owner int64) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlInsert, d.Name, owner, d.Audience, d.TeamID, d.Query, d.Columns).Scan(&id)
	return id, postgres.Classify(err)
}

func (s store) update(ctx context.Context, id int64, d ViewDraft) error {
	return s.exec(ctx, sqlUpdate, id, d.Name, d.Audience, d.TeamID, d.Query, d.Columns)
}

func (s store) remove(ctx context.Context, id int64, away bool) error {
	return s.exec(ctx, sqlRemove, id, away)
}

// member reports whether a team is a user's, or with any whether it is there.
func (s store) member(ctx context.Context, team, user int64, any bool) (yes bool, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlMember, team, user, any).Scan(&yes)
	return yes, postgres.Classify(err)
}

// preferred is the view that a user's list begins with, "" for none.
func (s store) preferred(ctx context.Context, user int64) (view string, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlWish, user).Scan(&view)
	if postgres.IsNoRows(err) {
		return "", nil
	}
	return view, postgres.Classify(err)
}

func (s store) prefer(ctx context.Context, user int64, view string) error {
	if view == "" {
		return s.exec(ctx, sqlForget, user)
	}
	return s.exec(ctx, sqlPrefer, user, view)
}

func (s store) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sql, args...)
	return postgres.Classify(err)
}
