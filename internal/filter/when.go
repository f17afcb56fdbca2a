package filter

import (
	"fmt"
	"time"
)

// The years a date may be of: further ones are slips.
const (
	firstYear = 1900
	lastYear  = 2200
)

// date compiles a condition on a moment or a day. Whole days are those of the
// asker's time zone; "last 7" reaches back 7 times 24 hours, or for a Day seven
// days before today.
func (c *compiler) date(f Field, op string, v value) (string, error) {
	switch op {
	case "last", "not_last", "next":
		days, err := v.days()
		if err != nil {
			return "", err
		}
		return c.span(f, op, days), nil
	case "between":
		from, to, err := v.dates(c.asker.Now.Location())
		if err != nil {
			return "", err
		}
		return c.within(f, from, to.AddDate(0, 0, 1)), nil
	}
	day, err := v.date(c.asker.Now.Location())
	if err != nil {
		return "", err
	}
	next := day.AddDate(0, 0, 1)
	switch op {
	case "before":
		return "(" + f.SQL + " < " + c.moment(f, day) + ")", nil
	case "after":
		return "(" + f.SQL + " >= " + c.moment(f, next) + ")", nil
	}
	return c.within(f, day, next), nil
}

// span is the last or the next days. What has no value has not been in them.
func (c *compiler) span(f Field, op string, days int) string {
	now := c.asker.Now
	if f.Type == Day {
		now = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	}
	switch op {
	case "next":
		return "(" + f.SQL + " > " + c.moment(f, now) + " and " + f.SQL + " <= " + c.moment(f, now.AddDate(0, 0, days)) + ")"
	case "not_last":
		return "(" + f.SQL + " is null or " + f.SQL + " < " + c.moment(f, now.AddDate(0, 0, -days)) + ")"
	}
	return "(" + f.SQL + " >= " + c.moment(f, now.AddDate(0, 0, -days)) + " and " + f.SQL + " <= " + c.moment(f, now) + ")"
}

func (c *compiler) within(f Field, from, to time.Time) string {
	return "(" + f.SQL + " >= " + c.moment(f, from) + " and " + f.SQL + " < " + c.moment(f, to) + ")"
}

func (c *compiler) moment(f Field, t time.Time) string {
	if f.Type == Day {
		return c.arg(t.Format(time.DateOnly)) + "::date"
	}
	return c.arg(t.UTC()) + "::timestamptz"
}

// events compiles "at least so many" and "fewer than so many" of some kind
// within the last days.
func (c *compiler) events(f Field, op string, v value) (string, error) {
	e, err := v.events(f.Kinds)
	if err != nil {
		return "", err
	}
	rows := f.Set + " " + c.recent(f, e)
	if e.count > 1 {
		rows += fmt.Sprintf(" group by 1 having count(*) >= %d", e.count)
	}
	return c.member(rows, op != "fewer"), nil
}

// recent is the condition on an event that it is of the kind and within the days.
func (c *compiler) recent(f Field, e counted) string {
	if e.days == 0 {
		return e.kind
	}
	return e.kind + " and " + f.At + " >= " + c.arg(c.asker.Now.AddDate(0, 0, -e.days).UTC()) + "::timestamptz"
}
