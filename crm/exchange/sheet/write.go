package sheet

import (
	"bufio"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Writer writes a table row by row. Nothing that it writes is taken for a formula
// by a program that opens the file.
type Writer interface {
	Write(cells []string) error
	// Close writes what is still to come; it does not close the file.
	Close() error
}

// Safe takes the power from a text that a spreadsheet would calculate: it gets an
// apostrophe in front. Plain numbers, as of telephones, keep their plus: nothing
// but digits and what stands between them can follow it.
func Safe(cell string) string {
	trimmed := strings.TrimLeft(cell, " \u00a0\u200b\ufeff\"'")
	if trimmed == "" || !strings.ContainsRune("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20", []rune(trimmed)[0]) || plainNumber(cell) {
		return cell
	}
	return "'" + cell
}

// Unsafe takes back the apostrophe of Safe.
func Unsafe(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && (Safe(rest) != rest || plainNumber(rest)) {
		return rest
	}
	return cell
}

// plainNumber reports whether a text is a sign and then digits, spaces, hyphens,
// dots, commas or brackets, with no second sign: it calculates to nothing.
func plainNumber(s string) bool {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return false
	}
	digits := 0
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case s[0] == '+' && strings.IndexByte(" .()", c) >= 0 || c == '.':
		default:
			return false
		}
	}
	return digits > 0
}

// csvWriter writes UTF-8 with a mark, every cell in quotes that needs them.
type csvWriter struct {
	out       *bufio.Writer
	delimiter string
}

// NewCSV returns a writer of CSV that Excel opens as it is: with the mark of
// UTF-8, rows ended by CR LF.
func NewCSV(w io.Writer, delimiter string) (Writer, error) {
	out := bufio.NewWriterSize(w, 32<<10)
	_, err := out.WriteString("\ufeff")
	return &csvWriter{out, delimiter}, err
}

// MoreCSV returns a writer that goes on with a file of CSV.
func MoreCSV(w io.Writer, delimiter string) Writer {
	return &csvWriter{bufio.NewWriterSize(w, 32<<10), delimiter}
}

// Write writes one row.
func (c *csvWriter) Write(cells []string) error {
	for i, cell := range cells {
		if i > 0 {
			_, _ = c.out.WriteString(c.delimiter) // an error stays with the writer
		}
		cell = Safe(cell)
		if strings.ContainsAny(cell, "\"\r\n\t;,|") || cell != strings.TrimSpace(cell) {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		_, _ = c.out.WriteString(cell)
	}
	_, err := c.out.WriteString("\r\n")
	return err
}

// Close writes what waits in memory.
func (c *csvWriter) Close() error { return c.out.Flush() }

// bookWriter streams a workbook of one page; cells are texts, never formulas.
type bookWriter struct {
	out  io.Writer
	file *excelize.File
	page *excelize.StreamWriter
	row  int
}

// NewXLSX returns a writer of a workbook; it is written to w when it is closed.
func NewXLSX(w io.Writer) (Writer, error) {
	file := excelize.NewFile()
	page, err := file.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, err
	}
	return &bookWriter{out: w, file: file, page: page}, nil
}

// Write writes one row.
func (b *bookWriter) Write(cells []string) error {
	b.row++
	name, err := excelize.CoordinatesToCellName(1, b.row)
	if err != nil {
		return err
	}
	row := make([]any, len(cells))
	for i, cell := range cells {
		row[i] = Safe(cell)
	}
	return b.page.SetRow(name, row)
}

// Close writes the workbook.
func (b *bookWriter) Close() error {
	if err := b.page.Flush(); err != nil {
		return err
	}
	if err := b.file.Write(b.out); err != nil {
		return err
	}
	return b.file.Close()
}
