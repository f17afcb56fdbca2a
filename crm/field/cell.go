package field

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"centralita/internal/fault"
)

// cell is a value as a row of client_values or row_values has it: one of the
// columns, text with its key.
type cell struct {
	text, key, number, date *string
	ref                     *int64
}

func (c cell) empty() bool {
	return c.text == nil && c.number == nil && c.date == nil && c.ref == nil
}

// exact returns what c holds for a field of a type, in its exact form; "" for
// nothing. A formula that has changed its type leaves values of the other one
// until it has been computed everywhere: they are nothing.
func (c cell) exact(kind string) string {
	switch kind {
	case Text:
		return value(c.text)
	case Number, Money:
		return value(c.number)
	case Date:
		return value(c.date)
	}
	if c.ref != nil {
		return strconv.FormatInt(*c.ref, 10)
	}
	return ""
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func invalid(code, message string) *fault.Error { return fault.New(fault.Invalid, code, message) }

var numberShape = regexp.MustCompile(`^-?\d{1,15}(\.\d{1,10})?$`)

// read makes a cell of a value in its exact form. Whether what an id names
// exists is asked elsewhere.
func (f Field) read(value string, fold func(string) string) (cell, error) {
	if f.of() != Text {
		value = strings.TrimSpace(value)
	}
	if value == "" {
		return cell{}, nil
	}
	switch f.of() {
	case Text:
		return readText(value, fold)
	case Number, Money:
		return f.readNumber(value)
	case Date:
		t, err := time.Parse(time.DateOnly, value)
		if err != nil || t.Year() < 1 {
			return cell{}, invalid("date_invalid", "This is not a date.")
		}
		return cell{date: &value}, nil
	default:
		id, err := strconv.ParseInt(value, 10, 64)
		if err != nil || id < 1 {
			return cell{}, invalid("reference_invalid", "There is nothing like this to refer to.")
		}
		return cell{ref: &id}, nil
	}
}

func readText(value string, fold func(string) string) (cell, error) {
	value = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(value, "\uFFFD")))
	if value == "" {
		return cell{}, nil
	}
	if utf8.RuneCountInString(value) > maxText {
		return cell{}, invalid("text_too_long", "This text is too long: 10,000 characters are the most.")
	}
	key := keyOfText(value, fold)
	return cell{text: &value, key: &key}, nil
}

// keyOfText is what a text is found and sorted by. One of signs alone is its own
// beginning: no key is empty.
func keyOfText(text string, fold func(string) string) string {
	if key := fold(text); key != "" {
		return key
	}
	return string([]rune(text)[:1])
}

func (f Field) readNumber(value string) (cell, error) {
	if !numberShape.MatchString(value) {
		return cell{}, invalid("value_not_a_number", "This is not a number, or one too long.")
	}
	d := decimal.RequireFromString(value)
	if !d.Equal(d.Truncate(int32(f.Options.Decimals))) {
		return cell{}, invalid("too_many_decimals", "This field keeps fewer digits after the point.")
	}
	exact := d.String()
	return cell{number: &exact}, nil
}

// symbols and spaces that people write into numbers.
var numberNoise = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "'", "", "’", "", "€", "", "$", "", "£", "", "₽", "", "%", "")

// writtenNumber turns a number as people write it into the exact form: the last
// point or comma parts the decimals, unless it stands as one that parts thousands.
func writtenNumber(text string) string {
	text = strings.TrimFunc(strings.TrimRight(numberNoise.Replace(text), "."), unicode.IsLetter)
	if text == "" {
		return "?" // words alone are no number
	}
	point, comma := strings.LastIndexByte(text, '.'), strings.LastIndexByte(text, ',')
	switch {
	case point >= 0 && comma >= 0:
		thousands := ","
		if comma > point {
			thousands = "."
		}
		text = strings.ReplaceAll(text, thousands, "")
	case strings.Count(text, ",") > 1:
		text = strings.ReplaceAll(text, ",", "")
	case strings.Count(text, ".") > 1:
		text = strings.ReplaceAll(text, ".", "")
	}
	return strings.Replace(text, ",", ".", 1)
}

var dateForms = []string{time.DateOnly, "2006-1-2", "2.1.2006", "2/1/2006", "2-1-2006", "2006/1/2", time.RFC3339, "2006-01-02 15:04:05", "2.1.06", "2/1/06"}

// writtenDate turns a date as people write it, day before month, into the exact
// form; what is none stays as it is.
func writtenDate(text string) string {
	for _, form := range dateForms {
		if t, err := time.Parse(form, strings.TrimSpace(text)); err == nil {
			return t.Format(time.DateOnly)
		}
	}
	return text
}
