package access

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// store is the SQL of the room. Every method works in ctx's transaction when
// there is one.
type store struct{ db *postgres.DB }

var errNoUser = fault.New(fault.NotFound, "not_found", "There is nothing here.")

const userColumns = `u.id, u.login, u.name, u.roles, u.locale, u.phone_kind, u.mobile, u.active, u.created_at,
	u.must_change_password, u.totp_confirmed_at is not null`

func scanUser(row pgx.CollectableRow) (u User, err error) {
	err = row.Scan(&u.ID, &u.Login, &u.Name, &u.Roles, &u.Locale, &u.PhoneKind, &u.Mobile, &u.Active, &u.CreatedAt,
		&u.MustChangePassword, &u.SecondFactor)
	return u, err
}

// users returns all users by name.
func (s store) users(ctx context.Context) ([]User, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, "select "+userColumns+" from users u order by lower(u.name), u.id")
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return pgx.CollectRows(rows, scanUser)
}

// user returns one user, locked against other changes when lock is set.
func (s store) user(ctx context.Context, id int64, lock bool) (User, error) {
	sql := "select " + userColumns + " from users u where u.id = $1"
	if lock {
		sql += " for no key update"
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sql, id)
	if err != nil {
		return User{}, fmt.Errorf("read user: %w", err)
	}
	u, err := pgx.CollectExactlyOneRow(rows, scanUser)
	if postgres.IsNoRows(err) {
		return User{}, errNoUser
	}
	return u, err
}

// credentials returns the id and hash of an active user; zero values when
// there is none by that login.
func (s store) credentials(ctx context.Context, login string) (id int64, hash string, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx,
		"select id, password_hash from users where lower(login) = lower($1) and active", login).Scan(&id, &hash)
	if postgres.IsNoRows(err) {
		return 0, "", nil
	}
	return id, hash, err
}

// userByLogin returns the user with that login.
func (s store) userByLogin(ctx context.Context, login string) (User, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, "select "+userColumns+" from users u where lower(u.login) = lower($1)", login)
	if err != nil {
		return User{}, fmt.Errorf("read user: %w", err)
	}
	u, err := pgx.CollectExactlyOneRow(rows, scanUser)
	if postgres.IsNoRows(err) {
		return User{}, errNoUser
	}
	return u, err
}

func (s store) addUser(ctx context.Context, n NewUser, hash string) (User, error) {
	sipUser, sipPassword := newSIPIdentity()
	rows, err := s.db.Conn(ctx).Query(ctx, `
		insert into users as u (login, name, password_hash, roles, locale, phone_kind, sip_user, sip_password, must_change_password)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning `+userColumns,
		n.Login, n.Name, hash, n.Roles, n.Locale, n.PhoneKind, sipUser, sipPassword, n.MustChangePassword)
	var u User
	if err == nil {
		u, err = pgx.CollectExactlyOneRow(rows, scanUser)
	}
	if constraint, ok := postgres.UniqueViolation(err); ok && constraint == "users_login" {
		return User{}, fault.Wrap(err, fault.Conflict, "login_taken", "Somebody has this login already.").WithField("body.login", "taken")
	}
	if err != nil {
		return User{}, fmt.Errorf("add user: %w", err)
	}
	return u, nil
}

func (s store) saveUser(ctx context.Context, u User) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `
		update users set name = $2, roles = $3, locale = $4, phone_kind = $5, active = $6, mobile = $7, updated_at = now() where id = $1`,
		u.ID, u.Name, u.Roles, u.Locale, u.PhoneKind, u.Active, u.Mobile)
	if err != nil {
		return fmt.Errorf("save user: %w", err)
	}
	return nil
}

// setPassword stores a password; change says that its user must choose another.
func (s store) setPassword(ctx context.Context, id int64, hash string, change bool) error {
	_, err := s.db.Conn(ctx).Exec(ctx,
		"update users set password_hash = $2, must_change_password = $3, updated_at = now() where id = $1", id, hash, change)
	return err
}

// phones returns the accounts of all users at the switch, by user id.
func (s store) phones(ctx context.Context) ([]PhoneAccount, error) {
	rows, err := s.db.Conn(ctx).Query(ctx,
		"select id, name, sip_user, sip_password, phone_kind, active from users order by id")
	if err != nil {
		return nil, fmt.Errorf("list phones: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[PhoneAccount])
}

// mine returns what only the user himself sees of his row.
func (s store) mine(ctx context.Context, id int64) (phone PhoneAccount, preferences []byte, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx,
		"select id, name, sip_user, sip_password, phone_kind, active, preferences from users where id = $1", id).
		Scan(&phone.UserID, &phone.Name, &phone.SIPUser, &phone.SIPPassword, &phone.Kind, &phone.Active, &preferences)
	return phone, preferences, err
}

// prefer merges patch into the user's preferences, top-level key by key.
func (s store) prefer(ctx context.Context, id int64, locale *string, patch []byte) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `
		update users set preferences = preferences || $2::jsonb, locale = coalesce($3, locale), updated_at = now() where id = $1`,
		id, string(patch), locale)
	return err
}

const firmColumns = `name, time_zone, country, currency, allowed_countries, lead_warn_seconds, lead_breach_seconds,
	per_user_calls_per_minute, calls_per_minute, totp_roles`

// firm returns the settings; their row is there from the first migration on.
func (s store) firm(ctx context.Context) (Firm, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, "select "+firmColumns+" from firms")
	if err != nil {
		return Firm{}, fmt.Errorf("read firm: %w", err)
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Firm])
}

func (s store) saveFirm(ctx context.Context, f Firm) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `
		update firms set (`+firmColumns+`, updated_at) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now())`,
		f.Name, f.TimeZone, f.Country, f.Currency, f.AllowedCountries, f.LeadWarnSeconds, f.LeadBreachSeconds,
		f.PerUserCallsPerMinute, f.CallsPerMinute, f.SecondFactorRoles)
	if err != nil {
		return fmt.Errorf("save firm: %w", err)
	}
	return nil
}

// prune deletes what nobody needs any more.
func (s store) prune(ctx context.Context, now time.Time) error {
	if _, err := s.db.Conn(ctx).Exec(ctx, "delete from login_attempts where updated_at < $1", now.Add(-24*time.Hour)); err != nil {
		return fmt.Errorf("prune attempts: %w", err)
	}
	if _, err := s.db.Conn(ctx).Exec(ctx, "delete from record_shares where until < $1", now.AddDate(0, 0, -30)); err != nil {
		return fmt.Errorf("prune shares: %w", err)
	}
	_, err := s.db.Conn(ctx).Exec(ctx, "delete from sessions where expires_at < $1", now.AddDate(0, 0, -30))
	if err != nil {
		return fmt.Errorf("prune sessions: %w", err)
	}
	return nil
}
