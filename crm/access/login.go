package access

import (
	"context"
	"errors"
	"log/slog"

	"centralita/internal/fault"
	"centralita/internal/web"
)

var errCredentials = fault.New(fault.Unauthenticated, "bad_credentials", "The login or the password is wrong.")

// Login checks a login and its password and begins a session, whose token it
// returns. It fails with kind Unauthenticated and code bad_credentials, in the
// same time and words whether or not there is such a user, or with kind Limited.
// Who has a second factor is asked for its code, by code_required, once the
// password was right, and gives both together; a wrong one is bad_code.
func (s *Service) Login(ctx context.Context, login, password, code string) (token string, actor Actor, err error) {
	request := web.RequestFrom(ctx)
	account, address := accountKey(login), addressKey(request.ClientIP)
	if err := s.throttle.take(ctx, account, address); err != nil {
		return "", Actor{}, err
	}
	id, hash, err := s.store.credentials(ctx, login)
	if err != nil {
		return "", Actor{}, err
	}
	ok, err := s.hash.matches(ctx, password, hash)
	if err != nil {
		return "", Actor{}, err
	}
	if !ok {
		slog.DebugContext(ctx, "login refused", "ip", request.ClientIP, "request_id", request.ID)
		return "", Actor{}, s.refused(ctx, id, errCredentials)
	}
	if err := s.countCode(ctx, id, code, account, address); err != nil {
		return "", Actor{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if token, actor, err = s.begin(ctx, id, hash, code); err != nil {
			return err
		}
		return s.throttle.forgive(ctx, account, address)
	})
	if errors.Is(err, errBadCode) {
		err = s.refused(ctx, id, errBadCode)
	}
	return token, actor, err
}

// refused writes down that somebody did not get in, and returns why. What was
// typed is not kept: it may be a password in the wrong field.
func (s *Service) refused(ctx context.Context, user int64, why error) error {
	if err := s.audit.Record(ctx, "login.failed", "user", user, nil, nil); err != nil {
		return err
	}
	return why
}

// countCode counts a guess at the code of somebody who has a second factor,
// before it is looked at. Without one, half of a login is done: no failure.
func (s *Service) countCode(ctx context.Context, user int64, code, account, address string) error {
	has, err := s.store.hasSecond(ctx, user)
	if err != nil || !has {
		return err
	}
	if code == "" {
		return errors.Join(errCodeNeeded, s.throttle.giveBack(ctx, account, address))
	}
	return s.throttle.take(ctx, codeKey(user))
}

// begin starts a session of a user whose password was found right; hash is the
// one it was compared with, lest it was changed or the user disabled meanwhile.
func (s *Service) begin(ctx context.Context, id int64, hash, code string) (string, Actor, error) {
	if _, err := s.store.user(ctx, id, true); err != nil {
		return "", Actor{}, err
	}
	actor, err := s.store.actorOf(ctx, id, s.opts.Now())
	if err != nil {
		return "", Actor{}, err
	}
	if _, still, err := s.store.credentials(ctx, actor.Login); err != nil || still != hash {
		return "", Actor{}, errors.Join(err, errCredentials)
	}
	right, err := s.secondFactor(ctx, id, code)
	if err != nil {
		return "", Actor{}, err
	}
	if !right {
		return "", Actor{}, errBadCode
	}
	if err := s.throttle.forget(ctx, codeKey(id)); err != nil {
		return "", Actor{}, err
	}
	token, tokenHash := newToken()
	now, request := s.opts.Now(), web.RequestFrom(ctx)
	actor.SessionID, err = s.store.addSession(ctx, id, tokenHash, now, now.Add(s.opts.Life), request.ClientIP, request.UserAgent)
	if err != nil {
		return "", Actor{}, err
	}
	return token, actor, s.audit.Record(WithActor(ctx, actor), "login", "session", actor.SessionID, nil, nil)
}
