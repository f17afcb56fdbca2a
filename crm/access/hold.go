package access

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// lookEvery is how often the sessions in which something is held open are
// looked at: other processes may have ended them.
const lookEvery = time.Second

// hold is one stream or socket.
type hold struct{ cancel context.CancelCauseFunc }

// holds are the streams and sockets that go on, by session.
type holds struct {
	mu   sync.Mutex
	open map[int64]map[*hold]struct{}
}

func newHolds() *holds { return &holds{open: map[int64]map[*hold]struct{}{}} }

func (h *holds) add(session int64, one *hold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[session] == nil {
		h.open[session] = map[*hold]struct{}{}
	}
	h.open[session][one] = struct{}{}
}

func (h *holds) remove(session int64, one *hold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open[session], one)
	if len(h.open[session]) == 0 {
		delete(h.open, session)
	}
}

func (h *holds) sessions() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]int64, 0, len(h.open))
	for id := range h.open {
		ids = append(ids, id)
	}
	return ids
}

// cut ends what is held open in those sessions.
func (h *holds) cut(sessions []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range sessions {
		for one := range h.open[id] {
			one.cancel(errSession)
		}
	}
}

// Hold implements web.Keeper: the context ends as soon as this process learns
// that the session of ctx's actor has, which is within a second and a query.
func (s *Service) Hold(ctx context.Context) (held context.Context, release func()) {
	session := ActorFrom(ctx).SessionID
	held, cancel := context.WithCancelCause(ctx)
	one := &hold{cancel: cancel}
	s.holds.add(session, one)
	return held, func() {
		s.holds.remove(session, one)
		cancel(context.Canceled)
	}
}

// Run ends what is held open in sessions that other processes have ended, or
// that have run out, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.look(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "sessions not looked at", "error", err)
		}
	}
}

func (s *Service) look(ctx context.Context) error {
	ids := s.holds.sessions()
	if len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*lookEvery)
	defer cancel()
	over, err := s.EndedSessions(ctx, ids)
	if err != nil {
		return err
	}
	s.known.drop(func(a Actor) bool { return slices.Contains(over, a.SessionID) })
	s.holds.cut(over)
	return nil
}
