package reminder

import (
	"context"
	"time"

	"centralita/crm/message"
	"centralita/internal/fault"
	"centralita/internal/jobs"
)

// fireArgs is the job that comes when a reminder is due.
type fireArgs struct {
	ReminderID int64 `json:"reminder_id"`
}

// Kind names the job.
func (fireArgs) Kind() string { return "reminder_fire" }

// sweepArgs is the round that finds reminders whose job did not come.
type sweepArgs struct{}

// Kind names the job.
func (sweepArgs) Kind() string { return "reminder_sweep" }

const (
	sweepEvery = 20 * time.Second
	sweepBatch = 200
	maxSnooze  = time.Hour
)

func (s *Service) registerJobs() {
	jobs.Handle(s.ports.Queue, func(ctx context.Context, j *jobs.Job[fireArgs]) error { return s.job(ctx, j.Args.ReminderID) })
	jobs.Handle(s.ports.Queue, func(ctx context.Context, _ *jobs.Job[sweepArgs]) error { return s.Sweep(ctx) })
	s.ports.Queue.Every(sweepEvery, sweepArgs{})
}

// job fires a reminder, or comes again if by our clock it is not due yet.
func (s *Service) job(ctx context.Context, id int64) error {
	early, err := s.fire(ctx, id)
	if err == nil && early > 0 {
		return jobs.Snooze(min(early, maxSnooze))
	}
	return err
}

// Sweep fires every reminder that is due and still pending. One that cannot be
// fired does not hold up the others; the first error is returned at the end.
func (s *Service) Sweep(ctx context.Context) error {
	due, err := s.store.due(ctx, s.now(), sweepBatch)
	for _, id := range due {
		if _, failed := s.fire(ctx, id); failed != nil {
			s.log.WarnContext(ctx, "reminder not fired", "reminder", id, "error", failed)
			if err == nil {
				err = failed
			}
		}
	}
	return err
}

// fire carries a pending reminder out, whoever comes first. early is how long it
// is to be waited for by our clock; 0 when nothing is left to do.
func (s *Service) fire(ctx context.Context, id int64) (early time.Duration, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		early = 0
		r, err := s.store.lock(ctx, id)
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		if err != nil || r.State != Pending {
			return err
		}
		now := s.now()
		switch {
		case now.Before(r.DueAt):
			early = r.DueAt.Sub(now)
			return nil
		case !now.Before(r.DueAt.Add(r.validFor)):
			return s.report(ctx, r, Expired, "")
		case r.Channel == ChannelSMS:
			return s.text(ctx, r)
		}
		return s.tell(ctx, r)
	})
	if kind := fault.KindOf(err); err != nil && (kind == fault.Invalid || kind == fault.Conflict) {
		return 0, s.giveUp(ctx, id, fault.CodeOf(err))
	}
	return early, err
}

// text makes the wish for the SMS, in one transaction with the firing.
func (s *Service) text(ctx context.Context, r Reminder) error {
	w := message.Wish{UserID: value(r.createdBy), ReminderID: r.ID, Body: r.Text, NotAfter: r.DueAt.Add(r.validFor)}
	var err error
	if r.Audience == ForUser {
		w.Body = r.about()
		w.To, err = s.store.mobile(ctx, value(r.UserID))
	} else {
		w.ClientID, w.LeadID = value(r.ClientID), value(r.LeadID)
		w.To, err = s.store.number(ctx, value(r.ClientID), value(r.LeadID), value(r.contactPointID))
	}
	if err != nil {
		return err
	}
	m, err := s.ports.Messages.Send(ctx, w)
	if err != nil {
		return err
	}
	s.changed(ctx)
	return s.store.set(ctx, r.ID, Fired, "", m.ID)
}

// about is the text with the client's name, for a colleague who reads it away from the card.
func (r Reminder) about() string {
	if text := r.ClientName + ": " + r.Text; r.ClientName != "" && len([]rune(text)) <= 1600 {
		return text
	}
	return r.Text
}

// tell writes the event that brings the reminder to the colleague's screen.
func (s *Service) tell(ctx context.Context, r Reminder) error {
	if err := s.store.set(ctx, r.ID, Fired, "", 0); err != nil {
		return err
	}
	r, err := s.store.get(ctx, r.ID)
	if err != nil {
		return err
	}
	s.changed(ctx)
	return s.ports.Live.Append(ctx, value(r.UserID), "reminder.due", map[string]any{"reminder": r})
}

// giveUp ends a reminder that will never work, in a transaction of its own
// because the one that found out was rolled back.
func (s *Service) giveUp(ctx context.Context, id int64, code string) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		r, err := s.store.lock(ctx, id)
		if err != nil || r.State != Pending {
			return err
		}
		return s.report(ctx, r, Failed, code)
	})
}

// report ends a reminder without its having come, and tells its maker, or the
// colleague whom it was for.
func (s *Service) report(ctx context.Context, r Reminder, to State, code string) error {
	if err := s.store.set(ctx, r.ID, to, code, 0); err != nil {
		return err
	}
	s.changed(ctx)
	whom := r.createdBy
	if whom == nil {
		whom = r.UserID
	}
	if whom == nil {
		return nil
	}
	return s.ports.Live.Append(ctx, *whom, "notice", map[string]any{
		"level": "warning", "code": "reminder_" + string(to),
		"params": map[string]any{"reminder_id": r.ID, "client_name": r.ClientName, "text": r.Text, "due_at": r.DueAt, "reason": code},
	})
}

func value(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}
