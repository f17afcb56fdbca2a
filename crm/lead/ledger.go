package lead

import (
	"context"
	"time"

	"centralita/internal/postgres"
)

// Auditor remembers who did what, in ctx's transaction. The audit room is one.
type Auditor interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
	// Clause returns the insertion of such entries, one for each row with the
	// column id that the constant SQL from yields, to be a part of a larger
	// statement; its own parameters are numbered from first on.
	Clause(ctx context.Context, action, entity, from string, first int, before, after any) (sql string, args []any, err error)
	// Looking begins to note that the actor is about to be shown something;
	// what it returns waits for the outcome, and on an error nothing is shown.
	Looking(ctx context.Context, action, entity string, id int64, detail any) (wait func() error)
}

// Signals tells browsers, after ctx's transaction has committed, that something
// changed. realtime.Log is one.
type Signals interface {
	Signal(ctx context.Context, kind string, data any)
}

// Ledger is the ledger. Every method works in ctx's transaction when there is
// one, and in its own otherwise. Safe for concurrent use by any number of
// processes.
type Ledger struct {
	db      *postgres.DB
	audit   Auditor
	signals Signals
	now     func() time.Time
	boards  easel
	ids     ids
	wants   func(ctx context.Context, kind string) bool
	follow  func(ctx context.Context, kind string, lead int64) error
}

// NewLedger returns the ledger kept in db.
func NewLedger(db *postgres.DB, audit Auditor, signals Signals) *Ledger {
	return &Ledger{db: db, audit: audit, signals: signals, now: time.Now}
}

// Follow has fn called in the transaction in which a lead is opened, closed or
// reopened (the kinds), as long as wants says that somebody cares; its error
// undoes that. Call it before the ledger is used.
func (l *Ledger) Follow(wants func(ctx context.Context, kind string) bool, fn func(ctx context.Context, kind string, lead int64) error) {
	l.wants, l.follow = wants, fn
}

func (l *Ledger) followed(ctx context.Context, kind string, lead int64) error {
	if l.follow == nil || !l.wants(ctx, kind) {
		return nil
	}
	return l.follow(ctx, kind, lead)
}

// changed tells browsers that a lead, and with it the client's timeline, changed.
func (l *Ledger) changed(ctx context.Context, lead int64, client *int64) {
	l.signals.Signal(ctx, "leads.changed", map[string]int64{"id": lead})
	if client != nil {
		l.signals.Signal(ctx, "timeline.changed", map[string]int64{"client_id": *client})
	}
}
