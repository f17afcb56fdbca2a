package importing

import (
	"regexp"
	"slices"
	"strings"

	"centralita/crm/exchange/sheet"
)

// words are how columns are called, in the languages of the product and in the
// address books of Google and Outlook; the first that fits decides.
var words = []struct {
	pattern *regexp.Regexp
	target  string
	label   string
}{
	{re(`^(phone|e mail|email|address|website|event|relation|custom field|im) \d+ (type|label|formatted)$`), "", ""},
	{re(`phonetic|yomi|fax|факс|pager|assistant`), "", ""},
	{re(`^(centralita )?(client )?id( клиента| de cliente)?$`), toID, ""},
	{re(`^(full name|name|display name|file as|имя и фамилия|фио|ф и о|полное имя|клиент|контакт|контактное лицо|nombre completo|nombre y apellidos|cliente|contacto|client|customer|наименование|название)$`), toName, ""},
	{re(`^(first name|given name|имя|nombre|name first)$`), toGiven, ""},
	{re(`^(middle name|additional name|отчество|segundo nombre)$`), toMiddle, ""},
	{re(`^(last name|family name|surname|фамилия|apellidos?|primer apellido)$`), toFamily, ""},
	{re(`^(organi[sz]ation( 1)?( name)?|company( name)?|компания|организация|фирма|empresa|organización|organizacion|compañía|razón social)$`), toOrganisation, ""},
	{re(`^(kind|type|тип|вид|tipo)$`), toKind, ""},
	{re(`(mobile|cell|мобильн|móvil|movil|celular)`), toPhone, "mobile"},
	{re(`(business|work|company main|office|рабоч|trabajo|oficina).*(phone|телефон|teléfono|telefono)|(телефон|teléfono).*(рабоч|trabajo)`), toPhone, "work"},
	{re(`(home).*(phone)|(домашн).*(телефон)|(телефон).*(домашн)|(teléfono).*(casa)`), toPhone, "home"},
	{re(`^phone( \d+)?( value)?$|^(primary|other|main|contact) phone( \d+)?$|телефон|^тел( \d+)?$|teléfono|telefono|^(number|номер|número)$|^tel(ephone)?( \d+)?$|^phones?$`), toPhone, ""},
	{re(`(work).*(e ?mail)`), toEmail, "work"},
	{re(`(home).*(e ?mail)`), toEmail, "home"},
	{re(`^e ?mail \d+ (display name|type)$`), "", ""},
	{re(`e ?mail|почта|correo|эл адрес`), toEmail, ""},
	{re(`telegram|whatsapp|skype|viber|мессенджер|mensajero|messenger`), toMessenger, ""},
	{re(`^(notes?|comments?|примечани[ея]|комментари[йи]|заметк[аи]|notas?|comentarios?|observaciones)$`), toNote, ""},
	{re(`^(language|язык|idioma)$`), toLanguage, ""},
	{re(`^(time zone|часовой пояс|zona horaria)$`), toTimeZone, ""},
	{re(`^(responsible|owner|manager|assigned to|ответственный|менеджер|responsable|gestor)$`), toResponsible, ""},
}

func re(pattern string) *regexp.Regexp { return regexp.MustCompile(pattern) }

// sources are layouts that are known as a whole: each has all of these columns.
var sources = []struct {
	name string
	has  []string
}{
	{"own", []string{"id", "kind", "name", "phone", "email", "responsible"}},
	{"google", []string{"phone 1 value", "given name"}},
	{"google", []string{"phone 1 value", "first name"}},
	{"google", []string{"e mail 1 value", "first name"}},
	{"google", []string{"e mail 1 value", "given name"}},
	{"outlook", []string{"first name", "last name", "e mail address", "business phone"}},
}

// recognise says what a file's columns are likely to be, and by which program it
// was made.
func recognise(header []string, kind string) (source string, m Mapping) {
	names := make([]string, len(header))
	taken := map[string]bool{}
	for i, h := range header {
		names[i] = plain(h)
		column := Column{Header: h}
		column.Target, column.Label = guess(names[i])
		if taken[column.Target] && !slices.Contains(repeatable, column.Target) {
			column = Column{Header: h}
		}
		taken[column.Target] = true
		m.Columns = append(m.Columns, column)
	}
	m.settle()
	if kind == sheet.VCard {
		return "vcard", m.complete()
	}
	for _, s := range sources {
		if !slices.ContainsFunc(s.has, func(name string) bool { return !slices.Contains(names, name) }) {
			return s.name, m.complete()
		}
	}
	return "", m.complete()
}

// settle reads a column of names as the whole name when no other says more:
// "Имя" beside "Фамилия" is the first name, alone it is the name.
func (m *Mapping) settle() {
	find := func(target string) int {
		return slices.IndexFunc(m.Columns, func(c Column) bool { return c.Target == target })
	}
	name, given, family := find(toName), find(toGiven), find(toFamily)
	switch {
	case name < 0 && given >= 0 && family < 0:
		m.Columns[given].Target = toName
	case name >= 0 && (given >= 0 || family >= 0):
		for _, target := range []string{toGiven, toMiddle, toFamily} {
			if i := find(target); i >= 0 {
				m.Columns[i].Target = ""
			}
		}
	}
}

func guess(name string) (target, label string) {
	for _, w := range words {
		if w.pattern.MatchString(name) {
			return w.target, w.label
		}
	}
	return "", ""
}

// unnamed are the names of columns that have none: A, B, … AA.
func unnamed(n int) []string {
	names := make([]string, n)
	for i := range names {
		name := ""
		for k := i + 1; k > 0; k = (k - 1) / 26 {
			name = string(rune('A'+(k-1)%26)) + name
		}
		names[i] = name
	}
	return names
}

// headerOf returns the names of the columns and whether the first row was they.
func headerOf(f sheet.Format, first []string) []string {
	if f.Kind != sheet.VCard && !f.Header {
		return unnamed(len(first))
	}
	names := slices.Clone(first)
	letters := unnamed(len(first))
	for i := range names {
		if names[i] = strings.TrimSpace(names[i]); names[i] == "" {
			names[i] = letters[i]
		}
	}
	return names
}
