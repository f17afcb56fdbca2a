package client

import (
	"errors"
	"net/mail"
	"strconv"
	"strings"

	"centralita/internal/fault"
	"centralita/internal/phone"
)

// NewPoint is a contact point as somebody wrote it.
type NewPoint struct {
	Kind  string `json:"kind" enum:"phone,email,messenger"`
	Raw   string `json:"raw" minLength:"1" maxLength:"200"`
	Label string `json:"label,omitempty" maxLength:"60"`
}

// point is a contact point as it is stored.
type point struct {
	kind, raw, value, tail, label, source string
	e164                                  []string
	confidence                            []int16
}

// readPoint reads p under the countries, the likeliest first. A phone must have
// a number in it, an e-mail must be an address: else fault.Invalid.
func readPoint(p NewPoint, source string, countries []string) (point, error) {
	out := point{kind: p.Kind, raw: phone.Text(p.Raw), label: phone.Text(p.Label), source: source}
	switch p.Kind {
	case "phone":
		return out, out.readPhone(countries)
	case "email":
		a, err := mail.ParseAddress(out.raw)
		if err != nil {
			return out, fault.New(fault.Invalid, "email_invalid", "This is not an e-mail address.").WithField("body.raw", "not an e-mail address")
		}
		out.value = strings.ToLower(a.Address)
	default:
		if out.value = strings.ToLower(out.raw); out.value == "" {
			return out, fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.raw", "required")
		}
	}
	return out, nil
}

func (p *point) readPhone(countries []string) error {
	country, also := "", countries
	if len(countries) > 0 {
		country, also = countries[0], countries[1:]
	}
	n := phone.Parse(p.raw, country, also...)
	digits := phone.Digits(n.E164)
	if n.E164 == "" && n.Kind == phone.KindNumber {
		digits = phone.Digits(n.Raw)
	}
	if n.Kind != phone.KindNumber || len(digits) < 3 || len(digits) > 20 {
		return fault.New(fault.Invalid, "number_invalid", "This is not a telephone number.").WithField("body.raw", "not a telephone number")
	}
	if p.value = n.E164; p.value == "" {
		p.value = digits
	}
	p.tail = reversed(digits)
	for _, r := range n.Readings {
		p.e164 = append(p.e164, r.E164)
		p.confidence = append(p.confidence, int16(r.Confidence))
	}
	return nil
}

// Written is a number as the tables keep it, for those who fill them in bulk.
type Written struct {
	Value, Tail string
	Readings    []phone.Reading
}

// WritePhone reads raw under the countries as a contact point would be; ok is
// false where a contact point would be refused.
func WritePhone(raw string, countries ...string) (w Written, ok bool) {
	p, err := readPoint(NewPoint{Kind: "phone", Raw: raw}, "", countries)
	if err != nil {
		return w, false
	}
	w = Written{Value: p.value, Tail: p.tail}
	for i, e := range p.e164 {
		w.Readings = append(w.Readings, phone.Reading{E164: e, Confidence: int(p.confidence[i])})
	}
	return w, true
}

// blame names the contact point of a list at which err happened.
func blame(err error, i int) error {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	moved := fault.Wrap(err, f.Kind, f.Code, f.Message)
	for _, message := range f.Fields {
		moved = moved.WithField("body.contact_points["+strconv.Itoa(i)+"].raw", message)
	}
	return moved
}
