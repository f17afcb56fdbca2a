package phone

import (
	"net/url"
	"strings"
	"unicode"
)

// maxDigits is more than any dialled number has, prefixes included.
const maxDigits = 24

// scanned is a claimed number taken apart. plus and digits are set for a
// KindNumber; more than maxDigits digits leave digits empty.
type scanned struct {
	kind      Kind
	plus      bool
	digits    string
	extension string
}

// scan takes text (made by Text) apart.
func scan(text string) scanned {
	if text == "" {
		return scanned{kind: KindEmpty}
	}
	if digits, plus, ok := bare(text); ok {
		return scanned{kind: KindNumber, plus: plus, digits: bounded(digits)}
	}
	body := unwrap(text)
	body, extension, context, ok := parameters(body)
	if !ok {
		return scanned{kind: KindHostile}
	}
	body = strings.TrimSpace(body)
	if withheld[strings.ToLower(body)] {
		return scanned{kind: KindWithheld}
	}
	body = unlabel(body)
	if extension == "" {
		body, extension = cutExtension(body)
	}
	s := walk(body)
	s.extension = extension
	if s.kind == KindNumber && !s.plus && context != "" {
		s.plus, s.digits = true, context+s.digits
	}
	s.digits = bounded(s.digits)
	return s
}

// bare is the fast path: an optional plus and ASCII digits.
func bare(s string) (digits string, plus, ok bool) {
	digits = s
	if s[0] == '+' {
		digits, plus = s[1:], true
	}
	for i := 0; i < len(digits); i++ {
		if digits[i] < '0' || digits[i] > '9' {
			return "", false, false
		}
	}
	return digits, plus, digits != ""
}

func bounded(digits string) string {
	if len(digits) > maxDigits {
		return ""
	}
	return digits
}

// unwrap takes the user part out of "Name" <sip:user@host>, tel:user, user@host.
func unwrap(s string) string {
	if open := strings.LastIndexByte(s, '<'); open >= 0 && strings.HasSuffix(s, ">") {
		if inner := s[open+1 : len(s)-1]; hasScheme(inner) {
			s = inner
		}
	}
	scheme := hasScheme(s)
	if scheme {
		s = s[strings.IndexByte(s, ':')+1:]
	}
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		s = s[:at]
	}
	if scheme && strings.Contains(s, "%") {
		if plain, err := url.PathUnescape(s); err == nil {
			s = Text(plain)
		}
	}
	return s
}

func hasScheme(s string) bool {
	colon := strings.IndexByte(s, ':')
	if colon < 0 {
		return false
	}
	switch strings.ToLower(s[:colon]) {
	case "tel", "sip", "sips", "callto":
		return true
	}
	return false
}

// parameters cuts RFC 3966 parameters off. context is the digits of a global
// phone-context. ok is false for a parameter that no number has.
func parameters(s string) (body, extension, context string, ok bool) {
	body, rest, more := strings.Cut(s, ";")
	for more {
		var p string
		p, rest, more = strings.Cut(rest, ";")
		name, value, _ := strings.Cut(p, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "ext":
			if value = strings.TrimSpace(value); value != Digits(value) || len(value) > 10 {
				return "", "", "", false
			}
			extension = value
		case "phone-context":
			if IsE164(value+"0000000") && len(value) <= 9 {
				context = value[1:]
			}
		case "isub", "user", "cpc", "oli", "npdi", "rn", "tgrp", "trunk-context", "transport":
		default:
			return "", "", "", false
		}
	}
	return body, extension, context, true
}

// walk reads what is left: digits and separators, or something else.
func walk(s string) scanned {
	var digits []byte
	plus, letters := false, 0
	s = strings.Replace(s, "(0)", trunkZero(s), 1)
	for _, r := range s {
		d, isDigit := digit(r)
		switch {
		case isDigit:
			digits = append(digits, d)
		case r == '+' || r == '＋':
			if plus || len(digits) > 0 {
				return scanned{kind: KindHostile}
			}
			plus = true
		case separator(r):
		case forbidden(r):
			return scanned{kind: KindHostile}
		default:
			letters++
		}
	}
	switch {
	case letters > 0:
		return vanity(s)
	case len(digits) == 0:
		return scanned{kind: KindEmpty}
	}
	return scanned{kind: KindNumber, plus: plus, digits: string(digits)}
}

// trunkZero is what a "(0)" inside s stands for: nothing, as in +44 (0)20, or
// the zero itself where the zero belongs to the number, as in Italy.
func trunkZero(s string) string {
	if d := strings.TrimPrefix(Digits(s[:min(len(s), 8)]), "00"); strings.HasPrefix(d, "39") || strings.HasPrefix(d, "378") {
		return "0"
	}
	return ""
}

// separator reports whether r may stand between digits and means nothing. The
// tilde is how Russians write "wait for the tone" after the 8.
func separator(r rune) bool {
	switch r {
	case ' ', '-', '.', '/', '(', ')', '[', ']', '_', '~', '·', '•', '\u2212', '／', '（', '）', '．', '－':
		return true
	}
	return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r)
}

// forbidden reports whether r means something to a switch, a shell, SQL or HTML.
func forbidden(r rune) bool {
	return strings.ContainsRune("&,;$%{}'\"<>\\|`=*#!?^:@+", r)
}

// vanity reads American numbers written with letters: 1-800-FLOWERS. Any other
// text with letters is a name.
func vanity(s string) scanned {
	compact := make([]byte, 0, 16)
	for i := 0; i < len(s) && len(compact) < 16; i++ {
		if c := s[i]; c != ' ' && c != '-' && c != '.' && c != '+' && c != '(' && c != ')' {
			compact = append(compact, c)
		}
	}
	t := strings.TrimPrefix(string(compact), "1")
	if len(t) != 10 || t[0] != '8' || Digits(t[:3]) != t[:3] || t[1] != t[2] {
		return scanned{kind: KindAlpha}
	}
	digits := []byte{'1'}
	for _, r := range strings.ToUpper(t) {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, byte(r))
		case r >= 'A' && r <= 'Z':
			digits = append(digits, "22233344455566677778889999"[r-'A'])
		default:
			return scanned{kind: KindAlpha}
		}
	}
	return scanned{kind: KindNumber, plus: true, digits: string(digits)}
}
