package message

import (
	"strings"
	"unicode"
)

// Words that bind when they are the whole message. Those of the carrier's own
// list are among them: after one of those it would refuse to deliver anyway.
var (
	stopWords = wordSet("stop stopall unsubscribe cancel end quit revoke optout baja parar alto cancelar darsedebaja nomas" +
		" стоп отписка отписаться отпишите отказ отмена хватит")
	startWords = wordSet("start unstop yes subscribe alta reanudar iniciar suscribir старт подписка подписаться возобновить")
)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// word is a message reduced to its letters in lower case, without accents that
// people leave out, and empty when it is too long to be a single command.
func word(body string) string {
	var b strings.Builder
	for _, r := range body {
		if !unicode.IsLetter(r) {
			continue
		}
		r = unicode.ToLower(r)
		if plain, accented := accents[r]; accented {
			r = plain
		}
		b.WriteRune(r)
		if b.Len() > 40 {
			return ""
		}
	}
	return b.String()
}

var accents = map[rune]rune{'á': 'a', 'é': 'e', 'í': 'i', 'ó': 'o', 'ú': 'u', 'ü': 'u', 'ñ': 'n', 'ё': 'е'}

// IsStop reports whether the message asks that no more SMS be sent.
func IsStop(body string) bool { return stopWords[word(body)] }

// IsStart reports whether the message takes such a wish back.
func IsStart(body string) bool { return startWords[word(body)] }
