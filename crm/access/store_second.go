package access

import (
	"context"
	"fmt"
	"time"

	"centralita/internal/postgres"
)

// second reads a user's second factor and locks it: no code is used twice.
func (s store) second(ctx context.Context, user int64) (f second, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `
		select login, coalesce(totp_secret, ''), totp_confirmed_at is not null, totp_step
		from users where id = $1 for no key update`, user).Scan(&f.Login, &f.Secret, &f.Confirmed, &f.Step)
	if postgres.IsNoRows(err) {
		return second{}, errNoUser
	}
	return f, err
}

// beginSecond stores a secret that is not confirmed yet; false when there is one that is.
func (s store) beginSecond(ctx context.Context, user int64, secret string) (bool, error) {
	tag, err := s.db.Conn(ctx).Exec(ctx,
		"update users set totp_secret = $2, totp_step = 0, updated_at = now() where id = $1 and totp_confirmed_at is null", user, secret)
	return tag.RowsAffected() > 0, err
}

func (s store) confirmSecond(ctx context.Context, user, step int64, now time.Time) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "update users set totp_confirmed_at = $3, totp_step = $2, updated_at = now() where id = $1", user, step, now)
	return err
}

func (s store) useStep(ctx context.Context, user, step int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "update users set totp_step = $2 where id = $1", user, step)
	return err
}

// useCode uses up a recovery code; false when it is none, or was used.
func (s store) useCode(ctx context.Context, user int64, hash [32]byte, now time.Time) (bool, error) {
	tag, err := s.db.Conn(ctx).Exec(ctx,
		"update recovery_codes set used_at = $3 where user_id = $1 and code_hash = $2 and used_at is null", user, hash[:], now)
	return tag.RowsAffected() > 0, err
}

func (s store) replaceCodes(ctx context.Context, user int64, hashes [][]byte) error {
	if _, err := s.db.Conn(ctx).Exec(ctx, "delete from recovery_codes where user_id = $1", user); err != nil {
		return fmt.Errorf("recovery codes: %w", err)
	}
	_, err := s.db.Conn(ctx).Exec(ctx, "insert into recovery_codes (user_id, code_hash) select $1, h from unnest($2::bytea[]) h", user, hashes)
	return err
}

func (s store) removeSecond(ctx context.Context, user int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `
		with gone as (delete from recovery_codes where user_id = $1)
		update users set totp_secret = null, totp_confirmed_at = null, totp_step = 0, updated_at = now() where id = $1`, user)
	return err
}

// codesLeft is how many recovery codes a user has not used.
func (s store) codesLeft(ctx context.Context, user int64) (n int, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, "select count(*) from recovery_codes where user_id = $1 and used_at is null", user).Scan(&n)
	return n, err
}

// prove notes that the person of a session has just shown who he is.
func (s store) prove(ctx context.Context, session int64, now time.Time) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "update sessions set proved_at = $2 where id = $1", session, now)
	return err
}

// renewSession gives a session another token: what was known of the old one is worth nothing.
func (s store) renewSession(ctx context.Context, session int64, hash [32]byte, now time.Time) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "update sessions set token_hash = $2, proved_at = $3 where id = $1", session, hash[:], now)
	return err
}

// passwordOf returns the hash of an active user's password.
func (s store) passwordOf(ctx context.Context, user int64) (hash string, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, "select password_hash from users where id = $1 and active", user).Scan(&hash)
	return hash, err
}

func (s store) hasSecond(ctx context.Context, user int64) (has bool, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, "select totp_confirmed_at is not null from users where id = $1", user).Scan(&has)
	return has, err
}
