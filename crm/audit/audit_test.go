package audit_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/postgres/pgtest"
)

func list(t *testing.T, log *audit.Log, f audit.Filter) ([]audit.AuditRow, error) {
	t.Helper()
	page, err := log.Page(t.Context(), f)
	return page.Items, err
}

func TestAnEntryLivesAndDiesWithItsAct(t *testing.T) {
	db := pgtest.New(t)
	log := audit.NewLog(db)
	undone := errors.New("undone")
	act := func(ctx context.Context, outcome error) error {
		return db.InTx(ctx, func(ctx context.Context) error {
			return errors.Join(log.Record(ctx, "change", "thing", 7, map[string]int{"n": 1}, map[string]int{"n": 2}), outcome)
		})
	}
	if err := act(t.Context(), undone); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if err := act(access.WithActor(t.Context(), access.Actor{UserID: 5, SessionID: 9}), nil); err != nil {
		t.Fatal(err)
	}
	entries, err := list(t, log, audit.Filter{Limit: 10})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v %v", entries, err)
	}
	if e := entries[0]; *e.UserID != 5 || *e.SessionID != 9 || string(e.Changes[0].Before) != "1" || string(e.Changes[0].After) != "2" || e.EntityID != 7 {
		t.Errorf("%+v", e)
	}
}

func TestWhatCannotBeRecordedMustNotHappen(t *testing.T) {
	db := pgtest.New(t)
	log := audit.NewLog(db)
	if err := log.Record(t.Context(), "change", "thing", 1, nil, func() {}); err == nil {
		t.Error("recorded what is no JSON")
	}
	if _, err := db.Conn(t.Context()).Exec(t.Context(), "alter table audit_entries rename to away"); err != nil {
		t.Fatal(err)
	}
	if err := log.Record(t.Context(), "change", "thing", 1, nil, nil); err == nil {
		t.Error("no error without the table")
	}
}

func TestListNarrowsAndPages(t *testing.T) {
	db := pgtest.New(t)
	log := audit.NewLog(db)
	for i := range 30 {
		if err := log.Record(t.Context(), "change", []string{"a", "b"}[i%2], int64(i%3), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	var seen []int64
	for f := (audit.Filter{Entity: "a", EntityID: 2, Limit: 2}); ; {
		page, err := list(t, log, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			if e.Entity != "a" || e.EntityID != 2 || e.UserID != nil || len(e.Changes) > 0 {
				t.Errorf("%+v", e)
			}
			seen = append(seen, e.ID)
		}
		if len(page) < 2 {
			break
		}
		f.Before = page[1].ID
	}
	if len(seen) != 5 || !slices.IsSortedFunc(seen, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("%v", seen)
	}
}

func TestOneStatementWithItsEntry(t *testing.T) {
	db := pgtest.New(t)
	log := audit.NewLog(db)
	ctx := access.WithActor(t.Context(), access.Actor{UserID: 5})
	clause, args, err := log.Clause(ctx, "make", "thing", "made", 2, nil, "it's \"quoted\"")
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	err = db.Conn(ctx).QueryRow(ctx, "with made as (select $1::bigint as id), a as ("+clause+") select id from made", append([]any{int64(42)}, args...)...).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := list(t, log, audit.Filter{Entity: "thing", EntityID: 42, Limit: 1})
	if err != nil || len(entries) != 1 || *entries[0].UserID != 5 || string(entries[0].Changes[0].After) != `"it's \"quoted\""` {
		t.Errorf("%+v %v", entries, err)
	}
}
