package message

import (
	"context"
	"time"

	"centralita/internal/jobs"
)

// clockSkew is how far the carrier's clock may be behind ours.
const clockSkew = 2 * time.Minute

// resolvePauses are the times between looks at the carrier's list for a message
// whose fate is unknown. After the last one only a callback can tell.
var resolvePauses = [...]time.Duration{5 * time.Second, 30 * time.Second, 5 * time.Minute, 30 * time.Minute, 4 * time.Hour}

// resolve finds out what became of a message whose answer was lost. What cannot
// be found is unknown from now on, and looked for again later.
func (s *Service) resolve(ctx context.Context, m Message, code, explanation string) error {
	l, found, err := s.find(ctx, m)
	if err != nil {
		s.log.WarnContext(ctx, "sms of unknown fate not looked up", "message", m.ID, "error", err)
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if found {
			taken, err := s.adopt(ctx, m, l)
			if err != nil || taken {
				return err
			}
		}
		now, changed, err := s.store.advance(ctx, m.ID, Unknown, "", code, explanation)
		if err != nil || !changed {
			return err
		}
		if err := s.announce(ctx, now); err != nil {
			return err
		}
		return s.lookLater(ctx, m.ID, 0)
	})
}

// lookLater plans the n-th look, counted from 0, if there is one.
func (s *Service) lookLater(ctx context.Context, id int64, n int) error {
	if n >= len(resolvePauses) {
		return nil
	}
	at := time.Now().Add(resolvePauses[n])
	return s.ports.Queue.Insert(ctx, resolveArgs{MessageID: id, Try: n}, &jobs.Opts{ScheduledAt: at})
}

// lookAgain is the job behind lookLater.
func (s *Service) lookAgain(ctx context.Context, id int64, n int) error {
	m, err := s.store.get(ctx, id)
	if isNotFound(err) {
		return jobs.Cancel(err)
	}
	if err != nil || m.State != Unknown {
		return err
	}
	l, found, err := s.find(ctx, m)
	if err != nil {
		s.log.WarnContext(ctx, "sms of unknown fate not looked up", "message", id, "error", err)
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if found {
			taken, err := s.adopt(ctx, m, l)
			if err != nil || taken {
				return err
			}
		}
		return s.lookLater(ctx, id, n+1)
	})
}

// find looks for m in the carrier's list: the same text to the same number,
// made after our intent. It is found only when nothing else may be meant: one
// such message that no row of ours has, and no other row of ours without an
// answer for the same text. The list is read without the date of sending, which
// a message that still waits at the carrier does not have.
func (s *Service) find(ctx context.Context, m Message) (l listed, found bool, err error) {
	if m.intentAt == nil {
		return l, false, nil
	}
	all, err := s.provider.list(ctx, m.From, m.To)
	if err != nil {
		return l, false, err
	}
	var sids []string
	bySID := map[string]listed{}
	for _, l := range all {
		if l.direction != "inbound" && l.body == m.Body && l.sid != "" && !l.created.Before(m.intentAt.Add(-clockSkew)) {
			sids = append(sids, l.sid)
			bySID[l.sid] = l
		}
	}
	free, rivals, err := s.store.unclaimed(ctx, m, sids)
	if err != nil || len(free) != 1 || rivals > 0 {
		return l, false, err
	}
	return bySID[free[0]], true, nil
}

// adopt takes what the carrier's list says of m.
func (s *Service) adopt(ctx context.Context, m Message, l listed) (taken bool, err error) {
	to, known := stateOf(l.status)
	if !known {
		to = Accepted
	}
	now, changed, err := s.store.advance(ctx, m.ID, to, l.sid, l.code, "")
	if err != nil || !changed {
		return false, err
	}
	return true, s.announce(ctx, now)
}
