package access

import (
	"context"

	"centralita/internal/fault"
)

var errGone = fault.New(fault.Forbidden, "user_disabled", "This user does not work here any more.")

// ActorOf returns a user as an actor with the rights that he has at this moment,
// for work that goes on in his name when he has left the screen. One who is
// disabled, or does not exist, is fault.Forbidden.
func (s *Service) ActorOf(ctx context.Context, id int64) (Actor, error) {
	a, err := s.store.actorOf(ctx, id, s.opts.Now())
	if fault.KindOf(err) == fault.NotFound {
		return a, errGone
	}
	return a, err
}
