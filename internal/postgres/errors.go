package postgres

import (
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"centralita/internal/fault"
)

// SQLSTATE codes that the product tells apart.
const (
	codeUnique        = "23505"
	codeForeignKey    = "23503"
	codeCheck         = "23514"
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeLockTimeout   = "55P03"
	codeCanceled      = "57014"
)

// IsNoRows reports whether err says that a query found no row.
func IsNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// UniqueViolation returns the name of the unique constraint or index that err
// says was violated; ok is false for any other error.
func UniqueViolation(err error) (constraint string, ok bool) {
	return violation(err, codeUnique)
}

// ForeignKeyViolation returns the name of the foreign key that err says was
// violated; ok is false for any other error.
func ForeignKeyViolation(err error) (constraint string, ok bool) {
	return violation(err, codeForeignKey)
}

// IsDataException reports whether err says that a value could not be read as
// what it should be, a date or a number.
func IsDataException(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && strings.HasPrefix(pg.Code, "22")
}

// CheckViolation returns the name of the check constraint that err says was
// violated; ok is false for any other error.
func CheckViolation(err error) (constraint string, ok bool) {
	return violation(err, codeCheck)
}

// IsLockTimeout reports whether err says that somebody else held a lock for
// longer than the statement was to wait for it.
func IsLockTimeout(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == codeLockTimeout
}

func violation(err error, code string) (string, bool) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == code {
		return pg.ConstraintName, true
	}
	return "", false
}

func retryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == codeSerialization || pg.Code == codeDeadlock)
}

// Classify gives an error that means "the database cannot be used now" (no
// connection, shutting down, disk full, too many connections, lock timeout) the
// kind fault.Unavailable; errors that are faults already, and all others, are
// returned as they are.
func Classify(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) || !unavailable(err) {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "database_unavailable", "The database cannot be reached. Try again in a moment.")
}

func unavailable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:min(2, len(pg.Code))] {
		case "08", "53", "57", "58":
			return pg.Code != codeCanceled
		}
		return pg.Code == codeLockTimeout || pg.Code == codeSerialization || pg.Code == codeDeadlock
	}
	var connect *pgconn.ConnectError
	var network *net.OpError
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.Timeout(err)
}
