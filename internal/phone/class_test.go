package phone_test

import (
	"fmt"
	"strings"
	"testing"

	"centralita/internal/fault"
	"centralita/internal/phone"
)

func TestDialCheckLetsOrdinaryNumbersThrough(t *testing.T) {
	allowed := []string{"ES", "AR", "US"}
	for _, raw := range []string{"+34600111222", "600 111 222", "+54 9 11 2345 6789", "900 111 222", "+1 415 555 2671", "911234567 ext 12"} {
		n := phone.Parse(raw, "ES")
		if err := phone.DialCheck(n, allowed); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestDialCheckRefusesTollFraud(t *testing.T) {
	allowed := []string{"ES", "DE", "US", "GB", "RU"}
	for raw, code := range map[string]string{
		"+882 16 1234 5678": "number_not_allowed", "+881612345678": "number_not_allowed", "+870772123456": "number_not_allowed",
		"+979 123456789": "number_not_allowed", "+247 40123": "number_not_allowed", "00 882 16 1234 5678": "number_not_allowed",
		"011 882 16 1234 5678": "number_not_allowed", "8 10 882 16 1234 5678": "number_not_allowed",
		"0900 1234567": "number_not_allowed", "+49 900 1234567": "number_not_allowed", "803 123 456": "number_not_allowed",
		"+1 900 555 1234": "number_not_allowed", "+44 70 1234 5678": "number_not_allowed", "+1 876 555 1234": "number_not_allowed",
		"+53 5 1234567": "number_not_allowed", "+880 1712 345678": "number_not_allowed", "+۸۸۲۱۶۱۲۳۴۵۶۷۸": "number_not_allowed",
		"100&PJSIP/trunk/0019005551212": "number_invalid", "+34600111222&SIP/x": "number_invalid", "+34600111222,w9": "number_invalid",
		"+34600111222;postd=p900": "number_invalid", "112": "number_invalid", "1004": "number_invalid", "*72600111222": "number_invalid",
		"anonymous": "number_invalid", "": "number_invalid", "alice": "number_invalid", "+999123456789": "number_invalid",
		"+34 600 111": "number_invalid", "0000000000": "number_invalid", "#31#600111222": "number_invalid",
	} {
		country := "ES"
		if strings.HasPrefix(raw, "0900") {
			country = "DE"
		}
		n := phone.Parse(raw, country)
		err := phone.DialCheck(n, allowed)
		if fault.KindOf(err) != fault.Invalid || fault.CodeOf(err) != code {
			t.Errorf("%q read as %s (%s): %v, want %s", raw, n.E164, n.Class, err, code)
		}
		if n.Dialable && code == "number_invalid" {
			t.Errorf("%q has a dial button", raw)
		}
	}
}

func TestDialCheckTrustsNoField(t *testing.T) {
	for _, e164 := range []string{"100&PJSIP/trunk/0019005551212", "+34600111222\n", "+34600111222,1", "+8821612345678", "+34803123456", "34600111222"} {
		n := phone.Number{
			Kind: phone.KindNumber, E164: e164, Country: "ES", Class: phone.ClassOrdinary, Dialable: true,
			Readings: []phone.Reading{{E164: e164, Confidence: 100}},
		}
		if phone.DialCheck(n, []string{"ES"}) == nil {
			t.Errorf("a forged %q was let through", e164)
		}
	}
}

// A thousand tries at every prefix and suffix that fraud is known by.
func TestDialCheckThousandAttempts(t *testing.T) {
	targets := []string{"88216%07d", "8816%08d", "870%09d", "1900555%04d", "247%05d", "2526%07d", "34803%06d", "447012%06d"}
	prefixes := []string{"+", "00", "011", "810", "8~10", "tel:+", "sip:+", "0011", "+00", "(+)"}
	suffixes := []string{"", ";ext=1", ",w1", "&PJSIP/x/1", "@host", " ext 9", "#1", "\x00"}
	tries := 0
	for i := 0; tries < 1000; i++ {
		raw := prefixes[i%len(prefixes)] + fmt.Sprintf(targets[i/7%len(targets)], i*7919%10000) + suffixes[i/3%len(suffixes)]
		n := phone.Parse(raw, "ES")
		if phone.DialCheck(n, []string{"ES"}) == nil {
			t.Errorf("%q would dial %s", raw, n.E164)
		}
		tries++
	}
}
