package phone

import (
	"regexp"
	"strconv"
	"strings"
)

// dot stands for a digit that is not shown.
const dot = '•'

// Mask returns a number that tells a person which of several it is, and nobody
// how to dial it: of an international number the country code, the first digit
// and the last two stay, as in "+34 6•• •• •• 22"; of any other text with at
// least six digits the last two; of anything else nothing.
func Mask(s string) string {
	digits := Digits(s)
	e164 := "+" + digits
	if trimmed := strings.TrimSpace(s); !strings.HasPrefix(trimmed, "+") || !IsE164(e164) {
		if len(digits) < 6 {
			return "•••"
		}
		return "•••" + digits[len(digits)-2:]
	}
	num, ok := direct(digits)
	if !ok {
		return "+•••" + digits[len(digits)-2:]
	}
	return blank(Display(e164), len(strconv.Itoa(int(num.GetCountryCode())))+1, len(digits)-2)
}

// blank replaces the digits of s from the one with index from on, up to that
// with index to.
func blank(s string, from, to int) string {
	n := -1
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return r
		}
		if n++; n >= from && n < to {
			return dot
		}
		return r
	}, s)
}

// leastInText is how many digits in a row, separators between them, make a
// number in a text.
const leastInText = 7

var (
	dateInText   = regexp.MustCompile(`\b(?:(?:19|20)\d\d[-./](?:0[1-9]|1[0-2])[-./](?:0[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])[./](?:0?[1-9]|1[0-2])[./](?:19|20)\d\d)\b`)
	numberInText = regexp.MustCompile(`[+＋]?\(?\p{Nd}(?:[\s\-./()\[\]_~·\x{2010}-\x{2015}\x{2212}]{0,3}\p{Nd}){6,}`)
)

// HideIn returns a text in which nothing is left of all that may be a telephone
// number. Dates stay.
func HideIn(text string) string { return inText(text, func(string) string { return "•••" }) }

// MaskIn returns a text in which all that may be a telephone number is masked.
// Dates stay.
func MaskIn(text string) string { return inText(text, Mask) }

func inText(text string, mask func(string) string) string {
	if len(text) < leastInText {
		return text
	}
	var b strings.Builder
	from := 0
	for _, d := range dateInText.FindAllStringIndex(text, -1) {
		b.WriteString(numberInText.ReplaceAllStringFunc(text[from:d[0]], mask))
		b.WriteString(text[d[0]:d[1]])
		from = d[1]
	}
	b.WriteString(numberInText.ReplaceAllStringFunc(text[from:], mask))
	return b.String()
}
