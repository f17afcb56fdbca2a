package field

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

func numberOf(s string) num { return num{decimal.RequireFromString(s), true} }

func dayOn(s string) day {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return day{t, true}
}

var sample = map[string]any{
	"price": numberOf("19.99"), "qty": numberOf("3"), "zero": numberOf("0"), "missing": num{},
	"start": dayOn("2026-01-31"), "until": dayOn("2026-03-01"), "never": day{}, "name": "Ana", "город": "Москва",
	"totals": column{numberOf("1.10"), {}, numberOf("2.20")}, todayName: dayOn("2026-11-25"),
}

func TestFormulasComputeExactly(t *testing.T) {
	for text, want := range map[string]string{
		"price * qty":                          "59.97",
		"0.1 + 0.2":                            "0.3",
		"1 / 3":                                "0.333333",
		"-price":                               "-19.99",
		"2 - -2":                               "4",
		"1_000 * 2":                            "2000",
		"12345678901234.567891 + 0":            "12345678901234.567891",
		"round(price, 1)":                      "20",
		"round(2.5)":                           "3",
		"price * missing":                      "",
		"default(missing, 7) + 1":              "8",
		"empty(missing) ? \"none\" : \"some\"": "none",
		"if price > 10 { \"dear\" } else { \"cheap\" }": "dear",
		"price >= 19.99 and qty == 3 ? 1 : 0":           "1",
		"not (price < 1) || false ? 1 : 2":              "1",
		"until - start":                                 "29",
		"start + 30":                                    "2026-03-02",
		"start - 31":                                    "2025-12-31",
		"add_months(start, 1)":                          "2026-02-28",
		"add_months(start, -2)":                         "2025-11-30",
		"today() - start":                               "298",
		"today() > until ? \"over\" : \"runs\"":         "over",
		"never > start ? 1 : 2":                         "2",
		"year(start) * 100 + month(start)":              "202601",
		"name + \": \" + price":                         "Ana: 19.99",
		"город == \"Москва\" ? 1 : 0":                   "1",
		"name contains \"na\" ? 1 : 0":                  "1",
		"sum(totals)":                                   "3.3",
		"count(totals)":                                 "2",
		"max(price, qty) - min(price, qty)":             "16.99",
		"10 % 4":                                        "2",
		"date(\"2026-02-01\") - start":                  "1",
		"5":                                             "5",
	} {
		f, err := compile(text, sample)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, reason := f.run(sample, endPlaces); got != want || reason != "" {
			t.Errorf("%s = %q %s, want %q", text, got, reason, want)
		}
	}
}

func TestWhatCannotBeComputedSaysWhy(t *testing.T) {
	for text, want := range map[string]string{
		"1 / zero": "division_by_zero", "zero / zero": "division_by_zero", "5 % zero": "division_by_zero",
		"999999999999999 * 10":               "too_large",
		strings.Repeat("price * ", 50) + "1": "too_large",
		"start + 4000001":                    "not_a_date", "start + 3000000": "not_a_date", "date(\"2026-02-30\")": "not_a_date",
		"add_months(start, 4000000)": "not_a_date", "round(price, 99)": "too_large",
	} {
		f, err := compile(text, sample)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, reason := f.run(sample, 2); got != "" || reason != want {
			t.Errorf("%s = %q %s, want %s", text, got, reason, want)
		}
	}
}

func TestFormulasThatCannotBeUsedNameThePlace(t *testing.T) {
	for text, want := range map[string]FormulaError{
		"price * nope":             {Code: "unknown", From: 8, To: 12, Name: "nope"},
		"город + сумма":            {Code: "unknown", From: 8, To: 13, Name: "сумма"},
		"price +":                  {Code: "syntax"},
		"price ** 2":               {Code: "not_allowed"},
		"price ^ 2":                {Code: "not_allowed"},
		"name * 2":                 {Code: "types"},
		"start + start":            {Code: "types"},
		"if name { 1 } else { 2 }": {Code: "types"},
		"price > 1":                {Code: "result"},
		"price > 1 ? 1 : name":     {Code: "result"},
		"[1, 2]":                   {Code: "not_allowed"},
		"{a: 1}":                   {Code: "not_allowed"},
		"1..1000000000":            {Code: "not_allowed"},
		"name matches \"(a+)+$\"":  {Code: "not_allowed"},
		"let x = 1; x":             {Code: "not_allowed"},
		"repeat(name, 1000000)":    {Code: "not_allowed"},
		"name.foo":                 {Code: "not_allowed"},
		"price.String()":           {Code: "not_allowed"},
		"_plus(1, 2)":              {Code: "not_allowed"},
		"sum(price)":               {Code: "types"},
		"today(1)":                 {Code: "unknown"},
		"_today":                   {Code: "not_allowed"},
		"name in [\"a\"]":          {Code: "not_allowed"},
		"$env":                     {Code: "not_allowed"},
		"nil":                      {Code: "not_allowed"},
		"1e99999":                  {Code: "syntax"}, "1e300": {Code: "not_allowed"},
		"0x10": {Code: "not_allowed"},
		"":     {Code: "empty"},
		"  ":   {Code: "empty"},
		strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000): {Code: "too_long"},
		strings.Repeat("1+", 900) + "1":                             {Code: "syntax"},
		strings.Repeat("price ", 200_000):                           {Code: "too_long"},
		"\x00":                                                      {Code: "syntax"},
	} {
		_, err := compile(text, sample)
		var got *FormulaError
		if !errors.As(err, &got) || got.Code != want.Code {
			t.Errorf("%.60q: %v, want %s", text, err, want.Code)
			continue
		}
		if want.Name != "" && *got != want {
			t.Errorf("%q: %+v, want %+v", text, *got, want)
		}
	}
}

// Whatever is typed, a formula is refused or computed: it never fails otherwise.
func TestNothingTypedBreaksTheLanguage(t *testing.T) {
	parts := []string{"price", "qty", "name", "start", "1", "0", "2.5", "\"x\"", "+", "-", "*", "/", "%", "(", ")", "?", ":", ">", "==", ",", "round(",
		"sum(", "totals", "today()", "default(", "empty(", "if", "{", "}", "else", "not", "and", "[", "]", "|", ".", "#", "nil", "true", " "}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 1, 12).Draw(t, "parts"), " ")
		f, err := compile(text, sample)
		if err != nil {
			var known *FormulaError
			if !errors.As(err, &known) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if _, reason := f.run(sample, 2); reason == "failed" {
			t.Fatalf("%q failed", text)
		}
	})
}
