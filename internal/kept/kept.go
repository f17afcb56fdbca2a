// Package kept keeps a small set of settings in memory, for questions that
// cannot wait for a database.
//
// The set is loaded on first use, again after Forget (to be called when this
// process has changed it), and in the background when a question finds it older
// than two seconds, so that another process's change shows. While it cannot be
// loaded, the last known one goes on serving. It knows nothing of what it keeps.
package kept

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// maxAge is the age at which the set is read again, behind the back of the
// question that finds it old. Whoever asks once a second keeps it fresh.
const maxAge = 2 * time.Second

// loadLimit bounds one reading.
const loadLimit = 5 * time.Second

// Set is a set of settings as loaded at one time. Safe for concurrent use; make
// it with New.
type Set[T any] struct {
	name       string
	read       func(ctx context.Context) (*T, error)
	current    atomic.Pointer[page[T]]
	loading    sync.Mutex
	refreshing atomic.Bool
	changes    atomic.Int64 // how often Forget was called
}

type page[T any] struct {
	at time.Time
	of *T
}

// New returns a set called name in the log. read is called outside of any
// transaction: what one of them has changed and may take back must not be
// remembered. What it returns is never changed.
func New[T any](name string, read func(ctx context.Context) (*T, error)) *Set[T] {
	return &Set[T]{name: name, read: read}
}

// Forget has the next question wait for the database.
func (s *Set[T]) Forget() {
	s.changes.Add(1)
	s.current.Store(nil)
}

// Get returns the set as known, and sees to it that it does not grow old. What
// it returns is shared: do not change it.
func (s *Set[T]) Get(ctx context.Context) (*T, error) {
	p := s.current.Load()
	switch {
	case p == nil:
		return s.load(ctx)
	case time.Since(p.at) > maxAge && s.refreshing.CompareAndSwap(false, true):
		go s.refresh()
	}
	return p.of, nil
}

// refresh reads the set again; when that fails the old one stays.
func (s *Set[T]) refresh() {
	defer s.refreshing.Store(false)
	if _, err := s.fetch(); err != nil {
		slog.Warn("settings: serving what was known", "settings", s.name, "error", err)
	}
}

// load reads the set for a question that cannot be answered otherwise; one
// reading serves all that wait.
func (s *Set[T]) load(ctx context.Context) (*T, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	if p := s.current.Load(); p != nil {
		return p.of, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.fetch()
}

// fetch reads the set and keeps it, unless it was changed meanwhile.
func (s *Set[T]) fetch() (*T, error) {
	ctx, cancel := context.WithTimeout(context.Background(), loadLimit)
	defer cancel()
	changes := s.changes.Load()
	of, err := s.read(ctx)
	if err == nil && s.changes.Load() == changes {
		s.current.Store(&page[T]{time.Now(), of})
	}
	return of, err
}
