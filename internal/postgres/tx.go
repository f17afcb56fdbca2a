package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// maxAttempts bounds how often the outermost transaction is run again after a
// serialization failure or a deadlock.
const maxAttempts = 6

// ErrDoomed is returned by InTx when a nested InTx failed and the function
// went on as if it had not: half of a unit of work is never committed.
var ErrDoomed = errors.New("transaction doomed by a failed nested one")

type txKey struct{}

// txState is one open transaction as carried by a context. After it ends, done
// is set and the context behaves as if it carried none.
type txState struct {
	db       *DB
	conn     *pgxpool.Conn
	late     []late // to be sent with the next statement; the goroutine's of the transaction
	released bool   // the goroutine's of the transaction, too
	lost     error  // why a late statement failed: nothing works after that

	mu     sync.Mutex
	done   bool
	doomed bool
	after  []func()
}

// current returns ctx's open transaction, or nil.
func current(ctx context.Context) *txState {
	s, _ := ctx.Value(txKey{}).(*txState)
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return nil
	}
	return s
}

// Tx returns the open transaction that ctx carries, if any, for a library that
// wants one. It ends with InTx: its own Commit and Rollback are refused.
func Tx(ctx context.Context) (pgx.Tx, bool) {
	if s := current(ctx); s != nil {
		return handle{s}, true
	}
	return nil, false
}

// InTx runs fn in a transaction carried by the context it is given. A nested
// InTx on the same DB joins the outer one. The transaction is rolled back when
// fn returns an error or panics (the panic goes on). The outermost InTx runs fn
// again, up to six times, after a serialization failure or a deadlock, so fn
// must have no effect but on the database and through AfterCommit.
// A commit whose answer is lost is reported as an error and not retried.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if s := current(ctx); s != nil && s.db == db {
		return s.join(ctx, fn)
	}
	for attempt := 1; ; attempt++ {
		err := db.once(ctx, fn)
		if err == nil || !retryable(err) || attempt == maxAttempts {
			return err
		}
		if !pause(ctx, attempt) {
			return err
		}
	}
}

// join runs fn inside s; any failure, a panic too, dooms s.
func (s *txState) join(ctx context.Context, fn func(context.Context) error) error {
	ok := false
	defer func() {
		if !ok {
			s.mu.Lock()
			s.doomed = true
			s.mu.Unlock()
		}
	}()
	err := fn(ctx)
	ok = err == nil
	return err
}

// once is one attempt of the outermost transaction.
func (db *DB) once(ctx context.Context, fn func(context.Context) error) error {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return Classify(fmt.Errorf("begin: %w", err))
	}
	s := &txState{db: db, conn: conn}
	defer s.rollback(ctx)
	if err := fn(context.WithValue(ctx, txKey{}, s)); err != nil {
		return Classify(err)
	}
	if s.isDoomed() {
		return ErrDoomed
	}
	if err := s.commit(ctx); err != nil {
		return Classify(fmt.Errorf("commit: %w", err))
	}
	s.release() // before the announcements, which may want a connection themselves
	s.announce()
	return nil
}

func (s *txState) isDoomed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doomed
}

// end marks s as over and returns what waited for the commit.
func (s *txState) end() []func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	after := s.after
	s.done, s.after = true, nil
	return after
}

// rollback ends s if it is still open, and gives the connection back. It uses a
// context of its own, so that a cancelled request still frees its locks.
func (s *txState) rollback(ctx context.Context) {
	defer s.release()
	s.end()
	if s.released || !s.begun() || s.conn.Conn().IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if _, err := s.conn.Exec(ctx, "rollback"); err != nil {
		slog.DebugContext(ctx, "rollback", "error", err)
	}
}

// release gives the connection back, once.
func (s *txState) release() {
	if !s.released {
		s.released = true
		s.conn.Release()
	}
}

// announce runs the functions in the order they were given. The commit has
// happened: a panic in one is logged and keeps neither the others from running
// nor the caller from learning that its work is done.
func (s *txState) announce() {
	for _, fn := range s.end() {
		func() {
			defer func() {
				if r := recover(); r != nil {
					slog.Error("after commit", "panic", r)
				}
			}()
			fn()
		}()
	}
}

// AfterCommit runs fn after the outermost transaction of ctx has committed, in
// order of the calls, on the goroutine that committed; at once when ctx carries
// no transaction. It is dropped on rollback. fn must be quick and not block.
func AfterCommit(ctx context.Context, fn func()) {
	if s := current(ctx); s != nil {
		s.mu.Lock()
		s.after = append(s.after, fn)
		s.mu.Unlock()
		return
	}
	fn()
}

// pause waits a random while that doubles with each attempt; false when ctx ended.
func pause(ctx context.Context, attempt int) bool {
	longest := 5 * time.Millisecond << attempt
	t := time.NewTimer(time.Millisecond + rand.N(longest))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
