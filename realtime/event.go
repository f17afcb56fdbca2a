package realtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"centralita/internal/fault"
)

// Bounds of what a room may send.
const (
	MaxEventBytes  = 64 << 10 // the JSON of an event's data
	MaxSignalBytes = 4 << 10  // the JSON of a signal's data
)

// Position is a place in one user's stream. Epoch names the stream's life: it
// changes when numbers may be used again, and no two users share one.
type Position struct {
	Epoch string
	Seq   int64
}

// Event is one entry of a user's stream. Body is a JSON value.
type Event struct {
	Seq  int64
	At   time.Time
	Kind string
	Body []byte
}

// frame is the event as browsers read it.
func (e Event) frame() []byte {
	b := make([]byte, 0, len(e.Body)+len(e.Kind)+96)
	b = append(b, `{"t":"event","seq":`...)
	b = strconv.AppendInt(b, e.Seq, 10)
	b = append(b, `,"kind":`...)
	b = appendString(b, e.Kind)
	b = append(b, `,"at":"`...)
	b = e.At.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","data":`...)
	b = append(b, e.Body...)
	return append(b, '}')
}

func signalFrame(kind string, body []byte) []byte {
	b := make([]byte, 0, len(body)+len(kind)+40)
	b = append(b, `{"t":"signal","kind":`...)
	b = appendString(b, kind)
	b = append(b, `,"data":`...)
	b = append(b, body...)
	return append(b, '}')
}

func welcomeFrame(at Position, resumed bool, tab string) []byte {
	b := appendString([]byte(`{"t":"welcome","epoch":`), at.Epoch)
	b = strconv.AppendInt(append(b, `,"seq":`...), at.Seq, 10)
	b = strconv.AppendBool(append(b, `,"resumed":`...), resumed)
	b = appendString(append(b, `,"tab":`...), tab)
	return append(b, '}')
}

func resyncFrame(at Position) []byte {
	b := appendString([]byte(`{"t":"resync","epoch":`), at.Epoch)
	b = strconv.AppendInt(append(b, `,"seq":`...), at.Seq, 10)
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		panic(err)
	}
	return append(b, quoted...)
}

// encode returns data as JSON that PostgreSQL takes as jsonb, at most limit bytes.
func encode(kind string, data any, limit int) ([]byte, error) {
	if kind == "" || len(kind) > 64 {
		return nil, fmt.Errorf("live %q: a kind has 1 to 64 bytes", kind)
	}
	if data == nil {
		return []byte("{}"), nil
	}
	body, err := json.Marshal(data)
	if err == nil {
		body, err = storable(body)
	}
	if err != nil {
		return nil, fmt.Errorf("encode live %s: %w", kind, err)
	}
	if len(body) > limit {
		return nil, fault.New(fault.Internal, "live_data_too_large", fmt.Sprintf("Live data of %s has %d bytes; at most %d are allowed.", kind, len(body), limit))
	}
	return body, nil
}

// storable replaces what JSON allows and jsonb refuses, NUL characters and lone
// surrogates: text that came from outside must never break the caller's transaction.
func storable(body []byte) ([]byte, error) {
	if !bytes.Contains(body, []byte(`\u0000`)) && !bytes.Contains(body, []byte(`\ud`)) && !bytes.Contains(body, []byte(`\uD`)) {
		return body, nil
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(withoutNUL(v))
}

func withoutNUL(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", "\uFFFD")
	case []any:
		for i := range v {
			v[i] = withoutNUL(v[i])
		}
	case map[string]any:
		for key, value := range v {
			if clean := strings.ReplaceAll(key, "\x00", "\uFFFD"); clean != key {
				delete(v, key)
				key = clean
			}
			v[key] = withoutNUL(value)
		}
	}
	return v
}
