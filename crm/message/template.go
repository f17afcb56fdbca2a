package message

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"centralita/internal/fault"
	"centralita/internal/phone"
)

// Template is a text with placeholders. Key and Locale together are unique: one
// key stands for the same text in several languages.
type Template struct {
	ID     int64  `json:"id"`
	Key    string `json:"key"`
	Locale string `json:"locale" enum:"en,es,ru"`
	Title  string `json:"title"`
	Body   string `json:"body"`
}

// Values fill the placeholders of a template.
type Values struct {
	ClientName, Firm, Manager string
	At                        time.Time // in the zone in which it is to be read
}

// placeholders are all that a template may use.
var placeholders = []string{"client_name", "firm", "date", "time", "manager"}

var (
	placeholderShape = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_.]*)\}`)
	keyShape         = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)
)

// check normalises t and refuses what cannot be rendered.
func (t *Template) check() error {
	t.Title, t.Body = phone.Text(t.Title), cleanBody(t.Body)
	bad := fault.New(fault.Invalid, "invalid_input", "Check the marked fields.")
	if !keyShape.MatchString(t.Key) {
		bad = bad.WithField("body.key", "lower-case letters, digits and underscores")
	}
	if !slices.Contains([]string{"en", "es", "ru"}, t.Locale) {
		bad = bad.WithField("body.locale", "en, es or ru")
	}
	if t.Title == "" {
		bad = bad.WithField("body.title", "1 to 200 characters")
	}
	if !fits(t.Body) {
		bad = bad.WithField("body.body", "1 to 1600 characters")
	}
	for _, found := range placeholderShape.FindAllStringSubmatch(t.Body, -1) {
		if !slices.Contains(placeholders, found[1]) {
			bad = bad.WithField("body.body", "unknown placeholder "+found[0])
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// Render replaces each placeholder of t by its value, in one pass: what a value
// holds is text and never read as a placeholder. Values lose control characters
// and are cut at 200 characters; anything else in braces stays as it is.
func (t Template) Render(v Values) string {
	return placeholderShape.ReplaceAllStringFunc(t.Body, func(found string) string {
		switch found[1 : len(found)-1] {
		case "client_name":
			return phone.Text(v.ClientName)
		case "firm":
			return phone.Text(v.Firm)
		case "manager":
			return phone.Text(v.Manager)
		case "date":
			return v.At.Format(dateLayout(t.Locale))
		case "time":
			return v.At.Format("15:04")
		}
		return found
	})
}

func dateLayout(locale string) string {
	switch locale {
	case "es":
		return "02/01/2006"
	case "ru":
		return "02.01.2006"
	}
	return "2 Jan 2006"
}

// cleanBody makes foreign or typed text fit to be stored and sent: valid UTF-8,
// line feeds as the only control characters, no space at the ends.
func cleanBody(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r < ' ' || r >= 0x7f && r < 0xa0 || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// fits reports whether a clean text can be an SMS.
func fits(body string) bool {
	n := len([]rune(body))
	return n >= 1 && n <= maxBody
}
