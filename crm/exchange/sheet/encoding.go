package sheet

import (
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The encodings of text files.
const (
	UTF8    = "utf-8"
	UTF16LE = "utf-16le"
	UTF16BE = "utf-16be"
	Win1251 = "windows-1251"
	Win1252 = "windows-1252"
)

var encodings = map[string]encoding.Encoding{
	UTF16LE: unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	UTF16BE: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	Win1251: charmap.Windows1251,
	Win1252: charmap.Windows1252,
}

// decode returns r as UTF-8. Bytes that are none stay as they are, so that the
// reader can tell the row they are in.
func decode(r io.Reader, name string) (io.Reader, error) {
	if name == UTF8 || name == "" {
		return r, nil
	}
	e, known := encodings[name]
	if !known {
		return nil, errFormat.WithField("body.format.encoding", "unknown")
	}
	return transform.NewReader(r, e.NewDecoder()), nil
}

// detectEncoding judges by the beginning of a file.
func detectEncoding(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		return UTF8
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return UTF16LE
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return UTF16BE
	}
	if wide := wideEncoding(head); wide != "" {
		return wide
	}
	if utf8.Valid(wholeRunes(head)) {
		return UTF8
	}
	return byteEncoding(head)
}

// wideEncoding tells UTF-16 without a mark by where its zero bytes are.
func wideEncoding(head []byte) string {
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	many := len(head) / 8
	switch {
	case len(head) < 4:
	case zeros[1] > many && zeros[0] <= many/4:
		return UTF16LE
	case zeros[0] > many && zeros[1] <= many/4:
		return UTF16BE
	}
	return ""
}

// wholeRunes cuts off a character that the end of head has cut in two.
func wholeRunes(head []byte) []byte {
	for i := 1; i <= utf8.UTFMax && i <= len(head); i++ {
		if b := head[len(head)-i]; utf8.RuneStart(b) {
			if !utf8.FullRune(head[len(head)-i:]) {
				return head[:len(head)-i]
			}
			break
		}
	}
	return head
}

// byteEncoding tells Cyrillic, where letters above ASCII stand side by side, from
// Latin, where they stand among plain ones.
func byteEncoding(head []byte) string {
	together, alone := 0, 0
	high := func(i int) bool {
		return i >= 0 && i < len(head) && (head[i] >= 0xC0 || head[i] == 0xA8 || head[i] == 0xB8)
	}
	for i := range head {
		switch {
		case !high(i):
		case high(i-1) || high(i+1):
			together++
		default:
			alone++
		}
	}
	if together > alone {
		return Win1251
	}
	return Win1252
}
