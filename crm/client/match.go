package client

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"centralita/internal/phone"
)

// Match says why a client was found: in which field, and which parts of the text
// are alike. Sort is exact, start, sound or slip for a name, else "".
type Match struct {
	Field  string   `json:"field" enum:"name,phone,email,tag,note,custom,recent"`
	Label  string   `json:"label" doc:"Of a field that the firm has made"`
	Text   string   `json:"text"`
	Ranges [][2]int `json:"ranges" doc:"Where in the text, in characters: first and behind the last"`
	Sort   string   `json:"sort"`
}

// How good a match is; the best one decides the place.
const (
	scoreExact = 100 - 10*iota
	scoreStart
	scoreSound
	scoreSlip
	scoreOther
)

// word is a piece of a name: where it stands, in characters, and its keys.
type word struct {
	from, to            int
	plain, latin, sound string
}

// wordsOf takes a name apart as its key is taken apart.
func wordsOf(name string) []word {
	var out []word
	from, at := -1, 0
	add := func(to int) {
		if from < 0 {
			return
		}
		w := word{from: from, to: to, plain: Fold(string([]rune(name)[from:to]))}
		w.latin = latin(w.plain)
		if w.sound = sound(w.latin); w.latin != "" {
			out = append(out, w)
		}
		from = -1
	}
	for _, r := range name {
		inside := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
		if inside && from < 0 {
			from = at
		} else if !inside {
			add(at)
		}
		at++
	}
	add(at)
	return out
}

// matchName compares a name with what was typed: each typed word with the word
// of the name that is most alike. ok is false when one has none.
func matchName(name string, typed []word) (m Match, score int, ok bool) {
	m, score = Match{Field: "name", Text: name, Ranges: [][2]int{}}, scoreExact
	words := wordsOf(name)
	if len(words) != len(typed) {
		score = scoreExact - 1 // not the whole name
	}
	total := 0
	for _, t := range typed {
		best, at := 0, 0
		for i, w := range words {
			if s := alike(t, w); s > best {
				best, at = s, i
			}
		}
		if best == 0 {
			return m, 0, false
		}
		total += best
		score = min(score, best)
		w := words[at]
		m.Ranges = append(m.Ranges, [2]int{w.from, w.from + min(w.to-w.from, max(1, utf8.RuneCountInString(t.plain)))})
	}
	m.Sort = sortOf(score)
	slices.SortFunc(m.Ranges, func(a, b [2]int) int { return a[0] - b[0] })
	return m, score*10 + total/len(typed), true
}

func sortOf(score int) string {
	switch {
	case score >= scoreExact-1:
		return "exact"
	case score >= scoreStart:
		return "start"
	case score >= scoreSound:
		return "sound"
	}
	return "slip"
}

// alike says how much a word of a name is what was typed; 0: not at all.
func alike(t, w word) int {
	switch {
	case t.plain == w.plain:
		return scoreExact
	case strings.HasPrefix(w.plain, t.plain):
		return scoreStart
	case strings.HasPrefix(w.latin, t.latin) || strings.HasPrefix(w.sound, t.sound):
		return scoreSound
	}
	length := utf8.RuneCountInString(t.latin)
	if length < nearLeast {
		return 0
	}
	allowed := 1
	if length > nearLetters {
		allowed = 2
	}
	if n := min(slips(t.latin, w.latin), slips(t.sound, w.sound)); n <= allowed {
		return scoreSlip - n
	}
	return 0
}

// matchNumber marks the digits that were typed in a number as it is shown: the
// last ones if it ends so, else the first place where they stand.
func matchNumber(display, typed string) Match {
	m := Match{Field: "phone", Text: display, Ranges: [][2]int{}}
	digits, places := "", []int{}
	for i, r := range []rune(display) {
		if unicode.IsDigit(r) {
			digits += string(r)
			places = append(places, i)
		}
	}
	wanted := strings.TrimLeft(phone.Digits(typed), "0")
	at := strings.LastIndex(digits, wanted)
	for at < 0 && len(wanted) > 3 { // a national prefix is not a part of the number
		wanted = wanted[1:]
		at = strings.LastIndex(digits, wanted)
	}
	if at >= 0 && wanted != "" {
		m.Ranges = append(m.Ranges, [2]int{places[at], places[at+len(wanted)-1] + 1})
	}
	return m
}

// matchText marks what was typed in a text; of a long one the part around it is
// shown.
func matchText(field, text string, typed []word) Match {
	const before, length = 30, 120
	runes := []rune(text)
	m := Match{Field: field, Ranges: [][2]int{}}
	first := -1
	var found [][2]int
	for _, w := range wordsOf(text) {
		for _, t := range typed {
			if strings.HasPrefix(w.plain, t.plain) {
				found = append(found, [2]int{w.from, w.from + min(w.to-w.from, utf8.RuneCountInString(t.plain))})
				if first < 0 {
					first = w.from
				}
				break
			}
		}
	}
	from := max(0, first-before)
	to := min(len(runes), from+length)
	m.Text = string(runes[from:to])
	if from > 0 {
		m.Text, from = "…"+m.Text, from-1
	}
	if to < len(runes) {
		m.Text += "…"
	}
	for _, r := range found {
		if r[1] <= to {
			m.Ranges = append(m.Ranges, [2]int{r[0] - from, r[1] - from})
		}
	}
	return m
}
