package phone

import (
	"slices"

	pn "github.com/nyaruka/phonenumbers"

	"centralita/internal/fault"
)

// Class says what a call to a number means for the bill.
type Class string

// The classes. Premium also covers personal numbers and pagers, which are sold
// for the same fraud. Global covers satellite and all other numbers that belong
// to no country.
const (
	ClassOrdinary   Class = "ordinary"
	ClassTollFree   Class = "toll_free"
	ClassSharedCost Class = "shared_cost"
	ClassPremium    Class = "premium"
	ClassGlobal     Class = "global"
	ClassShort      Class = "short"
	ClassUnknown    Class = "unknown"
)

// noCountry is what the numbering plan calls the codes of no country.
const noCountry = "001"

func (c Class) dialable() bool {
	return c == ClassOrdinary || c == ClassTollFree || c == ClassSharedCost
}

// classify returns the class and the country of num.
func classify(num *pn.PhoneNumber, typ pn.PhoneNumberType) (Class, string) {
	country := pn.GetRegionCodeForNumber(num)
	if country == noCountry {
		return ClassGlobal, ""
	}
	switch typ {
	case pn.TOLL_FREE:
		return ClassTollFree, country
	case pn.SHARED_COST:
		return ClassSharedCost, country
	case pn.PREMIUM_RATE, pn.PERSONAL_NUMBER, pn.PAGER, pn.VOICEMAIL:
		return ClassPremium, country
	case pn.UNKNOWN:
		if len(pn.GetNationalSignificantNumber(num)) <= 6 {
			return ClassShort, country
		}
		return ClassUnknown, country
	}
	return ClassOrdinary, country
}

// Errors of DialCheck; both are fault.Invalid.
var (
	errInvalid    = fault.New(fault.Invalid, "number_invalid", "This is not a telephone number that can be dialled.")
	errNotAllowed = fault.New(fault.Invalid, "number_not_allowed", "Calls to this kind of number or to this country are switched off.")
)

// DialCheck returns nil if n may be dialled: its E164 is digits behind a plus,
// exists in a numbering plan, is neither premium, short, satellite nor of no
// country, and belongs to one of the allowed countries (ISO 3166). Otherwise the
// error is fault.Invalid with the code number_invalid or number_not_allowed.
// It trusts nothing in n but re-reads E164, and that string without any change
// is all that may be put in a dial string: an extension is dialled by hand.
func DialCheck(n Number, allowed []string) error {
	if n.Kind != KindNumber || !IsE164(n.E164) {
		return errInvalid
	}
	num, ok := direct(n.E164[1:])
	if !ok {
		return errInvalid
	}
	class, country := classify(num, pn.GetNumberType(num))
	switch class {
	case ClassUnknown, ClassShort:
		return errInvalid
	case ClassPremium, ClassGlobal:
		return errNotAllowed
	}
	if country == "" || !slices.Contains(allowed, country) {
		return errNotAllowed
	}
	if !confident(n) {
		return errInvalid
	}
	return nil
}

// confident reports whether E164 is a reading that is sure enough to be dialled.
func confident(n Number) bool {
	for _, r := range n.Readings {
		if r.E164 == n.E164 {
			return r.Confidence >= dialConfidence
		}
	}
	return false
}
