package filter_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"centralita/internal/fault"
	"centralita/internal/filter"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// things is the schema of the tests' own table.
var things = filter.New("x.id",
	filter.Field{Key: "name", Type: filter.Text, SQL: "x.name", Fold: strings.ToLower, Sort: "coalesce(x.name, '')", Cast: "text"},
	filter.Field{Key: "amount", Type: filter.Money, SQL: "x.amount", Sort: "coalesce(x.amount, 0)", Cast: "numeric"},
	filter.Field{Key: "at", Type: filter.Date, SQL: "x.at"},
	filter.Field{Key: "day", Type: filter.Day, SQL: "x.day"},
	filter.Field{Key: "kind", Type: filter.Choice, SQL: "x.kind", Choices: []string{"a", "b", "c"}},
	filter.Field{Key: "owner", Type: filter.User, SQL: "x.owner"},
	filter.Field{Key: "flag", Type: filter.Bool, SQL: "x.flag"},
	filter.Field{Key: "tags", Type: filter.Ref, SQL: "t.tag", Set: "select t.thing from marks t where"},
	filter.Field{
		Key: "calls", Type: filter.Events, Set: "select e.thing from events e where", At: "e.at",
		Kinds: []filter.Kind{{Key: "missed", SQL: "e.kind = 'missed'"}, {Key: "answered", SQL: "e.kind = 'answered'"}},
	},
	filter.Field{Key: "secret", Type: filter.Text, SQL: "x.name", Sort: "x.name", Cast: "text", Right: "thing.secret"},
)

var (
	madrid = must(time.LoadLocation("Europe/Madrid"))
	now    = time.Date(2026, 3, 15, 13, 30, 0, 0, madrid)
	asker  = filter.Asker{Me: 2, Now: now, May: func(right string) bool { return right != "thing.secret" }}
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func parse(text string) (n filter.Node) {
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		panic(err)
	}
	return n
}

// compiled returns the SQL of n and its arguments.
func compiled(n filter.Node) (sql string, args []any, err error) {
	sql, err = things.Where(n, asker, "body.filter", func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	})
	return sql, args, err
}

func TestWhatASchemaDoesNotKnowIsRefusedWithItsPlace(t *testing.T) {
	for text, place := range map[string]string{
		`{"field":"nope","op":"is","value":"x"}`:                                        "body.filter.field",
		`{"field":"name; select pg_sleep(5)--","op":"is","value":"x"}`:                  "body.filter.field",
		`{"field":"password_hash","op":"starts","value":"$"}`:                           "body.filter.field",
		`{"field":"name","op":"like","value":"x"}`:                                      "body.filter.op",
		`{"field":"name","op":"= '' or pg_sleep(5) is null --","value":"x"}`:            "body.filter.op",
		`{"field":"name","op":"is","value":7}`:                                          "body.filter.value",
		`{"field":"name","op":"is","value":"  "}`:                                       "body.filter.value",
		`{"field":"name","op":"empty","value":"x"}`:                                     "body.filter.value",
		`{"all":[{"field":"amount","op":"gt","value":"1e400"}]}`:                        "body.filter.all[0].value",
		`{"any":[{"field":"amount","op":"gt","value":"1;select pg_sleep(5)"}]}`:         "body.filter.any[0].value",
		`{"none":[{"all":[{"field":"kind","op":"is","value":["a","d"]}]}]}`:             "body.filter.none[0].all[0].value[1]",
		`{"field":"at","op":"on","value":"2026-02-31"}`:                                 "body.filter.value",
		`{"field":"at","op":"on","value":"0000-00-00"}`:                                 "body.filter.value",
		`{"field":"at","op":"before","value":"2026-01-01'; select pg_sleep(5)--"}`:      "body.filter.value",
		`{"field":"at","op":"last","value":292277026596}`:                               "body.filter.value",
		`{"field":"at","op":"last","value":-1}`:                                         "body.filter.value",
		`{"field":"day","op":"between","value":["2026-01-01"]}`:                         "body.filter.value",
		`{"field":"owner","op":"is","value":"1 or 1=1"}`:                                "body.filter.value[0]",
		`{"field":"owner","op":"is","value":[]}`:                                        "body.filter.value",
		`{"field":"tags","op":"is","value":"me"}`:                                       "body.filter.value[0]",
		`{"field":"flag","op":"yes","value":true}`:                                      "body.filter.value",
		`{"field":"calls","op":"some","value":{"kind":"true) or pg_sleep(5) is null"}}`: "body.filter.value.kind",
		`{"field":"calls","op":"some","value":{"count":0}}`:                             "body.filter.value.count",
		`{"field":"calls","op":"some","value":{"sql":"x"}}`:                             "body.filter.value.sql",
		`{"op":"is","value":"x"}`:                                                       "body.filter.field",
		`{"field":"flag","op":"yes","all":[{"field":"flag","op":"yes"}]}`:               "body.filter",
		`{"all":[{"all":[{"all":[{"all":[{"all":[{"field":"flag","op":"yes"}]}]}]}]}]}`: "body.filter.all[0].all[0].all[0].all[0].all[0]",
	} {
		sql, _, err := compiled(parse(text))
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Fields[place] == "" {
			t.Errorf("%s: %q %v, want the place %s", text, sql, err, place)
		}
	}
	many := filter.Node{}
	for range 51 {
		many.All = append(many.All, filter.Node{Field: "flag", Op: "yes"})
	}
	if _, _, err := compiled(many); fault.KindOf(err) != fault.Invalid {
		t.Errorf("51 conditions: %v", err)
	}
}

func TestAFieldThatMayNotBeSeenIsNoOracle(t *testing.T) {
	_, _, err := compiled(parse(`{"any":[{"field":"secret","op":"starts","value":"+7916"}]}`))
	if fault.KindOf(err) != fault.Forbidden {
		t.Errorf("filter: %v", err)
	}
	if _, err := things.Order("secret", asker, "body.sort"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("sort: %v", err)
	}
	for _, f := range things.Fields(asker) {
		if f.Key == "secret" {
			t.Error("offered")
		}
	}
	if _, err := things.Order("secret", filter.Asker{}, "body.sort"); err != nil {
		t.Errorf("for somebody who may: %v", err)
	}
}

func TestSortsAreOfTheList(t *testing.T) {
	for _, key := range []string{"name;select pg_sleep(5)--", "password_hash", "desc,(select 1)", "kind", ""} {
		if _, err := things.Order(key, asker, "body.sort"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", key, err)
		}
	}
}

// Nothing that was typed is a part of the statement, whatever it is.
func TestTypedTextNeverBecomesSQL(t *testing.T) {
	db := pgtest.New(t)
	create(t, db)
	for _, hostile := range []string{`'; select pg_sleep(10)--`, `\'; select pg_sleep(10)--`, `$1`, `%' or pg_sleep(10) is null or '%`, "\u202e", `"`, `x`} {
		for _, op := range []string{"is", "is_not", "contains", "not_contains", "starts"} {
			sql, args, err := compiled(filter.Node{Field: "name", Op: op, Value: hostile})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(sql, "sleep") {
				t.Fatalf("%s", sql)
			}
			began := time.Now()
			if _, err := db.Conn(t.Context()).Exec(t.Context(), "select count(*) from things x where "+sql, args...); err != nil {
				t.Errorf("%s %q: %v", op, hostile, err)
			}
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("%s %q took %v: it was run", op, hostile, took)
			}
		}
	}
}

func TestWithReplacesAField(t *testing.T) {
	s := things.With(filter.Field{Key: "name", Type: filter.Bool, SQL: "true"}, filter.Field{Key: "custom.1", Type: filter.Text, SQL: "x.name"})
	if f, ok := s.Field("name", asker); !ok || f.Type != filter.Bool {
		t.Errorf("%+v", f)
	}
	if n, m := len(s.Fields(asker)), len(things.Fields(asker)); n != m+1 {
		t.Errorf("%d of %d", n, m)
	}
	if f, _ := things.Field("name", asker); f.Type != filter.Text {
		t.Error("the older schema changed")
	}
}

func create(t *testing.T, db *postgres.DB) {
	t.Helper()
	for _, sql := range []string{
		"create table things (id bigint primary key, name text, amount numeric, at timestamptz, day date, kind text, owner bigint, flag boolean)",
		"create table marks (thing bigint not null, tag bigint not null)",
		"create table events (thing bigint not null, at timestamptz not null, kind text not null)",
	} {
		if _, err := db.Conn(t.Context()).Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}
