package client

import (
	"fmt"
	"slices"
	"strings"

	"centralita/internal/filter"
)

// pages orders q and begins it after a position. An order by values that have
// rows of their own comes in two parts, so that an index serves it: those with a
// value, and those without, who are below all others.
func pages(q *statement, order filter.Sort, desc bool, after *position) []*statement {
	if order.Rows == nil {
		q.from, q.key = "clients c", order.SQL
		q.sorted(q.key, "c.id", order.Cast, desc, after)
		return []*statement{q}
	}
	first, second := withoutValue(q, order, desc), withValue(q, order, desc)
	if desc {
		first, second = second, first
	}
	switch {
	case after == nil:
		return []*statement{first(nil), second(nil)}
	case (after.Key == order.Rows.Missing) == desc: // the first part is over
		return []*statement{second(after)}
	}
	return []*statement{first(after), second(nil)}
}

// part makes a part of a list that begins after a position.
type part func(after *position) *statement

func withValue(q *statement, order filter.Sort, desc bool) part {
	return func(after *position) *statement {
		q, r := q.clone(), order.Rows
		q.from, q.key = r.From+" join clients c on c.id = "+r.Owner, r.Value
		q.where = append([]string{r.Where}, q.where...)
		q.sorted(r.Value, r.Owner, order.Cast, desc, after)
		return q
	}
}

func withoutValue(q *statement, order filter.Sort, desc bool) part {
	return func(after *position) *statement {
		q, r := q.clone(), order.Rows
		q.from, q.key = "clients c", "'"+r.Missing+"'::"+order.Cast
		q.where = append(q.where, "not exists (select from "+r.From+" where "+r.Where+" and "+r.Owner+" = c.id)")
		q.sorted(q.key, "c.id", order.Cast, desc, after)
		q.order = "c.id" + q.direction
		return q
	}
}

func (q *statement) clone() *statement {
	return &statement{where: slices.Clone(q.where), args: slices.Clone(q.args), limit: q.limit}
}

// sorted orders q by key and id, and begins it after a position.
func (q *statement) sorted(key, id, cast string, desc bool, after *position) {
	beyond := ">"
	if desc {
		q.direction, beyond = " desc", "<"
	}
	q.order = key + q.direction + ", " + id + q.direction
	if after != nil {
		from, last := q.bind(after.Key), q.bind(after.ID)
		q.where = append(q.where, "("+key+", "+id+") "+beyond+" ("+from+"::"+cast+", "+last+")")
	}
}

// keyed selects the ids of a page with what they are sorted by.
func (q *statement) keyed() string {
	sql := "select c.id, " + q.key + " as key from " + q.from
	if len(q.where) > 0 {
		sql += " where " + strings.Join(q.where, " and ")
	}
	return sql + fmt.Sprintf(" order by %s limit %d", q.order, q.limit)
}
