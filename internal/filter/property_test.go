package filter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"centralita/internal/filter"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// thing is a row of the oracle.
type thing struct {
	id     int64
	name   *string
	amount *float64
	at     *time.Time
	day    *time.Time
	kind   *string
	owner  *int64
	flag   *bool
	tags   []int64
	events []event
}

type event struct {
	at   time.Time
	kind string
}

// maybe draws a value, or now and then none.
func maybe[T any](t *rapid.T, g *rapid.Generator[T], label string) *T {
	if rapid.IntRange(0, 4).Draw(t, label+" given") == 0 {
		return nil
	}
	v := g.Draw(t, label)
	return &v
}

var (
	words  = rapid.SampledFrom([]string{"ana", "anabel", "an_a", "100%", `b\s`, "x"})
	kinds  = rapid.SampledFrom([]string{"a", "b", "c"})
	ids    = rapid.Int64Range(1, 3)
	small  = rapid.IntRange(-2, 2)
	offset = rapid.IntRange(-20, 20)
)

func drawThing(t *rapid.T, id int64) thing {
	x := thing{
		id: id, name: maybe(t, words, "name"), kind: maybe(t, kinds, "kind"), owner: maybe(t, ids, "owner"), flag: maybe(t, rapid.Bool(), "flag"),
		tags: rapid.SliceOfNDistinct(ids, 0, 3, rapid.ID).Draw(t, "tags"),
	}
	if n := maybe(t, small, "amount"); n != nil {
		half := float64(*n) / 2
		x.amount = &half
	}
	if n := maybe(t, offset, "at"); n != nil {
		at := now.Add(time.Duration(*n) * 7 * time.Hour)
		x.at = &at
	}
	if n := maybe(t, offset, "day"); n != nil {
		day := midnight(now).AddDate(0, 0, *n)
		x.day = &day
	}
	for range rapid.IntRange(0, 4).Draw(t, "events") {
		x.events = append(x.events, event{now.Add(-time.Duration(rapid.IntRange(1, 400).Draw(t, "hours")) * time.Hour), rapid.SampledFrom([]string{"missed", "answered"}).Draw(t, "event")})
	}
	return x
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// drawNode draws a tree of conditions, each well formed.
func drawNode(t *rapid.T, depth int) filter.Node {
	if depth < 4 && rapid.IntRange(0, 2).Draw(t, "group") == 0 {
		var inner []filter.Node
		for range rapid.IntRange(0, 3).Draw(t, "width") {
			inner = append(inner, drawNode(t, depth+1))
		}
		switch rapid.IntRange(0, 2).Draw(t, "joined") {
		case 0:
			return filter.Node{All: inner}
		case 1:
			return filter.Node{Any: inner}
		}
		return filter.Node{None: inner}
	}
	fields := things.Fields(asker)
	f := fields[rapid.IntRange(0, len(fields)-1).Draw(t, "field")]
	ops := f.Operators()
	op := ops[rapid.IntRange(0, len(ops)-1).Draw(t, "op")]
	return filter.Node{Field: f.Key, Op: op, Value: drawValue(t, f.Type, op)}
}

func drawValue(t *rapid.T, of filter.Type, op string) any {
	date := func() string { return midnight(now).AddDate(0, 0, offset.Draw(t, "date")).Format(time.DateOnly) }
	number := func() any { return float64(small.Draw(t, "number")) / 2 }
	switch {
	case slices.Contains([]string{"empty", "filled", "yes", "no"}, op):
		return nil
	case op == "between" && of == filter.Money:
		return []any{number(), number()}
	case op == "between":
		return []any{date(), date()}
	case slices.Contains([]string{"last", "not_last", "next"}, op):
		return float64(rapid.IntRange(1, 9).Draw(t, "days"))
	case of == filter.Text:
		return words.Draw(t, "text")
	case of == filter.Money:
		return number()
	case of == filter.Date || of == filter.Day:
		return date()
	case of == filter.Choice:
		return []any{kinds.Draw(t, "one"), kinds.Draw(t, "other")}
	case of == filter.User && rapid.Bool().Draw(t, "mine"):
		return "me"
	case of == filter.Events:
		e := map[string]any{"count": float64(rapid.IntRange(1, 3).Draw(t, "count"))}
		if rapid.Bool().Draw(t, "limited") {
			e["days"] = float64(rapid.IntRange(1, 9).Draw(t, "within"))
		}
		if rapid.Bool().Draw(t, "sorted") {
			e["kind"] = rapid.SampledFrom([]string{"missed", "answered"}).Draw(t, "sort")
		}
		return e
	}
	return []any{float64(ids.Draw(t, "id"))}
}

func TestACompiledTreeFindsWhatTheOracleFinds(t *testing.T) {
	db := pgtest.New(t)
	create(t, db)
	rapid.Check(t, func(rt *rapid.T) {
		var all []thing
		for i := range 12 {
			all = append(all, drawThing(rt, int64(i+1)))
		}
		store(t, db, all)
		for range 20 {
			n := drawNode(rt, 1)
			sql, args, err := compiled(n)
			if err != nil {
				rt.Fatalf("%+v: %v", n, err)
			}
			rows, err := db.Conn(t.Context()).Query(t.Context(), "select x.id from things x where "+sql+" order by 1", args...)
			if err != nil {
				rt.Fatal(err)
			}
			found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
			if err != nil {
				rt.Fatalf("%s: %v", sql, err)
			}
			var want []int64
			for _, x := range all {
				if holds(n, x) {
					want = append(want, x.id)
				}
			}
			if !slices.Equal(found, want) {
				rt.Fatalf("%+v\n%s %v\nfinds %v, want %v", n, sql, args, found, want)
			}
		}
	})
}

func store(t *testing.T, db *postgres.DB, all []thing) {
	t.Helper()
	var b pgx.Batch
	b.Queue("truncate things, marks, events")
	for _, x := range all {
		var day *string
		if x.day != nil {
			s := x.day.Format(time.DateOnly)
			day = &s
		}
		b.Queue("insert into things values ($1, $2, $3, $4, $5, $6, $7, $8)", x.id, x.name, x.amount, x.at, day, x.kind, x.owner, x.flag)
		for _, tag := range x.tags {
			b.Queue("insert into marks values ($1, $2)", x.id, tag)
		}
		for _, e := range x.events {
			b.Queue("insert into events values ($1, $2, $3)", x.id, e.at, e.kind)
		}
	}
	if err := db.Conn(t.Context()).SendBatch(t.Context(), &b).Close(); err != nil {
		t.Fatal(err)
	}
}

// holds says whether a tree holds for x, in plain Go.
func holds(n filter.Node, x thing) bool {
	is := func(n filter.Node) bool { return holds(n, x) }
	switch {
	case n.Field != "":
		return leafHolds(n, x)
	case len(n.Any) > 0:
		return slices.ContainsFunc(n.Any, is)
	case len(n.None) > 0:
		return !slices.ContainsFunc(n.None, is)
	}
	return !slices.ContainsFunc(n.All, func(n filter.Node) bool { return !holds(n, x) })
}

func leafHolds(n filter.Node, x thing) bool {
	switch n.Field {
	case "name":
		return textHolds(n, x.name)
	case "amount":
		return amountHolds(n, x.amount)
	case "at":
		return timeHolds(n, x.at, now)
	case "day":
		return timeHolds(n, x.day, midnight(now))
	case "kind":
		return amongHolds(n, x.kind, func(v any) string { return v.(string) })
	case "owner":
		return amongHolds(n, x.owner, func(v any) int64 {
			if v == "me" {
				return asker.Me
			}
			return int64(v.(float64))
		})
	case "flag":
		return (x.flag != nil && *x.flag) == (n.Op == "yes")
	case "tags":
		return tagsHold(n, x.tags)
	default:
		return eventsHold(n, x.events)
	}
}

func textHolds(n filter.Node, v *string) bool {
	if n.Op == "empty" || n.Op == "filled" {
		return (v == nil) == (n.Op == "empty")
	}
	text := n.Value.(string)
	if v == nil {
		return n.Op == "is_not" || n.Op == "not_contains"
	}
	return map[string]bool{
		"is": *v == text, "is_not": *v != text, "contains": strings.Contains(*v, text),
		"not_contains": !strings.Contains(*v, text), "starts": strings.HasPrefix(*v, text),
	}[n.Op]
}

func amountHolds(n filter.Node, v *float64) bool {
	if v == nil {
		return n.Op == "empty" || n.Op == "ne"
	}
	switch n.Op {
	case "empty", "filled":
		return n.Op == "filled"
	case "between":
		pair := n.Value.([]any)
		return *v >= pair[0].(float64) && *v <= pair[1].(float64)
	}
	m := n.Value.(float64)
	return map[string]bool{"eq": *v == m, "ne": *v != m, "gt": *v > m, "gte": *v >= m, "lt": *v < m, "lte": *v <= m}[n.Op]
}

func timeHolds(n filter.Node, v *time.Time, now time.Time) bool {
	if v == nil {
		return n.Op == "empty" || n.Op == "not_last"
	}
	day := func(x any) time.Time { return must(time.ParseInLocation(time.DateOnly, x.(string), madrid)) }
	back := func() time.Time { return now.AddDate(0, 0, -int(n.Value.(float64))) }
	switch n.Op {
	case "empty", "filled":
		return n.Op == "filled"
	case "last":
		return !v.Before(back()) && !v.After(now)
	case "not_last":
		return v.Before(back())
	case "next":
		return v.After(now) && !v.After(now.AddDate(0, 0, int(n.Value.(float64))))
	case "before":
		return v.Before(day(n.Value))
	case "after":
		return !v.Before(day(n.Value).AddDate(0, 0, 1))
	case "on":
		return !v.Before(day(n.Value)) && v.Before(day(n.Value).AddDate(0, 0, 1))
	}
	pair := n.Value.([]any)
	return !v.Before(day(pair[0])) && v.Before(day(pair[1]).AddDate(0, 0, 1))
}

func values[T any](n filter.Node, read func(any) T) (out []T) {
	list, many := n.Value.([]any)
	if !many {
		list = []any{n.Value}
	}
	for _, v := range list {
		out = append(out, read(v))
	}
	return out
}

func amongHolds[T comparable](n filter.Node, v *T, read func(any) T) bool {
	switch n.Op {
	case "empty", "filled":
		return (v == nil) == (n.Op == "empty")
	case "is":
		return v != nil && slices.Contains(values(n, read), *v)
	}
	return v == nil || !slices.Contains(values(n, read), *v)
}

func tagsHold(n filter.Node, tags []int64) bool {
	if n.Op == "empty" || n.Op == "filled" {
		return (len(tags) == 0) == (n.Op == "empty")
	}
	wanted := values(n, func(v any) int64 { return int64(v.(float64)) })
	has := slices.ContainsFunc(tags, func(tag int64) bool { return slices.Contains(wanted, tag) })
	return has == (n.Op == "is")
}

func eventsHold(n filter.Node, events []event) bool {
	e := n.Value.(map[string]any)
	count := 0
	for _, x := range events {
		if kind, ok := e["kind"]; ok && kind != x.kind {
			continue
		}
		if days, ok := e["days"]; ok && x.at.Before(now.AddDate(0, 0, -int(days.(float64)))) {
			continue
		}
		count++
	}
	return (count >= int(e["count"].(float64))) == (n.Op == "some")
}

func ExampleSchema_Where() {
	var args []any
	sql, err := things.Where(filter.Node{Field: "owner", Op: "is", Value: "me"}, asker, "filter", func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	})
	fmt.Println(sql, args, err)
	// Output: (x.owner = any($1::bigint[])) [[2]] <nil>
}
