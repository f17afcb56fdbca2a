package export

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/exchange/parcel"
	"centralita/internal/fault"
	"centralita/internal/filter"
	"centralita/internal/jobs"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// Base is the authorised read path of the client base; see client.Service.
type Base interface {
	Table(ctx context.Context, q client.TableQuery) (client.Table, error)
	Fields(ctx context.Context) ([]client.FieldInfo, error)
	CountFor(ctx context.Context, verb access.Verb, text string, where filter.Node) (int, error)
	// Unknown reports that a number is nobody's.
	Unknown(ctx context.Context, number string) (bool, error)
}

// Recorder writes down who did what, in ctx's transaction, and who is about to be
// shown what, before he is.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
	Look(ctx context.Context, action, entity string, id int64, detail any) error
}

// Live is the line to the browsers; see realtime.Log.
type Live interface {
	Append(ctx context.Context, userID int64, kind string, data any) error
	Signal(ctx context.Context, kind string, data any)
}

// People knows who works here; see access.Service.
type People interface {
	Users(ctx context.Context) ([]access.User, error)
	ActorOf(ctx context.Context, id int64) (access.Actor, error)
}

// Ports are the other rooms that exports need. All are required but Now, which
// is time.Now when nil.
type Ports struct {
	Queue  *jobs.Queue
	Base   Base
	People People
	Audit  Recorder
	Live   Live
	Now    func() time.Time
}

// Service makes files of clients. Safe for concurrent use.
type Service struct {
	db      *postgres.DB
	store   *Store
	parcels *parcel.Store
	ports   Ports
	log     *slog.Logger
}

// New returns a service on db and registers its jobs with the queue, which must
// not have been started.
func New(db *postgres.DB, ports Ports) *Service {
	if ports.Now == nil {
		ports.Now = time.Now
	}
	s := &Service{db: db, store: NewStore(db), parcels: parcel.NewStore(db), ports: ports, log: slog.Default()}
	s.registerJobs()
	return s
}

// Request asks for an export in the name of ctx's actor. It begins at once, or
// waits for a second person if it is large.
func (s *Service) Request(ctx context.Context, w Wish) (e Export, err error) {
	w.Reason = phone.Text(w.Reason)
	if len(w.Columns) == 0 || len(w.Columns) != len(w.Titles) {
		return e, errColumns
	}
	total, err := s.ports.Base.CountFor(ctx, access.Export, w.Text, w.Where)
	if err != nil {
		return e, err
	}
	if _, err := s.ports.Base.Table(ctx, w.page("", 1)); err != nil { // refuses what cannot be asked or seen
		return e, err
	}
	switch {
	case total == 0:
		return e, errNothing
	case w.Format == "xlsx" && total > maxBook:
		return e, errBook
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		e, err = s.enter(ctx, w, total)
		return err
	})
	return e, err
}

// enter checks a wish against the rules and stores it. Wishes of one user are
// looked at one after the other.
func (s *Service) enter(ctx context.Context, w Wish, total int) (e Export, err error) {
	actor := access.ActorFrom(ctx)
	rules, err := s.store.settings(ctx)
	if err != nil {
		return e, err
	}
	files, rows, err := s.store.today(ctx, actor.UserID)
	if err != nil {
		return e, err
	}
	if files >= rules.DailyExports || rows+total > rules.DailyRows {
		return e, errQuota
	}
	state := Queued
	if total > rules.ApprovalRows {
		if state = Waiting; w.Reason == "" {
			return e, errReason
		}
	}
	id, err := s.store.insert(ctx, w, state, total, actor.UserID)
	if err != nil {
		return e, err
	}
	if e, err = s.store.get(ctx, id, false); err != nil {
		return e, err
	}
	if err := s.ports.Audit.Record(ctx, "export.request", "export", id, nil, e.told()); err != nil {
		return e, err
	}
	s.changed(ctx, id)
	if state == Waiting {
		return e, s.tellDeciders(ctx, "export.waiting", e, actor.UserID)
	}
	return e, s.ports.Queue.Insert(ctx, workArgs{id, e.turn}, nil)
}

// columnID is the number of a client: no field that can be listed, but the one by
// which our own import knows him again.
const columnID = "id"

// page is the query of a page of what a wish asks for.
func (w Wish) page(cursor string, limit int) client.TableQuery {
	columns := slices.DeleteFunc(slices.Clone(w.Columns), func(key string) bool { return key == columnID })
	return client.TableQuery{
		Text: w.Text, Where: w.Where, Sort: w.Sort, Desc: w.Desc, Columns: columns, Cursor: cursor, Limit: limit, For: access.Export,
	}
}

// told is what the log says of an export: who, what and how much.
func (e Export) told() any {
	return struct {
		Export
		Query Query `json:"query"`
	}{e, e.query}
}

// tellDeciders appends an event for everybody who may approve, but one.
func (s *Service) tellDeciders(ctx context.Context, kind string, data any, but int64) error {
	users, err := s.ports.People.Users(ctx)
	if err != nil {
		return err
	}
	for _, u := range users {
		if !u.Active || u.ID == but {
			continue
		}
		actor, err := s.ports.People.ActorOf(ctx, u.ID)
		if err != nil {
			return err
		}
		if actor.Has(access.ExportsApprove) {
			if err := s.ports.Live.Append(ctx, u.ID, kind, data); err != nil {
				return err
			}
		}
	}
	return nil
}

// visible returns nil when ctx's actor may see an export: his own, or anybody's
// for who approves.
func visible(ctx context.Context, e Export) error {
	if a := access.ActorFrom(ctx); a.UserID == e.AuthorID || a.Has(access.ExportsApprove) {
		return nil
	}
	return errNotFound
}

// Get returns an export that ctx's actor may see.
func (s *Service) Get(ctx context.Context, id int64) (Export, error) {
	e, err := s.store.get(ctx, id, false)
	if err != nil {
		return e, err
	}
	return e, visible(ctx, e)
}

// List returns ctx's actor's exports, newest first, below the id before; with
// all, everybody's, for who may approve.
func (s *Service) List(ctx context.Context, all bool, before int64, limit int) ([]Export, error) {
	actor := access.ActorFrom(ctx)
	author := actor.UserID
	if all && actor.Has(access.ExportsApprove) {
		author = 0
	}
	return s.store.list(ctx, author, before, limit)
}

// Decide lets a waiting export begin, or refuses it for a reason. Nobody decides
// about his own.
func (s *Service) Decide(ctx context.Context, id int64, approve bool, reason string) (Export, error) {
	reason = phone.Text(reason)
	if !approve && reason == "" {
		return Export{}, errReason
	}
	action := map[bool]string{true: "export.approve", false: "export.refuse"}[approve]
	return s.move(ctx, id, action, func(ctx context.Context, e Export) error {
		actor := access.ActorFrom(ctx)
		switch {
		case e.State != Waiting:
			return errState
		case e.AuthorID == actor.UserID:
			return errOwn
		}
		state := map[bool]State{true: Queued, false: Refused}[approve]
		if err := s.store.decide(ctx, id, state, actor.UserID, reason); err != nil {
			return err
		}
		if err := s.ports.Live.Append(ctx, e.AuthorID, "export.decided", map[string]any{"export_id": id, "state": state, "decision": reason, "by": actor.Name}); err != nil {
			return err
		}
		if !approve {
			return nil
		}
		return s.ports.Queue.Insert(ctx, workArgs{id, e.turn}, nil)
	})
}

// Cancel takes an export back, and its file away. Only its author does that.
func (s *Service) Cancel(ctx context.Context, id int64) (Export, error) {
	return s.move(ctx, id, "export.cancel", func(ctx context.Context, e Export) error {
		if e.AuthorID != access.ActorFrom(ctx).UserID {
			return errNotFound
		}
		state := Cancelled
		switch e.State {
		case Ready:
			state = Expired
		case Waiting, Queued, Running:
		default:
			return errState
		}
		return s.close(ctx, e, state, "")
	})
}

// close ends an export without a file.
func (s *Service) close(ctx context.Context, e Export, state State, problem string) error {
	if err := s.store.close(ctx, e.ID, state, problem); err != nil {
		return err
	}
	s.changed(ctx, e.ID)
	if e.parcel == 0 {
		return nil
	}
	return s.parcels.Remove(ctx, e.parcel)
}

// move changes an export that ctx's actor may see, alone with it.
func (s *Service) move(ctx context.Context, id int64, action string, change func(context.Context, Export) error) (e Export, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.get(ctx, id, true)
		if err != nil {
			return err
		}
		if err := visible(ctx, before); err != nil {
			return err
		}
		if err := change(ctx, before); err != nil {
			return err
		}
		if e, err = s.store.get(ctx, id, false); err != nil {
			return err
		}
		s.changed(ctx, id)
		return s.ports.Audit.Record(ctx, action, "export", id, before.told(), e.told())
	})
	return e, err
}

func (s *Service) changed(ctx context.Context, id int64) {
	s.ports.Live.Signal(ctx, "exports.changed", map[string]int64{"id": id})
}

// Settings returns the firm's rules.
func (s *Service) Settings(ctx context.Context) (Settings, error) { return s.store.settings(ctx) }

// ChangeSettings sets the firm's rules.
func (s *Service) ChangeSettings(ctx context.Context, to Settings) (Settings, error) {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.settings(ctx)
		if err != nil {
			return err
		}
		if err := s.store.saveSettings(ctx, to); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "export.settings", "firm", 1, before, to)
	})
	return to, err
}

// unavailable turns what is not a fault of the caller's into one that says so.
func unavailable(err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "log_unavailable", "The log cannot be written now, so nothing leaves. Try again in a moment.")
}
