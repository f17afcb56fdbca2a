package cel

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"strings"
	"time"
)

const (
	columns    = 14
	timeLayout = "2006-01-02T15:04:05.999999"
)

// rowStart finds the beginning of a row: an entity ID and a type, quoted. Inside a field both
// would have doubled quotes, and no caller's field is followed by another one. It need not stand at
// the beginning of a line: it does not after a row that Asterisk could not finish.
var rowStart = regexp.MustCompile(`"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}","[A-Z_]+","[0-9T:.-]+",`)

// parsed is what a piece of the log holds.
type parsed struct {
	rows    []Row
	used    int // bytes up to the end of the last complete row
	damaged int // rows that were begun and never finished, because Asterisk died
}

// parse reads the rows of a piece that begins where a row begins or where an earlier one ended.
func parse(piece []byte) parsed {
	var p parsed
	starts := rowStart.FindAllIndex(piece, -1)
	for i, start := range starts {
		end := len(piece)
		last := i == len(starts)-1
		if !last {
			end = starts[i+1][0]
		}
		row, ok := parseRow(piece[start[0]:end])
		switch {
		case ok:
			p.rows = append(p.rows, row)
			p.used = end
		case last: // half-written: perhaps the rest is still to come
		default:
			p.damaged++
			p.used = end
		}
	}
	return p
}

// parseRow reads one row; not ok when it is not complete.
func parseRow(raw []byte) (Row, bool) {
	if !bytes.HasSuffix(raw, []byte("\n")) {
		return Row{}, false
	}
	reader := csv.NewReader(bytes.NewReader(raw))
	reader.FieldsPerRecord = columns
	f, err := reader.Read()
	if err != nil || reader.InputOffset() != int64(len(raw)) {
		return Row{}, false
	}
	at, err := time.Parse(timeLayout, f[2])
	if err != nil || f[3] == "" {
		return Row{}, false
	}
	for i := range f {
		f[i] = strings.ReplaceAll(strings.ToValidUTF8(f[i], "\uFFFD"), "\x00", "")
	}
	return Row{
		Entity: f[0], Type: f[1], Time: at, UniqueID: f[3], LinkedID: f[4], Channel: f[5], CallerName: f[6],
		Context: f[7], CallerNumber: f[8], App: f[9], Exten: f[10], Peer: f[11], UserEvent: f[12], Extra: f[13],
	}, true
}
