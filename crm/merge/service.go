package merge

import (
	"context"
	"errors"
	"fmt"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/lead"
	"centralita/internal/fault"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
)

// Clients is the client base, whose reads are authorised by ctx's actor.
type Clients interface {
	Get(ctx context.Context, id int64) (client.Client, error)
	CanChange(ctx context.Context, id int64) error
	// Rows returns those of the clients that the actor may see, by id.
	Rows(ctx context.Context, ids []int64) (map[int64]client.ClientRow, error)
	Search(ctx context.Context, text string, withLeads bool) (client.Found, error)
	ByNumber(ctx context.Context, raw, country string) (client.Identity, error)
}

// Ledger is the ledger of leads; see lead.Ledger for the contracts.
type Ledger interface {
	Unite(ctx context.Context, from, into int64) ([]lead.United, error)
	Divide(ctx context.Context, united []lead.United) error
	LinkClient(ctx context.Context, leadID, clientID int64) error
}

// Fields computes the formulas of clients whose values were moved, in ctx's transaction.
type Fields interface {
	Recompute(ctx context.Context, clients ...int64) error
}

// Recorder writes down who did what, in ctx's transaction, and who is about to be shown what, before he is.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
	Look(ctx context.Context, action, entity string, id int64, detail any) error
}

// Signaller tells every browser, after ctx's transaction, that something changed.
type Signaller interface {
	Signal(ctx context.Context, kind string, data any)
}

// Ports are the rooms that merging needs.
type Ports struct {
	Clients Clients
	Leads   Ledger
	Fields  Fields
	Queue   *jobs.Queue
	Audit   Recorder
	Live    Signaller
}

// Service merges clients and takes merges apart. Safe for concurrent use.
type Service struct {
	db    *postgres.DB
	store *Store
	ports Ports
}

// New returns the room on db, and registers its errand with the queue, which must not have been started.
func New(db *postgres.DB, ports Ports) *Service {
	s := &Service{db: db, store: &Store{db}, ports: ports}
	s.registerJobs()
	return s
}

var errPreview = errors.New("preview")

// Preview says what a merge would move, by table, and changes nothing.
func (s *Service) Preview(ctx context.Context, o Order) (rows map[string]int, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		m, err := s.merge(ctx, o)
		if err != nil {
			return err
		}
		if rows, err = s.store.rowsOf(ctx, m.ID); err != nil {
			return err
		}
		return errPreview
	})
	if errors.Is(err, errPreview) {
		err = nil
	}
	return rows, err
}

// Merge makes the loser a part of the winner, in one transaction. It fails with kind Conflict and code
// changed_meanwhile when either was changed since the person looked, in_a_call while one is on the telephone, and
// kinds_differ for a person and an organisation.
func (s *Service) Merge(ctx context.Context, o Order) (m Merge, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		m, err = s.merge(ctx, o)
		return err
	})
	return m, err
}

func (s *Service) merge(ctx context.Context, o Order) (Merge, error) {
	winner, loser, err := s.both(ctx, o)
	if err != nil {
		return Merge{}, err
	}
	m := Merge{WinnerID: winner.ID, LoserID: loser.ID, WinnerName: winner.Name, LoserName: loser.Name}
	if err := s.store.insert(ctx, &m, access.ActorFrom(ctx).UserID); err != nil {
		return m, err
	}
	known, err := s.store.catalogue(ctx)
	if err != nil {
		return m, err
	}
	fields, err := s.store.fields(ctx, winner, loser, o.Fields)
	if err != nil {
		return m, err
	}
	united, err := s.ports.Leads.Unite(ctx, loser.ID, winner.ID)
	if err != nil {
		return m, err
	}
	f := &folding{s.store, m.ID, known}
	if err := f.move(ctx, known["leads"], "identity", identity(loser.ID), identity(winner.ID)); err != nil {
		return m, err
	}
	if err := f.fold(ctx, known["clients"], loser.ID, winner.ID, true); err != nil {
		return m, err
	}
	if err := s.store.finish(ctx, m.ID, fields, united); err != nil {
		return m, err
	}
	if m, err = s.store.merge(ctx, m.ID); err != nil {
		return m, err
	}
	if err := s.ports.Fields.Recompute(ctx, m.WinnerID); err != nil {
		return m, err
	}
	return m, s.tell(ctx, "client.merge", m, winner, loser)
}

// both reads and locks the two, and refuses what cannot be one.
func (s *Service) both(ctx context.Context, o Order) (winner, loser client.Client, err error) {
	if o.WinnerID == o.LoserID {
		return winner, loser, fault.New(fault.Invalid, "same_client", "This is one client already.")
	}
	for _, id := range []int64{o.WinnerID, o.LoserID} {
		if err := s.ports.Clients.CanChange(ctx, id); err != nil {
			return winner, loser, err
		}
	}
	if err := s.store.lock(ctx, o.WinnerID, o.LoserID); err != nil {
		return winner, loser, err
	}
	if winner, err = s.ports.Clients.Get(ctx, o.WinnerID); err != nil {
		return winner, loser, err
	}
	if loser, err = s.ports.Clients.Get(ctx, o.LoserID); err != nil {
		return winner, loser, err
	}
	switch {
	case winner.Version != o.WinnerVersion || loser.Version != o.LoserVersion:
		err = fault.New(fault.Conflict, "changed_meanwhile", "Somebody else has changed one of them meanwhile. Look again.")
	case winner.Kind != loser.Kind:
		err = fault.New(fault.Conflict, "kinds_differ", "A person and an organisation cannot be one client.")
	}
	return winner, loser, err
}

func identity(client int64) string { return fmt.Sprintf("c:%d", client) }

// tell records what was done to both clients and announces it.
func (s *Service) tell(ctx context.Context, action string, m Merge, winner, loser any) error {
	if err := s.ports.Audit.Record(ctx, action, "client", m.WinnerID, winner, m); err != nil {
		return err
	}
	if err := s.ports.Audit.Record(ctx, action, "client", m.LoserID, loser, m); err != nil {
		return err
	}
	for _, id := range []int64{m.WinnerID, m.LoserID} {
		s.ports.Live.Signal(ctx, "client.changed", map[string]int64{"id": id})
		s.ports.Live.Signal(ctx, "timeline.changed", map[string]int64{"client_id": id})
	}
	s.ports.Live.Signal(ctx, "leads.changed", nil)
	s.ports.Live.Signal(ctx, "duplicates.changed", nil)
	return nil
}

// Unmerge takes a merge apart, in one transaction. It fails with kind Conflict and code later_merge when a later
// merge of the same client stands in the way, named in the message.
func (s *Service) Unmerge(ctx context.Context, id int64) (m Merge, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		fields, united, err := s.ready(ctx, id, &m)
		if err != nil {
			return err
		}
		known, err := s.store.catalogue(ctx)
		if err != nil {
			return err
		}
		f := &folding{s.store, id, known}
		if err := f.unfold(ctx); err != nil {
			return err
		}
		if err := s.ports.Leads.Divide(ctx, united); err != nil {
			return err
		}
		if err := s.store.fieldsBack(ctx, m.WinnerID, fields); err != nil {
			return err
		}
		if err := s.follow(ctx, m); err != nil {
			return err
		}
		if m, err = s.store.undone(ctx, m, access.ActorFrom(ctx).UserID); err != nil {
			return err
		}
		if err := s.ports.Fields.Recompute(ctx, m.WinnerID, m.LoserID); err != nil {
			return err
		}
		return s.tell(ctx, "client.unmerge", m, nil, nil)
	})
	return m, err
}

// ready reads a merge that is to be taken apart, and locks the winner.
func (s *Service) ready(ctx context.Context, id int64, m *Merge) (fields map[string]change, united []lead.United, err error) {
	found, err := s.store.merge(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	*m = found
	if err := s.mayUndo(ctx, found); err != nil {
		return nil, nil, err
	}
	if fields, united, err = s.store.notes(ctx, id); err != nil {
		return nil, nil, err
	}
	if *m, err = s.store.merge(ctx, id); err != nil { // as it is now that it is locked
		return nil, nil, err
	}
	if m.UndoneAt != nil {
		return nil, nil, fault.New(fault.Conflict, "undone_already", "This merge was taken apart already.")
	}
	later, err := s.store.inTheWay(ctx, *m)
	if err != nil {
		return nil, nil, err
	}
	if later != "" {
		return nil, nil, fault.New(fault.Conflict, "later_merge", "Take the later merge with "+later+" apart first.").WithField("name", later)
	}
	if err := s.store.lock(ctx, m.WinnerID, m.WinnerID); err != nil {
		return nil, nil, err
	}
	return fields, united, s.ports.Clients.CanChange(ctx, m.WinnerID)
}

// mayUndo answers a merge of a client who is not ctx's actor's to change, or is now a part of such a one, before it
// says anything of it.
func (s *Service) mayUndo(ctx context.Context, m Merge) error {
	err := s.ports.Clients.CanChange(ctx, m.WinnerID)
	if fault.KindOf(err) != fault.NotFound {
		return err
	}
	next, gone := s.store.successor(ctx, m.WinnerID)
	if gone != nil {
		return errNoMerge
	}
	if err = s.ports.Clients.CanChange(ctx, next); fault.KindOf(err) == fault.NotFound {
		return errNoMerge
	}
	return err
}

// follow gives the loser what came in since over his numbers.
func (s *Service) follow(ctx context.Context, m Merge) error {
	leads, err := s.store.since(ctx, m.LoserID, m.WinnerID, m.MergedAt)
	if err != nil {
		return err
	}
	for _, id := range leads {
		if err := s.ports.Leads.LinkClient(ctx, id, m.LoserID); err != nil {
			return err
		}
	}
	return nil
}

// Merges returns the merges of a client, undone ones too, the latest first.
func (s *Service) Merges(ctx context.Context, client int64) ([]Merge, error) {
	if _, err := s.ports.Clients.Get(ctx, client); err != nil {
		return nil, err
	}
	return s.store.merges(ctx, " where m.winner_id = $1 order by m.id desc limit 100", client)
}

// Successor returns the client that a merged one is a part of now; fault.NotFound when there is none that the actor
// may see.
func (s *Service) Successor(ctx context.Context, id int64) (client.Client, error) {
	next, err := s.store.successor(ctx, id)
	if err != nil {
		return client.Client{}, err
	}
	return s.ports.Clients.Get(ctx, next)
}
