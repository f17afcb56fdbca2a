package phone_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	pn "github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"centralita/internal/phone"
)

var countries = []string{"ES", "AR", "MX", "BR", "RU", "KZ", "DE", "AT", "IT", "FR", "GB", "US", "CA", "PT", "NL", "PL", "UA", "TR", "JP", "AU", "IN", "CL", "CO", "UY", "HU"}

// number draws a valid fixed or mobile number of a country.
func number(t *rapid.T) (*pn.PhoneNumber, string) {
	country := rapid.SampledFrom(countries).Draw(t, "country")
	typ := rapid.SampledFrom([]pn.PhoneNumberType{pn.MOBILE, pn.FIXED_LINE}).Draw(t, "type")
	e164 := pn.Format(pn.GetExampleNumberForType(country, typ), pn.E164)
	tail := rapid.StringMatching(`[0-9]{4}`).Draw(t, "tail")
	num, err := pn.Parse(e164[:len(e164)-4]+tail, country)
	if err != nil || !pn.IsValidNumberForRegion(num, country) {
		t.Skip("not in the plan")
	}
	return num, country
}

// Every way to write a number internationally or nationally reads as that
// number, whatever stands between the digits.
func TestEveryStyleReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		num, country := number(t)
		want := pn.Format(num, pn.E164)
		styles := []string{
			want, pn.Format(num, pn.INTERNATIONAL), pn.Format(num, pn.RFC3966), "00" + want[1:], "sip:" + want + "@192.0.2.1", "Tel. " + want,
		}
		if country != "AR" { // the library writes Argentine mobiles without their area
			styles = append(styles, pn.Format(num, pn.NATIONAL))
		}
		sep := rapid.SampledFrom([]string{" ", "-", ".", "/", "\u00a0", "\u2009", "–"}).Draw(t, "separator")
		styles = append(styles, strings.Join(strings.Split(want, ""), sep))
		raw := rapid.SampledFrom(styles).Draw(t, "style")
		n := phone.Parse(raw, country)
		if !slices.ContainsFunc(n.Readings, func(r phone.Reading) bool { return r.E164 == want && r.Confidence >= 90 }) {
			t.Fatalf("%q in %s: %v, want %s", raw, country, n.Readings, want)
		}
	})
}

func TestParseIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.OneOf(rapid.String(), rapid.StringMatching(`[+0-9 ()/;,x&~*#-]{0,24}`), rapid.StringMatching(`\+?[0-9]{5,16}`)).Draw(t, "raw")
		country := rapid.SampledFrom(append(countries, "", "XX")).Draw(t, "country")
		check(t, raw, country)
	})
}

// check holds for every input whatsoever.
func check(t interface{ Fatalf(string, ...any) }, raw, country string) {
	n := phone.Parse(raw, country, "AR")
	if !utf8.ValidString(n.Raw) || strings.ContainsRune(n.Raw, 0) || utf8.RuneCountInString(n.Raw) > 200 {
		t.Fatalf("unsafe raw %q", n.Raw)
	}
	if again := phone.Text(n.Raw); again != n.Raw {
		t.Fatalf("Text is not stable: %q, %q", n.Raw, again)
	}
	if n.Extension != phone.Digits(n.Extension) {
		t.Fatalf("extension %q", n.Extension)
	}
	if (n.E164 == "") != (len(n.Readings) == 0) || len(n.Readings) > 6 || n.Kind != phone.KindNumber && n.E164 != "" {
		t.Fatalf("%q: %+v", raw, n)
	}
	seen := map[string]bool{}
	for i, r := range n.Readings {
		if !phone.IsE164(r.E164) || r.Confidence < 1 || r.Confidence > 100 || r.Why == "" || seen[r.E164] {
			t.Fatalf("%q: reading %+v", raw, r)
		}
		if i > 0 && n.Readings[i-1].Confidence < r.Confidence {
			t.Fatalf("%q: not sorted: %v", raw, n.Readings)
		}
		seen[r.E164] = true
	}
	all := []string{n.Country}
	if n.Dialable && phone.DialCheck(n, all) != nil || !n.Dialable && phone.DialCheck(n, all) == nil {
		t.Fatalf("%q: dialable %v, but %v", raw, n.Dialable, phone.DialCheck(n, all))
	}
	if n.Dialable {
		if again := phone.Parse(n.E164, "RU"); again.E164 != n.E164 {
			t.Fatalf("%q reads as %s, that as %s", raw, n.E164, again.E164)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, w := range forms {
		f.Add(w.raw, w.country)
	}
	f.Add("100&PJSIP/trunk/0019005551212", "ES")
	f.Add(strings.Repeat("1", 1000), "ES")
	f.Add("+1;ext=;isub=;phone-context=+", "")
	f.Fuzz(func(t *testing.T, raw, country string) { check(t, raw, country) })
}

func BenchmarkParse(b *testing.B) {
	for _, w := range []form{{"+34600111222", "ES", ""}, {"600 11 12 22", "ES", ""}, {"89161234567", "RU", ""}, {"34600111222", "ES", ""}, {"+5491123456789", "AR", ""}, {"anonymous", "ES", ""}} {
		b.Run(fmt.Sprintf("%s/%s", w.country, w.raw), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				phone.Parse(w.raw, w.country)
			}
		})
	}
}
