package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// errNotYours answers a library that would end a transaction of InTx.
var errNotYours = errors.New("the transaction ends with InTx")

// handle is a transaction of InTx as pgx.Tx.
type handle struct{ s *txState }

// Begin begins a savepoint.
func (h handle) Begin(ctx context.Context) (pgx.Tx, error) {
	if err := h.s.flush(ctx); err != nil {
		return nil, err
	}
	// pgx knows savepoints of transactions that it began itself: an empty
	// statement is the beginning of one that has begun.
	outer, err := h.s.conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: ";"})
	if err != nil {
		return nil, err
	}
	return outer.Begin(ctx)
}

func (h handle) Commit(context.Context) error   { return errNotYours }
func (h handle) Rollback(context.Context) error { return errNotYours }

func (h handle) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if err := h.s.flush(ctx); err != nil {
		return 0, err
	}
	return h.s.conn.CopyFrom(ctx, table, columns, rows)
}

func (h handle) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return h.s.SendBatch(ctx, b)
}

// LargeObjects are not used by anybody here; the value has no transaction.
func (h handle) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

func (h handle) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return h.s.conn.Conn().Prepare(ctx, name, sql)
}

func (h handle) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return h.s.Exec(ctx, sql, args...)
}

func (h handle) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return h.s.Query(ctx, sql, args...)
}

func (h handle) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return h.s.QueryRow(ctx, sql, args...)
}

// Conn is the connection itself; what is queued by Later is not sent before what
// is run on it.
func (h handle) Conn() *pgx.Conn { return h.s.conn.Conn() }
