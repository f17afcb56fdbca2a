package bulk

import (
	"context"
	"errors"
	"time"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/jobs"
)

// How runs are worked on.
const (
	batchRows  = 200
	slice      = 25 * time.Second // so long a worker goes on before others have a turn
	sweepEvery = 10 * time.Second // between looks for dead workers
	silence    = 15 * time.Second // after which a worker is held for dead
)

// errStale says that another worker has taken over, or that somebody has
// cancelled: there is nothing more to do here.
var errStale = errors.New("bulk: not this worker's any more")

// workArgs is the job of going on with a run.
type workArgs struct {
	RunID int64 `json:"run_id"`
	Turn  int   `json:"turn"`
}

// Kind names the job.
func (workArgs) Kind() string { return "bulk_work" }

// sweepArgs is the round that appoints workers in place of dead ones.
type sweepArgs struct{}

// Kind names the job.
func (sweepArgs) Kind() string { return "bulk_sweep" }

func (s *Service) registerJobs() {
	jobs.Handle(s.ports.Queue, func(ctx context.Context, j *jobs.Job[workArgs]) error { return s.work(ctx, j.Args.RunID, j.Args.Turn) })
	jobs.Handle(s.ports.Queue, func(ctx context.Context, _ *jobs.Job[sweepArgs]) error { return s.sweep(ctx) })
	s.ports.Queue.Every(sweepEvery, sweepArgs{})
}

// sweep appoints workers where none has given a sign of life.
func (s *Service) sweep(ctx context.Context) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		turns, err := s.store.abandoned(ctx, silence)
		if err != nil {
			return err
		}
		for id, turn := range turns {
			if err := s.ports.Queue.Insert(ctx, workArgs{id, turn}, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// work goes on with a run for a while, as its author.
func (s *Service) work(ctx context.Context, id int64, turn int) error {
	run, err := s.store.get(ctx, id, false)
	if fault.KindOf(err) == fault.NotFound || err == nil && (run.turn != turn || run.State != Running && run.State != Undoing) {
		return nil
	}
	if err != nil {
		return err
	}
	actor, err := s.ports.People.ActorOf(ctx, run.AuthorID)
	if kind := fault.KindOf(err); err != nil && kind != fault.Unavailable && kind != fault.Internal {
		return s.end(ctx, run, Failed, "author_disabled")
	}
	if err != nil {
		return err
	}
	ctx = access.WithActor(ctx, actor)
	for end := time.Now().Add(slice); ; {
		rows, err := s.rest(ctx, run)
		if err == nil && len(rows) > 0 {
			err = s.batch(ctx, &run, rows)
		}
		switch {
		case errors.Is(err, errStale):
			return nil
		case err != nil:
			return err
		case len(rows) == 0:
			return s.end(ctx, run, map[State]State{Running: Done, Undoing: Undone}[run.State], "")
		case time.Now().After(end):
			return jobs.Snooze(0)
		}
	}
}

// rest returns the rows that come next.
func (s *Service) rest(ctx context.Context, run BulkRun) ([]BulkRow, error) {
	if run.State == Undoing {
		return s.store.toUndo(ctx, run.ID, batchRows)
	}
	return s.store.next(ctx, run.ID, run.Position, batchRows)
}

// batch works on some rows, all or none. What fails for a reason that nobody
// foresaw is tried row by row, so that one row cannot hold up the others.
func (s *Service) batch(ctx context.Context, run *BulkRun, rows []BulkRow) error {
	err := s.take(ctx, *run, rows, nil)
	if k := fault.KindOf(err); err != nil && !errors.Is(err, errStale) && k != fault.Unavailable && ctx.Err() == nil {
		if len(rows) > 1 {
			for _, row := range rows {
				if err := s.batch(ctx, run, []BulkRow{row}); err != nil {
					return err
				}
			}
			return nil
		}
		if k == fault.Internal {
			s.log.WarnContext(ctx, "row of a run not taken", "run", run.ID, "row", rows[0].N, "error", err)
		}
		err = s.take(ctx, *run, rows, err)
	}
	if err == nil && run.State == Running {
		run.Position += len(rows)
	}
	return err
}

// take is the transaction of a batch. With why nothing is done to the rows, and
// that is noted as the reason.
func (s *Service) take(ctx context.Context, run BulkRun, rows []BulkRow, why error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		now, err := s.store.get(ctx, run.ID, true)
		if err != nil {
			return err
		}
		if now.State != run.State || now.turn != run.turn || now.Position != run.Position {
			return errStale
		}
		s.changed(ctx, run.ID)
		if run.State == Undoing {
			if err := s.undo(ctx, run, rows, why); err != nil {
				return err
			}
			return s.store.back(ctx, run.ID, rows)
		}
		if err := s.apply(ctx, run, rows, why); err != nil {
			return err
		}
		return s.store.judge(ctx, run.ID, rows)
	})
}

// end closes a run and tells its author.
func (s *Service) end(ctx context.Context, run BulkRun, state State, problem string) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		now, err := s.store.get(ctx, run.ID, true)
		if err != nil {
			return err
		}
		if now.turn != run.turn || now.State != run.State {
			return nil
		}
		if err := s.store.setState(ctx, run.ID, state, problem); err != nil {
			return err
		}
		s.changed(ctx, run.ID)
		s.ports.Live.Signal(ctx, "clients.changed", nil)
		if err := s.ports.Audit.Record(ctx, "bulk."+string(state), "bulk", run.ID, nil, now); err != nil {
			return err
		}
		return s.ports.Live.Append(ctx, run.AuthorID, "bulk.ended", map[string]any{
			"run_id": run.ID, "state": state, "changed": now.Changed, "refused": now.Refused, "failed": now.Failed, "undone": now.Undone, "kept": now.Kept,
		})
	})
}
