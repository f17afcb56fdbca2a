package demo

import (
	"context"
	"time"

	"centralita/crm/lead"
)

// days is how far back the history goes.
const days = 21

// past tells the calls of the last weeks. Every lead of them is closed.
func (s *story) past(ctx context.Context) error {
	for day := days; day >= 1; day-- {
		morning := s.Now.AddDate(0, 0, -day).Truncate(24 * time.Hour).Add(8 * time.Hour)
		calls := 7
		if w := morning.Weekday(); w == time.Saturday || w == time.Sunday {
			calls = 2
		}
		for i := range calls {
			at := morning.Add(time.Duration(i)*9*time.Hour/time.Duration(calls) + s.minutes(0, 40))
			if err := s.enquiry(ctx, at, day <= 2 && i < 3); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *story) minutes(from, to int) time.Duration {
	return time.Duration(from)*time.Minute + time.Duration(s.r.IntN((to-from)*60))*time.Second
}

func (s *story) seconds(from, to int) time.Duration {
	return time.Duration(from+s.r.IntN(to-from)) * time.Second
}

// enquiry tells one lead from its first call to its end.
func (s *story) enquiry(ctx context.Context, at time.Time, recorded bool) error {
	r := ring{line: s.on[[]int{0, 0, 0, 1, 1, 2, 2}[s.r.IntN(7)]], at: at, wait: s.seconds(4, 30), talk: s.seconds(40, 420), recorded: recorded}
	if recorded {
		r.talk = s.seconds(12, 24)
	}
	r.with = s.someone(r.line)
	if s.r.IntN(5) == 0 {
		r.with = s.stranger(r.line, pick(s.r, shownNames))
	}
	user := s.taker(r)
	switch n := s.r.IntN(100); {
	case n < 62:
		r.user = user
		return s.tellAnswered(ctx, r)
	case n < 80:
		r.recorded, r.message = false, n < 66
		return s.tellCalledBack(ctx, r, user)
	case n < 87:
		r.recorded = false
		return s.tellReturned(ctx, r, user)
	case n < 92:
		r.with, r.user, r.talk = s.stranger(r.line, "SPAM?"), user, s.seconds(5, 15)
		return s.tellEnded(ctx, r, lead.Spam, "Offers of electricity contracts")
	case n < 94:
		r.user, r.talk = user, s.seconds(5, 15)
		return s.tellEnded(ctx, r, lead.WrongNumber, "")
	}
	r.recorded = false
	return s.tellWrittenOff(ctx, r, user)
}

// taker is who takes a call: the responsible, or somebody of the line.
func (s *story) taker(r ring) int64 {
	if r.with.responsible != 0 && s.r.IntN(3) > 0 {
		return r.with.responsible
	}
	members := map[int64][]string{s.on[0].ID: {"carmen", "olga", "javier", "irina"}, s.on[1].ID: {"carmen", "diego", "marta"}, s.on[2].ID: {"diego", "javier", "marta"}}
	return s.users[pick(s.r, members[r.line.ID])]
}

func (s *story) tellAnswered(ctx context.Context, r ring) error {
	closing := lead.AnsweredResolved
	if s.r.IntN(10) < 4 {
		closing = lead.Converted
	}
	return s.tellEnded(ctx, r, closing, "")
}

func (s *story) tellEnded(ctx context.Context, r ring, closing lead.Closing, reason string) error {
	id, err := s.in(ctx, r)
	if err != nil {
		return err
	}
	return s.close(ctx, id, r.at.Add(r.wait+r.talk+s.minutes(1, 90)), r.user, closing, reason)
}

func (s *story) tellCalledBack(ctx context.Context, r ring, user int64) error {
	id, err := s.in(ctx, r)
	if err != nil {
		return err
	}
	back := dial{with: r.with, line: r.line, lead: id, at: r.at.Add(s.minutes(4, 60)), user: user, talk: s.seconds(50, 300)}
	if s.r.IntN(3) == 0 {
		back.talk, back.outcome = 0, "no_answer"
		if err := s.out(ctx, back); err != nil {
			return err
		}
		back.at, back.talk = back.at.Add(s.minutes(30, 90)), s.seconds(50, 300)
	}
	if err := s.out(ctx, back); err != nil {
		return err
	}
	return s.close(ctx, id, back.at.Add(back.talk+s.minutes(1, 5)), user, lead.CalledBackReached, "")
}

func (s *story) tellReturned(ctx context.Context, r ring, user int64) error {
	if _, err := s.in(ctx, r); err != nil {
		return err
	}
	r.at, r.user, r.talk = r.at.Add(s.minutes(5, 50)), user, s.seconds(40, 300)
	return s.tellEnded(ctx, r, lead.CallerReturned, "")
}

func (s *story) tellWrittenOff(ctx context.Context, r ring, user int64) error {
	id, err := s.in(ctx, r)
	if err != nil {
		return err
	}
	d := dial{with: r.with, line: r.line, lead: id, at: r.at, user: user}
	for i, outcome := range []string{"no_answer", "busy", "unreachable"} {
		d.at, d.outcome = r.at.Add(time.Duration(i+1)*50*time.Minute), outcome
		if err := s.out(ctx, d); err != nil {
			return err
		}
	}
	return s.close(ctx, id, d.at.Add(10*time.Minute), user, lead.WrittenOff, "Three attempts, nobody answers")
}
