package line

import (
	"context"

	"centralita/internal/fault"
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

// Places knows what a line can lead to.
type Places interface {
	// Check refuses a place that is not there.
	Check(ctx context.Context, kind string, id int64) error
}

// Service changes lines; questions go to its Book.
type Service struct {
	*Book
	db    *postgres.DB
	store *Store
	audit Recorder
	live  Signaller

	places Places
}

// nowhere knows no place but the voicemail.
type nowhere struct{}

// Check refuses what could not be reached.
func (nowhere) Check(_ context.Context, kind string, _ int64) error {
	if kind == "voicemail" {
		return nil
	}
	return fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.entry", "is not there any more")
}

// LeadTo lets lines lead to places. To be called before the service is used;
// without it they lead to the voicemail alone.
func (s *Service) LeadTo(places Places) { s.places = places }

// New returns the service on db.
func New(db *postgres.DB, audit Recorder, live Signaller) *Service {
	store := NewStore(db)
	return &Service{Book: NewBook(store), db: db, store: store, audit: audit, live: live, places: nowhere{}}
}

// Create stores a new line and returns it with its ID. A number that another
// line has is fault.Conflict, line_number_taken.
func (s *Service) Create(ctx context.Context, l Line) (Line, error) {
	l.ID = 0
	return s.write(ctx, "line.create", func(context.Context) (Line, any, error) { return l, nil, nil })
}

// Change has edit alter the line and stores what comes out; an unknown id is
// fault.NotFound.
func (s *Service) Change(ctx context.Context, id int64, edit func(*Line)) (Line, error) {
	return s.write(ctx, "line.update", func(ctx context.Context) (Line, any, error) {
		l, err := s.store.lock(ctx, id)
		before := l
		edit(&l)
		l.ID = id
		return l, before, err
	})
}

// write checks, stores, records and announces what prepare returns.
func (s *Service) write(ctx context.Context, action string, prepare func(context.Context) (Line, any, error)) (l Line, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		var before any
		if l, before, err = prepare(ctx); err != nil {
			return err
		}
		if err := l.check(); err != nil {
			return err
		}
		if err := s.places.Check(ctx, l.Entry.Kind, l.Entry.ID); err != nil {
			return err
		}
		if err := s.store.save(ctx, &l); err != nil {
			return err
		}
		if err := s.audit.Record(ctx, action, "line", l.ID, before, l); err != nil {
			return err
		}
		postgres.AfterCommit(ctx, s.Forget) // before the browsers ask again
		s.live.Signal(ctx, "lines.changed", nil)
		return nil
	})
	return l, err
}
