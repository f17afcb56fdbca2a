package access

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"centralita/internal/fault"
	"centralita/internal/phone"
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
		all, err := s.store.lockRoles(ctx)
		if err != nil {
			return err
		}
		if err := mayGive(ctx, all, n.Roles...); err != nil {
			return err
		}
		if added, err = s.store.addUser(ctx, n, hash); err != nil {
			return err
		}
		s.usersChanged(ctx, added.ID)
		return s.audit.Record(ctx, "add", "user", added.ID, nil, added)
	})
	return added, err
}

// ChangeUser changes a user. It refuses to leave the firm without anybody who
// can manage users and roles, and to touch one who can do more than the actor.
// A user who is disabled loses his sessions, sockets and phone.
func (s *Service) ChangeUser(ctx context.Context, id int64, c UserChange) (User, error) {
	var after User
	if err := s.readMobile(ctx, c.Mobile); err != nil {
		return after, err
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		all, err := s.store.lockRoles(ctx)
		if err != nil {
			return err
		}
		admins, err := s.administrators(ctx, all)
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
		if err := mayGive(ctx, all, slices.Concat(before.Roles, after.Roles)...); err != nil {
			return err
		}
		if err := s.store.saveUser(ctx, after); err != nil {
			return err
		}
		if err := s.keepAnAdmin(ctx, admins); err != nil {
			return err
		}
		if err := s.settle(ctx, before, after); err != nil {
			return err
		}
		return s.audit.Record(ctx, "change", "user", id, before, after)
	})
	return after, err
}

// SetMobile gives ctx's actor the number that his reminders go to; "" takes it
// away. It is written as people write numbers, and kept in E.164.
func (s *Service) SetMobile(ctx context.Context, mobile string) error {
	if err := s.readMobile(ctx, &mobile); err != nil {
		return err
	}
	id := ActorFrom(ctx).UserID
	return s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.user(ctx, id, true)
		if err != nil || before.Mobile == mobile {
			return err
		}
		after := before
		after.Mobile = mobile
		if err := s.store.saveUser(ctx, after); err != nil {
			return err
		}
		s.live.Signal(ctx, "users.changed", map[string]int64{"id": id})
		return s.audit.Record(ctx, "change", "user", id, before, after)
	})
}

// readMobile makes a number that was typed E.164, read as one of the firm's country.
func (s *Service) readMobile(ctx context.Context, mobile *string) error {
	if mobile == nil || strings.TrimSpace(*mobile) == "" {
		if mobile != nil {
			*mobile = ""
		}
		return nil
	}
	firm, err := s.store.firm(ctx)
	if err != nil {
		return err
	}
	n := phone.Parse(*mobile, firm.Country)
	if n.E164 == "" || !n.Dialable {
		return fault.New(fault.Invalid, "number_invalid", "This is not a telephone number.").WithField("body.mobile", "not a number")
	}
	*mobile = n.E164
	return nil
}

// settle makes a change of a user felt.
func (s *Service) settle(ctx context.Context, before, after User) error {
	s.forgetUser(ctx, after.ID)
	s.usersChanged(ctx, after.ID)
	if !before.Active || after.Active {
		return nil
	}
	if _, err := s.end(ctx, ending{user: after.ID}); err != nil {
		return err
	}
	s.live.KickUser(ctx, after.ID)
	_, err := s.store.renewPhone(ctx, after.ID, s.opts.Now())
	return err
}

func (s *Service) usersChanged(ctx context.Context, id int64) {
	s.live.Signal(ctx, "users.changed", map[string]int64{"id": id})
	for _, fn := range s.onPhones {
		postgres.AfterCommit(ctx, fn)
	}
}

// SetPassword gives a user a new password and ends his sessions, but for the
// one the change is made in. With change he must choose another when he comes.
func (s *Service) SetPassword(ctx context.Context, id int64, password string, change bool) error {
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
		all, err := s.store.lockRoles(ctx)
		if err != nil {
			return err
		}
		u, err := s.store.user(ctx, id, true)
		if err != nil {
			return err
		}
		if err := mayGive(ctx, all, u.Roles...); err != nil {
			return err
		}
		if err := s.store.setPassword(ctx, id, hash, change); err != nil {
			return err
		}
		if _, err := s.end(ctx, ending{user: id, keep: ActorFrom(ctx).SessionID, browsers: true}); err != nil {
			return err
		}
		if err := s.renewPhone(ctx, id); err != nil {
			return err
		}
		s.forgetUser(ctx, id)
		return s.audit.Record(ctx, "set_password", "user", id, nil, map[string]bool{"must_change": change})
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

// mayGive returns nil when ctx's actor holds, himself, all that these roles give:
// nobody hands out, or takes a hand in, more than he has, and the owner's role
// comes from an owner alone. Unknown roles are
// refused.
func mayGive(ctx context.Context, all []Role, keys ...string) error {
	actor := ActorFrom(ctx)
	for _, key := range keys {
		at := slices.IndexFunc(all, func(r Role) bool { return r.Key == key })
		if at < 0 {
			return invalid("roles", "there is no such role")
		}
		if !actor.System() && (!actor.rights().covers(all[at].Grants) || key == Owner && !slices.Contains(actor.Roles, Owner)) {
			return errMoreThanYours
		}
	}
	return nil
}

// administrators returns the active users who may manage users and roles.
func (s *Service) administrators(ctx context.Context, all []Role) ([]int64, error) {
	var keys []string
	for _, r := range all {
		if r.has(UsersWrite) {
			keys = append(keys, r.Key)
		}
	}
	return s.store.holders(ctx, keys)
}

var errMoreThanYours = fault.New(fault.Forbidden, "more_than_yours", "This role can do more than yours. Only somebody who has it may give it.")

var errLastAdmin = fault.New(fault.Conflict, "last_admin", "Somebody must stay who can manage users and roles.")

// keepAnAdmin fails when there were administrators before and nobody would be
// left who can manage users and roles.
func (s *Service) keepAnAdmin(ctx context.Context, before []int64) error {
	all, err := s.store.roles(ctx)
	if err != nil {
		return err
	}
	left, err := s.administrators(ctx, all)
	if err == nil && len(left) == 0 && len(before) > 0 {
		return errLastAdmin
	}
	return err
}
