package phone

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	pn "github.com/nyaruka/phonenumbers"
)

// codes says which 1 to 3 digits are country codes.
var codes = sync.OnceValue(func() *[1000]bool {
	var known [1000]bool
	for code := range pn.GetSupportedCallingCodes() {
		known[code] = true
	}
	return &known
})

// direct splits digits in country code and national number as they stand. No
// country code begins another, so that there is one way at most.
func direct(digits string) (*pn.PhoneNumber, bool) {
	known, code := codes(), 0
	for i := 0; i < 3 && i < len(digits); i++ {
		if code = code*10 + int(digits[i]-'0'); code == 0 {
			return nil, false
		}
		if known[code] {
			return number(int32(code), digits[i+1:])
		}
	}
	return nil, false
}

// number builds the library's form; leading zeros belong to the number.
func number(code int32, national string) (*pn.PhoneNumber, bool) {
	if len(national) < 2 || len(national) > 14 {
		return nil, false
	}
	value, err := strconv.ParseUint(national, 10, 64)
	if err != nil {
		return nil, false
	}
	num := &pn.PhoneNumber{CountryCode: &code, NationalNumber: &value}
	if national[0] == '0' {
		zeros := int32(1)
		for int(zeros) < len(national)-1 && national[zeros] == '0' {
			zeros++
		}
		yes := true
		num.ItalianLeadingZero = &yes
		if zeros > 1 {
			num.NumberOfLeadingZeros = &zeros
		}
	}
	return num, true
}

// format returns "+", the country code and the national number.
func format(num *pn.PhoneNumber) string {
	b := make([]byte, 1, 20)
	b[0] = '+'
	b = strconv.AppendInt(b, int64(num.GetCountryCode()), 10)
	return string(append(b, pn.GetNationalSignificantNumber(num)...))
}

// callingCode returns the digits of a country's code, "" if unknown.
func callingCode(country string) string {
	if code := pn.GetCountryCodeForRegion(country); code != 0 {
		return strconv.Itoa(code)
	}
	return ""
}

// exitCode returns what people of a country dial before a foreign number.
func exitCode(country string) string {
	switch callingCode(country) {
	case "1":
		return "011"
	case "7", "375", "992", "993", "998":
		return "810"
	case "61":
		return "0011"
	case "81":
		return "010"
	}
	return "00"
}

// trunkPrefix returns what people of a country dial before a national number;
// where there is none, the 0 that foreigners put there.
func trunkPrefix(country string) string {
	if p := pn.GetNddPrefixForRegion(country, true); p != "" {
		return p
	}
	return "0"
}

// KnownCountry reports whether country (ISO 3166) has a numbering plan.
func KnownCountry(country string) bool { return callingCode(country) != "" }

// Prefixes returns what E.164 numbers may begin with that somebody begins to
// type as raw inside one of the countries; nil when raw has no digits or is no
// beginning of a number.
func Prefixes(raw string, countries ...string) []string {
	s := scan(Text(raw))
	if s.kind != KindNumber || s.digits == "" {
		return nil
	}
	if s.plus {
		return []string{"+" + s.digits}
	}
	prefixes := []string{"+" + strings.TrimPrefix(s.digits, "00")}
	for _, c := range countries {
		if cc := callingCode(c); cc != "" {
			prefixes = append(prefixes, "+"+cc+strings.TrimPrefix(s.digits, trunkPrefix(c)), "+"+cc+s.digits)
		}
	}
	slices.Sort(prefixes)
	return slices.Compact(prefixes)
}
