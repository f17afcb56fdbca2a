package realtime

import (
	"context"
	"log/slog"
	"time"

	"centralita/internal/postgres"
)

// Store keeps the streams. Append works in ctx's transaction, the others read
// what is committed.
type Store interface {
	// Append takes the user's next number and writes the event, in one statement
	// that may travel with the transaction's next one or its commit; written is
	// called when it has run, before the commit.
	Append(ctx context.Context, userID int64, kind string, body []byte, written func(epoch string, e Event)) error
	// Since returns the user's position and, of one snapshot with it, the events
	// after the number after, in order, at most limit. A user without a stream gets one.
	Since(ctx context.Context, userID, after int64, limit int) (Position, []Event, error)
	// Positions returns the positions of those of the users that have a stream.
	Positions(ctx context.Context, userIDs []int64) (map[int64]Position, error)
	// Prune deletes events older than keep and returns how many.
	Prune(ctx context.Context, keep time.Duration) (int64, error)
}

// Log is where rooms write what browsers shall see. Safe for concurrent use.
type Log struct {
	store   Store
	bus     Bus
	signals *gatherer
}

// NewLog returns a log on store that announces on bus.
func NewLog(store Store, bus Bus) *Log {
	return &Log{store: store, bus: bus, signals: &gatherer{bus: bus}}
}

// Append adds an event to the user's stream inside ctx's transaction, or in a
// statement of its own when there is none, and delivers it after the commit.
// data becomes JSON of at most MaxEventBytes. The user's stream stays locked
// until the commit: append last in a transaction, and to several users in
// ascending order of their ids.
func (l *Log) Append(ctx context.Context, userID int64, kind string, data any) error {
	body, err := encode(kind, data, MaxEventBytes)
	if err != nil {
		return err
	}
	var m Message
	written := func(epoch string, e Event) {
		m = Message{Kind: MessageEvent, UserID: userID, At: Position{Epoch: epoch, Seq: e.Seq}, Frame: e.frame()}
	}
	if _, open := postgres.Tx(ctx); !open {
		if err := l.store.Append(ctx, userID, kind, body, written); err != nil {
			return err
		}
		l.bus.Publish(m)
		return nil
	}
	// Its place among what the transaction announces is that of this call, whenever it is written.
	postgres.AfterCommit(ctx, func() {
		if m.Kind != "" {
			l.bus.Publish(m)
		}
	})
	return l.store.Append(ctx, userID, kind, body, written)
}

// Signal tells every connected browser, a moment after ctx's transaction commits
// and after its events, that something changed; the same signal several times in
// that moment is told once. data holds ids only, at most MaxSignalBytes; nil stands
// for no data. Signals are not stored: a browser fetches anew when it connects.
func (l *Log) Signal(ctx context.Context, kind string, data any) {
	body, err := encode(kind, data, MaxSignalBytes)
	if err != nil {
		slog.ErrorContext(ctx, "live signal dropped", "kind", kind, "error", err)
		return
	}
	frame := signalFrame(kind, body)
	postgres.AfterCommit(ctx, func() { l.signals.add(frame) })
}

// KickUser ends all sockets of the user in every process, after ctx's
// transaction commits.
func (l *Log) KickUser(ctx context.Context, userID int64) {
	postgres.AfterCommit(ctx, func() { l.bus.Publish(Message{Kind: MessageKickUser, UserID: userID}) })
}

// KickSession ends all sockets of the session in every process, after ctx's
// transaction commits.
func (l *Log) KickSession(ctx context.Context, sessionID int64) {
	postgres.AfterCommit(ctx, func() { l.bus.Publish(Message{Kind: MessageKickSession, SessionID: sessionID}) })
}

// Prune deletes events older than keep and returns how many. A browser that
// was away for longer is told to fetch all state anew.
func (l *Log) Prune(ctx context.Context, keep time.Duration) (int64, error) {
	return l.store.Prune(ctx, keep)
}
