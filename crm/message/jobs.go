package message

import (
	"context"
	"time"

	"centralita/internal/jobs"
)

// sendArgs is the job of carrying out one wish.
type sendArgs struct {
	MessageID int64 `json:"message_id"`
}

// Kind names the job.
func (sendArgs) Kind() string { return "message_send" }

// sendOpts: pauses are snoozes, which are no attempts; what remains are errors
// of ours, like a database that is away.
var sendOpts = &jobs.Opts{MaxAttempts: 50}

// resolveArgs is one more look for a message of unknown fate.
type resolveArgs struct {
	MessageID int64 `json:"message_id"`
	Try       int   `json:"try"`
}

// Kind names the job.
func (resolveArgs) Kind() string { return "message_resolve" }

// sweepArgs is the round that finds what dead workers and lost callbacks left.
type sweepArgs struct{}

// Kind names the job.
func (sweepArgs) Kind() string { return "message_sweep" }

// sweepEvery is the time between rounds.
const sweepEvery = 10 * time.Second

func (s *Service) registerJobs(q *jobs.Queue) {
	jobs.Handle(q, func(ctx context.Context, j *jobs.Job[sendArgs]) error { return s.carryOut(ctx, j.Args.MessageID) })
	jobs.Handle(q, func(ctx context.Context, j *jobs.Job[resolveArgs]) error {
		return s.lookAgain(ctx, j.Args.MessageID, j.Args.Try)
	})
	jobs.Handle(q, func(ctx context.Context, _ *jobs.Job[sweepArgs]) error { return s.sweep(ctx) })
	jobs.Handle(q, func(ctx context.Context, _ *jobs.Job[catchUpArgs]) error { return s.catchUp(ctx) })
	q.Every(sweepEvery, sweepArgs{})
	q.Every(catchUpEvery, catchUpArgs{})
}

// How long a message may be without news before the carrier is asked, with
// callbacks and without.
const (
	silence        = 15 * time.Minute
	silenceUnheard = 30 * time.Second
)

// sweepBatch bounds each part of a round.
const sweepBatch = 50

// sweep finds intents of dead workers, wishes whose time is over, and messages
// whose callbacks do not come.
func (s *Service) sweep(ctx context.Context) error {
	stuck, err := s.store.stuck(ctx, stuckAfter, sweepBatch)
	if err != nil {
		return err
	}
	for _, m := range stuck {
		if err := s.resolve(ctx, m, "worker_died", "The server was stopped while it was sending."); err != nil {
			return err
		}
	}
	if err := s.expire(ctx); err != nil {
		return err
	}
	return s.askAfterSilence(ctx)
}

// expire ends wishes that were not sent in time.
func (s *Service) expire(ctx context.Context) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		late, err := s.store.late(ctx, s.now(), sweepBatch)
		if err != nil {
			return err
		}
		for _, m := range late {
			if err := s.close(ctx, m, Failed, "expired", "It could not be sent before it lost its sense."); err != nil {
				return err
			}
		}
		return nil
	})
}

// askAfterSilence fetches messages that were accepted and not heard of since.
func (s *Service) askAfterSilence(ctx context.Context) error {
	after := silence
	if !s.hears {
		after = silenceUnheard
	}
	silent, err := s.store.silent(ctx, after, sweepBatch/5)
	if err != nil || !s.Configured() {
		return err
	}
	for _, m := range silent {
		l, unknown := s.provider.fetch(ctx, m.providerID)
		if unknown != nil {
			s.log.WarnContext(ctx, "status of an sms not fetched", "message", m.ID, "error", unknown)
		}
		err := s.db.InTx(ctx, func(ctx context.Context) error {
			if unknown == nil {
				if _, err := s.adopt(ctx, m, l); err != nil {
					return err
				}
			}
			return s.store.asked(ctx, m.ID)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
