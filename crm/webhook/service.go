package webhook

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
)

// Auditor remembers who did what, in ctx's transaction, and tells those who
// answer for the log.
type Auditor interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
	Alarm(ctx context.Context, kind, detail string) error
}

// Ports are what the room needs. With Local, webhooks may be inside and without
// TLS: for development and tests.
type Ports struct {
	Queue *jobs.Queue
	Audit Auditor
	Now   func() time.Time
	Local bool
}

// Service is the room. Safe for concurrent use by any number of processes.
type Service struct {
	db     *postgres.DB
	store  store
	ports  Ports
	client *http.Client
	known  atomic.Pointer[knowledge]
}

// knowledge is what was wanted a moment ago.
type knowledge struct {
	at    time.Time
	kinds map[string]bool
}

// believed is how long it may be out of date: a new webhook is told of what
// happens from then on, at the latest.
const believed = 2 * time.Second

// New returns the room that keeps its books in db, and registers its errands.
func New(db *postgres.DB, p Ports) *Service {
	s := &Service{db: db, store: store{db}, ports: p, client: newClient(p.Local)}
	s.registerJobs()
	return s
}

// Emit says in ctx's transaction that facts happened. It costs nothing while
// nobody wants them.
func (s *Service) Emit(ctx context.Context, facts ...Fact) error {
	wanted, err := s.wanted(ctx)
	if err != nil {
		return err
	}
	told := make([]Fact, 0, len(facts))
	for _, f := range facts {
		if wanted[f.Kind] {
			told = append(told, f)
		}
	}
	if len(told) == 0 {
		return nil
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		hooks, err := s.store.enqueue(ctx, told, s.ports.Now())
		if err != nil {
			return err
		}
		for _, id := range hooks {
			if err := s.soon(ctx, id, s.ports.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Wants reports whether a webhook may want facts of a kind; when that cannot be read, one may.
func (s *Service) Wants(ctx context.Context, kind string) bool {
	kinds, err := s.wanted(ctx)
	return err != nil || kinds[kind]
}

func (s *Service) wanted(ctx context.Context) (map[string]bool, error) {
	if k := s.known.Load(); k != nil && time.Since(k.at) < believed {
		return k.kinds, nil
	}
	begun := time.Now()
	kinds, err := s.store.wanted(ctx)
	if err != nil {
		return nil, err
	}
	s.known.Store(&knowledge{begun, kinds})
	return kinds, nil
}

// changed forgets what was wanted, after the commit.
func (s *Service) changed(ctx context.Context) {
	postgres.AfterCommit(ctx, func() { s.known.Store(nil) })
}

// List returns all webhooks, the oldest first.
func (s *Service) List(ctx context.Context) ([]Webhook, error) { return s.store.list(ctx) }

// Add registers a webhook and returns its secret, which is shown this once.
func (s *Service) Add(ctx context.Context, d Draft) (w Webhook, secret string, err error) {
	if err := s.tidy(ctx, &d); err != nil {
		return w, "", err
	}
	fresh := newSecret()
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		id, err := s.store.add(ctx, d, fresh, access.ActorFrom(ctx).UserID)
		if err != nil {
			return err
		}
		if w, err = s.store.get(ctx, id, false); err != nil {
			return err
		}
		s.changed(ctx)
		return s.ports.Audit.Record(ctx, "webhook.add", "webhook", id, nil, told(w))
	})
	return w, shownSecret(fresh), err
}

// Change writes a webhook anew. A disabled one that is made active goes on with
// what waits.
func (s *Service) Change(ctx context.Context, id int64, d Draft) (w Webhook, err error) {
	if err := s.tidy(ctx, &d); err != nil {
		return w, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.get(ctx, id, true)
		if err != nil {
			return err
		}
		if err := s.store.change(ctx, id, d); err != nil {
			return err
		}
		if w, err = s.store.get(ctx, id, false); err != nil {
			return err
		}
		s.changed(ctx)
		if err := s.soon(ctx, id, s.ports.Now()); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "webhook.change", "webhook", id, told(before), told(w))
	})
	return w, err
}

// Renew gives a webhook a new secret, which is shown this once; the old one signs
// nothing any more.
func (s *Service) Renew(ctx context.Context, id int64) (secret string, err error) {
	fresh := newSecret()
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.store.get(ctx, id, true); err != nil {
			return err
		}
		if err := s.store.setSecret(ctx, id, fresh); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "webhook.renew", "webhook", id, nil, nil)
	})
	return shownSecret(fresh), err
}

// Remove forgets a webhook with its deliveries.
func (s *Service) Remove(ctx context.Context, id int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.get(ctx, id, true)
		if err != nil {
			return err
		}
		if err := s.store.remove(ctx, id); err != nil {
			return err
		}
		s.changed(ctx)
		return s.ports.Audit.Record(ctx, "webhook.remove", "webhook", id, told(before), nil)
	})
}

// told is a webhook as the log keeps it: the path of an address is often a
// secret of the receiver's.
func told(w Webhook) map[string]any {
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(w.URL, "https://"), "http://"), "/")
	host, _, _ = strings.Cut(host, "?")
	return map[string]any{"name": w.Name, "host": host, "events": w.Events, "state": w.State}
}

// tidy checks a draft.
func (s *Service) tidy(ctx context.Context, d *Draft) (err error) {
	d.Name = strings.TrimSpace(d.Name)
	if n := utf8.RuneCountInString(d.Name); n < 1 || n > 60 || strings.ContainsFunc(d.Name, unicode.IsControl) {
		return fault.New(fault.Invalid, "invalid_input", "A name has 1 to 60 characters.").WithField("body.name", "1 to 60 characters")
	}
	slices.Sort(d.Events)
	d.Events = slices.Compact(d.Events)
	unknown := slices.ContainsFunc(d.Events, func(k string) bool { return !slices.Contains(Kinds, k) })
	if len(d.Events) == 0 || unknown {
		return fault.New(fault.Invalid, "invalid_input", "Choose what the webhook is told.").WithField("body.events", "of the known kinds")
	}
	d.URL, err = checkURL(ctx, d.URL, s.ports.Local)
	return err
}

// Deliveries returns a page of what a webhook was told, the newest first; before
// is the id below which the page begins, 0 for the first.
func (s *Service) Deliveries(ctx context.Context, webhook, before int64, limit int) ([]Delivery, error) {
	if _, err := s.store.get(ctx, webhook, false); err != nil {
		return nil, err
	}
	return s.store.deliveries(ctx, webhook, before, limit)
}

var errAsleep = fault.New(fault.Conflict, "webhook_not_active", "The webhook is paused or disabled: nothing is sent.")

// Test has a webhook told that it works.
func (s *Service) Test(ctx context.Context, webhook int64) (Delivery, error) {
	f := Fact{Kind: testKind, Data: map[string]any{"webhook_id": webhook}}
	body, err := bodyOf(f, s.ports.Now())
	if err != nil {
		return Delivery{}, err
	}
	return s.send(ctx, "webhook.test", webhook, newEventID(), f, body, nil)
}

// Replay makes a delivery again, under the same event id.
func (s *Service) Replay(ctx context.Context, id int64) (Delivery, error) {
	d, err := s.store.delivery(ctx, id)
	if err != nil {
		return d, err
	}
	return s.send(ctx, "webhook.replay", d.WebhookID, d.EventID, Fact{Kind: d.Kind, Subject: d.Subject}, d.Body, &d.ID)
}

func (s *Service) send(ctx context.Context, action string, webhook int64, eventID string, f Fact, body string, replay *int64) (d Delivery, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		w, err := s.store.get(ctx, webhook, false)
		if err != nil {
			return err
		}
		if w.State != Active {
			return errAsleep
		}
		id, err := s.store.again(ctx, webhook, eventID, f, body, replay)
		if err != nil {
			return err
		}
		if d, err = s.store.delivery(ctx, id); err != nil {
			return err
		}
		if err := s.soon(ctx, webhook, s.ports.Now()); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, action, "webhook", webhook, nil, map[string]any{"event_id": eventID, "kind": f.Kind})
	})
	return d, err
}

// disable gives up on a webhook that has failed for days, or says itself that it
// is gone, and tells those who answer for the log.
func (s *Service) disable(ctx context.Context, p parcel, o outcome) error {
	before := s.ports.Now().Add(-patience)
	if o.status == http.StatusGone {
		before = time.Time{}
	}
	off, err := s.store.disable(ctx, p.webhook, before)
	if err != nil || !off {
		return err
	}
	w, err := s.store.get(ctx, p.webhook, false)
	if err != nil {
		return err
	}
	s.changed(ctx)
	if err := s.ports.Audit.Record(ctx, "webhook.disable", "webhook", w.ID, nil, told(w)); err != nil {
		return err
	}
	return s.ports.Audit.Alarm(ctx, "webhook.disabled", w.Name)
}

func newEventID() string { return "evt_" + rand.Text() }
