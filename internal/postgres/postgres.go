// Package postgres is the way to the database: a pool, a transaction carried by
// the context, and the embedded migrations.
//
// Order of things: InTx begins, runs the function, commits, and only then runs
// what AfterCommit collected. Nothing collected runs after a rollback. A nested
// InTx joins the outer transaction, and a failed one dooms it. The begin travels
// with the first statement, and what Later queues with the next one or with the
// commit: a round trip costs more than most statements do. It owns no table and
// knows no room.
package postgres

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// defaultMaxConns bounds the pool unless the URL says pool_max_conns.
const defaultMaxConns = 20

// Querier is what a store needs of a connection: the pool and a transaction
// both have it.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// DB is a pool of connections to one database. Safe for concurrent use.
type DB struct {
	pool *pgxpool.Pool
	url  string
}

// Open connects to the database at url and pings it once. Sessions run in UTC,
// and one that sits idle inside a transaction for a minute is cut by the server.
func Open(ctx context.Context, url string) (*DB, error) {
	db, err := Prepare(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := db.Ping(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	return db, nil
}

// Prepare is Open without the ping: the first query connects.
func Prepare(ctx context.Context, url string) (*DB, error) {
	cfg, err := parse(url)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return &DB{pool: pool, url: url}, nil
}

func parse(rawURL string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(rawURL)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	if !hasQueryKey(rawURL, "pool_max_conns") {
		cfg.MaxConns = defaultMaxConns
	}
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.HealthCheckPeriod = 15 * time.Second
	if cfg.ConnConfig.ConnectTimeout == 0 || cfg.ConnConfig.ConnectTimeout > 5*time.Second {
		cfg.ConnConfig.ConnectTimeout = 2 * time.Second
	}
	setDefault(cfg.ConnConfig.RuntimeParams, "timezone", "UTC")
	setDefault(cfg.ConnConfig.RuntimeParams, "application_name", "centralita")
	setDefault(cfg.ConnConfig.RuntimeParams, "idle_in_transaction_session_timeout", "60000")
	return cfg, nil
}

func hasQueryKey(rawURL, key string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && u.Query().Has(key)
}

func setDefault(m map[string]string, key, value string) {
	if _, set := m[key]; !set {
		m[key] = value
	}
}

// Close waits for borrowed connections and closes the pool.
func (db *DB) Close() { db.pool.Close() }

// Pool returns the pool itself, for the job queue that needs to listen.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// URL returns the connection string that the pool was opened with. It may hold
// a password: never log it.
func (db *DB) URL() string { return db.url }

// Ping asks the server for a sign of life.
func (db *DB) Ping(ctx context.Context) error { return db.pool.Ping(ctx) }

// Conn returns ctx's transaction, or the pool when there is none.
func (db *DB) Conn(ctx context.Context) Querier {
	if s := current(ctx); s != nil && s.db == db {
		return s
	}
	return db.pool
}
