package phone_test

import (
	"testing"

	"centralita/internal/phone"
)

// form is one way to write a number, and what it must be read as.
type form struct {
	raw, country, e164 string
}

// forms: what people, directories and carriers write, by country.
var forms = []form{
	// Russia
	{"+79161234567", "RU", "+79161234567"},
	{"89161234567", "RU", "+79161234567"},
	{"8 (916) 123-45-67", "RU", "+79161234567"},
	{"9161234567", "RU", "+79161234567"},
	{"79161234567", "RU", "+79161234567"},
	{"+8 916 123-45-67", "RU", "+79161234567"},
	{"0079161234567", "RU", "+79161234567"},
	{"+7 (8) 916 1234567", "RU", "+79161234567"},
	{"Тел.: 8 (495) 123-45-67 доб. 12", "RU", "+74951234567"},
	{"8~10 34 600 111 222", "RU", "+34600111222"},
	{"8107 916 123 45 67", "ES", "+79161234567"},
	{"8 916 123 45 67", "ES", "+79161234567"},
	{"tel:+7-916-123-45-67;ext=12", "ES", "+79161234567"},
	{"\"Иван\" <sip:+79161234567@192.0.2.1:5060;user=phone>", "ES", "+79161234567"},
	// Kazakhstan
	{"8 701 234 56 78", "KZ", "+77012345678"},
	// Spain
	{"+34600111222", "ES", "+34600111222"},
	{"600 111 222", "ES", "+34600111222"},
	{"600/11.12-22", "ES", "+34600111222"},
	{"34600111222", "ES", "+34600111222"},
	{"0034 600 111 222", "ES", "+34600111222"},
	{"+34 (0) 600 111 222", "ES", "+34600111222"},
	{"+34\u00a0600\u2011111\u2011222", "ES", "+34600111222"},
	{"＋３４６００１１１２２２", "ES", "+34600111222"},
	{"٦٠٠١١١٢٢٢", "ES", "+34600111222"},
	{"+۳۴۶۰۰۱۱۱۲۲۲", "ES", "+34600111222"},
	{"sip:600111222@pbx.example", "ES", "+34600111222"},
	{"sip:%2B34600111222@pbx.example", "ES", "+34600111222"},
	{"tel:600111222;phone-context=+34", "AR", "+34600111222"},
	{"Tlf. 91 123 45 67", "ES", "+34911234567"},
	{"+600111222", "ES", "+34600111222"},
	// Argentina
	{"+54 9 11 2345-6789", "AR", "+5491123456789"},
	{"011 15 2345 6789", "AR", "+5491123456789"},
	{"11 15 2345-6789", "AR", "+5491123456789"},
	{"(011) 4123-4567", "AR", "+541141234567"},
	{"11 4123 4567", "AR", "+541141234567"},
	{"0351 15 234 5678", "AR", "+5493512345678"},
	{"5491123456789", "AR", "+5491123456789"},
	{"00541141234567", "AR", "+541141234567"},
	// Mexico
	{"+52 55 1234 5678", "MX", "+525512345678"},
	{"+52 1 55 1234 5678", "MX", "+525512345678"},
	{"5215512345678", "MX", "+525512345678"},
	{"044 55 1234 5678", "MX", "+525512345678"},
	{"01 55 1234 5678", "MX", "+525512345678"},
	{"55 1234 5678", "MX", "+525512345678"},
	// Brazil
	{"+55 11 98765-4321", "BR", "+5511987654321"},
	{"+55 11 8765-4321", "BR", "+5511987654321"},
	{"(11) 98765-4321", "BR", "+5511987654321"},
	{"(11) 8765-4321", "BR", "+5511987654321"},
	{"0 15 11 98765-4321", "BR", "+5511987654321"},
	{"011 98765-4321", "BR", "+5511987654321"},
	// Germany and Austria
	{"+49 (0)30/1234567", "DE", "+49301234567"},
	{"030 1234567", "DE", "+49301234567"},
	{"0049 30 1234567", "DE", "+49301234567"},
	{"+49 030 1234567", "DE", "+49301234567"},
	{"0171-1234567", "DE", "+491711234567"},
	{"0664 1234567", "AT", "+436641234567"},
	// Italy
	{"+39 06 1234 5678", "IT", "+390612345678"},
	{"+39 (0)6 1234 5678", "IT", "+390612345678"},
	{"06 12345678", "IT", "+390612345678"},
	{"+39 6 1234 5678", "IT", "+390612345678"},
	{"347 123 4567", "IT", "+393471234567"},
	{"0347 1234567", "IT", "+393471234567"},
	// France, United Kingdom, Netherlands, Portugal
	{"06 12 34 56 78", "FR", "+33612345678"},
	{"+33 (0)6.12.34.56.78", "FR", "+33612345678"},
	{"+44 (0)20 7946 0958", "GB", "+442079460958"},
	{"020 7946 0958", "GB", "+442079460958"},
	{"07400 123456 ext. 7", "GB", "+447400123456"},
	{"06-12345678", "NL", "+31612345678"},
	{"912 345 678", "PT", "+351912345678"},
	// North America
	{"(415) 555-2671", "US", "+14155552671"},
	{"1-415-555-2671", "US", "+14155552671"},
	{"415.555.2671 x123", "US", "+14155552671"},
	{"011 49 30 1234567", "US", "+49301234567"},
	{"1-800-FLOWERS", "US", "+18003569377"},
	{"+1 876 555 1234", "US", "+18765551234"},
	// Elsewhere
	{"06 30 123 4567", "HU", "+36301234567"},
	{"0011 34 600 111 222", "AU", "+34600111222"},
	{"0412 345 678", "AU", "+61412345678"},
	{"090-1234-5678", "JP", "+819012345678"},
	{"010 34 600 111 222", "JP", "+34600111222"},
	{"0532 123 45 67", "TR", "+905321234567"},
	{"8 017 234-56-78", "BY", "+375172345678"},
	{"050 123 4567", "UA", "+380501234567"},
	{"98765 43210", "IN", "+919876543210"},
	{"099 123 456", "UY", "+59899123456"},
	{"09 8765 4321", "CL", "+56987654321"},
}

func TestWrittenForms(t *testing.T) {
	countries := map[string]bool{}
	for _, f := range forms {
		countries[f.country] = true
		n := phone.Parse(f.raw, f.country)
		if n.E164 != f.e164 || n.Kind != phone.KindNumber || !n.Dialable {
			t.Errorf("%q in %s = %s (%s, dialable %v, %v), want %s", f.raw, f.country, n.E164, n.Kind, n.Dialable, n.Readings, f.e164)
		}
	}
	if len(forms) < 60 || len(countries) < 12 {
		t.Errorf("%d forms over %d countries", len(forms), len(countries))
	}
}

// Two ways to write the number of one person must share a reading, or the
// person is not found.
func TestHabitsMeet(t *testing.T) {
	for _, p := range []struct{ a, b, country string }{
		{"+54 9 11 2345 6789", "+54 11 2345 6789", "AR"},
		{"+52 1 55 1234 5678", "+52 55 1234 5678", "MX"},
		{"+55 11 98765 4321", "+55 11 8765 4321", "BR"},
		{"+39 06 1234 5678", "+39 6 1234 5678", "IT"},
		{"8 916 123 45 67", "+7 916 123 45 67", "ES"},
	} {
		if a, b := phone.Parse(p.a, p.country), phone.Parse(p.b, p.country); !meet(a, b) {
			t.Errorf("%q and %q share no reading: %v, %v", p.a, p.b, a.Readings, b.Readings)
		}
	}
}

func meet(a, b phone.Number) bool {
	for _, r := range a.Readings {
		for _, s := range b.Readings {
			if r.E164 == s.E164 {
				return true
			}
		}
	}
	return false
}

func TestNationalFormIsReadUnderEveryCountry(t *testing.T) {
	n := phone.Parse("11 4123-4567", "ES", "AR")
	if n.E164 != "+541141234567" {
		t.Errorf("E164 = %s, readings %v", n.E164, n.Readings)
	}
	both := phone.Parse("912345678", "ES", "PT")
	if len(both.Readings) < 2 || both.Readings[0].E164 != "+34912345678" || both.Readings[1].E164 != "+351912345678" {
		t.Errorf("readings = %v, want the Spanish one first and the Portuguese one too", both.Readings)
	}
	if abroad := phone.Parse("+34912345678", "ES", "PT"); len(abroad.Readings) != 1 {
		t.Errorf("an international form has readings %v", abroad.Readings)
	}
}

func TestKinds(t *testing.T) {
	for raw, want := range map[string]phone.Kind{
		"": phone.KindEmpty, "  \u200b ": phone.KindEmpty, "-": phone.KindEmpty, "+": phone.KindEmpty, "()": phone.KindEmpty,
		"anonymous": phone.KindWithheld, "Anonymous": phone.KindWithheld, `"Anonymous" <sip:anonymous@anonymous.invalid>`: phone.KindWithheld,
		"anonymous@anonymous.invalid": phone.KindWithheld, "Restricted": phone.KindWithheld, "НОМЕР СКРЫТ": phone.KindWithheld,
		"alice.smith": phone.KindAlpha, "Иван Петров": phone.KindAlpha, "MYBANK": phone.KindAlpha, "600111222 (Ana)": phone.KindAlpha, "☎": phone.KindAlpha,
		"100&PJSIP/trunk/0019005551212": phone.KindHostile, "Robert'); DROP TABLE calls;--": phone.KindHostile,
		"<img src=x onerror=alert(1)>": phone.KindHostile, "sip:1%3Bid@x": phone.KindHostile, "$(id);`id`": phone.KindHostile,
		"+34600111222,w123": phone.KindHostile, "${EXTEN}": phone.KindHostile, "600111222;postd=900": phone.KindHostile,
		"*72600111222": phone.KindHostile, "600+111222": phone.KindHostile, "tel:600111222;ext=1&2": phone.KindHostile,
		"112": phone.KindNumber, "0000000000": phone.KindNumber, "100": phone.KindNumber,
	} {
		n := phone.Parse(raw, "ES")
		if n.Kind != want {
			t.Errorf("%q is %s, want %s", raw, n.Kind, want)
		}
		if n.Dialable || n.Kind != phone.KindNumber && n.Readings != nil {
			t.Errorf("%q: dialable %v, readings %v", raw, n.Dialable, n.Readings)
		}
	}
}

func TestExtensionsStayApart(t *testing.T) {
	for raw, want := range map[string]string{
		"+34 911 234 567 ext. 12": "12", "+34911234567;ext=340": "340", "911234567 x7": "7", "911234567#9": "9",
		"+7 495 123-45-67 доб.101": "101", "911 234 567 int 5": "5", "911 234 567, ext 8": "8", "+34911234567": "",
	} {
		if n := phone.Parse(raw, "ES"); n.Extension != want || n.E164 == "" {
			t.Errorf("%q: extension %q, number %q, want extension %q", raw, n.Extension, n.E164, want)
		}
	}
}

func TestDisplay(t *testing.T) {
	if got := phone.Display("+34600111222"); got != "+34 600 11 12 22" {
		t.Errorf("Display = %q", got)
	}
	for _, s := range []string{"", "anonymous", "+", "+0", "+999123456789"} {
		if got := phone.Display(s); got != s {
			t.Errorf("Display(%q) = %q", s, got)
		}
	}
	if n := phone.Parse("<b>x</b>", "ES"); n.Display != "<b>x</b>" {
		t.Errorf("hostile display %q", n.Display)
	}
	if n := phone.Parse("anonymous", "ES"); n.Display != "" {
		t.Errorf("withheld display %q", n.Display)
	}
}

func TestTextIsSafeToStore(t *testing.T) {
	for in, want := range map[string]string{
		"a\x00b": "ab", "a\u202eb": "ab", " a\r\nb ": "a  b", "\xcf\xf0": "\uFFFD", "😀": "😀", "\u00a0x\u00a0": "x",
	} {
		if got := phone.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}
