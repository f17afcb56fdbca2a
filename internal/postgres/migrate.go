package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var embedded embed.FS

// migrationLock is the key of the advisory lock that lets one process migrate
// at a time. The lock dies with its session, so a killed process leaves none.
const migrationLock int64 = 0x63656e7472616c69

// Migrations returns the SQL files that Migrate applies, in its root.
func Migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // a constant path into an embedded tree
	}
	return sub
}

// Migrate brings the database at url to the schema of this program: the
// embedded files in order, each in a transaction of its own, then the job
// queue's tables. Processes that migrate at once wait for one another. Killed
// at any instant, it goes on from the last file that was committed.
func Migrate(ctx context.Context, url string) (err error) {
	cfg, err := parse(url)
	if err != nil {
		return err
	}
	cfg.MaxConns = 3
	delete(cfg.ConnConfig.RuntimeParams, "idle_in_transaction_session_timeout")
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer pool.Close()
	unlock, err := lock(ctx, cfg.ConnConfig)
	if err != nil {
		return fmt.Errorf("migrate: lock: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := migrateFiles(ctx, cfg.ConnConfig); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return migrateJobs(ctx, pool)
}

// lock takes the migration lock on a connection of its own; unlock closes it.
func lock(ctx context.Context, cfg *pgx.ConnConfig) (unlock func() error, err error) {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return func() error { return conn.Close(context.WithoutCancel(ctx)) }, nil
}

func migrateFiles(ctx context.Context, cfg *pgx.ConnConfig) (err error) {
	db := stdlib.OpenDB(*cfg)
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, Migrations(), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	applied, err := provider.Up(ctx)
	for _, m := range applied {
		slog.DebugContext(ctx, "migrated", "file", m.Source.Path, "took", m.Duration)
	}
	return err
}

func migrateJobs(ctx context.Context, pool *pgxpool.Pool) error {
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	return nil
}
