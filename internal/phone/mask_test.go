package phone_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"centralita/internal/phone"
)

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"+34600123422":       "+34 6•• •• •• 22",
		"+34 600 12 34 22":   "+34 6•• •• •• 22",
		"+79161234567":       "+7 9•• •••-••-67",
		"+12025550123":       "+1 2••-•••-••23",
		"600 123 422":        "•••22",
		"alice.smith":        "•••",
		"112":                "•••",
		"+٣٤٦٠٠١٢٣٤٢٢":       "+34 6•• •• •• 22",
		"sip:+34600123422@x": "•••22",
		"":                   "•••",
	} {
		if got := phone.Mask(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestMaskInText(t *testing.T) {
	for in, want := range map[string]string{
		"Call +34 600-123-422 today":        "Call +34 6•• •• •• 22 today",
		"on 25.11.2026 or 2026-11-25, 8916": "on 25.11.2026 or 2026-11-25, 8916",
		"8(916)123-45-67, ask for Anna":     "•••67, ask for Anna",
		"٦٠٠١٢٣٤٢٢":                         "•••22",
		"invoice 1042 of 30 units":          "invoice 1042 of 30 units",
	} {
		if got := phone.MaskIn(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// No more than the country code, one digit and two more ever stay.
func TestMaskKeepsItsSecret(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		national := rapid.StringMatching(`[1-9][0-9]{8,10}`).Draw(t, "number")
		code := rapid.SampledFrom([]string{"1", "7", "34", "44", "380", "598", "999"}).Draw(t, "code")
		for _, form := range []string{"+" + code + national, "00" + code + national, national} {
			got := phone.Mask(form)
			if n := len(phone.Digits(got)); n > len(code)+3 {
				t.Fatalf("%s: %s shows %d digits", form, got, n)
			}
			if hidden := national[1 : len(national)-2]; strings.Contains(phone.Digits(phone.MaskIn("x "+form+" y")), hidden) {
				t.Fatalf("%s can be read in the text", form)
			}
		}
	})
}
