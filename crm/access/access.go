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

// The rights of the product. Every route names one of them.
const (
	ClientsRead    web.Permission = "clients.read"
	ClientsWrite   web.Permission = "clients.write"
	LeadsRead      web.Permission = "leads.read"
	LeadsWork      web.Permission = "leads.work"
	LeadsAssign    web.Permission = "leads.assign"
	CallsUse       web.Permission = "calls.use"
	CallsRead      web.Permission = "calls.read"
	RecordingsPlay web.Permission = "recordings.play"
	MessagesRead   web.Permission = "messages.read"
	MessagesSend   web.Permission = "messages.send"
	RemindersWrite web.Permission = "reminders.write"
	BoardRead      web.Permission = "board.read"
	LedgerRead     web.Permission = "ledger.read"
	SettingsRead   web.Permission = "settings.read"
	SettingsWrite  web.Permission = "settings.write"
	UsersWrite     web.Permission = "users.write"
)

// The roles, each with all the rights of the one before it.
const (
	Operator   = "operator"
	Manager    = "manager"
	Supervisor = "supervisor"
	Admin      = "admin"
)

var roleRights = []struct {
	role   string
	rights []web.Permission
}{
	{Operator, []web.Permission{ClientsRead, ClientsWrite, LeadsRead, LeadsWork, CallsUse, CallsRead, RecordingsPlay,
		MessagesRead, MessagesSend, RemindersWrite, BoardRead}},
	{Manager, []web.Permission{LeadsAssign}},
	{Supervisor, []web.Permission{LedgerRead, SettingsRead}},
	{Admin, []web.Permission{SettingsWrite, UsersWrite}},
}

// rightsOf returns the rights of each role, the inherited ones included.
func rightsOf() map[string][]web.Permission {
	all := map[string][]web.Permission{}
	sum := []web.Permission{web.SignedIn}
	for _, r := range roleRights {
		sum = append(slices.Clone(sum), r.rights...)
		all[r.role] = sum
	}
	return all
}

var rights = rightsOf()

// Permissions returns the rights that roles give together, sorted, each once.
func Permissions(roles []string) []web.Permission {
	var sum []web.Permission
	for _, role := range roles {
		sum = append(sum, rights[role]...)
	}
	slices.Sort(sum)
	return slices.Compact(sum)
}

// Actor is the user on whose behalf something happens. The zero value is the
// system itself, which has no right at all.
type Actor struct {
	UserID      int64
	Login, Name string
	Roles       []string
	SessionID   int64
	Locale      string
}

// Has reports whether one of the actor's roles gives p.
func (a Actor) Has(p web.Permission) bool {
	return slices.ContainsFunc(a.Roles, func(role string) bool { return slices.Contains(rights[role], p) })
}

// Role returns the highest of the actor's roles, or "" for the system.
func (a Actor) Role() string {
	for _, r := range slices.Backward(roleRights) {
		if slices.Contains(a.Roles, r.role) {
			return r.role
		}
	}
	return ""
}

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
	return fault.New(fault.Forbidden, "forbidden", "Your role does not allow this.")
}
