package access

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"golang.org/x/sync/singleflight"

	"centralita/internal/postgres"
)

// Recorder remembers who did what, in ctx's transaction. The audit room is one.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
}

// Live tells browsers what changed and ends their sockets, after ctx's
// transaction has committed. realtime.Log is one.
type Live interface {
	Signal(ctx context.Context, kind string, data any)
	KickUser(ctx context.Context, userID int64)
	KickSession(ctx context.Context, sessionID int64)
}

// Options configure a Service; zero values have sensible defaults.
type Options struct {
	// Idle ends a session that was not used for so long; 0: 12 hours.
	Idle time.Duration
	// Life ends a session in any case; 0: 7 days.
	Life time.Duration
	// SIPDomain is the host of the phones' SIP addresses; empty: "centralita".
	SIPDomain string
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Service is the room: users, sessions, rights and the firm. It implements
// web.Gate. Safe for concurrent use.
type Service struct {
	opts       Options
	db         *postgres.DB
	store      store
	audit      Recorder
	live       Live
	hash       *hasher
	throttle   throttle
	known      *known
	holds      *holds
	colleagues *colleagues
	flights    singleflight.Group
	onPhones   []func()
}

// New returns the room kept in db.
func New(db *postgres.DB, audit Recorder, live Live, opts Options) (*Service, error) {
	if opts.Idle == 0 {
		opts.Idle = 12 * time.Hour
	}
	if opts.Life == 0 {
		opts.Life = 7 * 24 * time.Hour
	}
	if opts.SIPDomain == "" {
		opts.SIPDomain = "centralita"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	hash, err := newHasher()
	if err != nil {
		return nil, err
	}
	return &Service{opts: opts, db: db, store: store{db}, audit: audit, live: live, hash: hash,
		throttle: throttle{db: db, now: opts.Now}, known: newKnown(), holds: newHolds(), colleagues: &colleagues{byUser: map[int64]colleague{}}}, nil
}

// OnPhonesChange has fn called after every commit that changed a phone account.
// fn must not block. Call it before the room is used.
func (s *Service) OnPhonesChange(fn func()) { s.onPhones = append(s.onPhones, fn) }

// PhoneAccounts returns the phone accounts of all users, disabled ones
// included, by user id.
func (s *Service) PhoneAccounts(ctx context.Context) ([]PhoneAccount, error) {
	return s.store.phones(ctx)
}

// Users returns all users, disabled ones included, by name.
func (s *Service) Users(ctx context.Context) ([]User, error) { return s.store.users(ctx) }

// UserByLogin returns the user with that login; case does not matter.
func (s *Service) UserByLogin(ctx context.Context, login string) (User, error) {
	return s.store.userByLogin(ctx, login)
}

// Firm returns the firm's settings.
func (s *Service) Firm(ctx context.Context) (Firm, error) { return s.store.firm(ctx) }

// Logout ends ctx's own session.
func (s *Service) Logout(ctx context.Context) error {
	a := ActorFrom(ctx)
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.end(ctx, ending{user: a.UserID, only: a.SessionID}); err != nil {
			return err
		}
		return s.audit.Record(ctx, "logout", "session", a.SessionID, nil, nil)
	})
}

// end ends sessions of a user and everything that hangs on them, once ctx's
// transaction commits, and returns which.
func (s *Service) end(ctx context.Context, e ending) ([]int64, error) {
	ended, err := s.store.endSessions(ctx, e, s.opts.Now(), ActorFrom(ctx).UserID)
	if err != nil {
		return nil, err
	}
	postgres.AfterCommit(ctx, func() {
		s.known.drop(func(a Actor) bool { return slices.Contains(ended, a.SessionID) })
		s.holds.cut(ended)
	})
	for _, id := range ended {
		s.live.KickSession(ctx, id)
	}
	return ended, nil
}

// EndedSessions returns which of the sessions are over, for those who hold
// something open on their behalf.
func (s *Service) EndedSessions(ctx context.Context, ids []int64) ([]int64, error) {
	now := s.opts.Now()
	return s.store.over(ctx, ids, now, now.Add(-s.opts.Idle))
}

// Prefer changes the actor's own language and merges patch, a JSON object, into
// what his browser wants remembered.
func (s *Service) Prefer(ctx context.Context, locale *string, patch map[string]any) error {
	text, err := json.Marshal(patch)
	if err != nil {
		return invalid("", "not JSON")
	}
	a := ActorFrom(ctx)
	if err := s.store.prefer(ctx, a.UserID, locale, text); err != nil {
		return err
	}
	s.forgetUser(ctx, a.UserID)
	return nil
}

// forgetUser has his sessions looked up anew after commit.
func (s *Service) forgetUser(ctx context.Context, id int64) {
	postgres.AfterCommit(ctx, func() {
		s.known.drop(func(a Actor) bool { return a.UserID == id })
		s.colleagues.forget()
	})
}

// forgetAll has everybody's rights looked up anew after commit.
func (s *Service) forgetAll(ctx context.Context) {
	postgres.AfterCommit(ctx, func() {
		s.known.drop(func(Actor) bool { return true })
		s.colleagues.forget()
	})
}

// BehalfOf returns ctx acting for a user who is not asking himself: for what is
// prepared for his eyes (a pop, an event) and for what he set going and runs
// without him. His rights are up to four seconds old. A user who is disabled or
// unknown is fault.NotFound.
func (s *Service) BehalfOf(ctx context.Context, user int64) (context.Context, error) {
	a, stale, ok := s.colleagues.get(user, s.opts.Now())
	if !ok {
		var err error
		if a, err = s.colleague(ctx, user); err != nil {
			return ctx, err
		}
	}
	if stale {
		go s.renew(user)
	}
	return WithActor(ctx, a), nil
}

// colleague reads a user and remembers him.
func (s *Service) colleague(ctx context.Context, user int64) (Actor, error) {
	now := s.opts.Now()
	a, err := s.store.actorOf(ctx, user, now)
	if err == nil {
		s.colleagues.put(user, a, now)
	}
	return a, err
}

// renew reads a user anew for those who come after; when it fails, they read him.
func (s *Service) renew(user int64) {
	ctx, cancel := context.WithTimeout(context.Background(), believed)
	defer cancel()
	if _, err := s.colleague(ctx, user); err != nil {
		s.colleagues.drop(user)
	}
}

// Record names one record, of whatever kind.
type Record struct {
	Entity Entity
	ID     int64
}

// Share opens records, each named once, to a user until a time, whoever owns
// them, in ctx's transaction, with whose next statement or commit it travels: he
// may read them and, where his role changes records of this kind at all, change
// them. reason says why, as kind:id; the same reason again sets the time anew.
func (s *Service) Share(ctx context.Context, records []Record, user int64, reason string, until time.Time) error {
	return s.store.share(ctx, records, user, reason, until)
}

// EndShares has everything that was shared for a reason end by a time at the
// latest.
func (s *Service) EndShares(ctx context.Context, reason string, until time.Time) error {
	return s.store.endShares(ctx, reason, until)
}

// Prune deletes old login attempts, sessions and shares; for a daily errand.
func (s *Service) Prune(ctx context.Context) error { return s.store.prune(ctx, s.opts.Now()) }
