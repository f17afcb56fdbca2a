package access

import (
	"context"
	"slices"
	"strings"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// Resource is a kind of record as the rights see it: the one way in which a room
// asks what ctx's actor may read, change, delete or carry away. Its zero fields
// are the strict ones.
type Resource struct {
	Entity Entity
	// Owner is the column of the user who owns a record. Empty: nobody does, and
	// only the scope All reaches it.
	Owner string
	// Also is a further column with an owner.
	Also string
	// Client is the column of the client that a record is of: whoever is
	// responsible for the client owns it as well.
	Client string
	// Table is where CheckID finds the owners of a record.
	Table string
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

// SeesAll reports whether ctx's actor may read every record there is, and no
// field is masked for him: whatever is written down anywhere may be shown to him.
func SeesAll(ctx context.Context) bool {
	a := ActorFrom(ctx)
	if a.System() {
		return true
	}
	g := a.rights()
	for _, k := range kinds {
		if slices.Contains(k.Verbs, Read) && k.Entity != View && g.scope(k.Entity, Read) < All {
			return false
		}
	}
	for _, mask := range g.Fields {
		if mask != Shown {
			return false
		}
	}
	return true
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
// not depend on the row, and otherwise one that indexes on the owner, and on the
// client, serve.
func (r Resource) Where(ctx context.Context, v Verb, alias string, arg func(any) string) string {
	scope := ScopeOf(ctx, r.Entity, v)
	switch scope {
	case All:
		return "true"
	case None:
		return "false"
	}
	a := ActorFrom(ctx)
	either := r.owned(alias, arg(a.reach(scope))+"::bigint[]")
	if r.Unowned {
		either = append(either, r.unowned(alias))
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

// owned lists the ways in which a row belongs to one of the users.
func (r Resource) owned(alias, users string) (ways []string) {
	for _, column := range r.columns() {
		ways = append(ways, alias+"."+column+" = any("+users+")")
	}
	if r.Client != "" {
		ways = append(ways, alias+"."+r.Client+" = any(array(select o.id from clients o where o.responsible_id = any("+users+")))")
	}
	return ways
}

// unowned is the condition that nobody owns a row.
func (r Resource) unowned(alias string) string {
	none := []string{"true"}
	for _, column := range r.columns() {
		none = append(none, alias+"."+column+" is null")
	}
	if r.Client != "" {
		none = append(none, "not exists (select from clients o where o.id = "+alias+"."+r.Client+" and o.responsible_id is not null)")
	}
	return "(" + strings.Join(none, " and ") + ")"
}

func (r Resource) columns() (columns []string) {
	for _, column := range []string{r.Owner, r.Also} {
		if column != "" {
			columns = append(columns, column)
		}
	}
	return columns
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

// CheckNew returns nil when ctx's actor may make a record of these owners.
func (r Resource) CheckNew(ctx context.Context, owners ...int64) error {
	if allowed, err := r.within(ctx, Create, 0, owners); err != nil || allowed {
		return err
	}
	return errForbidden
}

// CheckID is Check for a record whose owners are not known: it reads them, where
// that makes a difference, in ctx's transaction. With the scope All a record need
// not exist.
func (r Resource) CheckID(ctx context.Context, db *postgres.DB, v Verb, id int64) error {
	if ScopeOf(ctx, r.Entity, Read) == All && ScopeOf(ctx, r.Entity, v) == All {
		return nil
	}
	owners, err := r.ownersOf(ctx, db, id)
	if err != nil {
		return err
	}
	return r.Check(ctx, v, id, owners...)
}

func (r Resource) ownersQuery() string {
	owners := []string{"null::bigint"}
	for _, column := range r.columns() {
		owners = append(owners, "t."+column)
	}
	if r.Client != "" {
		owners = append(owners, "(select o.responsible_id from clients o where o.id = t."+r.Client+")")
	}
	return "select array_remove(array[" + strings.Join(owners, ", ") + "], null) from " + r.Table + " t where t.id = $1"
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
	if r.reached(a.reach(scope), owners) {
		return true, nil
	}
	if !r.Shared || !shareable(v) || a.shares == nil {
		return false, nil
	}
	return a.shares(ctx, r.Entity, id, a.UserID)
}

// reached reports whether one of the owners is within reach, or nobody owns what
// anybody may then work on.
func (r Resource) reached(reach, owners []int64) bool {
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
