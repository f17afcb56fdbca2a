package field

import (
	"errors"
	"time"

	"github.com/shopspring/decimal"
)

// num is a number of a formula; the zero value is an empty field, and what is
// computed of an empty one is empty.
type num struct {
	d  decimal.Decimal
	ok bool
}

// day is a date of a formula, empty like num.
type day struct {
	t  time.Time
	ok bool
}

// column are the numbers of one column of a table.
type column []num

// Why a formula comes to nothing.
var (
	errDivision = errors.New("division_by_zero")
	errTooLarge = errors.New("too_large")
	errNoDate   = errors.New("not_a_date")
	errTooLong  = errors.New("too_long")
)

// Bounds of what is computed. Between steps a number may have more digits than
// in the end, when it must fit where it is stored.
const (
	workDigits  = 60
	workPlaces  = 20
	endPlaces   = 6
	endDigits   = 15
	longestText = 1000
)

var (
	workLimit = decimal.New(1, workDigits-workPlaces)
	endLimit  = decimal.New(1, endDigits)
)

func number(d decimal.Decimal) (num, error) {
	if d.NumDigits() > workDigits || -d.Exponent() > workPlaces {
		d = d.Round(workPlaces)
	}
	if d.Abs().GreaterThanOrEqual(workLimit) {
		return num{}, errTooLarge
	}
	return num{d, true}, nil
}

// both computes of two numbers, unless one of them is empty.
func both(fn func(a, b decimal.Decimal) (decimal.Decimal, error)) func(a, b num) (num, error) {
	return func(a, b num) (num, error) {
		if !a.ok || !b.ok {
			return num{}, nil
		}
		d, err := fn(a.d, b.d)
		if err != nil {
			return num{}, err
		}
		return number(d)
	}
}

func plain(fn func(a, b decimal.Decimal) decimal.Decimal) func(a, b num) (num, error) {
	return both(func(a, b decimal.Decimal) (decimal.Decimal, error) { return fn(a, b), nil })
}

var (
	plus  = plain(decimal.Decimal.Add)
	minus = plain(decimal.Decimal.Sub)
	times = plain(decimal.Decimal.Mul)
	over  = both(func(a, b decimal.Decimal) (decimal.Decimal, error) {
		if b.IsZero() {
			return b, errDivision
		}
		return a.DivRound(b, workPlaces), nil
	})
	rest = both(func(a, b decimal.Decimal) (decimal.Decimal, error) {
		if b.IsZero() {
			return b, errDivision
		}
		return a.Mod(b), nil
	})
)

func negative(a num) (num, error) { return num{a.d.Neg(), a.ok}, nil }

// compared tells how two numbers stand; nothing is before or after an empty one.
func compared(fn func(sign int) bool) func(a, b num) (bool, error) {
	return func(a, b num) (bool, error) { return a.ok && b.ok && fn(a.d.Cmp(b.d)), nil }
}

func comparedDays(fn func(sign int) bool) func(a, b day) (bool, error) {
	return func(a, b day) (bool, error) { return a.ok && b.ok && fn(a.t.Compare(b.t)), nil }
}

func sameNumber(a, b num) (bool, error) {
	return a.ok == b.ok && (!a.ok || a.d.Equal(b.d)), nil
}

func sameDay(a, b day) (bool, error) { return a.ok == b.ok && (!a.ok || a.t.Equal(b.t)), nil }

// round rounds half away from zero, as people do.
func round(a, places num) (num, error) {
	if !a.ok || !places.ok {
		return num{}, nil
	}
	n := places.d.IntPart()
	if n < 0 || n > workPlaces {
		return num{}, errTooLarge
	}
	return num{a.d.Round(int32(n)), true}, nil
}

func absolute(a num) (num, error) { return num{a.d.Abs(), a.ok}, nil }

func least(a, b num) (num, error) {
	if a.ok && (!b.ok || a.d.LessThan(b.d)) {
		return a, nil
	}
	return b, nil
}

func most(a, b num) (num, error) {
	if a.ok && (!b.ok || a.d.GreaterThan(b.d)) {
		return a, nil
	}
	return b, nil
}

func sum(c column) (num, error) {
	total := decimal.Zero
	for _, n := range c {
		total = total.Add(n.d)
	}
	return number(total)
}

func count(c column) (num, error) {
	n := int64(0)
	for _, each := range c {
		if each.ok {
			n++
		}
	}
	return num{decimal.NewFromInt(n), true}, nil
}

// moved checks that a date can be written.
func moved(t time.Time) (day, error) {
	if t.Year() < 1 || t.Year() > 9999 {
		return day{}, errNoDate
	}
	return day{t, true}, nil
}

// farthest bounds steps in days and months, so that no date runs over.
const farthest = 4_000_000

func steps(n num) (int, error) {
	if n.d.Abs().GreaterThan(decimal.NewFromInt(farthest)) {
		return 0, errNoDate
	}
	return int(n.d.IntPart()), nil
}

func later(a day, n num) (day, error) {
	if !a.ok || !n.ok {
		return day{}, nil
	}
	days, err := steps(n)
	if err != nil {
		return day{}, err
	}
	return moved(a.t.AddDate(0, 0, days))
}

func earlier(a day, n num) (day, error) { return later(a, num{n.d.Neg(), n.ok}) }

// laterMonths keeps the day of the month, or takes the month's last where there
// is no such day.
func laterMonths(a day, n num) (day, error) {
	if !a.ok || !n.ok {
		return day{}, nil
	}
	months, err := steps(n)
	if err != nil {
		return day{}, err
	}
	first := time.Date(a.t.Year(), a.t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return moved(first.AddDate(0, 0, min(a.t.Day(), last)-1))
}

func between(a, b day) (num, error) {
	if !a.ok || !b.ok {
		return num{}, nil
	}
	return num{decimal.NewFromInt((a.t.Unix() - b.t.Unix()) / 86_400), true}, nil
}

func yearOf(a day) (num, error)  { return num{decimal.NewFromInt(int64(a.t.Year())), a.ok}, nil }
func monthOf(a day) (num, error) { return num{decimal.NewFromInt(int64(a.t.Month())), a.ok}, nil }
func dayOf(a day) (num, error)   { return num{decimal.NewFromInt(int64(a.t.Day())), a.ok}, nil }

func parsed(text string) (day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day{}, errNoDate
	}
	return moved(t)
}

func joined(a, b string) (string, error) {
	if len(a)+len(b) > 4*longestText {
		return "", errTooLong
	}
	return a + b, nil
}

func (n num) String() string {
	if !n.ok {
		return ""
	}
	return n.d.String()
}

func (d day) String() string {
	if !d.ok {
		return ""
	}
	return d.t.Format(time.DateOnly)
}
