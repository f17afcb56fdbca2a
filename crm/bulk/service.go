package bulk

import (
	"context"
	"log/slog"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/field"
	"centralita/internal/filter"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
)

// Base is the client base; see client.Service.
type Base interface {
	Matching(ctx context.Context, text string, where filter.Node, at string) (sql string, args []any, err error)
	FindMany(ctx context.Context, k client.Keys) (client.FoundMany, error)
	WriteMany(ctx context.Context, all []*client.Bulk) error
	Rows(ctx context.Context, ids []int64) (map[int64]client.ClientRow, error)
}

// Marks are what is put on a client besides his fields; see client.Service.
type Marks interface {
	Tags(ctx context.Context) ([]client.Tag, error)
	AddTag(ctx context.Context, tagID int64, clients []int64) (changed []int64, err error)
	RemoveTag(ctx context.Context, tagID int64, clients []int64) (changed []int64, err error)
	Archive(ctx context.Context, id int64, archived bool) (client.Client, error)
	Get(ctx context.Context, id int64) (client.Client, error)
}

// Values are the fields of the firm's own; see field.Service.
type Values interface {
	CheckChange(ctx context.Context, c field.Change) error
	Values(ctx context.Context, clients, fields []int64) (map[int64][]field.Value, error)
	Set(ctx context.Context, client int64, changes []field.Change) error
}

// Recorder writes down who did what, in ctx's transaction.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
	RecordMany(ctx context.Context, action, entity string, ids []int64, before, after []any) error
}

// Live is the line to the browsers; see realtime.Log.
type Live interface {
	Append(ctx context.Context, userID int64, kind string, data any) error
	Signal(ctx context.Context, kind string, data any)
}

// People knows who works here.
type People interface {
	Users(ctx context.Context) ([]access.User, error)
	// ActorOf returns a user as he is now, for work in his name.
	ActorOf(ctx context.Context, id int64) (access.Actor, error)
}

// Ports are the other rooms that runs need. All are required.
type Ports struct {
	Queue  *jobs.Queue
	Base   Base
	Marks  Marks
	Values Values
	People People
	Audit  Recorder
	Live   Live
}

// Service works on many clients. Safe for concurrent use.
type Service struct {
	db    *postgres.DB
	store store
	ports Ports
	log   *slog.Logger
}

// New returns a service on db and registers its jobs with the queue, which must
// not have been started.
func New(db *postgres.DB, ports Ports) *Service {
	s := &Service{db: db, store: store{db}, ports: ports, log: slog.Default()}
	s.registerJobs()
	return s
}

// Start writes down what is to be done to whom, and has it begun.
func (s *Service) Start(ctx context.Context, what BulkWhat, who BulkWho) (run BulkRun, err error) {
	if err := s.check(ctx, what); err != nil {
		return run, err
	}
	if len(who.IDs) == 0 && !who.All {
		return run, errNobody
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		id, err := s.store.insert(ctx, what, access.ActorFrom(ctx).UserID)
		if err != nil {
			return err
		}
		total, err := s.choose(ctx, id, who)
		if err != nil {
			return err
		}
		if err := s.share(ctx, id, what, total); err != nil {
			return err
		}
		turn, err := s.store.begin(ctx, id, Running, total)
		if err != nil {
			return err
		}
		if run, err = s.store.get(ctx, id, false); err != nil {
			return err
		}
		s.changed(ctx, id)
		if err := s.ports.Audit.Record(ctx, "bulk.start", "bulk", id, nil, map[string]any{"run": run, "who": who}); err != nil {
			return err
		}
		return s.ports.Queue.Insert(ctx, workArgs{id, turn}, nil)
	})
	return run, err
}

// choose writes down the rows of a run: whom ctx's actor sees of those chosen.
func (s *Service) choose(ctx context.Context, id int64, who BulkWho) (total int, err error) {
	if who.All {
		sql, args, err := s.ports.Base.Matching(ctx, who.Q, who.Filter, "body.who.filter")
		if err != nil {
			return 0, err
		}
		total, err = s.store.fill(ctx, id, sql, args, who.Except)
		if err != nil {
			return 0, err
		}
	} else if total, err = s.store.fillWith(ctx, id, who.IDs); err != nil {
		return 0, err
	}
	switch {
	case total == 0:
		return 0, errNobody
	case total > maxRows:
		return 0, errTooMany
	}
	return total, nil
}

// share says to whom each row goes.
func (s *Service) share(ctx context.Context, id int64, what BulkWhat, total int) error {
	if what.Kind != ToResponsible || len(what.UserIDs) == 0 {
		return nil
	}
	loads := make([]int, len(what.UserIDs))
	if what.Share == Load {
		var err error
		if loads, err = s.store.loads(ctx, id, what.UserIDs); err != nil {
			return err
		}
	}
	return s.store.assign(ctx, id, shares(loads, total))
}

// Runs are their author's.
func (s *Service) mine(ctx context.Context, id int64, lock bool) (BulkRun, error) {
	run, err := s.store.get(ctx, id, lock)
	if err == nil && run.AuthorID != access.ActorFrom(ctx).UserID {
		return BulkRun{}, errNotFound
	}
	return run, err
}

// Get returns a run of ctx's actor.
func (s *Service) Get(ctx context.Context, id int64) (BulkRun, error) {
	return s.mine(ctx, id, false)
}

// List returns runs of ctx's actor, the latest first.
func (s *Service) List(ctx context.Context, limit int) ([]BulkRun, error) {
	return s.store.list(ctx, access.ActorFrom(ctx).UserID, limit)
}

// Rows returns what became of clients in a run of ctx's actor, after the row n.
// With a verdict only those that have it; kept is the word for those that could
// not be taken back.
func (s *Service) Rows(ctx context.Context, id int64, after int, verdict string, limit int) ([]BulkRow, error) {
	run, err := s.mine(ctx, id, false)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.rows(ctx, id, after, verdict, limit)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ClientID
	}
	known, err := s.ports.Base.Rows(ctx, ids)
	if err != nil {
		return nil, err
	}
	hidden := run.What.Kind == ToField && access.FieldMask(ctx, run.What.Field) != access.Shown
	for i := range rows {
		c, seen := known[rows[i].ClientID]
		rows[i].ClientName = c.Name
		if !seen || hidden {
			rows[i].Before, rows[i].After = "", ""
		}
	}
	return rows, nil
}

// Cancel stops a run after the batch that it is at. What it has changed stays,
// until it is undone.
func (s *Service) Cancel(ctx context.Context, id int64) (BulkRun, error) {
	return s.move(ctx, id, "bulk.cancel", func(ctx context.Context, run BulkRun) error {
		if run.State != Running {
			return errState
		}
		return s.store.setState(ctx, id, Cancelled, "")
	})
}

// Undo takes back what a run has changed, as far as nobody has changed it since.
func (s *Service) Undo(ctx context.Context, id int64) (BulkRun, error) {
	return s.move(ctx, id, "bulk.undo", func(ctx context.Context, run BulkRun) error {
		if run.State != Done && run.State != Cancelled && run.State != Failed {
			return errState
		}
		turn, err := s.store.begin(ctx, id, Undoing, run.Total)
		if err != nil {
			return err
		}
		return s.ports.Queue.Insert(ctx, workArgs{id, turn}, nil)
	})
}

// move changes a run of ctx's actor, alone with it.
func (s *Service) move(ctx context.Context, id int64, action string, change func(context.Context, BulkRun) error) (run BulkRun, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.mine(ctx, id, true)
		if err != nil {
			return err
		}
		if err := change(ctx, before); err != nil {
			return err
		}
		if run, err = s.store.get(ctx, id, false); err != nil {
			return err
		}
		s.changed(ctx, id)
		return s.ports.Audit.Record(ctx, action, "bulk", id, before, run)
	})
	return run, err
}

func (s *Service) changed(ctx context.Context, id int64) {
	s.ports.Live.Signal(ctx, "bulk.changed", map[string]int64{"id": id})
}
