package segment

import (
	"context"
	"time"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/jobs"
)

// roundEvery is how often segments that were not counted today are looked for.
const roundEvery = time.Hour

// countArgs is the job of counting a segment for today.
type countArgs struct {
	SegmentID int64 `json:"segment_id"`
}

// Kind names the job.
func (countArgs) Kind() string { return "segment_count" }

// roundArgs is the round that has every segment counted once a day.
type roundArgs struct{}

// Kind names the job.
func (roundArgs) Kind() string { return "segment_round" }

func (s *Service) registerJobs() {
	jobs.Handle(s.ports.Queue, func(ctx context.Context, j *jobs.Job[countArgs]) error { return s.count(ctx, j.Args.SegmentID) })
	jobs.Handle(s.ports.Queue, func(ctx context.Context, _ *jobs.Job[roundArgs]) error { return s.round(ctx) })
	s.ports.Queue.Every(roundEvery, roundArgs{})
}

// round has those counted that nobody has counted today, one after the other in
// the queue of heavy work.
func (s *Service) round(ctx context.Context) error {
	ids, err := s.store.uncounted(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.ports.Queue.Insert(ctx, countArgs{id}, &jobs.Opts{Queue: jobs.Heavy}); err != nil {
			return err
		}
	}
	return nil
}

// count counts a segment as its owner sees it. What he may not ask for any more,
// or who works here no longer, is not counted.
func (s *Service) count(ctx context.Context, id int64) error {
	g, err := s.store.get(ctx, id, false)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	owner, err := s.ports.People.ActorOf(ctx, g.OwnerID)
	if err == nil {
		var n int
		if n, err = s.ports.Base.Count(access.WithActor(ctx, owner), "", g.Filter, 0); err == nil {
			err = s.store.keepCount(ctx, g, n)
		}
	}
	if k := fault.KindOf(err); err != nil && (k == fault.Forbidden || k == fault.Invalid || k == fault.NotFound) {
		return nil
	}
	if err == nil {
		s.ports.Live.Signal(ctx, "segments.changed", nil)
	}
	return err
}
