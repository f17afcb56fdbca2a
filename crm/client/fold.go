package client

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxKey bounds a search key in bytes; an index entry must fit a page.
const maxKey = 600

// unmarked are letters that carry their mark inside.
var unmarked = strings.NewReplacer("ß", "ss", "ł", "l", "ø", "o", "đ", "d", "æ", "ae", "œ", "oe", "ı", "i", "þ", "th", "ð", "d")

// Fold makes the key under which a name is found: lower case, without accents
// (ё as е, ñ as n), words apart by one space, no punctuation but what stands
// inside a word.
func Fold(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFD.String(unmarked.Replace(strings.ToLower(name))) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("&@.-'%_+#", r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
		if b.Len() > maxKey {
			break
		}
	}
	return norm.NFC.String(b.String())
}

// lower is what a case-blind comparison in SQL is made with.
func lower(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// trimNote keeps the line breaks of a note and takes out what a database or a
// reader cannot bear.
func trimNote(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}
