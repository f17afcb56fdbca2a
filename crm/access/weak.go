package access

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"centralita/internal/fault"
)

const (
	minPassword = 12
	maxPassword = 200
	// ownPart is how much of a password must be left when what everybody takes is out of it.
	ownPart = 5
)

// commonWords are what passwords are made of that are guessed first. They are
// the words that lead the well-known public rankings of leaked passwords in
// English, Spanish and Russian, without their endings of digits and signs, and
// the rows of the keyboard.
var commonWords = strings.Fields(`
	password passw0rd passwort contraseña contrasena parol пароль qwertyuiop qwerty йцукен qwertz azerty asdfghjkl asdfgh zxcvbnm
	zxcvbn qazwsx wsxedc 1q2w3e4r5t 1q2w3e4r 1q2w3e q1w2e3r4 abcdefghij abcdef abc123 iloveyou tequiero teamo lovely sunshine
	princess princesa football futbol baseball superman batman dragon monkey letmein welcome bienvenido master shadow michael
	jordan hunter trustno1 whatever starwars pokemon computer internet samsung google summer winter spring autumn verano
	invierno january february december administrator administrador admin root user test demo guest login access secret secreto
	changeme default temporal temporary barcelona realmadrid madrid espana spain russia moscow natasha marina ljubov lubov
	liverpool chelsea arsenal jessica ashley daniel andrew charlie thomas robert george qweasd 123qwe passme openme`)

var errWeak = fault.New(fault.Invalid, "password_weak",
	"The password needs at least 12 characters, must not hold the login, and must not be one of those that are guessed first.").
	WithField("body.password", "too weak")

// checkPassword refuses what is short, holds the user's name, or is put together
// from what everybody takes: a few characters repeated, rows of the keyboard,
// common words, years.
func checkPassword(password, login string) error {
	n := utf8.RuneCountInString(password)
	low := strings.ToLower(password)
	name, _, _ := strings.Cut(strings.ToLower(login), "@")
	holdsName := utf8.RuneCountInString(name) >= 4 && strings.Contains(low, name)
	if n < minPassword || n > maxPassword || strings.EqualFold(password, login) || holdsName || len(own(low)) < ownPart {
		return errWeak
	}
	return nil
}

// own is the different characters of what is left without common words and digits.
func own(low string) map[rune]struct{} {
	for _, word := range commonWords {
		low = strings.ReplaceAll(low, word, "")
	}
	left := map[rune]struct{}{}
	for _, r := range low {
		if unicode.IsLetter(r) || unicode.IsSymbol(r) || unicode.IsPunct(r) || unicode.IsSpace(r) {
			left[r] = struct{}{}
		}
	}
	return left
}
