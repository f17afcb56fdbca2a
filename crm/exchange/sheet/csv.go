package sheet

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// csvRows reads CSV that no strict reader would: rows end at LF, CR LF or a bare
// CR; a quote that is never closed spoils its own line and not the rest.
type csvRows struct {
	in        *bufio.Reader
	delimiter byte
	line      int        // of the next line to be read
	ahead     []physical // lines that were looked at and given back
	started   bool
}

// longestQuote is how many lines a quoted cell may go over.
const longestQuote = 100

func newCSV(r io.Reader, delimiter byte) *csvRows {
	return &csvRows{in: bufio.NewReaderSize(r, 64<<10), delimiter: delimiter, line: 1}
}

// Close has nothing to give back.
func (c *csvRows) Close() error { return nil }

// Next returns the next row with any text in it.
func (c *csvRows) Next() (Row, error) {
	for {
		row, err := c.row()
		if err != nil {
			return row, err
		}
		if row.Problem != "" || !blank(row.Cells) {
			return row, nil
		}
	}
}

// row reads lines until all quotes are closed. If they never are, the first line
// alone is at fault.
func (c *csvRows) row() (Row, error) {
	at := c.line
	first, err := c.readLine()
	if err != nil {
		return Row{}, err
	}
	text := first.text
	if !c.started {
		c.started = true
		text = strings.TrimPrefix(text, "\ufeff")
		if len(text) >= 5 && len(text) <= 6 && strings.EqualFold(text[:4], "sep=") {
			return Row{Line: at}, nil
		}
	}
	if first.long {
		return Row{Line: at, Cells: []string{headOf(text, 80)}, Problem: RowTooLong}, nil
	}
	cells, open := split(text, c.delimiter)
	var more []physical
	for whole := text; open && len(more) < longestQuote && len(whole) < MaxRow; {
		next, err := c.readLine()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Row{}, err
		}
		if more = append(more, next); next.long {
			break
		}
		whole += "\n" + next.text
		cells, open = split(whole, c.delimiter)
	}
	if open {
		c.ahead = append(more, c.ahead...)
		c.line -= len(more)
		cells, _ = split(text, c.delimiter)
		return Row{Line: at, Cells: bounded(cells), Problem: UnclosedQuote}, nil
	}
	problem := trouble(cells) // before the cells are made fit to be shown
	return Row{Line: at, Cells: bounded(cells), Problem: problem}, nil
}

// trouble names what no cell of a row may have.
func trouble(cells []string) string {
	if len(cells) > MaxColumns {
		return TooManyCells
	}
	for _, cell := range cells {
		switch {
		case strings.IndexByte(cell, 0) >= 0:
			return NulBytes
		case !utf8.ValidString(cell) || strings.ContainsRune(cell, utf8.RuneError):
			return BadEncoding
		case len(cell) > MaxCell:
			return RowTooLong
		}
	}
	return ""
}

// bounded is cells in a size that can be kept and shown.
func bounded(cells []string) []string {
	cells = cells[:min(len(cells), MaxColumns)]
	for i := range cells {
		cells[i] = headOf(cells[i], MaxCell)
	}
	return cells
}

func headOf(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// physical is a line without its end. Of one that is long, only the beginning is
// there.
type physical struct {
	text string
	long bool
}

func (c *csvRows) readLine() (physical, error) {
	c.line++
	if len(c.ahead) > 0 {
		next := c.ahead[0]
		c.ahead = c.ahead[1:]
		return next, nil
	}
	var b strings.Builder
	long := false
	for read := false; ; read = true {
		next, err := c.in.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) && read {
				return physical{b.String(), long}, nil
			}
			c.line--
			return physical{}, err
		}
		switch {
		case next == '\n' || next == '\r' && c.pair():
			return physical{b.String(), long}, nil
		case b.Len() < MaxRow:
			b.WriteByte(next)
		default:
			long = true
		}
	}
}

// pair takes the LF after a CR, if there is one; the CR ends the line either way.
func (c *csvRows) pair() bool {
	if after, err := c.in.Peek(1); err == nil && after[0] == '\n' {
		_, _ = c.in.Discard(1)
	}
	return true
}

// split cuts a row into cells. open says that a quoted cell has no end yet. A
// quote inside a cell that does not begin with one is only a character.
func split(text string, delimiter byte) (cells []string, open bool) {
	var cell strings.Builder
	for i := 0; ; {
		cell.Reset()
		if i < len(text) && text[i] == '"' {
			end := quoted(text, i+1, &cell)
			if end < 0 {
				return append(cells, cell.String()), true
			}
			i = end
		}
		stop := strings.IndexByte(text[i:], delimiter)
		if stop < 0 {
			cell.WriteString(text[i:])
			return append(cells, cell.String()), false
		}
		cell.WriteString(text[i : i+stop])
		cells = append(cells, cell.String())
		i += stop + 1
	}
}

// quoted writes the quoted text from i on and returns where it ends, -1 if it
// does not.
func quoted(text string, i int, cell *strings.Builder) int {
	for {
		stop := strings.IndexByte(text[i:], '"')
		if stop < 0 {
			cell.WriteString(text[i:])
			return -1
		}
		cell.WriteString(text[i : i+stop])
		i += stop + 1
		if i >= len(text) || text[i] != '"' {
			return i
		}
		cell.WriteByte('"')
		i++
	}
}
