package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// made is a made-up client: the i-th is the same whenever and however many are made.
type made struct {
	kind, name, language, zone, note string
	country                          string // whose numbers it has
	phones                           []string
	email                            string
	age                              time.Duration // how long it has been on the books
	responsible                      int           // an index, taken modulo the number of managers; negative: nobody's
}

// first is the client of the README's example call.
var first = made{
	kind: "person", name: "Lucía Fernández Ortega", language: "es", zone: "Europe/Madrid", country: "ES",
	phones: []string{"600 11 12 22", "+34 910 55 44 33"}, email: "lucia.fernandez@example.com", age: 400 * 24 * time.Hour,
	note: "Prefers calls before noon.",
}

// client makes the i-th client, from 0.
func client(i int) made {
	if i == 0 {
		return first
	}
	r := rand.New(rand.NewPCG(20260101, uint64(i)))
	t, country, zone := home(r)
	m := made{
		kind: "person", language: t.locale, zone: zone, country: country, responsible: r.IntN(10) - 1,
		age: time.Duration(1+r.IntN(900)) * 24 * time.Hour,
	}
	if r.IntN(4) == 0 {
		m.kind, m.name = "organisation", t.organisation(r)
	} else {
		m.name = t.person(r)
	}
	m.phones = append(m.phones, number(r, country, i))
	if r.IntN(5) == 0 {
		m.phones = append(m.phones, number(r, country, i+50_000_017))
	}
	if r.IntN(3) == 0 {
		m.email = fmt.Sprintf("client%d@example.com", i)
	}
	if r.IntN(12) == 0 {
		m.note = pick(r, clientNotes)
	}
	return m
}

// home draws where a client is from: most from where the firm has its lines.
func home(r *rand.Rand) (t tongue, country, zone string) {
	switch n := r.IntN(20); {
	case n < 11:
		return spanish, "ES", "Europe/Madrid"
	case n < 16:
		return spanish, "AR", "America/Argentina/Buenos_Aires"
	case n < 18:
		return russian, "RU", "Europe/Moscow"
	case n < 19:
		return english, "GB", "Europe/London"
	}
	return english, "DE", "Europe/Berlin"
}

// number is the n-th number of a country, in one of the ways in which it gets
// written. No two n have the same one below ten million.
func number(r *rand.Rand, country string, n int) string {
	d := func(modulus int) int { return (n*61_803_397 + 13) % modulus }
	switch country {
	case "ES":
		s := fmt.Sprintf("%09d", 600_000_000+d(100_000_000))
		return pick(r, []string{"+34", "+34 ", "", "", "0034 "}) + grouped(r, s, 3)
	case "AR":
		s := fmt.Sprintf("%08d", 20_000_000+d(60_000_000))
		if r.IntN(3) == 0 {
			return "011 15-" + s[:4] + "-" + s[4:]
		}
		return "+54 9 11 " + s[:4] + "-" + s[4:]
	case "RU":
		s := fmt.Sprintf("%07d", d(10_000_000))
		code := []string{"903", "905", "906", "909", "916", "917", "925", "926", "985", "999"}[n/10_000_000%10]
		return pick(r, []string{"+7", "8"}) + " (" + code + ") " + s[:3] + "-" + s[3:5] + "-" + s[5:]
	case "GB":
		return "+44 7400 " + grouped(r, fmt.Sprintf("%06d", d(1_000_000)), 3)
	}
	return "+49 (0)171/" + fmt.Sprintf("%07d", d(10_000_000))
}

// grouped writes digits in groups, or together.
func grouped(r *rand.Rand, s string, size int) string {
	sep := pick(r, []string{"", " ", " ", "-", "."})
	var groups []string
	for ; len(s) > size; s = s[size:] {
		groups = append(groups, s[:size])
	}
	return strings.Join(append(groups, s), sep)
}
