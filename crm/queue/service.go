package queue

import (
	"context"
	"errors"
	"slices"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/kept"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// Recorder writes down who changed what, in ctx's transaction.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
}

// Signaller tells every browser, after ctx's transaction, that something changed.
type Signaller interface {
	Signal(ctx context.Context, kind string, data any)
}

// book is every queue and skill at one time.
type book struct {
	queues []Queue
	byID   map[int64]Queue
	skills []Skill
}

// Service answers questions about queues from memory, and changes them.
type Service struct {
	db    *postgres.DB
	store store
	kept  *kept.Set[book]
	audit Recorder
	live  Signaller
	after func() // called after each change
}

// New returns the service on db.
func New(db *postgres.DB, audit Recorder, live Signaller) *Service {
	s := &Service{db: db, store: store{db}, audit: audit, live: live, after: func() {}}
	s.kept = kept.New("queues", s.store.all)
	return s
}

// OnChange has fn called after each change of queues or skills by this process.
// To be set before the service is used.
func (s *Service) OnChange(fn func()) { s.after = fn }

// Queues returns all queues by id, those given up too. The slice is shared: do
// not change it.
func (s *Service) Queues(ctx context.Context) ([]Queue, error) {
	b, err := s.kept.Get(ctx)
	if err != nil {
		return nil, err
	}
	return b.queues, nil
}

// ByID returns a queue, or fault.NotFound.
func (s *Service) ByID(ctx context.Context, id int64) (Queue, error) {
	b, err := s.kept.Get(ctx)
	if err != nil {
		return Queue{}, err
	}
	if q, ok := b.byID[id]; ok {
		return q, nil
	}
	s.kept.Forget() // another server may have opened it a moment ago
	if b, err = s.kept.Get(ctx); err != nil {
		return Queue{}, err
	}
	if q, ok := b.byID[id]; ok {
		return q, nil
	}
	return Queue{}, errNotFound
}

// Skills returns all skills by name. The slice is shared: do not change it.
func (s *Service) Skills(ctx context.Context) ([]Skill, error) {
	b, err := s.kept.Get(ctx)
	if err != nil {
		return nil, err
	}
	return b.skills, nil
}

// Versions returns the states of a queue, the newest first, at most 200.
func (s *Service) Versions(ctx context.Context, id int64) ([]Version, error) {
	if _, err := s.ByID(ctx, id); err != nil {
		return nil, err
	}
	return s.store.versions(ctx, id)
}

// Check refuses a place that no caller could be sent to.
func (s *Service) Check(ctx context.Context, kind string, id int64) error {
	gone := fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.entry", "is not there any more")
	switch kind {
	case "queue":
		q, err := s.store.lock(ctx, id)
		if errors.Is(err, errNotFound) || err == nil && !q.Active {
			return gone
		}
		return err
	case "user":
		there, err := s.store.userExists(ctx, id)
		if err == nil && !there {
			return gone
		}
		return err
	}
	return nil
}

// Create stores a new queue and returns it with its ID.
func (s *Service) Create(ctx context.Context, q Queue) (Queue, error) {
	q.ID, q.Version, q.Active = 0, 0, true
	return s.write(ctx, "queue.create", func(context.Context) (Queue, any, error) { return q, nil, nil })
}

// Change has edit alter the queue and stores what comes out as its next version;
// an unknown id is fault.NotFound. A queue that something leads to cannot be
// given up: fault.Conflict.
func (s *Service) Change(ctx context.Context, id int64, edit func(*Queue)) (Queue, error) {
	return s.write(ctx, "queue.update", func(ctx context.Context) (Queue, any, error) {
		before, err := s.store.lock(ctx, id)
		if err != nil {
			return Queue{}, nil, err
		}
		q := before
		edit(&q)
		q.ID, q.Version = id, before.Version
		if before.Active && !q.Active {
			used, err := s.store.text(ctx, sqlUsed, id)
			if err == nil && used != "" {
				err = fault.New(fault.Conflict, "queue_in_use", "Callers are still sent there: "+used+".")
			}
			if err != nil {
				return q, nil, err
			}
		}
		return q, before, nil
	})
}

// write checks, stores, records and announces what prepare returns.
func (s *Service) write(ctx context.Context, action string, prepare func(context.Context) (Queue, any, error)) (q Queue, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		var before any
		if q, before, err = prepare(ctx); err != nil {
			return err
		}
		if err := q.check(); err != nil {
			return err
		}
		for _, o := range q.Overflow {
			if err := s.Check(ctx, o.Then.Kind, o.Then.ID); err != nil {
				return err
			}
		}
		if err := s.store.save(ctx, &q, access.ActorFrom(ctx).UserID); err != nil {
			return err
		}
		return s.changed(ctx, action, "queue", q.ID, before, q)
	})
	return q, err
}

// changed records a change in ctx's transaction and announces it after.
func (s *Service) changed(ctx context.Context, action, entity string, id int64, before, after any) error {
	if err := s.audit.Record(ctx, action, entity, id, before, after); err != nil {
		return err
	}
	postgres.AfterCommit(ctx, func() { // before the browsers ask again
		s.kept.Forget()
		s.after()
	})
	s.live.Signal(ctx, "queues.changed", nil)
	return nil
}

// SaveSkill stores a skill with the levels of all who have it; a new one when
// its ID is 0. A name that another skill has is fault.Conflict.
func (s *Service) SaveSkill(ctx context.Context, k Skill) (Skill, error) {
	k.Name = phone.Text(k.Name)
	if k.Name == "" {
		return k, fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.name", "1 to 60 characters")
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		var before any
		action := "skill.create"
		if k.ID != 0 {
			was, err := s.skill(ctx, k.ID)
			if err != nil {
				return err
			}
			before, action = was, "skill.update"
		}
		if err := s.store.saveSkill(ctx, &k); err != nil {
			return err
		}
		return s.changed(ctx, action, "skill", k.ID, before, k)
	})
	return k, err
}

// ForgetSkill removes a skill that no queue asks for; else fault.Conflict.
func (s *Service) ForgetSkill(ctx context.Context, id int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		was, err := s.skill(ctx, id)
		if err != nil {
			return err
		}
		used, err := s.store.text(ctx, sqlSkillUsed, id)
		if err == nil && used != "" {
			err = fault.New(fault.Conflict, "skill_in_use", "A queue asks for it: "+used+".")
		}
		if err == nil {
			err = s.store.forgetSkill(ctx, id)
		}
		if err != nil {
			return err
		}
		return s.changed(ctx, "skill.delete", "skill", id, was, nil)
	})
}

func (s *Service) skill(ctx context.Context, id int64) (Skill, error) {
	skills, err := s.store.skills(ctx)
	if err != nil {
		return Skill{}, err
	}
	if i := slices.IndexFunc(skills, func(k Skill) bool { return k.ID == id }); i >= 0 {
		return skills[i], nil
	}
	return Skill{}, fault.New(fault.NotFound, "skill_not_found", "There is no such skill.")
}
