// Package jobs runs durable errands: a job is a row committed together with
// the wish for it, so it is neither lost nor made for something that was rolled
// back. River does the work underneath.
//
// A job may run more than once: a worker killed half-way leaves it to another
// after about a minute. Workers must therefore be idempotent or note their
// intent first. It knows no room: each module brings its args and its worker.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// Timing of the queue. A job must end within timeout; one that still runs
// after rescueAfter belonged to a process that died.
const (
	timeout     = 45 * time.Second
	rescueAfter = time.Minute
	maxWorkers  = 20
)

// Heavy is the queue, for Opts.Queue, of jobs that use the processor rather than
// wait: as many run at once as leave half of the machine to people who wait.
const Heavy = "heavy"

// Outside is the queue, for Opts.Queue, of jobs that wait for other people's
// servers: those may be slow, and others' errands do not wait for them.
const Outside = "outside"

// Args are the typed arguments of a job: a JSON struct with Kind() string,
// the stable name of the sort of job.
type Args = river.JobArgs

// Job is one job as its worker sees it: Args, ID, Attempt and more.
type Job[T Args] = river.Job[T]

// Opts change a single insertion: ScheduledAt, MaxAttempts, UniqueOpts and more.
type Opts = river.InsertOpts

// Unique says what makes two jobs the same; see Opts.UniqueOpts.
type Unique = river.UniqueOpts

// Queue inserts jobs and, once started, works them. Safe for concurrent use
// after all workers are registered.
type Queue struct {
	client  *river.Client[pgx.Tx]
	workers *river.Workers
	started atomic.Bool
}

// New returns a queue on db that inserts; Start makes it work as well.
func New(db *postgres.DB, logger *slog.Logger) (*Queue, error) {
	workers := river.NewWorkers()
	client, err := river.NewClient(riverpgxv5.New(db.Pool()), &river.Config{
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: maxWorkers}, Heavy: {MaxWorkers: max(1, runtime.NumCPU()/2)}, Outside: {MaxWorkers: maxWorkers}},
		Workers:              workers,
		JobTimeout:           timeout,
		RescueStuckJobsAfter: rescueAfter,
		FetchCooldown:        50 * time.Millisecond,
		FetchPollInterval:    time.Second,
		SkipUnknownJobCheck:  true,
		ErrorHandler:         &errorLog{logger},
		Logger:               slog.New(quiet{logger.Handler()}),
	})
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return &Queue{client: client, workers: workers}, nil
}

// Handle registers fn as the worker for jobs with args of type T. An error
// has the job run again later, after a pause that grows with each attempt;
// Cancel and Snooze say otherwise. Call it before Start, once per T.
func Handle[T Args](q *Queue, fn func(ctx context.Context, job *Job[T]) error) {
	if q.started.Load() {
		panic("jobs: Handle after Start")
	}
	river.AddWorker(q.workers, river.WorkFunc(fn))
}

// Cancel returns an error for a worker: give up, because of err, for good.
func Cancel(err error) error { return river.JobCancel(err) }

// Snooze returns an error for a worker: run it again after d; no attempt is counted.
func Snooze(d time.Duration) error { return river.JobSnooze(d) }

// Insert adds a job, in ctx's transaction if there is one: it then runs only
// after the commit. opts may be nil. A duplicate by opts.UniqueOpts is no error.
func (q *Queue) Insert(ctx context.Context, args Args, opts *Opts) error {
	var err error
	if tx, ok := postgres.Tx(ctx); ok {
		_, err = q.client.InsertTx(ctx, tx, args, opts)
	} else {
		_, err = q.client.Insert(ctx, args, opts)
	}
	if err != nil {
		return postgres.Classify(fmt.Errorf("insert job %s: %w", args.Kind(), err))
	}
	return nil
}

// Every inserts args once per interval, by one process at a time however many
// run, the first time soon after start. Call it before Start.
func (q *Queue) Every(interval time.Duration, args Args) {
	unique := &Opts{UniqueOpts: Unique{ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
	q.client.PeriodicJobs().Add(river.NewPeriodicJob(river.PeriodicInterval(interval),
		func() (Args, *Opts) { return args, unique },
		&river.PeriodicJobOpts{ID: args.Kind(), RunOnStart: true}))
}

// Start begins to work jobs. It returns at once; ctx's end does not stop the
// queue, Stop does.
func (q *Queue) Start(ctx context.Context) error {
	q.started.Store(true)
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	return nil
}

// Stop takes no more jobs, waits for running ones until ctx ends, then cancels
// them. They run again after the next start.
func (q *Queue) Stop(ctx context.Context) error {
	err := q.client.Stop(ctx)
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	return q.client.StopAndCancel(ctx)
}

// errorLog writes failed attempts to the log.
type errorLog struct{ log *slog.Logger }

// HandleError logs an attempt that returned an error.
func (e *errorLog) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	e.log.WarnContext(ctx, "job failed", "kind", job.Kind, "job", job.ID, "attempt", job.Attempt, "of", job.MaxAttempts, "error", err)
	return nil
}

// HandlePanic logs an attempt that panicked.
func (e *errorLog) HandlePanic(ctx context.Context, job *rivertype.JobRow, v any, trace string) *river.ErrorHandlerResult {
	e.log.ErrorContext(ctx, "job panicked", "kind", job.Kind, "job", job.ID, "attempt", job.Attempt, "panic", v, "stack", trace)
	return nil
}

// quiet passes only warnings and worse of River's own log.
type quiet struct{ slog.Handler }

// Enabled hides what is below a warning.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
