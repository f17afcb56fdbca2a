// Package access knows who may come in and what they may do: users, their roles
// and phones, sessions, the throttle in front of the login, and the firm's own
// settings. It implements web.Gate.
//
// A session is an opaque random token that only the browser holds; the database
// keeps its SHA-256. Once looked up, a session is believed for at most two
// seconds, so an authorised request costs no query, and the end of a session or
// of a user is felt everywhere within that time. Rights are those of the roles;
// there is no right without a role, and an unknown right is refused.
//
// It will never know what a client, a lead or a call is.
package access

import (
	"context"
	"slices"

	"centralita/internal/fault"
	"centralita/internal/web"
)

// Actor is the user on whose behalf something happens. The zero value is the
// system itself: a job, the call room, a program on the machine. The system sees
// and does everything inside, and no route lets it in.
//
// What he may do was resolved with his session and is up to two seconds old. An
// actor made without a session has what the program gives to the built-in ones
// of his roles.
type Actor struct {
	UserID      int64
	Login, Name string
	Roles       []string
	SessionID   int64
	Locale      string

	standing
	grants *Grants
	own    []int64 // he and those he deputises for now
	team   []int64 // own, and the members of his teams and of the teams below them
	shares sharing
}

// sharing tells whether a single record is open to a user for the time being.
type sharing func(ctx context.Context, e Entity, id, user int64) (bool, error)

// System reports whether a is the system itself.
func (a Actor) System() bool { return a.UserID == 0 }

// rights returns what a's roles give together.
func (a Actor) rights() Grants {
	if a.grants != nil {
		return *a.grants
	}
	given := make([]Grants, len(a.Roles))
	for i, key := range a.Roles {
		given[i] = builtin(key)
	}
	return union(given)
}

// reach returns the users whose records are within scope s, himself included.
func (a Actor) reach(s Scope) []int64 {
	switch {
	case s == Team && len(a.team) > 0:
		return a.team
	case len(a.own) > 0:
		return a.own
	}
	return []int64{a.UserID}
}

// Has reports whether one of the actor's roles gives p.
func (a Actor) Has(p web.Permission) bool { return !a.System() && a.rights().has(p) }

// Role returns the most powerful of the actor's roles, or "" for the system.
func (a Actor) Role() string {
	for _, b := range slices.Backward(builtins) {
		if slices.Contains(a.Roles, b.key) {
			return b.key
		}
	}
	if len(a.Roles) > 0 {
		return a.Roles[0]
	}
	return ""
}

var errForbidden = fault.New(fault.Forbidden, "forbidden", "Your role does not allow this.")

type actorKey struct{}

// ActorFrom returns the actor that ctx carries; the zero value if none.
func ActorFrom(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// WithActor returns ctx with a in it.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// Allow returns nil when ctx's actor has p, else a fault of kind Forbidden.
func Allow(ctx context.Context, p web.Permission) error {
	if ActorFrom(ctx).Has(p) {
		return nil
	}
	return errForbidden
}
