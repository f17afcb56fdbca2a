package segment

import (
	"context"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/internal/fault"
	"centralita/internal/filter"
	"centralita/internal/jobs"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// Base answers questions about clients with the rights of ctx's actor; see
// client.Service.
type Base interface {
	Askable(ctx context.Context, q client.TableQuery) error
	Count(ctx context.Context, text string, where filter.Node, limit int) (int, error)
	Explain(ctx context.Context, id int64, where filter.Node) (client.Explanation, error)
}

// Recorder writes down who did what, in ctx's transaction, and who is about to
// look at what.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
	Looking(ctx context.Context, action, entity string, id int64, detail any) (wait func() error)
}

// Signaller tells every browser, after ctx's transaction, that something changed.
type Signaller interface {
	Signal(ctx context.Context, kind string, data any)
}

// People knows who works here.
type People interface {
	ActorOf(ctx context.Context, id int64) (access.Actor, error)
}

// Ports are the other rooms that segments need. All are required.
type Ports struct {
	Base   Base
	People People
	Audit  Recorder
	Live   Signaller
	Queue  *jobs.Queue
}

// Service keeps segments. Safe for concurrent use.
type Service struct {
	db    *postgres.DB
	store store
	ports Ports
}

// New returns a service on db and registers its jobs with the queue, which must
// not have been started.
func New(db *postgres.DB, ports Ports) *Service {
	s := &Service{db: db, store: store{db}, ports: ports}
	s.registerJobs()
	return s
}

// List returns the segments that ctx's actor may see, by name.
func (s *Service) List(ctx context.Context) ([]ClientSegment, error) {
	found, err := s.store.list(ctx)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i], err = s.seen(ctx, found[i]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Get returns a segment that ctx's actor may see.
func (s *Service) Get(ctx context.Context, id int64) (ClientSegment, error) {
	g, err := s.visible(ctx, access.Read, id, false)
	if err != nil {
		return g, err
	}
	return s.seen(ctx, g)
}

// visible returns a segment with which ctx's actor may do verb.
func (s *Service) visible(ctx context.Context, verb access.Verb, id int64, removed bool) (ClientSegment, error) {
	g, err := s.store.get(ctx, id, removed)
	if err != nil {
		return g, err
	}
	return g, Segments.Check(ctx, verb, id, g.OwnerID)
}

// seen is g as ctx's actor may see it. Its counts are those of its owner, who may
// see more clients than the reader: only who sees all of them, or is the owner,
// sees the counts.
func (s *Service) seen(ctx context.Context, g ClientSegment) (ClientSegment, error) {
	g.Editable = Segments.Check(ctx, access.Change, g.ID, g.OwnerID) == nil
	err := s.ports.Base.Askable(ctx, client.TableQuery{Where: g.Filter})
	if k := fault.KindOf(err); err != nil && k != fault.Forbidden && k != fault.Invalid {
		return g, err
	}
	g.Usable = err == nil
	whole := g.OwnerID == access.ActorFrom(ctx).UserID || access.ScopeOf(ctx, access.Client, access.Read) == access.All
	if !g.Usable || !whole || g.History == nil {
		g.History = []SegmentCount{}
	}
	return g, nil
}

// Count returns how many clients of a segment ctx's actor sees.
func (s *Service) Count(ctx context.Context, id int64) (int, error) {
	g, err := s.visible(ctx, access.Read, id, false)
	if err != nil {
		return 0, err
	}
	return s.ports.Base.Count(ctx, "", g.Filter, 0)
}

// Explain says why a client is in a segment, or why not.
func (s *Service) Explain(ctx context.Context, id, clientID int64) (client.Explanation, error) {
	g, err := s.visible(ctx, access.Read, id, false)
	if err != nil {
		return client.Explanation{}, err
	}
	return s.ports.Base.Explain(ctx, clientID, g.Filter)
}

func (s *Service) check(ctx context.Context, d *SegmentDraft) error {
	if d.Name = phone.Text(d.Name); d.Name == "" {
		return errName
	}
	if d.Note = phone.Text(d.Note); d.Filter.Empty() {
		return errFilter
	}
	return s.ports.Base.Askable(ctx, client.TableQuery{Where: d.Filter})
}

// Create keeps a segment of ctx's actor, and has it counted.
func (s *Service) Create(ctx context.Context, d SegmentDraft) (g ClientSegment, err error) {
	me := access.ActorFrom(ctx).UserID
	if err := Segments.CheckNew(ctx, me); err != nil {
		return g, err
	}
	if err := s.check(ctx, &d); err != nil {
		return g, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		id, err := s.store.insert(ctx, d, me)
		if err != nil {
			return err
		}
		g, err = s.finish(ctx, "segment.create", id, nil)
		return err
	})
	return g, err
}

// Change writes a segment anew if it still has the version, else it is
// fault.Conflict, changed_meanwhile. Another condition begins another history.
func (s *Service) Change(ctx context.Context, id int64, version int, d SegmentDraft) (g ClientSegment, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.visible(ctx, access.Change, id, false)
		if err != nil {
			return err
		}
		if before.Version != version {
			return errChanged
		}
		if err := s.check(ctx, &d); err != nil {
			return err
		}
		if err := s.store.update(ctx, id, d); err != nil {
			return err
		}
		g, err = s.finish(ctx, "segment.update", id, before)
		return err
	})
	return g, err
}

// Remove takes a segment away; Restore brings it back. No client is touched.
func (s *Service) Remove(ctx context.Context, id int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.visible(ctx, access.Delete, id, false)
		if err != nil {
			return err
		}
		if err := s.store.remove(ctx, id, true); err != nil {
			return err
		}
		s.ports.Live.Signal(ctx, "segments.changed", nil)
		return s.ports.Audit.Record(ctx, "segment.delete", "segment", id, before, nil)
	})
}

// Restore brings back a segment that was taken away.
func (s *Service) Restore(ctx context.Context, id int64) (g ClientSegment, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.visible(ctx, access.Delete, id, true); err != nil {
			return err
		}
		if err := s.store.remove(ctx, id, false); err != nil {
			return err
		}
		g, err = s.finish(ctx, "segment.restore", id, nil)
		return err
	})
	return g, err
}

// finish reads what came out, records it, announces it, and has it counted.
func (s *Service) finish(ctx context.Context, action string, id int64, before any) (ClientSegment, error) {
	g, err := s.store.get(ctx, id, false)
	if err != nil {
		return g, err
	}
	if err := s.ports.Audit.Record(ctx, action, "segment", id, before, g); err != nil {
		return g, err
	}
	if err := s.ports.Queue.Insert(ctx, countArgs{id}, nil); err != nil {
		return g, err
	}
	s.ports.Live.Signal(ctx, "segments.changed", nil)
	return s.seen(ctx, g)
}
