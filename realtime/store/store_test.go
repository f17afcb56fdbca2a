package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"centralita/internal/postgres/pgtest"
	"centralita/realtime"
	"centralita/realtime/store"
)

func appendEvent(t *testing.T, s *store.Store, userID int64, kind, body string) (string, realtime.Event) {
	t.Helper()
	var epoch string
	var e realtime.Event
	if err := s.Append(t.Context(), userID, kind, []byte(body), func(of string, is realtime.Event) { epoch, e = of, is }); err != nil {
		t.Fatal(err)
	}
	return epoch, e
}

func seqs(events []realtime.Event) []int64 {
	var out []int64
	for _, e := range events {
		out = append(out, e.Seq)
	}
	return out
}

func TestNumbersAreCountedPerUser(t *testing.T) {
	s := store.New(pgtest.New(t))
	first, e1 := appendEvent(t, s, 1, "a", `{}`)
	second, e2 := appendEvent(t, s, 1, "b", `{"x":1}`)
	other, o1 := appendEvent(t, s, 2, "a", `{}`)
	if e1.Seq != 1 || e2.Seq != 2 || o1.Seq != 1 {
		t.Errorf("numbers %d %d %d, want 1 2 1", e1.Seq, e2.Seq, o1.Seq)
	}
	if first != second || first == other || first == "" {
		t.Errorf("epochs %q %q, other user's %q", first, second, other)
	}
	at, events, err := s.Since(t.Context(), 1, 1, 10)
	if err != nil {
		t.Fatal(err)
	}
	if at != (realtime.Position{Epoch: first, Seq: 2}) || len(events) != 1 || events[0].Kind != "b" || string(events[0].Body) != `{"x": 1}` {
		t.Errorf("got %+v %+v", at, events)
	}
	if events[0].At.IsZero() || time.Since(events[0].At).Abs() > time.Hour {
		t.Errorf("event at %v", events[0].At)
	}
}

func TestRollbackLeavesNoHole(t *testing.T) {
	db := pgtest.New(t)
	s := store.New(db)
	appendEvent(t, s, 1, "kept", `{}`)
	boom := errors.New("boom")
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		if err := s.Append(ctx, 1, "lost", []byte(`{}`), func(string, realtime.Event) {}); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatalf("got %v", err)
	}
	if _, e := appendEvent(t, s, 1, "next", `{}`); e.Seq != 2 {
		t.Errorf("number after a rollback is %d, want 2", e.Seq)
	}
}

func TestSinceGivesANewUserAStream(t *testing.T) {
	s := store.New(pgtest.New(t))
	at, events, err := s.Since(t.Context(), 7, 0, 10)
	if err != nil || at.Epoch == "" || at.Seq != 0 || len(events) != 0 {
		t.Fatalf("got %+v %v %v", at, events, err)
	}
	if epoch, e := appendEvent(t, s, 7, "a", `{}`); epoch != at.Epoch || e.Seq != 1 {
		t.Errorf("first event has epoch %q number %d, want %q 1", epoch, e.Seq, at.Epoch)
	}
}

func TestSinceIsBounded(t *testing.T) {
	s := store.New(pgtest.New(t))
	for range 5 {
		appendEvent(t, s, 1, "a", `{}`)
	}
	at, events, err := s.Since(t.Context(), 1, 1, 2)
	if err != nil || at.Seq != 5 {
		t.Fatalf("got %+v %v", at, err)
	}
	if diff := cmp.Diff([]int64{2, 3}, seqs(events)); diff != "" {
		t.Error(diff)
	}
}

func TestPositions(t *testing.T) {
	s := store.New(pgtest.New(t))
	epoch, _ := appendEvent(t, s, 1, "a", `{}`)
	appendEvent(t, s, 2, "a", `{}`)
	got, err := s.Positions(t.Context(), []int64{1, 99})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[int64]realtime.Position{1: {Epoch: epoch, Seq: 1}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPruneDeletesTheOldOnly(t *testing.T) {
	db := pgtest.New(t)
	s := store.New(db)
	for range 4 {
		appendEvent(t, s, 1, "a", `{}`)
	}
	if _, err := db.Conn(t.Context()).Exec(t.Context(), `update live_events set at = at - interval '2 days' where seq <= 3`); err != nil {
		t.Fatal(err)
	}
	n, err := s.Prune(t.Context(), 24*time.Hour)
	if err != nil || n != 3 {
		t.Fatalf("pruned %d, %v; want 3", n, err)
	}
	at, events, err := s.Since(t.Context(), 1, 0, 10)
	if err != nil || at.Seq != 4 {
		t.Fatalf("got %+v %v", at, err)
	}
	if diff := cmp.Diff([]int64{4}, seqs(events)); diff != "" {
		t.Error(diff)
	}
}

func TestRenewChangesEveryEpochAndNoNumber(t *testing.T) {
	s := store.New(pgtest.New(t))
	epoch, _ := appendEvent(t, s, 1, "a", `{}`)
	if err := s.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	at, _, err := s.Since(t.Context(), 1, 0, 10)
	if err != nil || at.Epoch == epoch || at.Seq != 1 {
		t.Errorf("got %+v %v; the epoch was %s", at, err, epoch)
	}
}

// Text from outside can hold what JSON allows and PostgreSQL does not. It must
// not break the transaction of the call that brings it.
func TestHostileTextIsStored(t *testing.T) {
	db := pgtest.New(t)
	s := store.New(db)
	log := realtime.NewLog(s, realtime.NewLocalBus())
	cases := map[string]any{
		"NUL":               map[string]string{"name": "a\x00b"},
		"NUL in a key":      map[string]string{"a\x00b": "x"},
		"escaped backslash": map[string]string{"name": `\u0000`},
		"lone surrogate":    json.RawMessage(`{"name":"\ud800"}`),
		"bad UTF-8":         map[string]string{"name": "\xff\xfe"},
		"markup and SQL":    map[string]string{"name": `<script>'; drop table live_events;--`},
		"nested":            []any{map[string]any{"x": []string{"\x00"}}},
	}
	for name, data := range cases {
		t.Run(name, func(t *testing.T) {
			err := db.InTx(t.Context(), func(ctx context.Context) error {
				return log.Append(ctx, 1, "hostile", data)
			})
			if err != nil {
				t.Errorf("append: %v", err)
			}
		})
	}
	var n int
	if err := db.Conn(t.Context()).QueryRow(t.Context(), `select count(*) from live_events`).Scan(&n); err != nil || n != len(cases) {
		t.Errorf("%d events stored, %v; want %d", n, err, len(cases))
	}
}

func TestEveryMethodJoinsTheTransaction(t *testing.T) {
	db := pgtest.New(t)
	s := store.New(db)
	undo := errors.New("undo")
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		appendErr := s.Append(ctx, 1, "a", []byte(`{}`), func(string, realtime.Event) {})
		_, events, sinceErr := s.Since(ctx, 1, 0, 1)
		positions, positionsErr := s.Positions(ctx, []int64{1})
		pruned, pruneErr := s.Prune(ctx, -time.Hour)
		if len(events) != 1 || positions[1].Seq != 1 || pruned != 1 {
			t.Errorf("inside: %d events, positions %v, %d pruned", len(events), positions, pruned)
		}
		return errors.Join(appendErr, sinceErr, positionsErr, pruneErr, s.Renew(ctx), undo)
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	if positions, err := s.Positions(t.Context(), []int64{1}); err != nil || len(positions) != 0 {
		t.Errorf("outside: %v %v", positions, err)
	}
}
