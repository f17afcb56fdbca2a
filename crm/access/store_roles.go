package access

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

func (r Role) columns() (grants, fields string, err error) {
	g, err := json.Marshal(storedGrants{Records: r.Records, Rights: r.Rights})
	if err != nil {
		return "", "", fmt.Errorf("write role: %w", err)
	}
	masks := r.Fields
	if masks == nil {
		masks = map[string]Mask{}
	}
	f, err := json.Marshal(masks)
	return string(g), string(f), err
}

func (s store) addRole(ctx context.Context, r Role) error {
	grants, fields, err := r.columns()
	if err != nil {
		return err
	}
	_, err = s.db.Conn(ctx).Exec(ctx, "insert into roles (key, name, grants, fields) values ($1, $2, $3, $4)", r.Key, r.Name, grants, fields)
	return postgres.Classify(err)
}

func (s store) saveRole(ctx context.Context, r Role) error {
	grants, fields, err := r.columns()
	if err != nil {
		return err
	}
	_, err = s.db.Conn(ctx).Exec(ctx, "update roles set name = $2, grants = $3, fields = $4, updated_at = now() where key = $1",
		r.Key, r.Name, grants, fields)
	return postgres.Classify(err)
}

func (s store) resetRole(ctx context.Context, key string) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "update roles set grants = null, fields = null, updated_at = now() where key = $1", key)
	return postgres.Classify(err)
}

func (s store) removeRole(ctx context.Context, key string) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "delete from roles where key = $1", key)
	return postgres.Classify(err)
}

// held reports whether any user, a disabled one included, has a role.
func (s store) held(ctx context.Context, key string) (yes bool, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, "select exists (select from users where roles @> array[$1])", key).Scan(&yes)
	return yes, postgres.Classify(err)
}

const sqlTeams = `select t.id, t.parent_id, t.name, array(select m.user_id from team_members m where m.team_id = t.id order by m.user_id)
	from teams t`

func (s store) teams(ctx context.Context) ([]UserTeam, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlTeams+" order by lower(t.name), t.id")
	if err != nil {
		return nil, fmt.Errorf("list teams: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[UserTeam])
}

func (s store) team(ctx context.Context, id int64) (UserTeam, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlTeams+" where t.id = $1", id)
	if err != nil {
		return UserTeam{}, fmt.Errorf("read team: %w", err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[UserTeam])
	if postgres.IsNoRows(err) {
		return t, errNoTeam
	}
	return t, err
}

// lockTeam returns a team; changes of teams happen one after the other, so that
// two cannot make a circle together.
func (s store) lockTeam(ctx context.Context, id int64) (UserTeam, error) {
	if _, err := s.db.Conn(ctx).Exec(ctx, "lock table teams in share row exclusive mode"); err != nil {
		return UserTeam{}, fmt.Errorf("lock teams: %w", err)
	}
	return s.team(ctx, id)
}

const sqlHangsUnder = `with recursive above as (select id, parent_id from teams where id = $1
	union select t.id, t.parent_id from teams t join above a on t.id = a.parent_id)
	select exists (select from above where id = $2)`

// saveTeam writes a team and its members; id 0 adds one.
func (s store) saveTeam(ctx context.Context, id int64, f TeamFields) (UserTeam, error) {
	conn := s.db.Conn(ctx)
	if id != 0 && f.ParentID != nil {
		var circle bool
		if err := conn.QueryRow(ctx, sqlHangsUnder, *f.ParentID, id).Scan(&circle); err != nil {
			return UserTeam{}, fmt.Errorf("save team: %w", err)
		}
		if circle {
			return UserTeam{}, errCircle
		}
	}
	sql := "update teams set name = $2, parent_id = $3, updated_at = now() where id = $1 returning id"
	if id == 0 {
		sql = "insert into teams (name, parent_id) select $2, $3 where $1 = 0::bigint returning id"
	}
	if err := conn.QueryRow(ctx, sql, id, f.Name, f.ParentID).Scan(&id); err != nil {
		return UserTeam{}, teamFault(err)
	}
	if _, err := conn.Exec(ctx, "delete from team_members where team_id = $1 and user_id <> all($2::bigint[])", id, f.MemberIDs); err != nil {
		return UserTeam{}, teamFault(err)
	}
	if _, err := conn.Exec(ctx, "insert into team_members select $1, unnest($2::bigint[]) on conflict do nothing", id, f.MemberIDs); err != nil {
		return UserTeam{}, teamFault(err)
	}
	return s.team(ctx, id)
}

func teamFault(err error) error {
	if constraint, taken := postgres.UniqueViolation(err); taken && constraint == "teams_name" {
		return fault.Wrap(err, fault.Conflict, "team_taken", "There is a team of this name already.").WithField("body.name", "taken")
	}
	if name, missing := postgres.ForeignKeyViolation(err); missing {
		field := "member_ids"
		if name == "teams_parent_id_fkey" {
			field = "parent_id"
		}
		return invalid(field, "unknown")
	}
	return postgres.Classify(err)
}

func (s store) removeTeam(ctx context.Context, id int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "delete from teams where id = $1", id)
	if _, used := postgres.ForeignKeyViolation(err); used {
		return errTeamUsed
	}
	return postgres.Classify(err)
}

const sqlDeputies = `select d.id, d.user_id, u.name, d.deputy_id, v.name, d.starts_at, d.ends_at
	from deputies d join users u on u.id = d.user_id join users v on v.id = d.deputy_id`

// deputies returns those whose time is not over at now.
func (s store) deputies(ctx context.Context, user int64, now time.Time) ([]Deputy, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlDeputies+`
		where d.ends_at > $2 and ($1::bigint = 0 or d.user_id = $1 or d.deputy_id = $1) order by d.starts_at, d.id`, user, now)
	if err != nil {
		return nil, fmt.Errorf("list deputies: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Deputy])
}

func (s store) deputy(ctx context.Context, id int64) (Deputy, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlDeputies+" where d.id = $1", id)
	if err != nil {
		return Deputy{}, fmt.Errorf("read deputy: %w", err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Deputy])
	if postgres.IsNoRows(err) {
		return d, errNoDeputy
	}
	return d, err
}

func (s store) addDeputy(ctx context.Context, n NewDeputy, by int64) (Deputy, error) {
	var id int64
	err := s.db.Conn(ctx).QueryRow(ctx, `insert into deputies (user_id, deputy_id, starts_at, ends_at, created_by)
		values ($1, $2, $3, $4, nullif($5::bigint, 0)) returning id`, n.UserID, n.DeputyID, n.StartsAt, n.EndsAt, by).Scan(&id)
	if _, missing := postgres.ForeignKeyViolation(err); missing {
		return Deputy{}, invalid("deputy_id", "unknown")
	}
	if err != nil {
		return Deputy{}, postgres.Classify(err)
	}
	return s.deputy(ctx, id)
}

func (s store) removeDeputy(ctx context.Context, id int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "delete from deputies where id = $1", id)
	return postgres.Classify(err)
}
