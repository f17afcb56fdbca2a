package reminder

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"centralita/crm/access"
	"centralita/crm/message"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
)

// Messages sends SMS; see message.Service.
type Messages interface {
	Send(ctx context.Context, w message.Wish) (message.Message, error)
	Check(ctx context.Context, w message.Wish) error
}

// Live is the line to the browsers; see realtime.Log.
type Live interface {
	Append(ctx context.Context, userID int64, kind string, data any) error
	Signal(ctx context.Context, kind string, data any)
}

// Recorder writes down who did what, in ctx's transaction.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
}

// Ports are the other rooms that a Service needs. All are required but Now, the
// clock, which is time.Now when nil.
type Ports struct {
	Queue    *jobs.Queue
	Messages Messages
	Audit    Recorder
	Live     Live
	Now      func() time.Time
}

// Service makes reminders and fires them. Safe for concurrent use.
type Service struct {
	db    *postgres.DB
	store *Store
	ports Ports
	now   func() time.Time
	log   *slog.Logger
}

// New returns a service on db and registers its jobs with the queue, which must
// not have been started.
func New(db *postgres.DB, ports Ports) *Service {
	if ports.Now == nil {
		ports.Now = time.Now
	}
	s := &Service{db: db, store: NewStore(db), ports: ports, now: ports.Now, log: slog.Default()}
	s.registerJobs()
	return s
}

// Create makes a reminder of d for the actor in ctx, with its job. A reminder to
// somebody whom no SMS may reach is refused now rather than when it is due.
func (s *Service) Create(ctx context.Context, d Draft) (r Reminder, err error) {
	if err := s.mayMake(ctx, d); err != nil {
		return r, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		due, ambiguous, err := s.complete(ctx, &d)
		if err != nil {
			return err
		}
		id, err := s.store.insert(ctx, d, due, ambiguous, access.ActorFrom(ctx).UserID)
		if err != nil {
			return err
		}
		if err := s.ports.Queue.Insert(ctx, fireArgs{ReminderID: id}, &jobs.Opts{ScheduledAt: due, MaxAttempts: 50}); err != nil {
			return err
		}
		if r, err = s.store.get(ctx, id); err != nil {
			return err
		}
		s.changed(ctx)
		return s.ports.Audit.Record(ctx, "reminder.create", "reminder", id, nil, r)
	})
	return s.shown(ctx, r, err)
}

// complete checks a draft, fills what it leaves out, and finds its moment.
func (s *Service) complete(ctx context.Context, d *Draft) (due time.Time, ambiguous bool, err error) {
	if d.Text = strings.TrimSpace(d.Text); d.Text == "" || len([]rune(d.Text)) > 1600 || strings.ContainsRune(d.Text, 0) {
		return due, false, errText
	}
	switch d.Audience + " " + d.Channel {
	case ForClient + " " + ChannelSMS, ForUser + " " + ChannelApp, ForUser + " " + ChannelSMS:
	default:
		return due, false, errAudience
	}
	if err := s.store.complete(ctx, d, access.ActorFrom(ctx).UserID); err != nil {
		return due, false, err
	}
	if due, ambiguous, err = instant(d.LocalTime, d.TimeZone); err != nil {
		return due, false, err
	}
	switch now := s.now(); {
	case !due.After(now):
		return due, false, errPast
	case due.After(now.Add(maxAhead)):
		return due, false, errFar
	}
	if d.Channel == ChannelSMS {
		err = s.mayRemind(ctx, *d, due)
	}
	return due, ambiguous, err
}

// mayRemind asks whether the SMS could be sent if it were due now.
func (s *Service) mayRemind(ctx context.Context, d Draft, due time.Time) error {
	w := message.Wish{Body: d.Text, NotAfter: due.Add(validity)}
	var err error
	if d.Audience == ForUser {
		w.To, err = s.store.mobile(ctx, d.UserID)
	} else {
		w.ClientID, w.LeadID = d.ClientID, d.LeadID
		w.To, err = s.store.number(ctx, d.ClientID, d.LeadID, d.ContactPointID)
	}
	if err != nil {
		return err
	}
	return s.ports.Messages.Check(ctx, w)
}

// Cancel takes a pending reminder back.
func (s *Service) Cancel(ctx context.Context, id int64) (Reminder, error) {
	return s.move(ctx, id, Cancelled, "reminder.cancel", Pending)
}

// Done notes that what a reminder asked for is done; one that is still pending
// will not come any more.
func (s *Service) Done(ctx context.Context, id int64) (Reminder, error) {
	return s.move(ctx, id, Done, "reminder.done", Pending, Fired, Expired, Failed)
}

// List returns at most f.Limit of the reminders that ctx's actor may see, the latest due first.
func (s *Service) List(ctx context.Context, f Filter) ([]Reminder, error) {
	items, err := s.store.list(ctx, f)
	if err != nil {
		return nil, err
	}
	return items, s.seen(ctx, items)
}

// move brings a reminder from one of some states to another, on the word of the
// actor: a colleague's own reminder is his and its maker's.
func (s *Service) move(ctx context.Context, id int64, to State, action string, from ...State) (r Reminder, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := Reminders.CheckID(ctx, s.db, access.Change, id); err != nil {
			return err
		}
		before, err := s.store.lock(ctx, id)
		if err != nil {
			return err
		}
		if actor := access.ActorFrom(ctx).UserID; before.Audience == ForUser && !is(before.UserID, actor) && !is(before.createdBy, actor) {
			return errNotYours
		}
		if !before.in(from...) {
			return errNotPending
		}
		if err := s.store.set(ctx, id, to, "", 0); err != nil {
			return err
		}
		if r, err = s.store.get(ctx, id); err != nil {
			return err
		}
		s.changed(ctx)
		return s.ports.Audit.Record(ctx, action, "reminder", id, before, r)
	})
	return s.shown(ctx, r, err)
}

func (r Reminder) in(states ...State) bool {
	for _, s := range states {
		if r.State == s {
			return true
		}
	}
	return false
}

func is(id *int64, other int64) bool { return id != nil && *id == other }

func (s *Service) changed(ctx context.Context) { s.ports.Live.Signal(ctx, "reminders.changed", nil) }
