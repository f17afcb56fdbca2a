// Package pgtest gives each test a real, migrated PostgreSQL database of its
// own. One private cluster per machine user serves all test processes; it is
// started by the first and stopped some seconds after the last has gone. A
// database is a clone of a template that is migrated once per set of migration
// files, and is dropped when its test ends. Where PostgreSQL is missing the test fails.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// setupLimit bounds every single step; a loaded machine needs some slack.
const setupLimit = 2 * time.Minute

var (
	shared   = sync.OnceValues(attach)
	template = sync.OnceValues(func() (string, error) {
		h, err := shared()
		if err != nil {
			return "", err
		}
		return h.template()
	})
	serial atomic.Int64
)

// New returns an open, migrated database that no other test sees. It is closed
// and dropped when t ends.
func New(t testing.TB) *postgres.DB {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), setupLimit)
	defer cancel()
	db, err := postgres.Open(ctx, URL(t)+"&pool_max_conns=10")
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(db.Close)
	return db
}

// URL returns the connection string of a migrated database that no other test
// sees, for tests that start a program of their own on it.
func URL(t testing.TB) string {
	t.Helper()
	name, err := template()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return create(t, " TEMPLATE "+name)
}

// EmptyURL returns the connection string of a database without any table.
func EmptyURL(t testing.TB) string {
	t.Helper()
	return create(t, "")
}

// create makes a database and has it dropped, whoever still sits in it, at t's end.
func create(t testing.TB, clause string) string {
	t.Helper()
	h, err := shared()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	name := fmt.Sprintf("t_%d_%d", os.Getpid(), serial.Add(1))
	if err := h.exec("CREATE DATABASE " + name + clause); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := h.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return h.cluster.URL(name)
}

// exec runs one statement in the maintenance database.
func (h *handle) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), setupLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, h.cluster.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	if closeErr := conn.Close(ctx); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}
