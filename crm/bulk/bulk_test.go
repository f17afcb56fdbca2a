package bulk_test

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/bulk"
	"centralita/crm/field"
	"centralita/internal/fault"
	"centralita/internal/filter"
)

func to(users ...int64) bulk.BulkWhat { return bulk.BulkWhat{Kind: bulk.ToResponsible, UserIDs: users} }

func these(ids ...int64) bulk.BulkWho { return bulk.BulkWho{IDs: ids} }

func is(field, op string, value any) bulk.BulkWho {
	return bulk.BulkWho{All: true, Filter: filter.Node{Field: field, Op: op, Value: value}}
}

func TestWorkOnManyClients(t *testing.T) {
	w := newWorld(t)
	w.start()
	t.Run("one gets them all, and what was changed since stays", func(t *testing.T) {
		ids := w.persons(3, 0)
		run := w.begin(w.anna, to(w.boris.UserID), these(ids...))
		w.counted(w.until(w.anna, run.ID, bulk.Done), "3+0+0+0 of 3, 0 back, 0 kept")
		if n := w.int(`select count(*) from audit_entries where action = 'client.update' and entity_id = any($1) and user_id = $2`, ids, w.anna.UserID); n != 3 {
			t.Errorf("%d lines in the log", n)
		}
		w.exec(`update clients set responsible_id = $2, version = version + 1 where id = $1`, ids[0], w.carla.UserID)
		w.exec(`update clients set language = 'es', version = version + 1 where id = $1`, ids[1])
		w.counted(w.undo(w.anna, run.ID), "3+0+0+0 of 3, 2 back, 1 kept")
		if n := w.int(`select count(*) from clients where id = any($1) and responsible_id is null`, ids); n != 2 {
			t.Errorf("%d without anybody", n)
		}
		if n := w.int(`select responsible_id from clients where id = $1`, ids[0]); n != w.carla.UserID {
			t.Error("what Carla got since was taken from her")
		}
		rows, err := w.bulk.Rows(w.as(w.anna), run.ID, 0, "kept", 10)
		if err != nil || len(rows) != 1 || rows[0].ClientID != ids[0] || rows[0].Code != "changed_since" {
			t.Errorf("%+v %v", rows, err)
		}
		w.exec(`delete from clients where id = any($1)`, ids)
	})
	t.Run("a seller changes his own alone, sees no others, and counts none", func(t *testing.T) {
		mine, hers := w.persons(2, w.boris.UserID), w.persons(2, w.carla.UserID)
		lang := bulk.BulkWhat{Kind: bulk.ToField, Field: "language", Value: "ru"}
		run := w.begin(w.boris, lang, bulk.BulkWho{All: true})
		w.counted(w.until(w.boris, run.ID, bulk.Done), "2+0+0+0 of 2, 0 back, 0 kept")
		if _, err := w.bulk.Start(w.as(w.boris), lang, these(hers...)); fault.CodeOf(err) != "bulk_nobody" {
			t.Errorf("hers: %v", err)
		}
		if n := w.int(`select count(*) from clients where id = any($1) and language = 'ru'`, hers); n != 0 {
			t.Error("hers were changed")
		}
		if _, err := w.bulk.Get(w.as(w.carla), run.ID); fault.CodeOf(err) != "bulk_not_found" {
			t.Errorf("his run, to Carla: %v", err)
		}
		given := w.begin(w.boris, to(w.carla.UserID), these(mine...))
		w.until(w.boris, given.ID, bulk.Done)
		w.counted(w.undo(w.boris, given.ID), "2+0+0+0 of 2, 0 back, 2 kept")
		w.exec(`delete from clients where id = any($1)`, slices.Concat(mine, hers))
	})
	t.Run("rights are those of the moment in which a row is changed", func(t *testing.T) {
		ids := w.persons(2, w.boris.UserID)
		tag := w.int(`insert into tags (name) values ('VIP') returning id`)
		for _, kind := range []string{bulk.AddTag, bulk.Archive} {
			w.exec(`update clients set responsible_id = $2 where id = $1`, ids[1], w.boris.UserID)
			var run bulk.BulkRun
			var err error
			w.held(w.boris, func(ctx context.Context) {
				if run, err = w.bulk.Start(ctx, bulk.BulkWhat{Kind: kind, TagID: tag}, these(ids...)); err != nil {
					t.Fatal(err)
				}
				if _, err := w.db.Conn(ctx).Exec(ctx, `update clients set responsible_id = $2 where id = $1`, ids[1], w.carla.UserID); err != nil {
					t.Fatal(err)
				}
			})
			w.counted(w.until(w.boris, run.ID, bulk.Done), "1+0+1+0 of 2, 0 back, 0 kept")
			rows, err := w.bulk.Rows(w.as(w.boris), run.ID, 0, bulk.Refused, 10)
			if err != nil || len(rows) != 1 || rows[0].Code != "client_not_found" || rows[0].ClientName != "" {
				t.Errorf("%+v %v", rows, err)
			}
			w.counted(w.undo(w.boris, run.ID), "1+0+1+0 of 2, 1 back, 0 kept")
		}
		if n := w.int(`select count(*) from clients where id = any($1) and archived_at is not null`, ids) + w.int(`select count(*) from client_tags`); n != 0 {
			t.Errorf("%d left", n)
		}
		w.exec(`delete from clients where id = any($1)`, ids)
	})
	t.Run("a field of the firm's own, and who may not see it", func(t *testing.T) {
		x, err := w.fields.AddSection(w.as(w.anna), field.Section{Entity: field.Client, Kind: field.Fields, Title: "Own"}, []field.NewField{{Label: "Fee", Type: field.Number}})
		if err != nil {
			t.Fatal(err)
		}
		key := field.KeyOf(x.Fields[0].ID)
		ids := w.persons(3, w.boris.UserID)
		what := bulk.BulkWhat{Kind: bulk.ToField, Field: key, Value: "12"}
		if _, err := w.bulk.Start(w.as(w.anna), bulk.BulkWhat{Kind: bulk.ToField, Field: key, Value: "twelve"}, these(ids...)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a word as a number: %v", err)
		}
		run := w.begin(w.anna, what, these(ids...))
		w.counted(w.until(w.anna, run.ID, bulk.Done), "3+0+0+0 of 3, 0 back, 0 kept")
		if err := w.fields.Set(w.as(w.anna), ids[1], []field.Change{{FieldID: x.Fields[0].ID, Value: "13"}}); err != nil {
			t.Fatal(err)
		}
		w.counted(w.undo(w.anna, run.ID), "3+0+0+0 of 3, 2 back, 1 kept")
		w.exec(`update roles set fields = jsonb_build_object($1::text, 'masked') where key = 'seller'`, key)
		masked, err := w.people.ActorOf(t.Context(), w.boris.UserID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.bulk.Start(w.as(masked), what, these(ids...)); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("set by who may not see it: %v", err)
		}
		if _, err := w.bulk.Start(w.as(masked), to(w.carla.UserID), is(key, "eq", 13.0)); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("chosen by who may not see it: %v", err)
		}
		w.exec(`delete from clients where id = any($1)`, ids)
	})
	t.Run("several share by load, and a run is cancelled", func(t *testing.T) {
		w.persons(4, w.boris.UserID)
		w.persons(6, 0)
		what := to(w.boris.UserID, w.carla.UserID)
		what.Share = bulk.Load
		run := w.begin(w.anna, what, is("responsible", "empty", nil))
		w.until(w.anna, run.ID, bulk.Done)
		if b, c := w.int(`select count(*) from clients where responsible_id = $1`, w.boris.UserID), w.int(`select count(*) from clients where responsible_id = $1`, w.carla.UserID); b != 5 || c != 5 {
			t.Errorf("%d and %d", b, c)
		}
		var cancelled bulk.BulkRun
		w.held(w.anna, func(ctx context.Context) {
			var err error
			if cancelled, err = w.bulk.Start(ctx, to(), bulk.BulkWho{All: true}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.bulk.Cancel(ctx, cancelled.ID); err != nil {
				t.Fatal(err)
			}
		})
		w.counted(w.undo(w.anna, cancelled.ID), "0+0+0+0 of 10, 0 back, 0 kept")
		if _, err := w.bulk.Cancel(w.as(w.anna), cancelled.ID); fault.CodeOf(err) != "bulk_state" {
			t.Errorf("cancelled twice: %v", err)
		}
	})
}

// held does something as a in one transaction: no run that begins in it gets on before its end.
func (w *world) held(a access.Actor, do func(ctx context.Context)) {
	w.t.Helper()
	err := w.db.InTx(w.as(a), func(ctx context.Context) error {
		do(ctx)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestSharesAreLevel(t *testing.T) {
	for _, c := range []struct {
		loads []int
		n     int
		want  []int
	}{
		{[]int{0, 0, 0}, 7, []int{3, 2, 2}}, {[]int{10, 0}, 4, []int{0, 4}}, {[]int{5, 1, 3}, 6, []int{0, 4, 2}}, {[]int{2, 2}, 0, []int{0, 0}}, {[]int{9}, 3, []int{3}},
	} {
		if got := bulk.Shares(c.loads, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%v of %d: %v, want %v", c.loads, c.n, got, c.want)
		}
	}
}

func TestAKilledServerLeavesNoHalfRow(t *testing.T) {
	const rows, kills = 3000, 3
	w := newWorld(t)
	w.exec(`insert into clients (kind, name, name_key) select 'person', 'P' || i, 'p' || i from generate_series(1, $1) i`, rows)
	run := w.begin(w.anna, to(w.boris.UserID, w.carla.UserID), bulk.BulkWho{All: true})
	whole := func() {
		t.Helper()
		if n := w.int(`select count(*) from clients c join bulk_rows r on r.client_id = c.id where (c.responsible_id is not null) <> (r.verdict is not null)`); n != 0 {
			t.Fatalf("%d rows are half done", n)
		}
		if n := w.int(`select count(*) from bulk_rows where verdict is not null`) - w.int(`select position from bulk_runs`); n != 0 {
			t.Fatalf("the position is off by %d", n)
		}
	}
	for round := range kills {
		worker := exec.Command(os.Args[0])
		worker.Env = append(os.Environ(), workerURL+"="+w.db.URL())
		worker.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		worker.Stderr = os.Stderr
		if err := worker.Start(); err != nil {
			t.Fatal(err)
		}
		w.beyond(rows * round / (kills + 1))
		<-time.After(rand.N(20 * time.Millisecond)) // anywhere in a batch
		if err := worker.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := worker.Wait(); err == nil {
			t.Fatal("the worker ended by itself")
		}
		whole()
		w.exec(`update bulk_runs set beat_at = now() - interval '1 hour' where state = 'running'`)
		if err := w.bulk.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.start()
	w.counted(w.until(w.anna, run.ID, bulk.Done), "3000+0+0+0 of 3000, 0 back, 0 kept")
	whole()
	if n := w.int(`select count(*) from clients where responsible_id = $1`, w.boris.UserID); n != rows/2 {
		t.Errorf("Boris has %d", n)
	}
	if n := w.int(`select count(*) from (select from audit_entries where action = 'client.update' group by entity_id having count(*) > 1) x`); n != 0 {
		t.Errorf("%d clients were changed twice", n)
	}
}

// beyond waits until the run has come so far.
func (w *world) beyond(position int) {
	w.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for w.int(`select position from bulk_runs`) <= int64(position) {
		select {
		case <-deadline:
			w.t.Fatal("the run does not get on")
		case <-tick.C:
		}
	}
}
