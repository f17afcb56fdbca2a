package access

import (
	"context"
	"crypto/rand"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"centralita/internal/fault"
	"centralita/internal/web"
)

// RoleDraft is a role of the firm's own in the making: a copy of another one.
type RoleDraft struct {
	Name string `json:"name" minLength:"1" maxLength:"60"`
	From string `json:"from" maxLength:"40" doc:"The role it begins as a copy of"`
}

// RoleChange changes what is not nil. Records replaces all scopes of the kinds
// that it names; rights and fields replace what was there.
type RoleChange struct {
	Name    *string                    `json:"name,omitempty" maxLength:"60"`
	Records *map[Entity]map[Verb]Scope `json:"records,omitempty"`
	Rights  *[]web.Permission          `json:"rights,omitempty" maxItems:"100"`
	Fields  *map[string]Mask           `json:"fields,omitempty"`
}

var (
	errNoRole    = fault.New(fault.NotFound, "not_found", "There is no such role.")
	errOwnerRole = fault.New(fault.Conflict, "owner_role", "The owner's role stays whole.")
	errBuiltin   = fault.New(fault.Conflict, "builtin_role", "A built-in role cannot be removed.")
	errRoleHeld  = fault.New(fault.Conflict, "role_held", "Somebody still has this role.")
)

// MaskedFields are the fields that a role may mask, besides those that the firm
// has added itself.
var MaskedFields = []string{PhoneField, EmailField, NoteField}

var ownField = regexp.MustCompile(`^custom\.[0-9]{1,18}$`)

// Roles returns all roles, the least powerful built-in one first, then the firm's.
func (s *Service) Roles(ctx context.Context) ([]Role, error) { return s.store.roles(ctx) }

// AddRole makes a role of the firm's own as a copy of another one.
func (s *Service) AddRole(ctx context.Context, d RoleDraft) (Role, error) {
	var added Role
	name, err := roleName(d.Name)
	if err != nil {
		return added, err
	}
	err = s.changeRoles(ctx, func(ctx context.Context, all []Role) error {
		from, err := pick(ctx, all, d.From)
		if err != nil {
			return err
		}
		added = Role{Key: "own_" + strings.ToLower(rand.Text()[:12]), Name: name, Grants: from.Grants}
		if err := s.store.addRole(ctx, added); err != nil {
			return err
		}
		return s.audit.Record(ctx, "role.add", "role", 0, nil, added)
	})
	return added, err
}

// ChangeRole changes a role. Nobody gives more than he has himself, the owner's
// role stays whole, and somebody must stay who can manage users and roles.
func (s *Service) ChangeRole(ctx context.Context, key string, c RoleChange) (Role, error) {
	var after Role
	err := s.changeRoles(ctx, func(ctx context.Context, all []Role) error {
		before, err := pick(ctx, all, key)
		if err != nil {
			return err
		}
		if key == Owner {
			return errOwnerRole
		}
		if after, err = c.apply(before); err != nil {
			return err
		}
		if reflect.DeepEqual(before, after) {
			return nil
		}
		if !ActorFrom(ctx).System() && !ActorFrom(ctx).rights().covers(after.Grants) {
			return errMoreThanYours
		}
		after.Edited = after.Builtin
		if err := s.store.saveRole(ctx, after); err != nil {
			return err
		}
		return s.audit.Record(ctx, "role.change", "role", 0, before, after)
	})
	return after, err
}

// ResetRole makes a built-in role what the program brings again.
func (s *Service) ResetRole(ctx context.Context, key string) (Role, error) {
	var after Role
	err := s.changeRoles(ctx, func(ctx context.Context, all []Role) error {
		before, err := pick(ctx, all, key)
		if err != nil {
			return err
		}
		if !before.Builtin {
			return errNoRole
		}
		after = stored{Key: key, Name: before.Name, Builtin: true}.role()
		if !ActorFrom(ctx).System() && !ActorFrom(ctx).rights().covers(after.Grants) {
			return errMoreThanYours
		}
		if err := s.store.resetRole(ctx, key); err != nil {
			return err
		}
		return s.audit.Record(ctx, "role.reset", "role", 0, before, after)
	})
	return after, err
}

// RemoveRole removes a role of the firm's own that nobody has.
func (s *Service) RemoveRole(ctx context.Context, key string) error {
	return s.changeRoles(ctx, func(ctx context.Context, all []Role) error {
		before, err := pick(ctx, all, key)
		if err != nil {
			return err
		}
		if before.Builtin {
			return errBuiltin
		}
		held, err := s.store.held(ctx, key)
		if err != nil {
			return err
		}
		if held {
			return errRoleHeld
		}
		if err := s.store.removeRole(ctx, key); err != nil {
			return err
		}
		return s.audit.Record(ctx, "role.remove", "role", 0, before, nil)
	})
}

// changeRoles has fn change roles, one change after the other, and lets it stand
// when somebody is left who can manage users and roles. It is felt at once.
func (s *Service) changeRoles(ctx context.Context, fn func(ctx context.Context, all []Role) error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		all, err := s.store.lockRoles(ctx)
		if err != nil {
			return err
		}
		admins, err := s.administrators(ctx, all)
		if err != nil {
			return err
		}
		if err := fn(ctx, all); err != nil {
			return err
		}
		s.forgetAll(ctx)
		s.live.Signal(ctx, "roles.changed", nil)
		return s.keepAnAdmin(ctx, admins)
	})
}

// pick returns a role that ctx's actor may have a hand in.
func pick(ctx context.Context, all []Role, key string) (Role, error) {
	at := slices.IndexFunc(all, func(r Role) bool { return r.Key == key })
	if at < 0 {
		return Role{}, errNoRole
	}
	return all[at], mayGive(ctx, all, key)
}

func roleName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > 60 || strings.ContainsFunc(name, isControl) {
		return "", invalid("name", "1 to 60 characters")
	}
	return name, nil
}

// apply returns r as c changes it.
func (c RoleChange) apply(r Role) (Role, error) {
	var err error
	if c.Name != nil && (*c.Name != "" || !r.Builtin) {
		if r.Name, err = roleName(*c.Name); err != nil {
			return r, err
		}
	}
	if c.Records != nil {
		if r.Records, err = merged(r.Records, *c.Records); err != nil {
			return r, err
		}
	}
	if c.Rights != nil {
		r.Rights = slices.Clone(*c.Rights)
		slices.Sort(r.Rights)
		r.Rights = slices.Compact(r.Rights)
		for _, p := range r.Rights {
			if !slices.Contains(Rights, p) {
				return r, invalid("rights", "there is no such right")
			}
		}
	}
	if c.Fields != nil {
		r.Fields = *c.Fields
		for field := range r.Fields {
			if !slices.Contains(MaskedFields, field) && !ownField.MatchString(field) {
				return r, invalid("fields", "there is no such field")
			}
		}
	}
	return r, nil
}

// merged replaces the scopes of the kinds that are given; none is left out.
func merged(old, given map[Entity]map[Verb]Scope) (map[Entity]map[Verb]Scope, error) {
	out := map[Entity]map[Verb]Scope{}
	for _, k := range kinds {
		from := old[k.Entity]
		if verbs, ok := given[k.Entity]; ok {
			from = verbs
		}
		out[k.Entity] = map[Verb]Scope{}
		for v, s := range from {
			if !slices.Contains(k.Verbs, v) {
				return nil, invalid("records", "there is no such verb")
			}
			if s > None {
				out[k.Entity][v] = s
			}
		}
	}
	for e := range given {
		if _, known := out[e]; !known {
			return nil, invalid("records", "there is no such kind of record")
		}
	}
	return out, nil
}
