package access

import (
	"context"
	"slices"
	"strings"

	"centralita/internal/fault"
)

// Resource is a kind of record as the rights see it: the one way in which a room
// asks what ctx's actor may read, change, delete or carry away. Its zero fields
// are the strict ones.
type Resource struct {
	Entity Entity
	// Owner is the column of the user who owns a record. Empty: nobody does, and
	// only the scope All reaches it.
	Owner string
	// Owners are further owners, as SQL that yields a user's id; {} stands for
	// the alias of the table. A record belongs to each of them.
	Owners []string
	// Shared: single records may be opened to somebody for a time (Service.Share).
	Shared bool
	// Unowned: a record that nobody owns is within scope Own of everybody, for
	// somebody has to work on it.
	Unowned bool
	// Missing is the room's answer for a record that does not exist; nil: the
	// usual one. What may not be read is told in the same words.
	Missing error
}

var errMissing = fault.New(fault.NotFound, "not_found", "There is nothing here.")

// ScopeOf returns whose records of e the verb reaches for ctx's actor.
func ScopeOf(ctx context.Context, e Entity, v Verb) Scope {
	a := ActorFrom(ctx)
	if a.System() {
		return All
	}
	return a.rights().scope(e, v)
}

// Can reports whether ctx's actor may do v with any record of e at all.
func Can(ctx context.Context, e Entity, v Verb) bool { return ScopeOf(ctx, e, v) > None }

// Require returns nil when Can, else a fault of kind Forbidden.
func Require(ctx context.Context, e Entity, v Verb) error {
	if Can(ctx, e, v) {
		return nil
	}
	return errForbidden
}

// Where returns the SQL condition that a row must meet for ctx's actor to do v
// with it. alias is the table's in the query, never empty; arg adds a parameter
// and returns its placeholder. The condition is "true" or "false" where it does
// not depend on the row, and otherwise one that indexes on the owner serve.
func (r Resource) Where(ctx context.Context, v Verb, alias string, arg func(any) string) string {
	scope := ScopeOf(ctx, r.Entity, v)
	switch scope {
	case All:
		return "true"
	case None:
		return "false"
	}
	a := ActorFrom(ctx)
	return r.whose(a, scope, v, alias, arg)
}

// whose is Where for a scope between none and all.
func (r Resource) whose(a Actor, scope Scope, v Verb, alias string, arg func(any) string) string {
	var either []string
	owners := r.owners(alias)
	if len(owners) > 0 {
		reach := arg(a.reach(scope))
		for _, owner := range owners {
			either = append(either, owner+" = any("+reach+"::bigint[])")
		}
	}
	if r.Unowned {
		either = append(either, unowned(owners))
	}
	if r.Shared && shareable(v) {
		either = append(either, alias+".id = any(array(select s.entity_id from record_shares s where s.entity = '"+string(r.Entity)+
			"' and s.user_id = "+arg(a.UserID)+" and s.until > now()))")
	}
	if len(either) == 0 {
		return "false"
	}
	return "(" + strings.Join(either, " or ") + ")"
}

func (r Resource) owners(alias string) []string {
	var all []string
	if r.Owner != "" {
		all = append(all, alias+"."+r.Owner)
	}
	for _, o := range r.Owners {
		all = append(all, strings.ReplaceAll(o, "{}", alias))
	}
	return all
}

func unowned(owners []string) string {
	none := make([]string, len(owners))
	for i, o := range owners {
		none[i] = o + " is null"
	}
	if len(none) == 0 {
		return "true"
	}
	return "(" + strings.Join(none, " and ") + ")"
}

// shareable reports whether a share opens a record for v: it lets somebody work
// on it, and neither delete it nor carry it away.
func shareable(v Verb) bool { return v == Read || v == Change }

// Check returns nil when ctx's actor may do v with the record id of these
// owners, 0 meaning nobody. A record that he may not read is missing; for one
// that he may read, the fault is of kind Forbidden.
func (r Resource) Check(ctx context.Context, v Verb, id int64, owners ...int64) error {
	readable, err := r.within(ctx, Read, id, owners)
	if err != nil {
		return err
	}
	if !readable {
		return r.missing()
	}
	if v == Read {
		return nil
	}
	if allowed, err := r.within(ctx, v, id, owners); err != nil || allowed {
		return err
	}
	return errForbidden
}

func (r Resource) missing() error {
	if r.Missing != nil {
		return r.Missing
	}
	return errMissing
}

// within is Where for one record whose owners are known already.
func (r Resource) within(ctx context.Context, v Verb, id int64, owners []int64) (bool, error) {
	scope := ScopeOf(ctx, r.Entity, v)
	if scope == All || scope == None {
		return scope == All, nil
	}
	a := ActorFrom(ctx)
	if r.owned(a.reach(scope), owners) {
		return true, nil
	}
	if !r.Shared || !shareable(v) || a.shares == nil {
		return false, nil
	}
	return a.shares(ctx, r.Entity, id, a.UserID)
}

// owned reports whether one of the owners is within reach, or nobody owns what
// anybody may then work on.
func (r Resource) owned(reach, owners []int64) bool {
	nobody := true
	for _, owner := range owners {
		if owner == 0 {
			continue
		}
		nobody = false
		if slices.Contains(reach, owner) {
			return true
		}
	}
	return nobody && r.Unowned
}
