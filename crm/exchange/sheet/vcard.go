package sheet

import (
	"bufio"
	"encoding/base64"
	"errors"
	"io"
	"mime/quotedprintable"
	"strings"

	"golang.org/x/text/encoding/ianaindex"
)

// Between stands between several values of one cell, as Google writes them.
const Between = " ::: "

// CardColumns are the columns that a vCard file is read into.
var CardColumns = []string{
	"Full name", "Given name", "Middle name", "Family name", "Organisation", "Job title",
	"Mobile phone", "Work phone", "Home phone", "Other phone", "Work e-mail", "Home e-mail", "E-mail",
	"Address", "Birthday", "Note", "Categories", "Website",
}

const (
	cardFull = iota
	cardGiven
	cardMiddle
	cardFamily
	cardOrganisation
	cardTitle
	cardMobile
	cardWork
	cardHome
	cardOther
	cardWorkMail
	cardHomeMail
	cardMail
	cardAddress
	cardBirthday
	cardNote
	cardCategories
	cardWebsite
)

// maxProperty bounds one property; a photograph is longer, and left out.
const maxProperty = 64 << 10

// cards reads vCard 2.1, 3.0 and 4.0; the first row names the columns.
type cards struct {
	in      *bufio.Reader
	line    int
	pending *string
	named   bool
}

func newCards(r io.Reader, encoding string) (Rows, error) {
	text, err := decode(r, encoding)
	if err != nil {
		return nil, err
	}
	return &cards{in: bufio.NewReaderSize(text, 64<<10)}, nil
}

// Close has nothing to give back.
func (c *cards) Close() error { return nil }

// Next returns the next card as a row.
func (c *cards) Next() (Row, error) {
	if !c.named {
		c.named = true
		return Row{Line: 1, Cells: CardColumns}, nil
	}
	var row *Row
	for {
		text, err := c.property()
		if err != nil {
			if errors.Is(err, io.EOF) && row != nil && !blank(row.Cells) {
				row.Problem = UnclosedQuote // a card without its end
				return *row, nil
			}
			return Row{}, err
		}
		switch p := parseProperty(text); {
		case p.name == "BEGIN":
			row = &Row{Line: c.line, Cells: make([]string, len(CardColumns))}
		case row == nil:
		case p.name == "END":
			if row.Problem == "" {
				row.Problem = trouble(row.Cells)
			}
			row.Cells = bounded(row.Cells)
			return *row, nil
		default:
			p.into(row.Cells)
		}
	}
}

// property returns the next property, its lines put together. Quoted-printable
// goes on after a line that ends with =.
func (c *cards) property() (string, error) {
	text, err := c.physical()
	if err != nil {
		return "", err
	}
	soft := strings.Contains(strings.ToUpper(headOf(text, 200)), "QUOTED-PRINTABLE")
	for {
		next, err := c.physical()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return text, nil
			}
			return "", err
		}
		switch {
		case strings.HasPrefix(next, " ") || strings.HasPrefix(next, "\t"):
			next = next[1:]
		case soft && strings.HasSuffix(text, "="):
			text = strings.TrimSuffix(text, "=")
		default:
			c.pending = &next
			return text, nil
		}
		if len(text) < maxProperty {
			text += next
		}
	}
}

// physical returns the next line that is not empty.
func (c *cards) physical() (string, error) {
	if c.pending != nil {
		text := *c.pending
		c.pending = nil
		return text, nil
	}
	for {
		c.line++
		var text []byte
		part, more, err := c.in.ReadLine()
		for ; err == nil; part, more, err = c.in.ReadLine() {
			if len(text) < maxProperty {
				text = append(text, part...)
			}
			if !more {
				break
			}
		}
		if err != nil {
			return "", err
		}
		if line := strings.TrimRight(strings.TrimPrefix(string(text), "\ufeff"), " \r"); line != "" {
			return line, nil
		}
	}
}

// property is one line of a card: item1.TEL;TYPE=CELL:+34…
type property struct {
	name   string
	params string // upper case
	value  string
}

func parseProperty(text string) property {
	head, value, _ := strings.Cut(text, ":")
	name, params, _ := strings.Cut(head, ";")
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	p := property{name: strings.ToUpper(strings.TrimSpace(name)), params: strings.ToUpper(params), value: value}
	if len(value) > maxProperty {
		p.value = ""
		return p
	}
	p.value = p.plain()
	return p
}

// plain undoes the encodings of version 2.1.
func (p property) plain() string {
	var raw []byte
	var err error
	switch {
	case strings.Contains(p.params, "QUOTED-PRINTABLE"):
		raw, err = io.ReadAll(quotedprintable.NewReader(strings.NewReader(p.value)))
	case strings.Contains(p.params, "BASE64") || strings.Contains(p.params, "ENCODING=B"):
		raw, err = base64.StdEncoding.DecodeString(strings.TrimSpace(p.value))
	default:
		return p.value
	}
	if err != nil {
		return p.value
	}
	_, charset, _ := strings.Cut(p.params, "CHARSET=")
	charset, _, _ = strings.Cut(charset, ";")
	if charset == "" || charset == "UTF-8" {
		return string(raw)
	}
	if e, err := ianaindex.MIME.Encoding(charset); err == nil && e != nil {
		if text, err := e.NewDecoder().Bytes(raw); err == nil {
			return string(text)
		}
	}
	return string(raw)
}

// has reports whether the property is of a type: TYPE=CELL, TYPE="cell,voice" or,
// in version 2.1, CELL alone.
func (p property) has(kind string) bool {
	for _, word := range strings.FieldsFunc(p.params, func(r rune) bool { return strings.ContainsRune(`;,="`, r) }) {
		if word == kind {
			return true
		}
	}
	return false
}

func (p property) into(cells []string) {
	at, value := -1, unescape(p.value)
	switch p.name {
	case "FN":
		at = cardFull
	case "N":
		name := fields(p.value)
		cells[cardFamily], cells[cardGiven], cells[cardMiddle] = name(0), name(1), name(2)
	case "ORG":
		at, value = cardOrganisation, fields(p.value)(0)
	case "TITLE":
		at = cardTitle
	case "TEL":
		at, value = p.phone(), strings.TrimPrefix(value, "tel:")
	case "EMAIL":
		at = p.mail()
	case "ADR":
		at, value = cardAddress, address(p.value)
	case "BDAY":
		at = cardBirthday
	case "NOTE":
		at = cardNote
	case "CATEGORIES":
		at = cardCategories
	case "URL":
		at = cardWebsite
	}
	if at < 0 || value == "" || len(cells[at]) > MaxCell {
		return
	}
	if cells[at] != "" {
		value = cells[at] + Between + value
	}
	cells[at] = value
}

func (p property) phone() int {
	switch {
	case p.has("FAX") || p.has("PAGER"):
		return -1
	case p.has("CELL"):
		return cardMobile
	case p.has("WORK"):
		return cardWork
	case p.has("HOME"):
		return cardHome
	}
	return cardOther
}

func (p property) mail() int {
	switch {
	case p.has("WORK"):
		return cardWorkMail
	case p.has("HOME"):
		return cardHomeMail
	}
	return cardMail
}

// fields gives the parts of a value that are apart by semicolons.
func fields(value string) func(int) string {
	var parts []string
	last := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case ';':
			parts, last = append(parts, value[last:i]), i+1
		}
	}
	parts = append(parts, value[min(last, len(value)):])
	return func(i int) string {
		if i >= len(parts) {
			return ""
		}
		return strings.TrimSpace(unescape(parts[i]))
	}
}

// address puts box, street, town, region, code and country into one line.
func address(value string) string {
	part := fields(value)
	var kept []string
	for i := range 7 {
		if text := part(i); text != "" {
			kept = append(kept, text)
		}
	}
	return strings.Join(kept, ", ")
}

var escapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\:`, ":")

func unescape(s string) string { return strings.TrimSpace(escapes.Replace(s)) }
