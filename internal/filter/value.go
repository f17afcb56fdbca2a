package filter

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// value is what a condition compares with, as JSON gave it, and where it stood.
type value struct {
	v  any
	at string
}

func (v value) bad(message string) error { return invalid(v.at, message) }

// none refuses a value where there is nothing to compare.
func (v value) none() error {
	if v.v != nil {
		return v.bad("this operator takes no value")
	}
	return nil
}

func (v value) text() (string, error) {
	s, ok := v.v.(string)
	if s = strings.TrimSpace(s); !ok || s == "" {
		return "", v.bad("a text")
	}
	if utf8.RuneCountInString(s) > maxText {
		return "", v.bad("at most " + strconv.Itoa(maxText) + " characters")
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", v.bad("not a text")
	}
	return s, nil
}

// number is a decimal as SQL reads it: a JSON number, or a text of digits where
// every digit counts.
func (v value) number() (string, error) {
	switch n := v.v.(type) {
	case float64:
		if math.IsInf(n, 0) || math.IsNaN(n) || math.Abs(n) >= 1e18 {
			return "", v.bad("too large")
		}
		return strconv.FormatFloat(n, 'f', -1, 64), nil
	case json.Number:
		return value{n.String(), v.at}.number()
	case string:
		if f, err := strconv.ParseFloat(n, 64); err == nil && len(n) <= 40 && math.Abs(f) < 1e18 && strings.Trim(n, "+-.0123456789") == "" {
			return n, nil
		}
	}
	return "", v.bad("a number")
}

func (v value) numbers() (from, to string, err error) {
	pair, err := v.pair()
	if err != nil {
		return "", "", err
	}
	if from, err = pair[0].number(); err == nil {
		to, err = pair[1].number()
	}
	return from, to, err
}

func (v value) pair() ([2]value, error) {
	list, ok := v.v.([]any)
	if !ok || len(list) != 2 {
		return [2]value{}, v.bad("two values")
	}
	return [2]value{{list[0], v.at + "[0]"}, {list[1], v.at + "[1]"}}, nil
}

// whole is an integer from 1 to limit.
func (v value) whole(limit int) (int, error) {
	n, ok := v.v.(float64)
	if !ok || n != math.Trunc(n) || n < 1 || n > float64(limit) {
		return 0, v.bad("a whole number from 1 to " + strconv.Itoa(limit))
	}
	return int(n), nil
}

func (v value) days() (int, error) { return v.whole(maxDays) }

// date is a day like 2026-01-31, at its beginning in zone.
func (v value) date(zone *time.Location) (time.Time, error) {
	s, _ := v.v.(string)
	t, err := time.ParseInLocation(time.DateOnly, s, zone)
	if err != nil || t.Year() < firstYear || t.Year() > lastYear {
		return t, v.bad("a date like 2026-01-31")
	}
	return t, nil
}

func (v value) dates(zone *time.Location) (from, to time.Time, err error) {
	pair, err := v.pair()
	if err != nil {
		return from, to, err
	}
	if from, err = pair[0].date(zone); err == nil {
		to, err = pair[1].date(zone)
	}
	return from, to, err
}

// list is one value or several.
func (v value) list() ([]value, error) {
	many, ok := v.v.([]any)
	if !ok {
		many = []any{v.v}
	}
	if len(many) == 0 || len(many) > maxValues {
		return nil, v.bad("1 to " + strconv.Itoa(maxValues) + " values")
	}
	out := make([]value, len(many))
	for i, one := range many {
		out[i] = value{one, v.at + "[" + strconv.Itoa(i) + "]"}
	}
	return out, nil
}

func (v value) words(known []string) ([]string, error) {
	list, err := v.list()
	if err != nil {
		return nil, err
	}
	words := make([]string, len(list))
	for i, one := range list {
		word, ok := one.v.(string)
		if !ok || !slices.Contains(known, word) {
			return nil, one.bad("not one of the choices")
		}
		words[i] = word
	}
	return words, nil
}

// ids are positive; of users, "me" is the asker.
func (v value) ids(t Type, me int64) ([]int64, error) {
	list, err := v.list()
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(list))
	for i, one := range list {
		if one.v == "me" && t == User {
			ids[i] = me
			continue
		}
		n, err := one.whole(1 << 53)
		if err != nil {
			return nil, one.bad("an id")
		}
		ids[i] = int64(n)
	}
	return ids, nil
}

// counted is how many events of which kind, within how many days; 0: ever.
type counted struct {
	count, days int
	kind        string
}

func (v value) events(kinds []Kind) (e counted, err error) {
	e = counted{count: 1, kind: "true"}
	given, ok := v.v.(map[string]any)
	if v.v != nil && !ok {
		return e, v.bad("count, days and kind")
	}
	for key, x := range given {
		one := value{x, v.at + "." + key}
		switch key {
		case "count":
			e.count, err = one.whole(maxCount)
		case "days":
			e.days, err = one.whole(maxDays)
		case "kind":
			i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Key == x })
			if i < 0 {
				return e, one.bad("not one of the kinds")
			}
			e.kind = "(" + kinds[i].SQL + ")"
		default:
			err = one.bad("unknown")
		}
		if err != nil {
			return e, err
		}
	}
	return e, nil
}
