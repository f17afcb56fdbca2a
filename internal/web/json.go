package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// maxDepth bounds the nesting of a request body.
const maxDepth = 64

// strictJSON is encoding/json, but refuses what two readers might understand
// differently: a key given twice, nesting without end, and NUL in any text.
var strictJSON = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if _, first := v.(*any); first { // huma decodes twice; once is enough to look
			if err := checkStrict(data); err != nil {
				return err
			}
		}
		return json.Unmarshal(data, v)
	},
}

// level is one open object or array.
type level struct {
	keys  map[string]struct{} // nil in an array
	isKey bool                // the next string is a key
}

func checkStrict(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var open []level
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.New("malformed JSON")
		}
		if open, err = step(open, tok); err != nil {
			return err
		}
	}
}

// step follows one token and returns the levels that are open after it.
func step(open []level, tok json.Token) ([]level, error) {
	switch t := tok.(type) {
	case json.Delim:
		if t == '}' || t == ']' {
			return valueDone(open[:len(open)-1]), nil
		}
		if len(open) == maxDepth {
			return open, errors.New("nested too deeply")
		}
		if t == '{' {
			return append(open, level{keys: map[string]struct{}{}, isKey: true}), nil
		}
		return append(open, level{}), nil
	case string:
		if strings.IndexByte(t, 0) >= 0 {
			return open, errors.New("text must not hold NUL")
		}
		if n := len(open); n > 0 && open[n-1].isKey {
			if _, twice := open[n-1].keys[t]; twice {
				return open, fmt.Errorf("key %.40q is given twice", t)
			}
			open[n-1].keys[t] = struct{}{}
			open[n-1].isKey = false
			return open, nil
		}
	}
	return valueDone(open), nil
}

func valueDone(open []level) []level {
	if n := len(open); n > 0 && open[n-1].keys != nil {
		open[n-1].isKey = true
	}
	return open
}
