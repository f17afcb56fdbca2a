// Package filter compiles what a person asks of a list into SQL with bound
// arguments. A room declares its fields once, as a Schema: key, type, the
// expression that holds the value, whether it can be sorted by. Nothing that a
// person typed becomes a part of a statement; a field, an operator or a value
// that the schema does not know is fault.Invalid and names its place, and a
// field that the asker may not read in clear is fault.Forbidden, in a sort too:
// else it could be guessed by counting.
//
// A compiled condition is a boolean that may be NULL where a value is missing;
// used after where it then does not hold. The package runs no query and knows no
// room.
package filter

import (
	"slices"
	"time"
)

// Limits of a condition tree; one screen never needs more.
const (
	maxDepth  = 5
	maxLeaves = 50
	maxValues = 500
	maxText   = 200
	maxDays   = 36_500
	maxCount  = 10_000
)

// Node is a group of conditions or a single one. Exactly one of All, Any, None
// and Field is set; the zero Node holds for everything.
type Node struct {
	All   []Node `json:"all,omitempty" maxItems:"50" doc:"Every one of these holds"`
	Any   []Node `json:"any,omitempty" maxItems:"50" doc:"One of these holds at least"`
	None  []Node `json:"none,omitempty" maxItems:"50" doc:"None of these holds"`
	Field string `json:"field,omitempty" maxLength:"60"`
	Op    string `json:"op,omitempty" maxLength:"20"`
	Value any    `json:"value,omitempty"`
}

// Empty reports whether n asks for nothing.
func (n Node) Empty() bool {
	return n.Field == "" && len(n.All) == 0 && len(n.Any) == 0 && len(n.None) == 0
}

// Mentions reports whether a condition of n is on the field, however deep it stands.
func (n Node) Mentions(field string) bool {
	if n.Field == field {
		return true
	}
	for _, inner := range slices.Concat(n.All, n.Any, n.None) {
		if inner.Mentions(field) {
			return true
		}
	}
	return false
}

// Type is what sort of value a field has. It decides the operators.
type Type string

// The types. Date is a moment, compared by whole days of the asker's time zone;
// Day is a day without a time. Choice has words, User and Ref have ids. Events
// are rows that happened at a time: they are counted.
const (
	Text   Type = "text"
	Number Type = "number"
	Money  Type = "money"
	Date   Type = "date"
	Day    Type = "day"
	Choice Type = "choice"
	User   Type = "user"
	Ref    Type = "ref"
	Bool   Type = "bool"
	Events Type = "events"
)

// operators of each type, in the order in which they are offered.
var operators = map[Type][]string{
	Text:   {"contains", "not_contains", "is", "is_not", "starts", "empty", "filled"},
	Number: {"eq", "ne", "gt", "gte", "lt", "lte", "between", "empty", "filled"},
	Money:  {"eq", "ne", "gt", "gte", "lt", "lte", "between", "empty", "filled"},
	Date:   {"last", "not_last", "next", "on", "before", "after", "between", "empty", "filled"},
	Day:    {"last", "not_last", "next", "on", "before", "after", "between", "empty", "filled"},
	Choice: {"is", "is_not", "empty", "filled"},
	User:   {"is", "is_not", "empty", "filled"},
	Ref:    {"is", "is_not", "empty", "filled"},
	Bool:   {"yes", "no"},
	Events: {"some", "fewer"},
}

// Field is one thing that a list can be narrowed or sorted by. SQL is an
// expression over the list's own row.
//
// With Set the value has many rows of its own: Set is a subquery that yields the
// ids of owners and ends where a condition on SQL can be added ("select
// t.client_id from client_tags t where"); it must never yield NULL.
type Field struct {
	Key   string
	Type  Type
	SQL   string
	Set   string
	Label string // the name that people gave it; "" for a field that the product names
	// Choices are the words of a Choice.
	Choices []string
	// Kinds are the sorts of Events, each with the condition that tells it; At is
	// the time of an event.
	Kinds []Kind
	At    string
	// Fold makes of what was typed what SQL holds; nil: as it is.
	Fold func(string) string
	// Sort is the expression to sort by, never NULL and of type Cast; "": not sortable.
	Sort, Cast string
	// Rows is where an order by Sort can be read from an index; nil: from Sort alone.
	Rows *Rows
	// Right names what one must be allowed to see in clear; "": everybody is.
	Right string
	// Of is the kind of thing that a Ref points at.
	Of string
	// Show is the expression of what a list shows in a column, anything that has a
	// JSON form; "": SQL, or for Set and Events no column at all.
	Show string
	// Ops are the operators offered, when not all of the type make sense.
	Ops []string
}

// Column returns the expression that a list shows; ok is false if f is none.
func (f Field) Column() (sql string, ok bool) {
	if f.Show != "" {
		return f.Show, true
	}
	return f.SQL, f.Set == ""
}

// Rows are the rows that hold the values to sort by, where there are any: From
// and Where name them, Owner is the id of whose value it is. Missing, as text of
// the type Cast, is what Sort comes to without one: every value is above it.
type Rows struct{ From, Where, Owner, Value, Missing string }

// Kind is a sort of event.
type Kind struct{ Key, SQL string }

// Operators returns the operators that f understands.
func (f Field) Operators() []string {
	ops := operators[f.Type]
	if f.Ops != nil {
		return f.Ops
	}
	if f.Set != "" && (f.Type == Text || f.Type == Bool) {
		return slices.DeleteFunc(slices.Clone(ops), func(op string) bool { return op == "is_not" || op == "no" })
	}
	return ops
}

// Asker is on whose behalf a condition is compiled. Now carries his time zone.
// May says whether he sees what a Right stands for in clear; nil: everything.
type Asker struct {
	Me  int64
	Now time.Time
	May func(right string) bool
}

func (a Asker) may(f Field) bool { return f.Right == "" || a.May == nil || a.May(f.Right) }

// Schema is the allow-list of fields of one kind of row. It is not changed after
// it is made: With returns another one.
type Schema struct {
	id     string
	fields []Field
	byKey  map[string]Field
}

// New returns a schema of rows whose id is the SQL expression id.
func New(id string, fields ...Field) *Schema {
	s := &Schema{id: id, byKey: map[string]Field{}}
	return s.With(fields...)
}

// With returns a schema that has more fields; one with a key that is taken
// replaces the older, in its place.
func (s *Schema) With(more ...Field) *Schema {
	out := &Schema{id: s.id, byKey: map[string]Field{}}
	for _, f := range append(slices.Clone(s.fields), more...) {
		if _, taken := out.byKey[f.Key]; taken {
			at := slices.IndexFunc(out.fields, func(old Field) bool { return old.Key == f.Key })
			out.fields[at] = f
		} else {
			out.fields = append(out.fields, f)
		}
		out.byKey[f.Key] = f
	}
	return out
}

// Fields returns the fields that a may use, in order.
func (s *Schema) Fields(a Asker) []Field {
	var shown []Field
	for _, f := range s.fields {
		if a.may(f) {
			shown = append(shown, f)
		}
	}
	return shown
}

// Field returns the field with that key; ok is false if there is none or a may
// not use it.
func (s *Schema) Field(key string, a Asker) (f Field, ok bool) {
	f, ok = s.byKey[key]
	return f, ok && a.may(f)
}
