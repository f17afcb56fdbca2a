package client

import (
	"regexp"
	"slices"
	"strings"
)

// The rules by which a name is found however it is written; the functions
// name_latin and name_sound of the database are the same, for its index.

var (
	signs    = strings.NewReplacer("&", " ", "@", " ", ".", " ", "-", " ", "'", " ", "%", " ", "_", " ", "+", " ", "#", " ")
	cyrillic = strings.NewReplacer(
		"ье", "ie", "щ", "shch", "ж", "zh", "х", "kh", "ц", "ts", "ч", "ch", "ш", "sh", "ю", "yu", "я", "ya", "є", "ye",
		"а", "a", "б", "b", "в", "v", "г", "g", "д", "d", "е", "e", "з", "z", "и", "i", "к", "k", "л", "l", "м", "m", "н", "n", "о", "o",
		"п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ф", "f", "ы", "y", "э", "e", "і", "i", "ґ", "g", "ъ", "", "ь", "",
	)
	// One after the other, as each rests on those before it.
	sounds = [][2]string{
		{"shch", "s"}, {"sch", "s"}, {"sh", "s"}, {"dzh", "j"}, {"zh", "j"}, {"kh", "j"}, {"tch", "!"}, {"ch", "!"}, {"ph", "f"},
		{"ck", "k"}, {"h", ""}, {"x", "ks"}, {"qu", "k"},
	}
	softG   = regexp.MustCompile(`gu([eiy])`)
	softC   = regexp.MustCompile(`c([eiy])`)
	hissing = [][2]string{{"tz", "s"}, {"ts", "s"}, {"!", "ch"}}
	merged  = strings.NewReplacer("c", "k", "g", "j", "q", "k", "w", "v", "y", "i", "z", "s")
	firstIE = regexp.MustCompile(`(^| )ie`)
)

// latin is a folded text in Latin letters, its signs as spaces.
func latin(key string) string { return cyrillic.Replace(signs.Replace(key)) }

// sound is how a text in Latin letters sounds, roughly.
func sound(latin string) string {
	s := latin
	for _, r := range sounds {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	s = softC.ReplaceAllString(softG.ReplaceAllString(s, "j$1"), "s$1")
	for _, r := range hissing {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	return single(firstIE.ReplaceAllString(merged.Replace(s), "${1}e"))
}

// single writes a letter that stands twice once.
func single(s string) string {
	var b strings.Builder
	var last rune
	for _, r := range s {
		if r != last || r < 'a' || r > 'z' {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// near returns word and what is left of its first letters when one is dropped:
// two words that are one slip apart have something of this in common.
func near(word string) []string {
	letters := []rune(word)
	letters = letters[:min(len(letters), nearLetters)]
	out := []string{string(letters)}
	for i := range letters {
		out = append(out, string(slices.Delete(slices.Clone(letters), i, i+1)))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const (
	nearLetters = 8 // a slip further behind is forgiven by the beginning
	nearLeast   = 4 // shorter words are near to too many others
)

// slips is how many letters were dropped, added, changed or swapped with their
// neighbour on the way from a to b; more than two are not counted.
func slips(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > 2 || len(y)-len(x) > 2 {
		return 3
	}
	rows := [3][]int{make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(x); i++ {
		two, one, now := rows[0], rows[1], rows[2]
		now[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			now[j] = min(one[j]+1, now[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], two[j-2]+1)
			}
		}
		rows = [3][]int{one, now, two}
	}
	return rows[1][len(y)]
}
