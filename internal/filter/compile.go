package filter

import (
	"fmt"
	"strconv"
	"strings"

	"centralita/internal/fault"
)

// Where compiles n for a. arg binds a value and returns its placeholder. The
// result stands in brackets; "true" when n asks for nothing. at is the place of n
// in the request, like "body.filter", for the error.
func (s *Schema) Where(n Node, a Asker, at string, arg func(any) string) (string, error) {
	c := compiler{schema: s, asker: a, arg: arg}
	return c.node(n, at, 1)
}

// Sort is how a list is ordered: by SQL, a never-null expression of type Cast.
type Sort struct {
	Key, SQL, Cast string
	Rows           *Rows
}

// Order returns the sort by a field.
func (s *Schema) Order(key string, a Asker, at string) (Sort, error) {
	f, err := s.allowed(key, a, at)
	if err != nil {
		return Sort{}, err
	}
	if f.Sort == "" {
		return Sort{}, invalid(at, "cannot be sorted by")
	}
	return Sort{Key: key, SQL: f.Sort, Cast: f.Cast, Rows: f.Rows}, nil
}

func (s *Schema) allowed(key string, a Asker, at string) (Field, error) {
	f, known := s.byKey[key]
	switch {
	case !known:
		return f, invalid(at, "unknown field")
	case !a.may(f):
		return f, fault.New(fault.Forbidden, "field_forbidden", "You may not search or sort by a field that you may not see.").WithField(at, "not for you")
	}
	return f, nil
}

func invalid(at, message string) error {
	return fault.New(fault.Invalid, "filter_invalid", "This filter cannot be used.").WithField(at, message)
}

// compiler holds what one tree has used up.
type compiler struct {
	schema *Schema
	asker  Asker
	arg    func(any) string
	leaves int
	single bool // for one row, which the statement fixes
}

func (c *compiler) node(n Node, at string, depth int) (string, error) {
	if depth > maxDepth {
		return "", invalid(at, fmt.Sprintf("at most %d levels", maxDepth))
	}
	given := 0
	for _, is := range []bool{len(n.All) > 0, len(n.Any) > 0, len(n.None) > 0, n.Field != ""} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return "", invalid(at, "one of all, any, none and field")
	case n.Field != "":
		if c.leaves++; c.leaves > maxLeaves {
			return "", invalid(at, fmt.Sprintf("at most %d conditions", maxLeaves))
		}
		return c.leaf(n, at)
	case n.Op != "" || n.Value != nil:
		return "", invalid(at+".field", "required")
	case len(n.Any) > 0:
		return c.group(n.Any, at+".any", " or ", depth)
	case len(n.None) > 0:
		sql, err := c.group(n.None, at+".none", " or ", depth)
		return "(" + sql + " is not true)", err
	}
	return c.group(n.All, at+".all", " and ", depth)
}

func (c *compiler) group(nodes []Node, at, with string, depth int) (string, error) {
	if len(nodes) == 0 {
		return "true", nil
	}
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		var err error
		if parts[i], err = c.node(n, at+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
			return "", err
		}
	}
	return "(" + strings.Join(parts, with) + ")", nil
}

// leaf compiles one condition.
func (c *compiler) leaf(n Node, at string) (string, error) {
	f, err := c.schema.allowed(n.Field, c.asker, at+".field")
	if err != nil {
		return "", err
	}
	known := false
	for _, op := range f.Operators() {
		known = known || op == n.Op
	}
	if !known {
		return "", invalid(at+".op", "not an operator of this field")
	}
	v := value{n.Value, at + ".value"}
	if f.Type == Events {
		return c.events(f, n.Op, v)
	}
	if f.Set == "" {
		return c.test(f, n.Op, v)
	}
	return c.set(f, n.Op, v)
}

// set compiles a condition on values that have rows of their own: one of them
// must meet it, or for a negative one none must meet its opposite.
func (c *compiler) set(f Field, op string, v value) (string, error) {
	positive, negative := map[string]string{"is_not": "is", "not_contains": "contains", "ne": "eq", "not_last": "last"}[op]
	switch {
	case op == "empty":
		return c.member(f.Set+" "+f.SQL+" is not null", false), v.none()
	case op == "filled":
		return c.member(f.Set+" "+f.SQL+" is not null", true), v.none()
	case negative:
		sql, err := c.test(f, positive, v)
		return c.member(f.Set+" "+sql, false), err
	}
	sql, err := c.test(f, op, v)
	return c.member(f.Set+" "+sql, true), err
}

// test compiles a condition on one value.
func (c *compiler) test(f Field, op string, v value) (string, error) {
	switch op {
	case "empty", "filled":
		return c.presence(f, op), v.none()
	}
	switch f.Type {
	case Text:
		return c.text(f, op, v)
	case Number, Money:
		return c.number(f, op, v)
	case Date, Day:
		return c.date(f, op, v)
	case Choice:
		return c.choice(f, op, v)
	case User, Ref:
		return c.ids(f, op, v)
	default: // Bool
		return map[string]string{"yes": "(" + f.SQL + ")", "no": "((" + f.SQL + ") is not true)"}[op], v.none()
	}
}

// presence tells a value from none; an empty text is none.
func (c *compiler) presence(f Field, op string) string {
	there := f.SQL + " is not null"
	if f.Type == Text || f.Type == Choice {
		there = "coalesce(" + f.SQL + ", '') <> ''"
	}
	if op == "empty" {
		return "(not (" + there + "))"
	}
	return "(" + there + ")"
}

func (c *compiler) text(f Field, op string, v value) (string, error) {
	text, err := v.text()
	if err != nil {
		return "", err
	}
	if f.Fold != nil {
		text = f.Fold(text)
	}
	part := "%" + likeSafe.Replace(text) + "%"
	switch op {
	case "is":
		return "(" + f.SQL + " = " + c.arg(text) + ")", nil
	case "is_not":
		return "(" + f.SQL + " is distinct from " + c.arg(text) + ")", nil
	case "starts":
		return "(" + f.SQL + " like " + c.arg(part[1:]) + ")", nil
	case "contains":
		return "(" + f.SQL + " like " + c.arg(part) + ")", nil
	default: // not_contains
		return "(coalesce(" + f.SQL + ", '') not like " + c.arg(part) + ")", nil
	}
}

var likeSafe = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

var comparison = map[string]string{"eq": "=", "ne": "is distinct from", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

func (c *compiler) number(f Field, op string, v value) (string, error) {
	if op == "between" {
		from, to, err := v.numbers()
		if err != nil {
			return "", err
		}
		return "(" + f.SQL + " between " + c.arg(from) + "::numeric and " + c.arg(to) + "::numeric)", nil
	}
	n, err := v.number()
	if err != nil {
		return "", err
	}
	return "(" + f.SQL + " " + comparison[op] + " " + c.arg(n) + "::numeric)", nil
}

func (c *compiler) choice(f Field, op string, v value) (string, error) {
	words, err := v.words(f.Choices)
	if err != nil {
		return "", err
	}
	return c.among(f, op, words, "text[]"), nil
}

func (c *compiler) ids(f Field, op string, v value) (string, error) {
	ids, err := v.ids(f.Type, c.asker.Me)
	if err != nil {
		return "", err
	}
	return c.among(f, op, ids, "bigint[]"), nil
}

func (c *compiler) among(f Field, op string, values any, cast string) string {
	in := f.SQL + " = any(" + c.arg(values) + "::" + cast + ")"
	if op == "is_not" {
		return "((" + in + ") is not true)"
	}
	return "(" + in + ")"
}
