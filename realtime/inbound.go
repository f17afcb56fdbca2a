package realtime

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"unicode/utf8"
)

// Bounds of what a client may send.
const (
	MaxInboundBytes = 16 << 10 // one message
	maxInboundDepth = 16       // nested objects and arrays
	maxKindBytes    = 32
)

var errFrame = errors.New("not a frame of the protocol")

// hello is a client's wish to resume after seq in the stream's life epoch.
type hello struct {
	epoch string
	seq   int64 // -1: no number that a stream can have
}

// parseInbound returns the type of a client's frame, and its fields by their
// exact names.
func parseInbound(data []byte) (kind string, fields map[string]json.RawMessage, err error) {
	if !utf8.Valid(data) || tooDeep(data) {
		return "", nil, errFrame
	}
	if err := json.Unmarshal(data, &fields); err != nil || fields == nil {
		return "", nil, errFrame
	}
	if err := json.Unmarshal(fields["t"], &kind); err != nil || !validKind(kind) {
		return "", nil, errFrame
	}
	return kind, fields, nil
}

func validKind(kind string) bool {
	for i := range len(kind) {
		c := kind[i]
		switch {
		case c >= 'a' && c <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '_' || c == '.'):
		default:
			return false
		}
	}
	return len(kind) >= 1 && len(kind) <= maxKindBytes
}

// tooDeep looks at brackets outside strings only; the decoder judges the rest.
func tooDeep(data []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxInboundDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// parseHello reads the fields of a hello. A number that no stream can have is
// no error: such a client gets a fresh start.
func parseHello(fields map[string]json.RawMessage) (hello, error) {
	h := hello{}
	if raw, ok := fields["epoch"]; ok {
		if err := json.Unmarshal(raw, &h.epoch); err != nil {
			return h, errFrame
		}
	}
	if raw, ok := fields["seq"]; ok {
		var n json.Number
		if raw[0] == '"' || json.Unmarshal(raw, &n) != nil {
			return h, errFrame
		}
		var err error
		if h.seq, err = strconv.ParseInt(n.String(), 10, 64); err != nil || h.seq < 0 {
			h.seq = -1
		}
	}
	return h, nil
}

// after is the number behind which events are worth reading.
func (h hello) after() int64 {
	if h.epoch == "" || h.seq < 0 {
		return math.MaxInt64
	}
	return h.seq
}

// resumes reports whether events is the whole gap between h and at, small
// enough to be sent.
func (h hello) resumes(at Position, events []Event, maxEvents, maxBytes int) bool {
	return h.epoch == at.Epoch && h.seq >= 0 && h.seq <= at.Seq && whole(h.seq, at.Seq, events, maxEvents, maxBytes)
}

// whole reports whether events are exactly the numbers from after+1 to last,
// within the bounds.
func whole(after, last int64, events []Event, maxEvents, maxBytes int) bool {
	if len(events) > maxEvents || int64(len(events)) != last-after {
		return false
	}
	for i, e := range events {
		maxBytes -= len(e.Body)
		if e.Seq != after+1+int64(i) {
			return false
		}
	}
	return maxBytes >= 0
}
