package phone

import (
	"strings"

	pn "github.com/nyaruka/phonenumbers"
)

// found is a reading with the library's form of it; number is nil for one that
// is in no numbering plan.
type found struct {
	Reading
	number *pn.PhoneNumber
	typ    pn.PhoneNumberType
}

// reader collects the readings of one written form.
type reader struct {
	country string
	found   []found
}

// add keeps a reading unless the same number is there with more confidence.
func (r *reader) add(f found) {
	for i := range r.found {
		if r.found[i].E164 == f.E164 {
			if r.found[i].Confidence < f.Confidence {
				r.found[i] = f
			}
			return
		}
	}
	r.found = append(r.found, f)
}

// valid adds num if it is in its country's numbering plan, with what its
// country's habits make of it.
func (r *reader) valid(num *pn.PhoneNumber, confidence int, why string) bool {
	typ := pn.GetNumberType(num)
	if typ == pn.UNKNOWN {
		return false
	}
	e164 := format(num)
	if !IsE164(e164) {
		return false
	}
	r.add(found{Reading{e164, confidence, why}, num, typ})
	r.variants(num, confidence)
	return true
}

// written reads s, most certain forms first.
func (r *reader) written(s scanned, also []string) {
	if s.plus {
		if r.international(s.digits, 100, WhyInternational) || r.repaired(s.digits, 97, WhyInternational) {
			return
		}
		r.strayPlus(s.digits)
		if len(r.found) == 0 {
			r.claimed(s.digits)
		}
		return
	}
	if len(s.digits) < 5 || r.dialledAbroad(s.digits) {
		return
	}
	r.unprefixed(s.digits, also)
}

// unprefixed reads a form without any international prefix: national, or
// international that lost its plus.
func (r *reader) unprefixed(digits string, also []string) {
	home := r.national(digits, r.country, 95)
	for _, c := range also {
		if c != r.country {
			r.national(digits, c, 60)
		}
	}
	r.plusless(digits, home)
	if !home {
		r.russianTrunk(digits)
	}
	if len(r.found) == 0 && len(digits) >= 8 {
		r.possible(callingCode(r.country)+strings.TrimLeft(digits, "0"), 30)
	}
}

// plusless reads digits as an international number that lost its plus. One that
// is a number of the country as it stands is doubted, and believed to be a
// foreign one not at all.
func (r *reader) plusless(digits string, home bool) {
	cc := callingCode(r.country)
	own := cc != "" && strings.HasPrefix(digits, cc)
	confidence := 75
	switch {
	case len(digits) < 10 || home && !own:
		return
	case home:
		confidence = 55
	case own:
		confidence = 90
	}
	if !r.international(digits, confidence, WhyNoPlus) {
		r.repaired(digits, confidence-3, WhyNoPlus)
	}
}

// international reads digits as country code and national number.
func (r *reader) international(digits string, confidence int, why string) bool {
	num, ok := direct(digits)
	return ok && r.valid(num, confidence, why)
}

// repaired reads international digits with a slip that people make: a trunk
// prefix or an old mobile prefix behind the country code, a digit left out.
func (r *reader) repaired(digits string, confidence int, why string) bool {
	if fixed, reason, ok := repair(digits); ok {
		return r.international(fixed, confidence, reason)
	}
	if why == WhyInternational {
		why = WhyTrunkPrefix
	}
	if num, ok := direct(digits); ok && num.GetItalianLeadingZero() {
		*num.ItalianLeadingZero = false
		if r.valid(num, confidence, why) {
			return true
		}
	}
	num, err := pn.Parse("+"+digits, "")
	if err != nil || format(num) == "+"+digits {
		return false
	}
	return r.valid(num, confidence, why)
}

// strayPlus reads a national or prefixed form with a plus before it. The Russian
// form on another country's line is known by, and not dialled; +88 is never
// taken for it: satellites have such numbers (+882 13…).
func (r *reader) strayPlus(digits string) {
	inner := reader{country: r.country}
	if !inner.dialledAbroad(digits) {
		inner.national(digits, r.country, 75)
		if !strings.HasPrefix(digits, "88") {
			inner.russianTrunk(digits)
		}
	}
	for _, f := range inner.found {
		if f.Why == WhyForeignTrunk {
			f.Confidence = dialConfidence - 5
		}
		f.Why, f.Confidence = WhyStrayPlus, min(f.Confidence, 75)
		r.add(f)
	}
}

// claimed keeps digits behind a plus that no plan knows: the same claim is the
// same caller, but it is never dialled.
func (r *reader) claimed(digits string) {
	if r.possible(digits, 40) || !IsE164("+"+digits) {
		return
	}
	r.add(found{Reading: Reading{"+" + digits, 20, WhyUnassigned}})
}

// possible adds a number of a right length that is in no plan.
func (r *reader) possible(digits string, confidence int) bool {
	num, ok := direct(digits)
	if !ok || pn.IsPossibleNumberWithReason(num) != pn.IS_POSSIBLE || !IsE164(format(num)) {
		return false
	}
	r.add(found{Reading{format(num), confidence, WhyPossible}, num, pn.UNKNOWN})
	return true
}

// dialledAbroad reads digits behind an international prefix: the country's own,
// or one so common that people write it anywhere.
func (r *reader) dialledAbroad(digits string) bool {
	own := exitCode(r.country)
	for _, prefix := range [...]string{own, "00", "011", "810", "0011", "010"} {
		rest, ok := strings.CutPrefix(digits, prefix)
		if !ok || len(rest) < 8 {
			continue
		}
		confidence := 80
		if prefix == own || prefix == "00" {
			confidence = 97
		}
		if r.international(rest, confidence, WhyPrefix) || r.repaired(rest, confidence-3, WhyPrefix) {
			return true
		}
	}
	return false
}

// national reads digits as dialled inside country.
func (r *reader) national(digits, country string, confidence int) bool {
	cc := callingCode(country)
	if cc == "" {
		return false
	}
	if num, ok := direct(cc + digits); ok && r.valid(num, confidence, WhyNational) {
		return true
	}
	if rest, ok := strings.CutPrefix(digits, trunkPrefix(country)); ok {
		if num, ok := direct(cc + rest); ok && r.valid(num, confidence, WhyTrunkPrefix) {
			return true
		}
	}
	if fixed, reason, ok := repairNational(cc, digits); ok {
		return r.international(cc+fixed, confidence-3, reason)
	}
	num, err := pn.Parse(digits, country)
	if err != nil {
		return false
	}
	why := WhyTrunkPrefix
	switch got := format(num); {
	case "+"+digits == got:
		return false // a country code without plus: read elsewhere
	case !strings.HasPrefix(got, "+"+cc):
		why = WhyPrefix
	}
	return r.valid(num, confidence, why)
}

// russianTrunk reads 8 and ten digits, as all of Russia writes its numbers, on
// lines of other countries.
func (r *reader) russianTrunk(digits string) {
	if len(digits) == 11 && digits[0] == '8' && strings.IndexByte("3489", digits[1]) >= 0 {
		r.international("7"+digits[1:], 45, WhyForeignTrunk)
	}
}
