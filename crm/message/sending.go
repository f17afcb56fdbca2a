package message

import (
	"context"
	"math/rand/v2"
	"time"

	"centralita/internal/jobs"
)

// Timing of what is tried again. stuckAfter must be longer than a request may
// take: an intent of that age belongs to a worker that died.
const (
	maxPause   = 10 * time.Minute
	stuckAfter = 2 * requestLimit
	settleTime = 10 * time.Second
)

// next is what a worker has to do with a message.
type next int

const (
	nextNothing next = iota
	nextSend
	nextResolve
)

// carryOut is the job of one message, run at least once. An error or a snooze
// has it run again.
func (s *Service) carryOut(ctx context.Context, id int64) error {
	m, todo, err := s.begin(ctx, id)
	switch {
	case isNotFound(err):
		return jobs.Cancel(err)
	case err != nil:
		return err
	case todo == nextResolve:
		return s.resolve(ctx, m, "worker_died", "The server was stopped while it was sending.")
	case todo == nextNothing:
		return nil
	}
	a := s.provider.send(ctx, m, s.callbackURL(m.ID), s.now())
	return s.settle(ctx, m, a)
}

// begin commits the intent to send a queued message, unless its time is over or
// its recipient has opted out. A message with an older intent is to be resolved.
func (s *Service) begin(ctx context.Context, id int64) (m Message, todo next, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		todo = nextNothing
		if m, err = s.store.lock(ctx, id); err != nil {
			return err
		}
		switch m.State {
		case Sending:
			todo = nextResolve
			return nil
		case Queued:
		default:
			return nil
		}
		if m.notAfter != nil && !s.now().Before(*m.notAfter) {
			return s.close(ctx, m, Failed, "expired", "It could not be sent before it lost its sense.")
		}
		out, err := s.store.optedOut(ctx, m.To, value(m.ClientID))
		if err != nil {
			return err
		}
		if out {
			return s.close(ctx, m, Refused, "opted_out", errOptedOut.Message)
		}
		todo = nextSend
		m.attempts++
		return s.store.intend(ctx, id)
	})
	if todo == nextResolve && m.intentAt != nil && time.Since(*m.intentAt) < stuckAfter {
		return m, nextNothing, jobs.Snooze(stuckAfter - time.Since(*m.intentAt))
	}
	return m, todo, err
}

// close carries a message on to to and tells of it, in ctx's transaction.
func (s *Service) close(ctx context.Context, m Message, to State, code, explanation string) error {
	m, changed, err := s.store.advance(ctx, m.ID, to, "", code, explanation)
	if err != nil || !changed {
		return err
	}
	return s.announce(ctx, m)
}

// settle commits what the carrier's answer means. It outlives the end of ctx:
// an answer that is known must not become an unknown one because of a shutdown.
func (s *Service) settle(ctx context.Context, m Message, a answer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	switch a.fate {
	case fateAccepted:
		return s.accepted(ctx, m, a)
	case fateRefused:
		return s.refused(ctx, m, a)
	case fateNotSent:
		return s.postpone(ctx, m, a)
	}
	return s.resolve(ctx, m, "no_answer", "The provider's answer was lost.")
}

// accepted notes the carrier's id, unless a callback has brought more already.
func (s *Service) accepted(ctx context.Context, m Message, a answer) error {
	to, known := stateOf(a.status)
	if !known {
		to = Accepted
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		m, changed, err := s.store.advance(ctx, m.ID, to, a.sid, "", "")
		if err != nil || !changed {
			return err
		}
		return s.announce(ctx, m)
	})
}

// codeUnsubscribed is the carrier's word for a recipient who told it STOP.
const codeUnsubscribed = "21610"

// refused ends a message that the carrier will not take.
func (s *Service) refused(ctx context.Context, m Message, a answer) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if a.code == codeUnsubscribed {
			if err := s.store.optOut(ctx, m.To, "carrier", 0, value(m.ClientID)); err != nil {
				return err
			}
		}
		return s.close(ctx, m, Failed, a.code, a.explanation)
	})
}

// postpone puts a message that was certainly not sent back into the queue.
func (s *Service) postpone(ctx context.Context, m Message, a answer) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		changed, err := s.store.requeue(ctx, m, a.code, a.explanation)
		if err == nil && changed {
			s.signal(ctx, m)
		}
		return err
	})
	if err != nil {
		return err
	}
	return jobs.Snooze(pause(m.attempts, a.after))
}

// pause is how long to wait after so many attempts: at least what the carrier
// asks for, else 1 s doubled each time, at most ten minutes, and a random bit
// so that not all come back at once.
func pause(attempts int, asked time.Duration) time.Duration {
	d := min(time.Second<<min(max(attempts-1, 0), 20), maxPause)
	d = max(d, asked)
	return d + rand.N(d/4+1)
}
