package sheet

import (
	"bytes"
	"io"
	"slices"
	"strings"
)

// HeadSize is how much of a file Detect likes to see.
const HeadSize = 64 << 10

// delimiters in the order of preference when all fit alike.
const delimiters = ";,\t|"

// Detect says how a file is best read, by its beginning.
func Detect(head []byte) Format {
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return Format{Kind: XLSX, Encoding: UTF8, Delimiter: ",", Header: true}
	}
	f := Format{Kind: CSV, Encoding: detectEncoding(head), Header: true}
	text := plainHead(head, f.Encoding)
	if strings.HasPrefix(strings.ToUpper(strings.TrimLeft(text, "\ufeff \r\n")), "BEGIN:VCARD") {
		return Format{Kind: VCard, Encoding: f.Encoding, Delimiter: ",", Header: true}
	}
	f.Delimiter = detectDelimiter(text)
	f.Header = detectHeader(text, f.Delimiter[0])
	return f
}

func plainHead(head []byte, encoding string) string {
	r, err := decode(bytes.NewReader(head), encoding)
	if err != nil {
		return string(head)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return string(head)
	}
	return string(text)
}

// detectDelimiter takes the one that cuts most rows into the same number of
// cells, of at least two.
func detectDelimiter(text string) string {
	if line, _, _ := strings.Cut(strings.TrimPrefix(text, "\ufeff"), "\n"); len(line) >= 5 && strings.EqualFold(line[:4], "sep=") && validDelimiter(line[4:5]) {
		return line[4:5]
	}
	best, most := ",", 0
	for _, d := range delimiters {
		if score := fit(text, byte(d)); score > most {
			best, most = string(d), score
		}
	}
	return best
}

// fit says how well a delimiter cuts the first rows: how many have the commonest
// number of cells, and that many cells.
func fit(text string, delimiter byte) int {
	times := map[int]int{}
	for _, row := range firstRows(text, delimiter, 25) {
		times[len(row.Cells)]++
	}
	score := 0
	for cells, n := range times {
		if cells > 1 {
			score = max(score, n*100+min(cells, 50))
		}
	}
	return score
}

func firstRows(text string, delimiter byte, most int) []Row {
	rows := newCSV(strings.NewReader(text), delimiter)
	var first []Row
	for len(first) < most {
		row, err := rows.Next()
		if err != nil {
			break
		}
		first = append(first, row)
	}
	return first
}

// detectHeader holds the first row for names unless it has what no name has: an
// address, or a number of many digits.
func detectHeader(text string, delimiter byte) bool {
	rows := firstRows(text, delimiter, 1)
	return len(rows) == 0 || !slices.ContainsFunc(rows[0].Cells, func(cell string) bool {
		digits := strings.Count(cell, "@") * 7
		for _, r := range cell {
			if r >= '0' && r <= '9' {
				digits++
			}
		}
		return digits >= 7
	})
}
