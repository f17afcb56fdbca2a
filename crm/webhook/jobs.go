package webhook

import (
	"context"
	"errors"
	"time"

	"centralita/internal/jobs"
)

const (
	sweepEvery = time.Minute
	shift      = 20 * time.Second // how long one errand makes deliveries
	giveUp     = 3                // failed attempts in a row end it
)

// pumpArgs is the errand of making the deliveries of one webhook that are due.
type pumpArgs struct {
	Webhook int64 `json:"webhook"`
}

// Kind names the job.
func (pumpArgs) Kind() string { return "webhook_pump" }

// sweepArgs is the errand of finding deliveries whose own errand is gone.
type sweepArgs struct{}

// Kind names the job.
func (sweepArgs) Kind() string { return "webhook_sweep" }

func (s *Service) registerJobs() {
	jobs.Handle(s.ports.Queue, func(ctx context.Context, job *jobs.Job[pumpArgs]) error { return s.pump(ctx, job.Args.Webhook) })
	jobs.Handle(s.ports.Queue, func(ctx context.Context, _ *jobs.Job[sweepArgs]) error { return s.sweep(ctx) })
	s.ports.Queue.Every(sweepEvery, sweepArgs{})
}

// soon has the deliveries of a webhook made, when they are due at the time given.
func (s *Service) soon(ctx context.Context, webhook int64, at time.Time) error {
	opts := &jobs.Opts{Queue: jobs.Outside}
	if at.After(s.ports.Now()) {
		opts.ScheduledAt = at
	}
	return s.ports.Queue.Insert(ctx, pumpArgs{webhook}, opts)
}

func (s *Service) sweep(ctx context.Context) error {
	err := s.store.prune(ctx)
	due, more := s.store.due(ctx, 0)
	err = errors.Join(err, more)
	for _, id := range due {
		err = errors.Join(err, s.soon(ctx, id, s.ports.Now()))
	}
	return err
}

// pump makes the deliveries of a webhook that are due, one after the other, as
// long as nobody else does. One who comes meanwhile leaves them to this one, which
// therefore looks again when it has let go.
func (s *Service) pump(ctx context.Context, webhook int64) error {
	until := s.ports.Now().Add(shift)
	for {
		mine, err := s.store.take(ctx, webhook)
		if err != nil || !mine {
			return err
		}
		again, err := s.drain(ctx, webhook, until)
		if err := errors.Join(err, s.store.release(context.WithoutCancel(ctx), webhook)); err != nil {
			return err
		}
		left, err := s.store.due(ctx, webhook)
		if err != nil || len(left) == 0 {
			return err
		}
		if !again.IsZero() {
			return s.soon(ctx, webhook, again)
		}
	}
}

// drain makes deliveries until none is due; otherwise it says when to go on.
func (s *Service) drain(ctx context.Context, webhook int64, until time.Time) (again time.Time, err error) {
	for failed := 0; ; {
		p, ok, err := s.store.next(ctx, webhook)
		if err != nil || !ok {
			return time.Time{}, err
		}
		taken, err := s.deliver(ctx, p)
		if err != nil {
			return time.Time{}, err
		}
		if failed++; taken {
			failed = 0
		}
		switch now := s.ports.Now(); {
		case failed >= giveUp:
			return now.Add(time.Minute), nil
		case now.After(until):
			return now, nil
		}
	}
}

// deliver makes one attempt and notes what came of it.
func (s *Service) deliver(ctx context.Context, p parcel) (taken bool, err error) {
	o := s.post(ctx, p)
	if ctx.Err() != nil {
		return false, ctx.Err() // the server stops: whether it was taken is not known, so it goes out again
	}
	return o.taken(), s.db.InTx(ctx, func(ctx context.Context) error {
		if o.taken() {
			return s.store.done(ctx, p, o)
		}
		if err := s.miss(ctx, p, o); err != nil {
			return err
		}
		return s.disable(ctx, p, o)
	})
}

// miss notes a failed attempt, and when the next one is.
func (s *Service) miss(ctx context.Context, p parcel, o outcome) error {
	if p.kind == testKind || p.attempts > len(pauses) {
		return s.store.missed(ctx, p, o, nil)
	}
	next := s.ports.Now().Add(pauses[p.attempts-1])
	if err := s.store.missed(ctx, p, o, &next); err != nil {
		return err
	}
	return s.soon(ctx, p.webhook, next)
}
