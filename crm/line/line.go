// Package line keeps the firm's business lines: the numbers that people dial,
// with the country, the language and the place that each leads to.
//
// Every look-up during a call is answered from memory, as package kept does. It
// knows nothing of calls and routing.
package line

import (
	"regexp"
	"strings"

	"centralita/internal/fault"
	"centralita/internal/phone"
)

// Line is a business line. Number is E.164, or bare digits for a number inside
// a private network. LeadValue is an
// exact decimal in the firm's currency.
type Line struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Number    string `json:"number"`
	Country   string `json:"country" doc:"ISO 3166 country under whose rules numbers are read"`
	Language  string `json:"language"`
	Entry     Entry  `json:"entry" doc:"Where its callers go first"`
	LeadValue string `json:"lead_value"`
	Color     string `json:"color"`
	Active    bool   `json:"active"`
}

// Entry is the place that a line leads to. ID names the queue or the user; a
// voicemail has none.
type Entry struct {
	Kind string `json:"kind" enum:"queue,user,voicemail"`
	ID   int64  `json:"id,omitempty" minimum:"0"`
}

// defaults are the values of a new line that are not given.
func defaults() Line {
	return Line{
		Language: "en", Entry: Entry{Kind: "voicemail"}, LeadValue: "0", Color: "blue", Active: true,
	}
}

var (
	countryShape = regexp.MustCompile(`^[A-Z]{2}$`)
	valueShape   = regexp.MustCompile(`^\d{1,15}(\.\d{1,4})?$`)
)

// check normalises l and refuses what no line can be.
func (l *Line) check() error {
	l.Name = phone.Text(l.Name)
	bad := fault.New(fault.Invalid, "invalid_input", "Check the marked fields.")
	if l.Name == "" || len(l.Name) > 100 {
		bad = bad.WithField("body.name", "1 to 100 characters")
	}
	if !countryShape.MatchString(l.Country) || !phone.KnownCountry(l.Country) {
		bad = bad.WithField("body.country", "unknown country")
	}
	if !valueShape.MatchString(l.LeadValue) {
		bad = bad.WithField("body.lead_value", "an amount like 120.50")
	}
	if l.Number = canonical(l.Number, l.Country); l.Number == "" {
		bad = bad.WithField("body.number", "not a telephone number")
	}
	if (l.Entry.Kind == "voicemail") != (l.Entry.ID == 0) {
		bad = bad.WithField("body.entry", "choose who answers")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// canonical returns the one form in which a line's number is kept: E.164, else
// 2 to 15 digits of a private network, else "".
func canonical(raw, country string) string {
	n := phone.Parse(raw, country)
	if n.Kind != phone.KindNumber {
		return ""
	}
	if n.E164 != "" {
		return n.E164
	}
	if d := phone.Digits(n.Raw); len(d) >= 2 && len(d) <= 15 && !strings.HasPrefix(n.Raw, "+") {
		return d
	}
	return ""
}
