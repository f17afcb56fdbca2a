package filter

import "strings"

// Part is one condition as it stands for a single row. Holds is SQL of a
// boolean, never NULL; Has is SQL of what the row has there, in a JSON form.
type Part struct {
	Node  Node
	Field Field
	Holds string
	Has   string
}

// Explain compiles n for a single row of the list, whose id the statement fixes:
// whether n holds as a whole, and each of its conditions in the order in which
// they stand. It looks only at what belongs to that row, however much there is of
// other rows. The errors are those of Where.
func (s *Schema) Explain(n Node, a Asker, at string, arg func(any) string) (holds string, parts []Part, err error) {
	c := compiler{schema: s, asker: a, arg: arg, single: true}
	if holds, err = c.node(n, at, 1); err != nil {
		return "", nil, err
	}
	each := compiler{schema: s, asker: a, arg: arg, single: true}
	err = n.leaves(func(leaf Node) error {
		sql, err := each.leaf(leaf, at)
		if err != nil {
			return err
		}
		f := s.byKey[leaf.Field]
		parts = append(parts, Part{Node: leaf, Field: f, Holds: "coalesce(" + sql + ", false)", Has: each.has(f, leaf)})
		return nil
	})
	return "coalesce(" + holds + ", false)", parts, err
}

// leaves calls fn with every single condition of n, in order.
func (n Node) leaves(fn func(Node) error) error {
	if n.Field != "" {
		return fn(n)
	}
	for _, group := range [][]Node{n.All, n.Any, n.None} {
		for _, each := range group {
			if err := each.leaves(fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// has is what the row has where the leaf asks: its column; of events how many
// there are of the kind within the days, and when the last was; of other rows
// their values.
func (c *compiler) has(f Field, leaf Node) string {
	if sql, column := f.Column(); column && f.Type != Events {
		return "to_jsonb(" + sql + ")"
	}
	head, rest, _ := strings.Cut(f.Set, " from ")
	if f.Type != Events {
		return "(select jsonb_agg(distinct s.v) from (" + head + " as id, " + f.SQL + " as v from " + rest + " true) s where s.id = " + c.schema.id + ")"
	}
	e, err := value{leaf.Value, ""}.events(f.Kinds)
	if err != nil {
		return "null::jsonb"
	}
	return "(select jsonb_build_object('count', count(*), 'last', max(s.at)) from (" + head + " as id, " + f.At + " as at from " + rest + " " + c.recent(f, e) +
		") s where s.id = " + c.schema.id + ")"
}

// member is the condition that the row's owner is among the ids that rows
// selects, or is not.
func (c *compiler) member(rows string, in bool) string {
	switch {
	case c.single && in:
		return "(exists (select from (" + rows + ") s (id) where s.id = " + c.schema.id + "))"
	case c.single:
		return "(not exists (select from (" + rows + ") s (id) where s.id = " + c.schema.id + "))"
	case in:
		return "(" + c.schema.id + " in (" + rows + "))"
	}
	return "(" + c.schema.id + " not in (" + rows + "))"
}
