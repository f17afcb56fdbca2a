package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

func later(ctx context.Context, db *postgres.DB, id int) error {
	return db.Later(ctx, `INSERT INTO notebook (id) VALUES ($1)`, []any{id}, nil)
}

func TestLateStatementsKeepTheirPlace(t *testing.T) {
	db := notebook(t)
	var seen []int
	look := func(ctx context.Context) error {
		return db.Later(ctx, `SELECT count(*) FROM notebook`, nil, func(row pgx.Row) error {
			var n int
			err := row.Scan(&n)
			seen = append(seen, n)
			return err
		})
	}
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		rows := 0
		err := errors.Join(later(ctx, db, 1), look(ctx), insert(ctx, db, 2), later(ctx, db, 3),
			db.Conn(ctx).QueryRow(ctx, `SELECT count(*) FROM notebook`).Scan(&rows), look(ctx))
		if rows != 3 {
			t.Errorf("a statement saw %d rows, want those of the late ones before it: 3", rows)
		}
		_, queryErr := db.Conn(ctx).Query(ctx, `SELECT 1 FROM notebook`) //nolint:sqlclosecheck // left open: that is the case
		return errors.Join(err, queryErr)
	})
	if err == nil {
		t.Error("an unread result set was committed")
	}
	seen = nil
	err = db.InTx(t.Context(), func(ctx context.Context) error {
		return errors.Join(later(ctx, db, 1), look(ctx), insert(ctx, db, 2), later(ctx, db, 3), look(ctx))
	})
	if diff := cmp.Diff([]int{1, 3}, seen); err != nil || diff != "" || count(t, db) != 3 {
		t.Errorf("err %v, %d rows, seen %s", err, count(t, db), diff)
	}
}

func TestRowsTravelWithLateStatements(t *testing.T) {
	db := notebook(t)
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		for want := 1; want <= 3; want++ {
			if err := later(ctx, db, want); err != nil {
				return err
			}
			rows, err := db.Conn(ctx).Query(ctx, `SELECT id FROM notebook WHERE id <= $1 ORDER BY id`, want)
			if err != nil {
				return err
			}
			ids, err := pgx.CollectRows(rows, pgx.RowTo[int])
			if err != nil || len(ids) != want {
				t.Errorf("rows %v, %v; want %d", ids, err, want)
			}
		}
		rows, err := db.Conn(ctx).Query(ctx, `SELECT 1 / (id - 3) FROM notebook`)
		if err == nil {
			_, err = pgx.CollectRows(rows, pgx.RowTo[int])
		}
		if err == nil {
			t.Error("an error among the rows was not told")
		}
		return err
	})
	if err == nil || count(t, db) != 0 {
		t.Errorf("err %v, %d rows", err, count(t, db))
	}
}

func TestALateStatementThatFailsUndoesEverything(t *testing.T) {
	db := notebook(t)
	for name, next := range map[string]func(context.Context) error{
		"at the commit": func(context.Context) error { return nil },
		"at the next statement, whose error is ignored": func(ctx context.Context) error {
			if insert(ctx, db, 3) == nil || insert(ctx, db, 4) == nil {
				t.Error("a statement after the failed one went through")
			}
			return nil
		},
		"at the next row": func(ctx context.Context) error {
			var n int
			return db.Conn(ctx).QueryRow(ctx, `SELECT 1`).Scan(&n)
		},
		"at the next rows": func(ctx context.Context) error {
			rows, err := db.Conn(ctx).Query(ctx, `SELECT 1`)
			if err == nil {
				rows.Close()
			}
			return err
		},
		"at the next batch": func(ctx context.Context) error {
			b := &pgx.Batch{}
			b.Queue(`SELECT 1`)
			return db.Conn(ctx).SendBatch(ctx, b).Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			announced := false
			err := db.InTx(t.Context(), func(ctx context.Context) error {
				postgres.AfterCommit(ctx, func() { announced = true })
				return errors.Join(later(ctx, db, 1), later(ctx, db, 1), next(ctx))
			})
			if _, twice := postgres.UniqueViolation(err); !twice || announced || count(t, db) != 0 {
				t.Errorf("err %v, announced %v, %d rows", err, announced, count(t, db))
			}
		})
	}
}

func TestARowThatCannotBeReadIsTold(t *testing.T) {
	db := notebook(t)
	boom := errors.New("boom")
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		return errors.Join(later(ctx, db, 1), db.Later(ctx, `SELECT 1`, nil, func(pgx.Row) error { return boom }), insert(ctx, db, 2))
	})
	if !errors.Is(err, boom) || count(t, db) != 0 {
		t.Errorf("err %v, %d rows", err, count(t, db))
	}
	if err := later(t.Context(), db, 1); err != nil || count(t, db) != 1 {
		t.Errorf("without a transaction: %v, %d rows", err, count(t, db))
	}
}

func TestASavepointUndoesLateStatementsWithinIt(t *testing.T) {
	db := notebook(t)
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := postgres.Tx(ctx)
		if err := later(ctx, db, 1); err != nil {
			return err
		}
		inner, err := tx.Begin(ctx)
		if err != nil {
			return err
		}
		_, err = inner.Exec(ctx, `INSERT INTO notebook (id) VALUES (2)`)
		if err = errors.Join(err, inner.Rollback(ctx)); err != nil {
			return err
		}
		if tx.Commit(ctx) == nil || tx.Rollback(ctx) == nil {
			t.Error("somebody else ended the transaction")
		}
		copied, err := tx.CopyFrom(ctx, pgx.Identifier{"notebook"}, []string{"id"}, pgx.CopyFromRows([][]any{{4}}))
		if copied != 1 {
			t.Errorf("%d rows copied, want 1", copied)
		}
		return err
	})
	if err != nil || count(t, db) != 2 {
		t.Errorf("err %v, %d rows, want 2", err, count(t, db))
	}
}
