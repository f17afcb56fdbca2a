package access

import (
	"context"
	"slices"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// Prove notes that the actor has shown again who he is, by his password or by a
// code. Guesses count like those of a login.
func (s *Service) Prove(ctx context.Context, password, code string) error {
	a := ActorFrom(ctx)
	if code != "" {
		return s.proveByCode(ctx, a, code)
	}
	if err := s.ownPassword(ctx, a, password); err != nil {
		return err
	}
	return s.proved(ctx, a)
}

// proveByCode counts the guess for good before it is looked at.
func (s *Service) proveByCode(ctx context.Context, a Actor, code string) error {
	if err := s.throttle.take(ctx, codeKey(a.UserID)); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		have, err := s.store.second(ctx, a.UserID)
		if err != nil {
			return err
		}
		ok, err := s.secondFactor(ctx, a.UserID, code)
		if err != nil {
			return err
		}
		if !ok || !have.Confirmed {
			return errWrongCode
		}
		if err := s.throttle.forget(ctx, codeKey(a.UserID)); err != nil {
			return err
		}
		return s.proved(ctx, a)
	})
}

func (s *Service) proved(ctx context.Context, a Actor) error {
	postgres.AfterCommit(ctx, func() { s.known.drop(func(other Actor) bool { return other.SessionID == a.SessionID }) })
	return s.store.prove(ctx, a.SessionID, s.opts.Now())
}

// ownPassword compares what was given with the actor's password.
func (s *Service) ownPassword(ctx context.Context, a Actor, password string) error {
	key := accountKey(a.Login)
	if err := s.throttle.take(ctx, key); err != nil {
		return err
	}
	hash, err := s.store.passwordOf(ctx, a.UserID)
	if err != nil {
		return err
	}
	ok, err := s.hash.matches(ctx, password, hash)
	if err != nil {
		return err
	}
	if !ok {
		return errWrongSecret
	}
	return s.throttle.forget(ctx, key)
}

// ChangePassword gives the actor a new password for the one he has, and ends
// his other sessions. The session he asks in goes on under the token returned;
// the one it had is worth nothing.
func (s *Service) ChangePassword(ctx context.Context, current, fresh string) (token string, err error) {
	a := ActorFrom(ctx)
	if err := s.ownPassword(ctx, a, current); err != nil {
		return "", err
	}
	if fresh == current {
		return "", fault.New(fault.Invalid, "password_same", "Choose a password that you do not have already.").WithField("body.password", "the same")
	}
	if err := checkPassword(fresh, a.Login); err != nil {
		return "", err
	}
	hash, err := s.hash.make(ctx, fresh)
	if err != nil {
		return "", err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.setPassword(ctx, a.UserID, hash, false); err != nil {
			return err
		}
		ended, err := s.end(ctx, ending{user: a.UserID, keep: a.SessionID, browsers: true})
		if err != nil {
			return err
		}
		var tokenHash [32]byte
		token, tokenHash = newToken()
		if err := s.store.renewSession(ctx, a.SessionID, tokenHash, s.opts.Now()); err != nil {
			return err
		}
		s.forgetUser(ctx, a.UserID)
		slices.Sort(ended)
		return s.audit.Record(ctx, "set_password", "user", a.UserID, nil, map[string]any{"ended_sessions": ended})
	})
	return token, err
}
