package phone

import (
	"strings"
	"unicode"
)

// withheld lists, in lower case, what switches and carriers put in place of a
// number that the caller hides.
var withheld = map[string]bool{
	"anonymous": true, "anon": true, "unknown": true, "unavailable": true, "restricted": true, "private": true,
	"private number": true, "withheld": true, "blocked": true, "hidden": true, "no caller id": true, "not available": true,
	"id unavailable": true, "name unavailable": true, "caller id restricted": true, "asserted-identity-withheld": true,
	"anonimo": true, "anónimo": true, "desconocido": true, "oculto": true, "privado": true, "número oculto": true,
	"numero oculto": true, "número privado": true, "numero privado": true, "restringido": true,
	"аноним": true, "неизвестно": true, "неизвестный": true, "скрыт": true, "скрытый номер": true, "номер скрыт": true,
	"<unknown>": true, "p": true, "o": true, "u": true, "s": true,
}

// labels are words that people write before a number.
var labels = map[string]bool{
	"tel": true, "tel.": true, "tél": true, "telf": true, "tlf": true, "tfno": true, "phone": true, "ph": true, "mob": true, "mobile": true,
	"móvil": true, "movil": true, "cel": true, "celular": true, "teléfono": true, "telefono": true, "telefon": true, "handy": true,
	"fax": true, "t": true, "m": true, "p": true, "wa": true, "whatsapp": true,
	"тел": true, "т": true, "м": true, "моб": true, "телефон": true, "мобильный": true, "ф": true, "факс": true,
}

// extensionWords stand between a number and its extension, longest first where
// one ends another.
var extensionWords = []string{
	"extensión", "extension", "extn", "ext", "interno", "int", "anexo", "durchwahl", "dw", "poste", "доб", "вн", "x", "#",
}

// unlabel removes a leading word such as "Tel.:" when a number follows.
func unlabel(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		_, isDigit := digit(r)
		return isDigit || r == '+' || r == '('
	})
	if end <= 0 {
		return s
	}
	word := strings.ToLower(strings.TrimRight(s[:end], " .:\u00a0"))
	if labels[word] {
		return s[end:]
	}
	return s
}

// cutExtension splits "number ext. 12" in its two parts. The extension has 1 to
// 7 digits; the number keeps at least 5.
func cutExtension(s string) (number, extension string) {
	head := strings.TrimRightFunc(s, func(r rune) bool { _, ok := digit(r); return ok })
	tail := Digits(s[len(head):])
	if head == s || len(tail) > 7 {
		return s, ""
	}
	word := strings.ToLower(strings.TrimRight(head, " .:\u00a0"))
	for _, w := range extensionWords {
		rest, found := strings.CutSuffix(word, w)
		if !found || endsInLetter(rest) || len(Digits(rest)) < 5 {
			continue
		}
		return strings.TrimRight(rest, " ,.;"), tail
	}
	return s, ""
}

func endsInLetter(s string) bool {
	last := rune(0)
	for _, r := range s {
		last = r
	}
	return unicode.IsLetter(last)
}
