package view

import (
	"context"
	"slices"
	"strconv"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/internal/fault"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// Base says whether ctx's actor may ask for a list; see client.Service.
type Base interface {
	Askable(ctx context.Context, q client.TableQuery) error
}

// Recorder writes down who did what, in ctx's transaction.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
}

// Signaller tells every browser, after ctx's transaction, that something changed.
type Signaller interface {
	Signal(ctx context.Context, kind string, data any)
}

// Ports are the other rooms that views need. All are required.
type Ports struct {
	Base  Base
	Audit Recorder
	Live  Signaller
}

// Service keeps views. Safe for concurrent use.
type Service struct {
	db    *postgres.DB
	store store
	ports Ports
}

// New returns a service on db.
func New(db *postgres.DB, ports Ports) *Service {
	return &Service{db: db, store: store{db}, ports: ports}
}

// Views belong to who made them.
var Views = access.Resource{Entity: access.View, Owner: "owner_id", Table: "views", Missing: errNotFound}

// share is how far ctx's actor may share a view.
func share(ctx context.Context) string {
	switch access.ScopeOf(ctx, access.View, access.Change) {
	case access.All:
		return Firm
	case access.Team:
		return Team
	}
	return Me
}

// Book returns the views that ctx's actor has, his own and those that are shared
// with him, by name. The product's own are there as far as he may ask for them.
func (s *Service) Book(ctx context.Context) (b ViewBook, err error) {
	me := access.ActorFrom(ctx).UserID
	b = ViewBook{Items: []SavedView{}, Own: []OwnView{}, Share: share(ctx)}
	if access.Can(ctx, access.View, access.Read) {
		found, err := s.store.list(ctx, me)
		if err != nil {
			return b, err
		}
		for _, v := range found {
			b.Items = append(b.Items, v.seen(ctx))
		}
	}
	for _, o := range own {
		if err := s.ports.Base.Askable(ctx, client.TableQuery{Where: o.Query.Filter}); err == nil {
			b.Own = append(b.Own, o)
		} else if k := fault.KindOf(err); k != fault.Forbidden {
			return b, err
		}
	}
	b.Default, err = s.store.preferred(ctx, me)
	if err == nil && !b.has(b.Default) {
		b.Default = ""
	}
	return b, err
}

// has reports whether a default still names a view that is there.
func (b ViewBook) has(view string) bool {
	return slices.ContainsFunc(b.Items, func(v SavedView) bool { return strconv.FormatInt(v.ID, 10) == view }) ||
		slices.ContainsFunc(b.Own, func(o OwnView) bool { return o.Key == view })
}

// seen says what ctx's actor may do with v.
func (v SavedView) seen(ctx context.Context) SavedView {
	v.Mine = v.OwnerID == access.ActorFrom(ctx).UserID
	v.Editable = Views.Check(ctx, access.Change, v.ID, v.OwnerID) == nil
	return v
}

// check normalises d and refuses what ctx's actor may not keep, or not share.
func (s *Service) check(ctx context.Context, d *ViewDraft) error {
	if d.Name = phone.Text(d.Name); d.Name == "" {
		return fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.name", "required")
	}
	far := share(ctx)
	if d.Audience == Firm && far != Firm || d.Audience == Team && far == Me {
		return errShare
	}
	if d.Audience != Team {
		d.TeamID = nil
	} else if d.TeamID == nil {
		return errTeam
	}
	if d.TeamID != nil {
		member, err := s.store.member(ctx, *d.TeamID, access.ActorFrom(ctx).UserID, far == Firm)
		if err != nil {
			return err
		}
		if !member {
			return errTeam
		}
	}
	if d.Columns == nil {
		d.Columns = []ViewColumn{}
	}
	q := client.TableQuery{Text: d.Query.Q, Where: d.Query.Filter, Sort: d.Query.Sort}
	for _, c := range d.Columns {
		q.Columns = append(q.Columns, c.Key)
	}
	return s.ports.Base.Askable(ctx, q)
}

// Create keeps a view of ctx's actor.
func (s *Service) Create(ctx context.Context, d ViewDraft) (v SavedView, err error) {
	me := access.ActorFrom(ctx).UserID
	if err := Views.CheckNew(ctx, me); err != nil {
		return v, err
	}
	if err := s.check(ctx, &d); err != nil {
		return v, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		id, err := s.store.insert(ctx, d, me)
		if err != nil {
			return err
		}
		v, err = s.finish(ctx, "view.create", id, nil)
		return err
	})
	return v, err
}

// Change writes a view anew if it still has the version, else it is
// fault.Conflict, changed_meanwhile.
func (s *Service) Change(ctx context.Context, id int64, version int, d ViewDraft) (v SavedView, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.mine(ctx, access.Change, id, false)
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
		v, err = s.finish(ctx, "view.update", id, before)
		return err
	})
	return v, err
}

// Remove takes a view away; Restore brings it back.
func (s *Service) Remove(ctx context.Context, id int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.mine(ctx, access.Delete, id, false)
		if err != nil {
			return err
		}
		if err := s.store.remove(ctx, id, true); err != nil {
			return err
		}
		s.ports.Live.Signal(ctx, "views.changed", nil)
		return s.ports.Audit.Record(ctx, "view.delete", "view", id, before, nil)
	})
}

// Restore brings back a view that was taken away.
func (s *Service) Restore(ctx context.Context, id int64) (v SavedView, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.mine(ctx, access.Delete, id, true); err != nil {
			return err
		}
		if err := s.store.remove(ctx, id, false); err != nil {
			return err
		}
		v, err = s.finish(ctx, "view.restore", id, nil)
		return err
	})
	return v, err
}

// Prefer has the list of ctx's actor begin with a view: an id, the key of one of
// the product's, or nothing.
func (s *Service) Prefer(ctx context.Context, view string) error {
	b, err := s.Book(ctx)
	if err != nil {
		return err
	}
	if view != "" && !b.has(view) {
		return errNotFound
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		me := access.ActorFrom(ctx).UserID
		if err := s.store.prefer(ctx, me, view); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "view.default", "user", me, map[string]string{"view": b.Default}, map[string]string{"view": view})
	})
}

// mine returns a view with which ctx's actor may do verb, alone with it.
func (s *Service) mine(ctx context.Context, verb access.Verb, id int64, removed bool) (SavedView, error) {
	v, err := s.store.get(ctx, id, removed)
	if err != nil {
		return v, err
	}
	return v, Views.Check(ctx, verb, id, v.OwnerID)
}

// finish reads what came out, records it and announces it.
func (s *Service) finish(ctx context.Context, action string, id int64, before any) (SavedView, error) {
	v, err := s.store.get(ctx, id, false)
	if err != nil {
		return v, err
	}
	if err := s.ports.Audit.Record(ctx, action, "view", id, before, v); err != nil {
		return v, err
	}
	s.ports.Live.Signal(ctx, "views.changed", nil)
	return v.seen(ctx), nil
}
