package access

import (
	"context"
	"time"

	"centralita/internal/fault"
)

// Session is a browser that is signed in, as people see it. IP is where it
// signed in from, Browser what it said it was. Current is the one that asks.
type Session struct {
	ID        int64     `json:"id"`
	UserID    int64     `json:"user_id"`
	UserName  string    `json:"user_name"`
	Login     string    `json:"login"`
	IP        string    `json:"ip"`
	Browser   string    `json:"browser" doc:"the user agent, as the browser sent it"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at" doc:"last use, to the minute"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current"`
}

var errNoSession = fault.New(fault.NotFound, "not_found", "There is nothing here.")

// sessionFilter narrows a list of live sessions; zero values do not. Before is
// the id below which the page begins.
type sessionFilter struct {
	User, Before int64
	Limit        int
}

// Sessions returns browsers that are signed in, the latest sign-in first.
func (s *Service) Sessions(ctx context.Context, f sessionFilter) ([]Session, error) {
	now := s.opts.Now()
	all, err := s.store.sessions(ctx, f, now, now.Add(-s.opts.Idle))
	own := ActorFrom(ctx).SessionID
	for i := range all {
		all[i].Current = all[i].ID == own
	}
	return all, err
}

// EndSession ends a session, and everything that is open in it. With user not 0
// it must be one of his; another's is not found.
func (s *Service) EndSession(ctx context.Context, id, user int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		owner, err := s.store.sessionOwner(ctx, id)
		if err != nil {
			return err
		}
		if user != 0 && owner != user {
			return errNoSession
		}
		return s.endAndRecord(ctx, ending{user: owner, only: id})
	})
}

// EndSessions ends all sessions of a user's browsers, but for the one that asks.
func (s *Service) EndSessions(ctx context.Context, user int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.store.user(ctx, user, true); err != nil {
			return err
		}
		return s.endAndRecord(ctx, ending{user: user, keep: ActorFrom(ctx).SessionID, browsers: true})
	})
}

// endAndRecord ends sessions with an entry for each. A softphone whose user has
// no session left loses its password with the last one.
func (s *Service) endAndRecord(ctx context.Context, e ending) error {
	ended, err := s.end(ctx, e)
	if err != nil || len(ended) == 0 {
		return err
	}
	if err := s.renewPhone(ctx, e.user); err != nil {
		return err
	}
	for _, id := range ended {
		if err := s.audit.Record(ctx, "end", "session", id, map[string]int64{"user_id": e.user}, nil); err != nil {
			return err
		}
	}
	return nil
}

// renewPhone takes the softphone of a user who has no session left out of the
// switch: whoever still knows its password has nothing.
func (s *Service) renewPhone(ctx context.Context, user int64) error {
	renewed, err := s.store.renewPhone(ctx, user, s.opts.Now())
	if renewed {
		s.usersChanged(ctx, user)
	}
	return err
}
