package access

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"centralita/internal/fault"
	"centralita/internal/web"
)

var _ web.Keeper = (*Service)(nil)

// proofFor is how long a proof of who somebody is holds for what cannot be
// taken back.
const proofFor = 15 * time.Minute

// due is what somebody must do before anything else.
type due string

const (
	duePassword     due = "password_change_required"
	dueSecondFactor due = "second_factor_setup_required"
)

var dueTexts = map[due]string{
	duePassword:     "Choose a new password first.",
	dueSecondFactor: "Your role needs a second factor. Set it up first.",
}

// dueOf is what a session's row says of its user.
func dueOf(u User, f Firm) due {
	switch {
	case u.MustChangePassword:
		return duePassword
	case !u.SecondFactor && slices.ContainsFunc(u.Roles, func(role string) bool { return slices.Contains(f.SecondFactorRoles, role) }):
		return dueSecondFactor
	}
	return ""
}

// standing is what of an actor only the gate looks at.
type standing struct {
	program  bool // comes with a token
	provedAt time.Time
	due      due
}

// EnterToken implements web.Keeper.
func (s *Service) EnterToken(ctx context.Context, token string) (context.Context, error) {
	if !strings.HasPrefix(token, tokenPrefix) {
		return ctx, errSession
	}
	return s.enter(ctx, token, true)
}

// enter returns ctx with the actor of a live session, of the sort that is meant.
func (s *Service) enter(ctx context.Context, token string, program bool) (context.Context, error) {
	if len(token) > 100 {
		return ctx, errSession
	}
	hash := sha256.Sum256([]byte(token))
	now := s.opts.Now()
	found, ok := s.known.get(hash, now)
	if !ok {
		var err error
		if found, err = s.lookUp(ctx, hash); err != nil {
			return ctx, err
		}
	}
	if found.actor.program != program || !found.live(now, s.opts.Idle) {
		return ctx, errSession
	}
	return WithActor(ctx, found.actor), nil
}

// Ready implements web.Keeper.
func (s *Service) Ready(ctx context.Context) error {
	if d := ActorFrom(ctx).due; d != "" {
		return fault.New(fault.Forbidden, string(d), dueTexts[d])
	}
	return nil
}

// AtKeyboard implements web.Keeper.
func (s *Service) AtKeyboard(ctx context.Context) error {
	if ActorFrom(ctx).program {
		return fault.New(fault.Forbidden, "not_for_tokens", "This is for people who are signed in, not for programs with a token.")
	}
	return nil
}

// Proved implements web.Keeper. A program has shown it when its token was made.
func (s *Service) Proved(ctx context.Context) error {
	a := ActorFrom(ctx)
	if a.program || s.opts.Now().Sub(a.provedAt) < proofFor {
		return nil
	}
	return fault.New(fault.Forbidden, "proof_required", "Confirm that it is you: enter your password or a code.")
}
