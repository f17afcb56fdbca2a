package access

import (
	"fmt"
	"slices"
	"strings"

	"centralita/internal/web"
)

// Entity is a kind of record that rights are given for.
type Entity string

// The kinds of records. A room that brings a new one adds it here and to kinds.
const (
	Client    Entity = "client"
	Lead      Entity = "lead"
	Call      Entity = "call"
	Recording Entity = "recording"
	Message   Entity = "message"
	Reminder  Entity = "reminder"
	Note      Entity = "note"
	File      Entity = "file"
	Segment   Entity = "segment"
	View      Entity = "view"
	Import    Entity = "import"
)

// Verb is what may be done with a record. Export is a right of its own: who may
// read may not carry away.
type Verb string

// The verbs.
const (
	Create Verb = "create"
	Read   Verb = "read"
	Change Verb = "change"
	Delete Verb = "delete"
	Export Verb = "export"
)

// Verbs are all of them, in the order in which they are shown.
var Verbs = []Verb{Create, Read, Change, Delete, Export}

// Scope is whose records a verb reaches, from nobody's to everybody's. Own are
// those of the user himself and of whom he deputises for; Team also those of the
// members of his teams and of the teams below them.
type Scope int

// The scopes, each within the next.
const (
	None Scope = iota
	Own
	Team
	All
)

var scopeNames = []string{"none", "own", "team", "all"}

// String returns the scope's word.
func (s Scope) String() string { return scopeNames[s] }

// MarshalText writes the scope's word.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the scope's word and knows no other.
func (s *Scope) UnmarshalText(text []byte) error {
	at := slices.Index(scopeNames, string(text))
	if at < 0 {
		return fmt.Errorf("no scope %q", text)
	}
	*s = Scope(at)
	return nil
}

// Grants are what a role gives. What is not mentioned is not given, and a field
// without a rule is shown.
type Grants struct {
	Records map[Entity]map[Verb]Scope `json:"records"`
	Rights  []web.Permission          `json:"rights"`
	Fields  map[string]Mask           `json:"fields"`
}

// scope returns whose records of e the verb reaches.
func (g Grants) scope(e Entity, v Verb) Scope { return g.Records[e][v] }

// has reports whether g holds the permission of a route.
func (g Grants) has(p web.Permission) bool {
	if p == web.SignedIn || slices.Contains(g.Rights, p) {
		return true
	}
	return slices.ContainsFunc(recordRights[p], func(n need) bool { return g.scope(n.entity, n.verb) > None })
}

// permissions returns the permissions that g holds, sorted.
func (g Grants) permissions() []web.Permission {
	held := append([]web.Permission{web.SignedIn}, g.Rights...)
	for p := range recordRights {
		if g.has(p) {
			held = append(held, p)
		}
	}
	slices.Sort(held)
	return slices.Compact(held)
}

// union is what several roles give together: the widest scope and the least
// masking win. On the masking of a field only roles have a say that give
// something on its kind of record.
func union(roles []Grants) Grants {
	sum := Grants{Records: map[Entity]map[Verb]Scope{}, Fields: map[string]Mask{}}
	for _, g := range roles {
		for e, verbs := range g.Records {
			if sum.Records[e] == nil {
				sum.Records[e] = map[Verb]Scope{}
			}
			for v, s := range verbs {
				sum.Records[e][v] = max(sum.Records[e][v], s)
			}
		}
		sum.Rights = append(sum.Rights, g.Rights...)
		for field := range g.Fields {
			sum.Fields[field] = leastMask(roles, field)
		}
	}
	slices.Sort(sum.Rights)
	sum.Rights = slices.Compact(sum.Rights)
	return sum
}

func leastMask(roles []Grants, field string) Mask {
	least := Hidden
	for _, g := range roles {
		rule, ruled := g.Fields[field]
		if ruled || g.scope(entityOf(field), Read) > None {
			least = min(least, rule)
		}
	}
	return least
}

// entityOf returns the kind of record that a field belongs to; fields that the
// firm has added itself belong to clients.
func entityOf(field string) Entity {
	prefix, _, _ := strings.Cut(field, ".")
	if slices.ContainsFunc(kinds, func(k Kind) bool { return k.Entity == Entity(prefix) }) {
		return Entity(prefix)
	}
	return Client
}

// covers reports whether g gives everything that other gives, so that who holds
// g may hand out other.
func (g Grants) covers(other Grants) bool {
	for e, verbs := range other.Records {
		for v, s := range verbs {
			if s > g.scope(e, v) {
				return false
			}
		}
	}
	for field, mask := range g.Fields {
		if mask > other.Fields[field] && other.scope(entityOf(field), Read) > None {
			return false
		}
	}
	return !slices.ContainsFunc(other.Rights, func(p web.Permission) bool { return !slices.Contains(g.Rights, p) })
}
