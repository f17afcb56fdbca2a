package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"centralita/internal/jobs"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

type greet struct {
	Name string `json:"name"`
}

func (greet) Kind() string { return "greet" }

type tick struct{}

func (tick) Kind() string { return "tick" }

// waiting bounds how long a test waits for a job on a busy machine.
const waiting = 30 * time.Second

func queue(t *testing.T, db *postgres.DB) *jobs.Queue {
	t.Helper()
	q, err := jobs.New(db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// start runs q until the test ends.
func start(t *testing.T, q *jobs.Queue) {
	t.Helper()
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), waiting)
		defer cancel()
		if err := q.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

// receive returns what arrives on c, in time.
func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(waiting):
		t.Fatal("no job ran in time")
		panic("unreachable")
	}
}

func TestAJobIsWorkedAfterTheCommitAndNeverAfterARollback(t *testing.T) {
	db := pgtest.New(t)
	q := queue(t, db)
	ran := make(chan string, 10)
	jobs.Handle(q, func(_ context.Context, j *jobs.Job[greet]) error { ran <- j.Args.Name; return nil })
	start(t, q)
	refused := errors.New("refused")
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		return errors.Join(q.Insert(ctx, greet{"rolled back"}, nil), refused)
	})
	if !errors.Is(err, refused) {
		t.Fatal(err)
	}
	if err := db.InTx(t.Context(), func(ctx context.Context) error { return q.Insert(ctx, greet{"committed"}, nil) }); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, ran); got != "committed" {
		t.Errorf("ran %q", got)
	}
	if err := q.Insert(t.Context(), greet{"alone"}, nil); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, ran); got != "alone" {
		t.Errorf("ran %q", got)
	}
}

func TestAFailedJobRunsAgainAndACancelledOneDoesNot(t *testing.T) {
	db := pgtest.New(t)
	q := queue(t, db)
	attempts := make(chan int, 10)
	jobs.Handle(q, func(_ context.Context, j *jobs.Job[greet]) error {
		attempts <- j.Attempt
		if j.Args.Name == "hopeless" {
			return jobs.Cancel(errors.New("no such person"))
		}
		if j.Attempt == 1 {
			return errors.New("busy")
		}
		return nil
	})
	start(t, q)
	if err := q.Insert(t.Context(), greet{"later"}, nil); err != nil {
		t.Fatal(err)
	}
	if first, second := receive(t, attempts), receive(t, attempts); first != 1 || second != 2 {
		t.Errorf("attempts %d, %d", first, second)
	}
	if err := q.Insert(t.Context(), greet{"hopeless"}, nil); err != nil {
		t.Fatal(err)
	}
	receive(t, attempts)
	waitFor(t, db, `SELECT EXISTS (SELECT FROM river_job WHERE state = 'cancelled')`)
}

// waitFor polls until query says true.
func waitFor(t *testing.T, db *postgres.DB, query string) {
	t.Helper()
	deadline := time.After(waiting)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var ok bool
		if err := db.Conn(t.Context()).QueryRow(t.Context(), query).Scan(&ok); err != nil {
			t.Fatal(err)
		}
		if ok {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("never true: %s", query)
		case <-tick.C:
		}
	}
}

func TestAJobOfADeadProcessIsTakenUpAgain(t *testing.T) {
	db := pgtest.New(t)
	q := queue(t, db)
	ran := make(chan int, 10)
	jobs.Handle(q, func(_ context.Context, j *jobs.Job[greet]) error { ran <- j.Attempt; return nil })
	if err := q.Insert(t.Context(), greet{"orphan"}, nil); err != nil {
		t.Fatal(err)
	}
	// What kill -9 leaves behind: a row that says it is being worked since a while.
	if _, err := db.Conn(t.Context()).Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1,
		attempted_at = now() - interval '61 seconds', attempted_by = '{gone}'`); err != nil {
		t.Fatal(err)
	}
	start(t, q)
	if got := receive(t, ran); got != 2 {
		t.Errorf("attempt %d, want 2", got)
	}
}

func TestPeriodicJobsRunSoonAfterStart(t *testing.T) {
	db := pgtest.New(t)
	q := queue(t, db)
	ran := make(chan struct{}, 10)
	jobs.Handle(q, func(context.Context, *jobs.Job[tick]) error { ran <- struct{}{}; return nil })
	q.Every(time.Hour, tick{})
	start(t, q)
	receive(t, ran)
}

func TestAProcessMayInsertWhatOnlyOthersWork(t *testing.T) {
	db := pgtest.New(t)
	if err := queue(t, db).Insert(t.Context(), greet{"from afar"}, &jobs.Opts{ScheduledAt: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, db, `SELECT count(*) = 1 FROM river_job WHERE state = 'scheduled'`)
}
