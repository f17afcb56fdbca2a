package access

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
	"centralita/internal/web"
)

// session returns a session that has not ended, of an active user. What a
// program may do is what its owner may, as far as its token goes.
func (s store) session(ctx context.Context, hash [32]byte, now time.Time) (session, error) {
	var out session
	var f foundActor
	var scopes []web.Permission
	err := s.db.Conn(ctx).QueryRow(ctx, `
		select s.id, s.seen_at, s.expires_at, s.token_name is not null, s.scopes, coalesce(s.proved_at, s.created_at),
		       case when u.must_change_password then 'password_change_required'
		            when u.totp_confirmed_at is null and u.roles && (select totp_roles from firms) then 'second_factor_setup_required'
		            else '' end, `+sqlActor+`
		from sessions s join users u on u.id = s.user_id
		where s.token_hash = $1 and s.ended_at is null and u.active`, hash[:], now).
		Scan(append([]any{&f.SessionID, &out.seenAt, &out.expiresAt, &f.program, &scopes, &f.provedAt, &f.due}, f.into()...)...)
	if postgres.IsNoRows(err) {
		return session{}, errSession
	}
	if err != nil {
		return session{}, postgres.Classify(err)
	}
	out.actor, err = s.actor(f)
	if out.actor.program {
		narrowed := out.actor.grants.narrow(scopes)
		out.actor.grants = &narrowed
	}
	return out, err
}

func (s store) see(ctx context.Context, id int64, now time.Time) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "update sessions set seen_at = $2 where id = $1", id, now)
	return postgres.Classify(err)
}

func (s store) addSession(ctx context.Context, user int64, hash [32]byte, now, expires time.Time, ip, agent string) (int64, error) {
	var id int64
	err := s.db.Conn(ctx).QueryRow(ctx, `
		insert into sessions (user_id, token_hash, created_at, seen_at, proved_at, expires_at, ip, user_agent)
		values ($1, $2, $3, $3, $3, $4, $5, $6) returning id`, user, hash[:], now, expires, ip, agent).Scan(&id)
	return id, err
}

// ending says which sessions of a user to end: only one, or all but the one
// kept; of browsers alone, or API tokens as well.
type ending struct {
	user, only, keep int64
	browsers         bool
}

// endSessions ends sessions and returns which.
func (s store) endSessions(ctx context.Context, e ending, now time.Time, by int64) ([]int64, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, `
		update sessions set ended_at = $4, ended_by = nullif($6::bigint, 0)
		where user_id = $1 and ended_at is null and ($2::bigint = 0 or id = $2) and id <> $3 and not ($5 and token_name is not null)
		returning id`, e.user, e.only, e.keep, now, e.browsers, by)
	if err != nil {
		return nil, fmt.Errorf("end sessions: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// over returns which of the sessions cannot be used at now; those of browsers
// must have been used since idle.
func (s store) over(ctx context.Context, ids []int64, now, idle time.Time) ([]int64, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, `
		select i from unnest($1::bigint[]) i
		where not exists (select 1 from sessions s join users u on u.id = s.user_id
		                  where s.id = i and s.ended_at is null and s.expires_at > $2 and u.active
		                    and (s.token_name is not null or s.seen_at > $3))`, ids, now, idle)
	if err != nil {
		return nil, fmt.Errorf("check sessions: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// sessions lists live sessions of browsers, those used since idle, newest first.
func (s store) sessions(ctx context.Context, f sessionFilter, now, idle time.Time) ([]Session, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, `
		select s.id, s.user_id, u.name, u.login, s.ip, s.user_agent, s.created_at, s.seen_at, s.expires_at, false
		from sessions s join users u on u.id = s.user_id
		where s.ended_at is null and s.token_name is null and s.expires_at > $1 and s.seen_at > $2 and u.active
		  and ($3::bigint = 0 or s.user_id = $3) and ($4::bigint = 0 or s.id < $4)
		order by s.id desc limit $5`, now, idle, f.User, f.Before, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Session])
}

// sessionOwner returns whose session it is that has not ended, and locks it.
func (s store) sessionOwner(ctx context.Context, id int64) (user int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `
		select user_id from sessions where id = $1 and ended_at is null and token_name is null for no key update`, id).Scan(&user)
	if postgres.IsNoRows(err) {
		return 0, errNoSession
	}
	return user, err
}

// renewPhone gives the softphone of a user without a session a new password,
// and reports whether it did. A desk phone keeps its own: it is no session.
func (s store) renewPhone(ctx context.Context, user int64, now time.Time) (bool, error) {
	_, password := newSIPIdentity()
	tag, err := s.db.Conn(ctx).Exec(ctx, `
		update users u set sip_password = $2, updated_at = now()
		where u.id = $1 and u.phone_kind = 'browser' and not exists (
			select 1 from sessions s where s.user_id = u.id and s.token_name is null and s.ended_at is null and s.expires_at > $3)`,
		user, password, now)
	return tag.RowsAffected() > 0, err
}
