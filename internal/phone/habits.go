package phone

import (
	"strings"

	pn "github.com/nyaruka/phonenumbers"
)

// Country codes whose mobile numbers are written in more than one way.
const (
	argentina = 54
	brazil    = 55
)

// repair mends international digits of countries whose numbers changed.
func repair(digits string) (fixed, why string, ok bool) {
	switch {
	case strings.HasPrefix(digits, "52"):
		if n, old := cutMexican(digits[2:]); old {
			return "52" + n, WhyMexican1, true
		}
	case strings.HasPrefix(digits, "55"):
		if n, old := addNinth(digits[2:]); old {
			return "55" + n, WhyBrazilian9, true
		}
	case strings.HasPrefix(digits, "39") && len(digits) >= 8:
		if digits[2] == '0' {
			return "39" + strings.TrimLeft(digits[2:], "0"), WhyItalian0, true
		}
		return "390" + digits[2:], WhyItalian0, true
	}
	return "", "", false
}

// repairNational does the same for digits dialled inside the country cc.
func repairNational(cc, digits string) (fixed, why string, ok bool) {
	switch cc {
	case "52":
		n, old := cutMexican(digits)
		return n, WhyMexican1, old
	case "55":
		n, old := addNinth(strings.TrimPrefix(digits, "0"))
		return n, WhyBrazilian9, old
	case "39":
		if rest := strings.TrimLeft(digits, "0"); rest != digits && strings.HasPrefix(rest, "3") {
			return rest, WhyItalian0, true
		}
	}
	return "", "", false
}

// cutMexican removes the prefixes that Mexico gave up in 2019 and 2020: 1 behind
// the country code, 01, 044 and 045 inside the country.
func cutMexican(national string) (string, bool) {
	for _, old := range [...]string{"044", "045", "01", "1"} {
		if rest, found := strings.CutPrefix(national, old); found && len(rest) == 10 {
			return rest, true
		}
	}
	return "", false
}

// addNinth adds the 9 that Brazilian mobile numbers got by 2016.
func addNinth(national string) (string, bool) {
	if len(national) == 10 && national[2] >= '6' && national[2] <= '9' {
		return national[:2] + "9" + national[2:], true
	}
	return "", false
}

// variants adds the other ways in which carriers and people write a valid number.
func (r *reader) variants(num *pn.PhoneNumber, confidence int) {
	switch num.GetCountryCode() {
	case argentina:
		r.argentine(pn.GetNationalSignificantNumber(num), confidence*8/10)
	case brazil:
		n := pn.GetNationalSignificantNumber(num)
		if len(n) == 11 && n[2] == '9' && n[3] >= '6' {
			r.add(found{Reading: Reading{"+55" + n[:2] + n[3:], confidence * 7 / 10, WhyBrazilian9}})
		}
	}
}

// argentine adds the form with or without the 9 that marks a mobile.
func (r *reader) argentine(n string, confidence int) {
	if len(n) == 11 && n[0] == '9' {
		r.add(found{Reading: Reading{"+54" + n[1:], confidence, WhyArgentine9}})
		return
	}
	mobile, ok := number(argentina, "9"+n)
	if !ok || len(n) != 10 {
		return
	}
	if typ := pn.GetNumberType(mobile); typ != pn.UNKNOWN {
		r.add(found{Reading{format(mobile), confidence, WhyArgentine9}, mobile, typ})
	}
}
