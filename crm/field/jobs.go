package field

import (
	"context"
	"time"

	"centralita/internal/jobs"
)

// RecomputeArgs is the errand to compute all formulas of all clients after one.
type RecomputeArgs struct {
	After int64 `json:"after"`
}

// Kind is the errand's stable name.
func (RecomputeArgs) Kind() string { return "field.recompute" }

// RelabelArgs is the errand to file values under the new label of a term.
type RelabelArgs struct {
	Term int64 `json:"term"`
}

// Kind is the errand's stable name.
func (RelabelArgs) Kind() string { return "field.relabel" }

// DailyArgs is the errand to see whether formulas have a new day before them.
type DailyArgs struct{}

// Kind is the errand's stable name.
func (DailyArgs) Kind() string { return "field.daily" }

// Work registers the errands with the queue.
func (s *Service) Work(q *jobs.Queue) {
	jobs.Handle(q, func(ctx context.Context, job *jobs.Job[RecomputeArgs]) error { return s.recompute(ctx, job.Args.After) })
	jobs.Handle(q, func(ctx context.Context, job *jobs.Job[RelabelArgs]) error { return s.relabel(ctx, job.Args.Term) })
	jobs.Handle(q, func(ctx context.Context, _ *jobs.Job[DailyArgs]) error { return s.daily(ctx) })
	q.Every(15*time.Minute, DailyArgs{})
}

// A worker goes on for a while and then leaves the rest to another, which begins
// where it ended; each batch is a transaction.
const (
	workFor  = 20 * time.Second
	batch    = 200
	relabels = 5000
)

// recomputeIf has all formulas computed once more, if need be, after ctx's transaction.
func (s *Service) recomputeIf(ctx context.Context, need bool) error {
	if !need {
		return nil
	}
	return s.ports.Queue.Insert(ctx, RecomputeArgs{}, &jobs.Opts{Queue: jobs.Heavy})
}

func (s *Service) recompute(ctx context.Context, after int64) error {
	until := time.Now().Add(workFor)
	for {
		last, err := s.recomputeBatch(ctx, after)
		if err != nil {
			return err
		}
		if last == 0 {
			s.ports.Live.Signal(ctx, "values.changed", nil)
			return nil
		}
		if after = last; time.Now().After(until) {
			return s.ports.Queue.Insert(ctx, RecomputeArgs{After: after}, &jobs.Opts{Queue: jobs.Heavy})
		}
	}
}

// recomputeBatch computes the formulas of the clients after one, and returns the
// last of them; 0 when there are no more.
func (s *Service) recomputeBatch(ctx context.Context, after int64) (last int64, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		clients, err := s.store.lockClients(ctx, after, batch)
		if err != nil || len(clients) == 0 {
			return err
		}
		last = clients[len(clients)-1]
		return s.Recompute(ctx, clients...)
	})
	return last, err
}

// Recompute computes the formulas of clients whose values were changed in another
// way than through this room, like a merge, in ctx's transaction, which holds a
// lock on them.
func (s *Service) Recompute(ctx context.Context, clients ...int64) error {
	d, err := s.store.defs(ctx, Client)
	if err != nil || len(d.order) == 0 {
		return err
	}
	books, err := s.store.books(ctx, clients)
	if err != nil {
		return err
	}
	terms, err := s.terms(ctx, d, books...)
	if err != nil {
		return err
	}
	var all []owned
	for _, b := range books {
		all = append(all, owned{b.client, s.formulas(d, b, terms)})
	}
	return s.store.writeAll(ctx, all)
}

func (s *Service) relabel(ctx context.Context, term int64) error {
	for {
		n, err := s.store.relabel(ctx, term, s.ports.Fold)
		if err != nil {
			return err
		}
		if n < relabels {
			return s.recomputeIf(ctx, true)
		}
	}
}

// daily has formulas that ask for the day computed once in each.
func (s *Service) daily(ctx context.Context) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		d, err := s.store.defs(ctx, Client)
		if err != nil {
			return err
		}
		volatile := false
		for _, f := range d.order {
			volatile = volatile || f.formula.volatile
		}
		if !volatile {
			return nil
		}
		dawned, err := s.store.dawn(ctx, d.today)
		if err != nil {
			return err
		}
		return s.recomputeIf(ctx, dawned)
	})
}
