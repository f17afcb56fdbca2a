// Package sheet reads the tables that people bring along, row by row, and writes
// those that they take away: CSV in the encodings and with the delimiters of
// this world, workbooks of Excel, and address books in vCard.
//
// A file is attackers' input: nothing in it is executed or followed, memory is
// bounded by one row, and what cannot be read is a row with a Problem, never the
// end of the file. The package knows no client and no database.
package sheet

import (
	"io"
	"strings"

	"centralita/internal/fault"
)

// The kinds of files.
const (
	CSV   = "csv"
	XLSX  = "xlsx"
	VCard = "vcard"
)

// Limits of what is read.
const (
	MaxRow     = 1 << 20 // bytes of one row
	MaxCell    = 32_767  // bytes of one cell, as Excel has it
	MaxColumns = 300
)

// Why a row could not be read; see Row.Problem.
const (
	RowTooLong    = "row_too_long"
	TooManyCells  = "too_many_columns"
	UnclosedQuote = "unclosed_quote"
	NulBytes      = "nul_bytes"
	BadEncoding   = "bad_encoding"
)

// Format says how a file is to be read. Delimiter is one character; Sheet is the
// name of a workbook's page, "" for the first one that is shown.
type Format struct {
	Kind      string `json:"kind" enum:"csv,xlsx,vcard"`
	Encoding  string `json:"encoding" enum:"utf-8,utf-16le,utf-16be,windows-1251,windows-1252" doc:"Of text files"`
	Delimiter string `json:"delimiter" doc:"Of CSV: , ; | or a tab"`
	Header    bool   `json:"header" doc:"The first row names the columns"`
	Sheet     string `json:"sheet" maxLength:"100" doc:"Of a workbook; empty: the first"`
}

// Row is one row of a file. Line is where it stands, from 1. With a Problem the
// cells are what could be read of it.
type Row struct {
	Line    int
	Cells   []string
	Problem string
}

// Rows yields the rows of a file, io.EOF after the last one. Rows without any
// text are left out.
type Rows interface {
	Next() (Row, error)
	Close() error
}

// Source is a whole file.
type Source interface {
	io.Reader
	io.ReaderAt
	io.Seeker
}

var errFormat = fault.New(fault.Invalid, "format_invalid", "The file cannot be read in this way.")

// Open begins to read a file of that many bytes in format f. A file that is not
// what f says is a fault: file_damaged, or file_too_big for one that unpacks to
// more than it should.
func Open(file Source, size int64, f Format) (Rows, error) {
	switch f.Kind {
	case CSV:
		if !validDelimiter(f.Delimiter) {
			return nil, errFormat.WithField("body.format.delimiter", "unknown")
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		text, err := decode(file, f.Encoding)
		if err != nil {
			return nil, err
		}
		return newCSV(text, f.Delimiter[0]), nil
	case XLSX:
		return openWorkbook(file, size, f.Sheet)
	case VCard:
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return newCards(file, f.Encoding)
	}
	return nil, errFormat.WithField("body.format.kind", "unknown")
}

func validDelimiter(d string) bool { return len(d) == 1 && strings.Contains(delimiters, d) }

// blank reports whether no cell has any text.
func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}
