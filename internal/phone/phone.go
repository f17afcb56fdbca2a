// Package phone reads telephone numbers as people, carriers and attackers write
// them. A number is a claim: Parse returns every E.164 number that a written
// form may mean under a country, each with a confidence, and never one that the
// text does not support. Only E.164 digits that DialCheck lets through may ever
// reach a dial string.
//
// It owns no state but the numbering plans, does no I/O, and is safe for
// concurrent use. Any input is accepted: nothing panics, and the time and the
// size of the result are bounded.
package phone

import (
	"cmp"
	"slices"

	pn "github.com/nyaruka/phonenumbers"
)

// Kind says what sort of text a claimed number is.
type Kind string

// The kinds. Only Number has readings; all others match nobody.
const (
	KindNumber   Kind = "number"   // digits, perhaps with separators and an extension
	KindWithheld Kind = "withheld" // the caller hides the number: "anonymous", "private", …
	KindAlpha    Kind = "alpha"    // a name where a number should be
	KindEmpty    Kind = "empty"    // nothing, or separators alone
	KindHostile  Kind = "hostile"  // characters that no number has: a dial string, code, markup
)

// Reading is one E.164 number that a written form may mean. Confidence is 1 to
// 100; Why is one of the Why constants.
type Reading struct {
	E164       string
	Confidence int
	Why        string
}

// Why a reading was made.
const (
	WhyInternational = "international"        // written with a plus
	WhyPrefix        = "international_prefix" // 00, 011, 810, …
	WhyNational      = "national"             // as dialled inside the country
	WhyTrunkPrefix   = "trunk_prefix"         // the same behind a trunk prefix (0, 8, …)
	WhyNoPlus        = "no_plus"              // a country code without its plus
	WhyStrayPlus     = "stray_plus"           // a plus before a national form
	WhyForeignTrunk  = "foreign_trunk"        // the trunk prefix of another country
	WhyArgentine9    = "argentine_9"          // the mobile 9 added or left out
	WhyMexican1      = "mexican_1"            // the mobile 1 of before 2019
	WhyBrazilian9    = "brazilian_9"          // the ninth digit added or left out
	WhyItalian0      = "italian_0"            // the leading zero restored or removed
	WhyPossible      = "possible"             // right length, but in no numbering plan
	WhyUnassigned    = "unassigned"           // no such country code
)

// maxReadings bounds how many readings one form may have.
const maxReadings = 6

// dialConfidence is the least confidence of a number that may be dialled.
const dialConfidence = 45

// Number is a claimed number and what it may mean.
//
// Raw is the text made safe to store and show (see Text). E164 is the reading
// of highest confidence, "" if there is none; Readings are sorted by falling
// confidence and hold each E.164 number once, at most six. Extension holds
// digits only. Display is the international format of E164; for a Number
// without reading, an Alpha and a Hostile it is Raw; for the others "". Country
// (ISO 3166, "" if unknown) and Class describe E164. Dialable means that a dial
// button makes sense; the dial itself is decided by DialCheck.
type Number struct {
	Raw       string
	E164      string
	Readings  []Reading
	Extension string
	Display   string
	Kind      Kind
	Class     Class
	Country   string
	Dialable  bool
}

// Parse reads raw as written or dialled in country (ISO 3166; "" when unknown).
// Forms that are not international are also read under each country of also,
// with less confidence.
func Parse(raw, country string, also ...string) Number {
	n := Number{Raw: Text(raw), Class: ClassUnknown}
	s := scan(n.Raw)
	n.Kind, n.Extension = s.kind, s.extension
	if n.Kind == KindNumber {
		n.read(s, country, also)
	}
	if n.Display == "" && n.Kind != KindEmpty && n.Kind != KindWithheld {
		n.Display = n.Raw
	}
	return n
}

// read fills what follows from the readings.
func (n *Number) read(s scanned, country string, also []string) {
	r := reader{country: country}
	r.written(s, also)
	slices.SortStableFunc(r.found, func(a, b found) int { return cmp.Compare(b.Confidence, a.Confidence) })
	r.found = r.found[:min(len(r.found), maxReadings)]
	if len(r.found) == 0 {
		return
	}
	n.Readings = make([]Reading, len(r.found))
	for i, f := range r.found {
		n.Readings[i] = f.Reading
	}
	best := r.found[0]
	n.E164 = best.E164
	if best.number == nil {
		n.Display = n.E164
		return
	}
	n.Display = pn.Format(best.number, pn.INTERNATIONAL)
	n.Class, n.Country = classify(best.number, best.typ)
	n.Dialable = best.Confidence >= dialConfidence && n.Class.dialable()
}

// Display returns the international format of an E.164 number, and any other
// text as it is.
func Display(e164 string) string {
	if !IsE164(e164) {
		return e164
	}
	num, ok := direct(e164[1:])
	if !ok {
		return e164
	}
	return pn.Format(num, pn.INTERNATIONAL)
}

// IsE164 reports whether s is a plus and 7 to 15 ASCII digits of which the first
// is not 0.
func IsE164(s string) bool {
	if len(s) < 8 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
