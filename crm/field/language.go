package field

import (
	"fmt"

	"github.com/expr-lang/expr"
)

// verb is something that a formula can do, in one form.
type verb struct {
	name string
	form any                           // new(func(…) …): what it takes and gives
	do   func(args []any) (any, error) // with args of these types
}

// one and two make verbs of plain functions.
func one[A, R any](name string, fn func(A) (R, error)) verb {
	return verb{name, new(func(A) R), func(args []any) (any, error) { return fn(args[0].(A)) }}
}

func two[A, B, R any](name string, fn func(A, B) (R, error)) verb {
	return verb{name, new(func(A, B) R), func(args []any) (any, error) { return fn(args[0].(A), args[1].(B)) }}
}

// operators are the signs, each with its forms. The names of the forms cannot be
// those of fields, which begin with a letter.
var operators = map[string][]verb{
	"+": {
		two("_plus", plus), two("_later", later), two("_join", joined),
		two("_join_number", func(a string, b num) (string, error) { return joined(a, b.String()) }),
		two("_number_join", func(a num, b string) (string, error) { return joined(a.String(), b) }),
	},
	"-":  {two("_minus", minus), two("_earlier", earlier), two("_between", between)},
	"*":  {two("_times", times)},
	"/":  {two("_over", over)},
	"%":  {two("_rest", rest)},
	"<":  ordered("_lt", func(sign int) bool { return sign < 0 }),
	"<=": ordered("_le", func(sign int) bool { return sign <= 0 }),
	">":  ordered("_gt", func(sign int) bool { return sign > 0 }),
	">=": ordered("_ge", func(sign int) bool { return sign >= 0 }),
	"==": {two("_eq_number", sameNumber), two("_eq_day", sameDay), two("_eq_text", sameText)},
	"!=": {two("_ne_number", not(sameNumber)), two("_ne_day", not(sameDay)), two("_ne_text", not(sameText))},
}

func ordered(name string, fn func(sign int) bool) []verb {
	return []verb{two(name+"_number", compared(fn)), two(name+"_day", comparedDays(fn))}
}

func sameText(a, b string) (bool, error) { return a == b, nil }

func not[A any](same func(a, b A) (bool, error)) func(a, b A) (bool, error) {
	return func(a, b A) (bool, error) {
		is, err := same(a, b)
		return !is, err
	}
}

// words are the functions that a person may call, by name.
var words = map[string][]verb{
	"round":      {two("", round), one("", func(a num) (num, error) { return num{a.d.Round(0), a.ok}, nil })},
	"abs":        {one("", absolute)},
	"min":        {two("", least)},
	"max":        {two("", most)},
	"sum":        {one("", sum)},
	"count":      {one("", count)},
	"year":       {one("", yearOf)},
	"month":      {one("", monthOf)},
	"day":        {one("", dayOf)},
	"date":       {one("", parsed)},
	"add_days":   {two("", later)},
	"add_months": {two("", laterMonths)},
	"empty": {
		one("", func(a num) (bool, error) { return !a.ok, nil }), one("", func(a day) (bool, error) { return !a.ok, nil }),
		one("", func(a string) (bool, error) { return a == "", nil }),
	},
	"default": {
		two("", func(a, b num) (num, error) { return first(a.ok, a, b), nil }),
		two("", func(a, b day) (day, error) { return first(a.ok, a, b), nil }),
		two("", func(a, b string) (string, error) { return first(a != "", a, b), nil }),
	},
}

func first[T any](has bool, a, b T) T {
	if has {
		return a
	}
	return b
}

// negate is what a minus before a number becomes, todayName what today() does.
const (
	negateName = "_negative"
	todayName  = "_today"
)

// grammar is all of the language that does not depend on the fields.
var grammar = makeGrammar()

func makeGrammar() []expr.Option {
	options := []expr.Option{
		expr.DisableAllBuiltins(), expr.Optimize(false), expr.MaxNodes(maxNodes),
		function(negateName, []verb{one("", negative)}),
	}
	for sign, forms := range operators {
		names := make([]string, len(forms))
		for i, f := range forms {
			names[i] = f.name
			options = append(options, function(f.name, []verb{f}))
		}
		options = append(options, expr.Operator(sign, names...))
	}
	for name, forms := range words {
		options = append(options, function(name, forms))
	}
	return options
}

// function lets formulas call one of forms, whichever takes what is given.
func function(name string, forms []verb) expr.Option {
	types := make([]any, len(forms))
	for i, f := range forms {
		types[i] = f.form
	}
	return expr.Function(name, func(args ...any) (any, error) {
		for _, f := range forms {
			if takes(f.form, args) {
				return f.do(args)
			}
		}
		return nil, fmt.Errorf("%s cannot take this", name)
	}, types...)
}
