package phone

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxRunes bounds the text that is kept of a claimed number.
const maxRunes = 200

// Text makes foreign text safe to store and to show as text: valid UTF-8, no
// NUL or other control character, nothing that reorders or hides what follows,
// no white space at the ends, at most 200 characters.
func Text(s string) string {
	if plainText(s) {
		return s
	}
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			r = ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			continue
		}
		if n == 0 && unicode.IsSpace(r) {
			continue
		}
		if n == maxRunes {
			break
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimRightFunc(b.String(), unicode.IsSpace)
}

// plainText reports whether s needs no change: short printable ASCII.
func plainText(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return len(s) <= maxRunes && (s == "" || s[0] != ' ' && s[len(s)-1] != ' ')
}

// Digits returns the decimal digits of s, of whatever script, as ASCII.
func Digits(s string) string {
	var b strings.Builder
	for _, r := range s {
		if d, ok := digit(r); ok {
			b.WriteByte(d)
		}
	}
	return b.String()
}

// digit returns the ASCII digit of the same value as r. Unicode keeps decimal
// digits in runs of ten, each beginning with its zero.
func digit(r rune) (byte, bool) {
	if r < utf8.RuneSelf {
		return byte(r), r >= '0' && r <= '9'
	}
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	for _, run := range unicode.Nd.R16 {
		if r >= rune(run.Lo) && r <= rune(run.Hi) {
			return '0' + byte((r-rune(run.Lo))%10), true
		}
	}
	for _, run := range unicode.Nd.R32 {
		if r >= rune(run.Lo) && r <= rune(run.Hi) {
			return '0' + byte((r-rune(run.Lo))%10), true
		}
	}
	return 0, false
}
