package access

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const tokenColumns = `s.id, s.token_name, s.user_id, u.name, s.scopes, s.created_at, s.expires_at,
	case when s.seen_at > s.created_at then s.seen_at end, s.ip`

// tokens lists the tokens that can be used at now, of one owner or with 0 of all.
func (s store) tokens(ctx context.Context, owner int64, now time.Time) ([]Token, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, "select "+tokenColumns+` from sessions s join users u on u.id = s.user_id
		where s.ended_at is null and s.token_name is not null and s.expires_at > $1 and u.active and ($2::bigint = 0 or s.user_id = $2)
		order by s.id desc limit 1000`, now, owner)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Token])
}

// token returns one that was not revoked, and locks it.
func (s store) token(ctx context.Context, id int64) (Token, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, "select "+tokenColumns+` from sessions s join users u on u.id = s.user_id
		where s.id = $1 and s.ended_at is null and s.token_name is not null for no key update of s`, id)
	if err != nil {
		return Token{}, fmt.Errorf("read token: %w", err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Token])
	if err != nil {
		return Token{}, errNoSession
	}
	return t, nil
}

func (s store) addToken(ctx context.Context, owner int64, hash [32]byte, n NewAPIToken, now time.Time) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `
		insert into sessions (user_id, token_hash, token_name, scopes, created_at, seen_at, proved_at, expires_at)
		values ($1, $2, $3, $4, $5, $5, $5, $6) returning id`,
		owner, hash[:], n.Name, n.Scopes, now, now.AddDate(0, 0, n.Days)).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("add token: %w", err)
	}
	return id, nil
}
