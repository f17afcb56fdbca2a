package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"centralita/internal/fault"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// patience bounds what would otherwise wait for ever.
const patience = 20 * time.Second

// notebook returns a database with one small table of the tests' own.
func notebook(t *testing.T) *postgres.DB {
	t.Helper()
	db := pgtest.New(t)
	must(t, db, `CREATE TABLE notebook (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)`)
	return db
}

func must(t *testing.T, db *postgres.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Conn(t.Context()).Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func insert(ctx context.Context, db *postgres.DB, id int) error {
	_, err := db.Conn(ctx).Exec(ctx, `INSERT INTO notebook (id) VALUES ($1)`, id)
	return err
}

func count(t *testing.T, db *postgres.DB) int {
	t.Helper()
	var n int
	if err := db.Conn(t.Context()).QueryRow(t.Context(), `SELECT count(*) FROM notebook`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCommitKeepsNestedWorkAndAnnouncesInOrder(t *testing.T) {
	db := notebook(t)
	var said []string
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		postgres.AfterCommit(ctx, func() { said = append(said, "outer") })
		if err := insert(ctx, db, 1); err != nil {
			return err
		}
		return db.InTx(ctx, func(ctx context.Context) error {
			postgres.AfterCommit(ctx, func() { said = append(said, "inner") })
			if len(said) > 0 {
				t.Error("announced before the commit")
			}
			return insert(ctx, db, 2)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
	if diff := cmp.Diff([]string{"outer", "inner"}, said); diff != "" {
		t.Error(diff)
	}
}

func TestErrorRollsBackAndDropsAnnouncements(t *testing.T) {
	db := notebook(t)
	boom := errors.New("boom")
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		postgres.AfterCommit(ctx, func() { t.Error("announced after a rollback") })
		return errors.Join(insert(ctx, db, 1), boom)
	})
	if !errors.Is(err, boom) {
		t.Errorf("err = %v, want boom", err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows survived", n)
	}
}

func TestPanicRollsBackAndGoesOn(t *testing.T) {
	db := notebook(t)
	func() {
		defer func() {
			if r := recover(); r != "boom" {
				t.Errorf("recovered %v, want boom", r)
			}
		}()
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			if err := insert(ctx, db, 1); err != nil {
				t.Error(err)
			}
			panic("boom")
		})
		t.Errorf("returned %v instead of panicking", err)
	}()
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows survived", n)
	}
}

func TestFailedNestedWorkDoomsTheWhole(t *testing.T) {
	db := notebook(t)
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		if err := insert(ctx, db, 1); err != nil {
			return err
		}
		inner := db.InTx(ctx, func(context.Context) error { return errors.New("refused") })
		if inner == nil {
			t.Error("the nested error is lost")
		}
		return nil
	})
	if !errors.Is(err, postgres.ErrDoomed) {
		t.Errorf("err = %v, want ErrDoomed", err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows survived", n)
	}
}

func TestDeadlockIsRetried(t *testing.T) {
	db := notebook(t)
	must(t, db, `INSERT INTO notebook VALUES (1, 0), (2, 0)`)
	bump := func(ctx context.Context, id int) error {
		_, err := db.Conn(ctx).Exec(ctx, `UPDATE notebook SET n = n + 1 WHERE id = $1`, id)
		return err
	}
	var met, done sync.WaitGroup
	met.Add(2)
	run := func(first, second int) {
		defer done.Done()
		once := sync.OnceFunc(func() { met.Done(); met.Wait() })
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			if err := bump(ctx, first); err != nil {
				return err
			}
			once() // both hold their first row now: one of them must be the victim
			return bump(ctx, second)
		})
		if err != nil {
			t.Error(err)
		}
	}
	done.Add(2)
	go run(1, 2)
	go run(2, 1)
	done.Wait()
	var sum int
	if err := db.Conn(t.Context()).QueryRow(t.Context(), `SELECT sum(n) FROM notebook`).Scan(&sum); err != nil {
		t.Fatal(err)
	}
	if sum != 4 {
		t.Errorf("sum = %d, want 4: a unit of work was lost or doubled", sum)
	}
}

func TestAfterTheEndTheContextCarriesNoTransaction(t *testing.T) {
	db := notebook(t)
	var kept context.Context
	ran := false
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		kept = ctx
		postgres.AfterCommit(ctx, func() {
			ran = true
			if err := insert(ctx, db, 7); err != nil {
				t.Errorf("the pool should serve a context whose transaction is over: %v", err)
			}
		})
		_, open := postgres.Tx(ctx)
		if !open {
			t.Error("Tx finds no transaction inside InTx")
		}
		return nil
	})
	if err != nil || !ran {
		t.Fatalf("err %v, ran %v", err, ran)
	}
	if _, open := postgres.Tx(kept); open {
		t.Error("Tx finds a transaction after its end")
	}
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestAPanickingAnnouncementHidesNothing(t *testing.T) {
	db := notebook(t)
	second := false
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		postgres.AfterCommit(ctx, func() { panic("boom") })
		postgres.AfterCommit(ctx, func() { second = true })
		return insert(ctx, db, 1)
	})
	if err != nil || !second {
		t.Errorf("err %v, second ran %v", err, second)
	}
}

func TestErrorsAreTold(t *testing.T) {
	db := notebook(t)
	must(t, db, `ALTER TABLE notebook ADD CONSTRAINT notebook_n_fk FOREIGN KEY (n) REFERENCES notebook (id) DEFERRABLE`)
	must(t, db, `INSERT INTO notebook VALUES (1, 1)`)
	if name, ok := postgres.UniqueViolation(insert(t.Context(), db, 1)); !ok || name != "notebook_pkey" {
		t.Errorf("unique violation: %q %v", name, ok)
	}
	if name, ok := postgres.ForeignKeyViolation(insert(t.Context(), db, 5)); !ok || name != "notebook_n_fk" {
		t.Errorf("foreign key violation: %q %v", name, ok)
	}
	if _, ok := postgres.UniqueViolation(errors.New("x")); ok {
		t.Error("any error is a unique violation")
	}
}

func TestAServerThatGoesAwayIsUnavailable(t *testing.T) {
	db := notebook(t)
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		_, err := db.Conn(ctx).Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
		return err
	})
	if got := fault.KindOf(err); got != fault.Unavailable {
		t.Errorf("kind = %v (%v), want unavailable", got, err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("the pool did not come back: %v", err)
	}
	for _, err := range []error{nil, errors.New("x"), &pgconn.PgError{Code: "23505"}, fault.New(fault.Conflict, "c", "m")} {
		if got := postgres.Classify(err); !errors.Is(got, err) || fault.KindOf(got) == fault.Unavailable {
			t.Errorf("Classify(%v) = %v", err, got)
		}
	}
}

func TestUnreachableServer(t *testing.T) {
	if db, err := postgres.Open(t.Context(), "postgres://127.0.0.1:1/x"); err == nil {
		db.Close()
		t.Error("opened a database on a closed port")
	}
	if _, err := postgres.Open(t.Context(), "://"); err == nil {
		t.Error("opened a nonsense URL")
	}
}

func TestSessionsRunInUTC(t *testing.T) {
	db := pgtest.New(t)
	var zone string
	if err := db.Conn(t.Context()).QueryRow(t.Context(), `SHOW timezone`).Scan(&zone); err != nil || zone != "UTC" {
		t.Errorf("timezone %q, %v", zone, err)
	}
}

func TestAnnouncementsMayUseThePoolHoweverSmallItIs(t *testing.T) {
	small, err := postgres.Open(t.Context(), pgtest.EmptyURL(t)+"&pool_max_conns=1")
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err = small.InTx(ctx, func(ctx context.Context) error {
		postgres.AfterCommit(ctx, func() {
			if _, err := small.Conn(ctx).Exec(ctx, `SELECT 1`); err != nil {
				t.Errorf("the transaction's own connection was still out: %v", err)
			}
		})
		_, err := small.Conn(ctx).Exec(ctx, `SELECT 1`)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
