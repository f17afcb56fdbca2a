package access

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"centralita/internal/phone"
)

// Mask is how much of a field somebody may see.
type Mask int

// The masks, from all to nothing.
const (
	Shown Mask = iota
	Masked
	Hidden
)

var maskNames = []string{"shown", "masked", "hidden"}

// String returns the mask's word.
func (m Mask) String() string { return maskNames[m] }

// MarshalText writes the mask's word.
func (m Mask) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the mask's word and knows no other.
func (m *Mask) UnmarshalText(text []byte) error {
	at := slices.Index(maskNames, string(text))
	if at < 0 {
		return fmt.Errorf("no mask %q", text)
	}
	*m = Mask(at)
	return nil
}

// The fields that every room shows. PhoneField rules over every number of a
// client or caller, wherever it stands: card, lead, call, message.
const (
	PhoneField = "client.phone"
	EmailField = "client.email"
	NoteField  = "client.note"
)

// FieldMask returns how much of a field ctx's actor may see. Fields are named
// like client.phone, those that the firm has added custom.ID.
func FieldMask(ctx context.Context, field string) Mask {
	a := ActorFrom(ctx)
	if a.System() {
		return Shown
	}
	return a.rights().Fields[field]
}

// Number is a telephone number, in whatever form, as m lets it be seen.
func (m Mask) Number(s string) string { return m.by(s, MaskNumber) }

// Email is an e-mail address as m lets it be seen.
func (m Mask) Email(s string) string { return m.by(s, maskEmail) }

// Text is a short value of any other sort as m lets it be seen: nothing of it is
// left where it is masked, not even its length.
func (m Mask) Text(s string) string { return m.by(s, func(string) string { return "•••" }) }

// Prose is text in which people may have written numbers, as m lets it be seen:
// the numbers in it are masked or gone, the words stay.
func (m Mask) Prose(s string) string {
	if m == Hidden {
		return phone.HideIn(s)
	}
	return m.by(s, phone.MaskIn)
}

func (m Mask) by(s string, mask func(string) string) string {
	switch {
	case m == Shown || s == "":
		return s
	case m == Masked:
		return mask(s)
	}
	return ""
}

// MaskNumber returns a number of which the country, the first digit and the last
// two stay: +34 6•• ••• •22. What is no international number keeps its last two
// digits, a short one nothing.
func MaskNumber(s string) string { return phone.Mask(s) }

// maskEmail keeps the first letter and the domain's ending: a•••@•••.com.
func maskEmail(s string) string {
	name, domain, ok := strings.Cut(s, "@")
	if !ok || name == "" {
		return "•••"
	}
	ending := ""
	if dot := strings.LastIndexByte(domain, '.'); dot >= 0 {
		ending = domain[dot:]
	}
	first := []rune(name)[:1]
	return string(first) + "•••@•••" + ending
}

// Tree is data of any shape as m lets it be seen: the numbers in its texts are
// masked. What does not go through a field of its own, an event or a line of the
// log, is shown so.
func (m Mask) Tree(data any) (any, error) {
	if m == Shown {
		return data, nil
	}
	text, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("mask: %w", err)
	}
	reader := json.NewDecoder(bytes.NewReader(text))
	reader.UseNumber()
	var tree any
	if err := reader.Decode(&tree); err != nil {
		return nil, fmt.Errorf("mask: %w", err)
	}
	return m.tree(tree), nil
}

func (m Mask) tree(v any) any {
	switch v := v.(type) {
	case string:
		if _, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return v
		}
		return m.Prose(v)
	case []any:
		for i := range v {
			v[i] = m.tree(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = m.tree(v[key])
		}
	}
	return v
}
