package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// late is a statement that nobody waits for within its transaction.
type late struct {
	sql  string
	args []any
	row  func(pgx.Row) error // takes its only row; nil: it has none
}

// Later runs a statement in ctx's transaction that nothing in the function
// depends on: it is sent together with the transaction's next statement, or with
// the commit, in the order of the calls. An error of the statement fails that
// next statement, or the commit, and with it the whole transaction. row, which
// may be nil, is given the result's one row; it must not use the database, and it
// cannot refuse: its error is told, but the commit may have been on its way with
// the statement. Without a transaction it all happens at once.
func (db *DB) Later(ctx context.Context, sql string, args []any, row func(pgx.Row) error) error {
	l := late{sql, args, row}
	if s := current(ctx); s != nil && s.db == db {
		s.late = append(s.late, l)
		return s.lost
	}
	if row == nil {
		_, err := db.pool.Exec(ctx, sql, args...)
		return err
	}
	return row(db.pool.QueryRow(ctx, sql, args...))
}

// begun reports whether the server is in a transaction.
func (s *txState) begun() bool { return s.conn.Conn().PgConn().TxStatus() != 'I' }

// ahead empties the queue into a batch, with the begin if that is still to come.
func (s *txState) ahead() (*pgx.Batch, []late) {
	b := &pgx.Batch{}
	list := s.late
	s.late = nil
	if !s.begun() {
		list = append([]late{{sql: "begin"}}, list...)
	}
	for _, l := range list {
		b.Queue(l.sql, l.args...)
	}
	return b, list
}

// drain takes the results of the late statements; one that failed ends
// everything.
func (s *txState) drain(results pgx.BatchResults, list []late) error {
	for _, l := range list {
		var err error
		if l.row == nil {
			_, err = results.Exec()
		} else {
			err = l.row(results.QueryRow())
		}
		if err != nil {
			s.lost = fmt.Errorf("earlier statement: %w", err)
			return s.lost
		}
	}
	return nil
}

// flush sends what is queued, for a statement that cannot travel with it.
func (s *txState) flush(ctx context.Context) error {
	if s.lost != nil {
		return s.lost
	}
	b, list := s.ahead()
	if b.Len() == 0 {
		return nil
	}
	results := s.conn.SendBatch(ctx, b)
	return errors.Join(s.drain(results, list), results.Close())
}

// commit sends what is queued and the commit together. A transaction without any
// statement was never begun.
func (s *txState) commit(ctx context.Context) error {
	if s.lost != nil {
		return s.lost
	}
	if len(s.late) == 0 && !s.begun() {
		return nil
	}
	tag, err := s.Exec(ctx, "commit")
	if err == nil && tag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

// Exec implements Querier.
func (s *txState) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	if s.lost != nil {
		return tag, s.lost
	}
	b, list := s.ahead()
	if len(list) == 0 {
		return s.conn.Exec(ctx, sql, args...)
	}
	b.Queue(sql, args...)
	results := s.conn.SendBatch(ctx, b)
	if err = s.drain(results, list); err == nil {
		tag, err = results.Exec()
	}
	if closing := results.Close(); err == nil {
		err = closing
	}
	return tag, err
}

// Query implements Querier.
func (s *txState) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if s.lost != nil {
		return nil, s.lost
	}
	b, list := s.ahead()
	if len(list) == 0 {
		return s.conn.Query(ctx, sql, args...)
	}
	b.Queue(sql, args...)
	results := s.conn.SendBatch(ctx, b)
	if err := s.drain(results, list); err != nil {
		return nil, errors.Join(err, results.Close())
	}
	rows, err := results.Query()
	if err != nil {
		return nil, errors.Join(err, results.Close())
	}
	return &lastRows{rows, results}, nil
}

// lastRows are the rows of a statement that late ones travelled with.
type lastRows struct {
	pgx.Rows
	results pgx.BatchResults
}

// Next implements pgx.Rows.
func (r *lastRows) Next() bool {
	more := r.Rows.Next()
	if !more {
		r.Close()
	}
	return more
}

// Close implements pgx.Rows.
func (r *lastRows) Close() {
	r.Rows.Close()
	_ = r.results.Close() // of the rows' own error Err tells
}

// SendBatch implements Querier.
func (s *txState) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if err := s.flush(ctx); err != nil {
		return failed{err}
	}
	return s.conn.SendBatch(ctx, b)
}

// QueryRow implements Querier.
func (s *txState) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if s.lost != nil {
		return failed{s.lost}
	}
	b, list := s.ahead()
	if len(list) == 0 {
		return s.conn.QueryRow(ctx, sql, args...)
	}
	b.Queue(sql, args...)
	return &lastRow{s, s.conn.SendBatch(ctx, b), list}
}

// lastRow is the row of a statement that late ones travelled with.
type lastRow struct {
	s       *txState
	results pgx.BatchResults
	list    []late
}

// Scan implements pgx.Row.
func (r *lastRow) Scan(dest ...any) error {
	err := r.s.drain(r.results, r.list)
	if err == nil {
		err = r.results.QueryRow().Scan(dest...)
	}
	if closing := r.results.Close(); err == nil {
		err = closing
	}
	return err
}

// failed is the result of what could not be sent.
type failed struct{ err error }

func (f failed) Scan(...any) error                { return f.err }
func (f failed) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, f.err }
func (f failed) Query() (pgx.Rows, error)         { return nil, f.err }
func (f failed) QueryRow() pgx.Row                { return f }
func (f failed) Close() error                     { return f.err }
func (f failed) Tx() pgx.Tx                       { return nil }
