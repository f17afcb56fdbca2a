package access

import (
	"context"
	"reflect"
	"slices"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// These are the acts of an administrator; a program started on the machine
// itself may do them as well. The handlers ask for the right, not these methods.

// AddUser adds a user with a phone of his own.
func (s *Service) AddUser(ctx context.Context, n NewUser) (User, error) {
	if err := n.normalise(); err != nil {
		return User{}, err
	}
	hash, err := s.hash.make(ctx, n.Password)
	if err != nil {
		return User{}, err
	}
	var added User
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if added, err = s.store.addUser(ctx, n, hash); err != nil {
			return err
		}
		s.usersChanged(ctx, added.ID)
		return s.audit.Record(ctx, "add", "user", added.ID, nil, added)
	})
	return added, err
}

// ChangeUser changes a user. It refuses to leave the firm without an active
// administrator. A user who is disabled loses his sessions, sockets and phone.
func (s *Service) ChangeUser(ctx context.Context, id int64, c UserChange) (User, error) {
	var after User
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		admins, err := s.store.lockAdmins(ctx)
		if err != nil {
			return err
		}
		before, err := s.store.user(ctx, id, true)
		if err != nil {
			return err
		}
		after = before
		if err := c.apply(&after); err != nil {
			return err
		}
		if reflect.DeepEqual(before, after) {
			return nil
		}
		if !after.administers() && len(admins) == 1 && admins[0] == id {
			return fault.New(fault.Conflict, "last_admin", "Somebody must stay an administrator.")
		}
		if err := s.store.saveUser(ctx, after); err != nil {
			return err
		}
		if err := s.settle(ctx, before, after); err != nil {
			return err
		}
		return s.audit.Record(ctx, "change", "user", id, before, after)
	})
	return after, err
}

func (u User) administers() bool { return u.Active && slices.Contains(u.Roles, Admin) }

// settle makes a change of a user felt.
func (s *Service) settle(ctx context.Context, before, after User) error {
	s.forgetUser(ctx, after.ID)
	s.usersChanged(ctx, after.ID)
	if !before.Active || after.Active {
		return nil
	}
	if err := s.end(ctx, after.ID, 0, 0); err != nil {
		return err
	}
	s.live.KickUser(ctx, after.ID)
	return nil
}

func (s *Service) usersChanged(ctx context.Context, id int64) {
	s.live.Signal(ctx, "users.changed", map[string]int64{"id": id})
	for _, fn := range s.onPhones {
		postgres.AfterCommit(ctx, fn)
	}
}

// SetPassword gives a user a new password and ends his sessions, but for the
// one the change is made in.
func (s *Service) SetPassword(ctx context.Context, id int64, password string) error {
	u, err := s.store.user(ctx, id, false)
	if err != nil {
		return err
	}
	if err := checkPassword(password, u.Login); err != nil {
		return err
	}
	hash, err := s.hash.make(ctx, password)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.store.user(ctx, id, true); err != nil {
			return err
		}
		if err := s.store.setPassword(ctx, id, hash); err != nil {
			return err
		}
		if err := s.end(ctx, id, 0, ActorFrom(ctx).SessionID); err != nil {
			return err
		}
		return s.audit.Record(ctx, "set_password", "user", id, nil, nil)
	})
}

// ChangeFirm changes the firm's settings.
func (s *Service) ChangeFirm(ctx context.Context, c FirmChange) (Firm, error) {
	var after Firm
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.firm(ctx)
		if err != nil {
			return err
		}
		after = before
		after.AllowedCountries = slices.Clone(before.AllowedCountries)
		if err := c.apply(&after); err != nil {
			return err
		}
		if err := s.store.saveFirm(ctx, after); err != nil {
			return err
		}
		s.live.Signal(ctx, "firm.changed", nil)
		return s.audit.Record(ctx, "change", "firm", 1, before, after)
	})
	return after, err
}
