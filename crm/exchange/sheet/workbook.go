package sheet

import (
	"archive/zip"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"centralita/internal/fault"
)

// Limits of a workbook: what it unpacks to, how many times its own size (after
// a part so small that it does no harm), and of how many parts it is made.
const (
	maxUnpacked = 400 << 20
	maxRatio    = 100
	harmless    = 1 << 20
	maxParts    = 2000
)

var (
	errDamaged = fault.New(fault.Invalid, "file_damaged", "The file is damaged, or not of the kind that its name says.")
	errBomb    = fault.New(fault.Invalid, "file_too_big", "The file unpacks to more than a workbook should. Save it anew, or as CSV.")
	errNoSheet = fault.New(fault.Invalid, "sheet_not_found", "The workbook has no such page.").WithField("body.format.sheet", "unknown")
)

// options have values read as they are shown, with dates in one form. Nothing is
// calculated: of a formula there is the value that it had when it was saved.
var options = excelize.Options{
	UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: 8 << 20, ShortDatePattern: "yyyy-mm-dd", LongDatePattern: "yyyy-mm-dd",
}

// workbook reads one page of an Excel file.
type workbook struct {
	file *excelize.File
	rows *excelize.Rows
	line int
}

func openBook(file Source, size int64) (*excelize.File, error) {
	if err := safeZip(file, size); err != nil {
		return nil, err
	}
	book, err := excelize.OpenReader(io.NewSectionReader(file, 0, size), options)
	if err != nil {
		return nil, fault.Wrap(err, errDamaged.Kind, errDamaged.Code, errDamaged.Message)
	}
	return book, nil
}

func openWorkbook(file Source, size int64, sheet string) (Rows, error) {
	book, err := openBook(file, size)
	if err != nil {
		return nil, err
	}
	sheets := shown(book)
	if sheet == "" && len(sheets) > 0 {
		sheet = sheets[0]
	}
	rows, err := book.Rows(sheet)
	if err != nil {
		return nil, errors.Join(errNoSheet, book.Close())
	}
	return &workbook{file: book, rows: rows}, nil
}

// Sheets returns the names of a workbook's pages that are shown.
func Sheets(file Source, size int64) ([]string, error) {
	book, err := openBook(file, size)
	if err != nil {
		return nil, err
	}
	names := shown(book)
	return names, book.Close()
}

func shown(book *excelize.File) []string {
	var names []string
	for _, name := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(name); err == nil && visible {
			names = append(names, name)
		}
	}
	return names
}

// safeZip unpacks everything into nothing, and counts: what the parts say of
// their own size is not believed.
func safeZip(file io.ReaderAt, size int64) error {
	z, err := zip.NewReader(file, size)
	if err != nil {
		return fault.Wrap(err, errDamaged.Kind, errDamaged.Code, errDamaged.Message)
	}
	if len(z.File) > maxParts {
		return errBomb
	}
	left := int64(maxUnpacked)
	if most := size * maxRatio; most < left {
		left = max(most, harmless)
	}
	for _, part := range z.File {
		n, err := measure(part, left)
		if left -= n; left <= 0 {
			return errBomb
		}
		if err != nil {
			return fault.Wrap(err, errDamaged.Kind, errDamaged.Code, errDamaged.Message)
		}
	}
	return nil
}

func measure(part *zip.File, most int64) (int64, error) {
	r, err := part.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return io.Copy(io.Discard, io.LimitReader(r, most))
}

// Next returns the next row with any text in it.
func (w *workbook) Next() (Row, error) {
	for w.rows.Next() {
		w.line++
		cells, err := w.rows.Columns(options)
		if err != nil {
			return Row{}, fault.Wrap(err, errDamaged.Kind, errDamaged.Code, errDamaged.Message)
		}
		if blank(cells) {
			continue
		}
		row := Row{Line: w.line, Problem: trouble(cells)}
		row.Cells = bounded(cells)
		for i := range row.Cells {
			row.Cells[i] = wholeNumber(row.Cells[i])
		}
		return row, nil
	}
	if err := w.rows.Error(); err != nil {
		return Row{}, fault.Wrap(err, errDamaged.Kind, errDamaged.Code, errDamaged.Message)
	}
	return Row{}, io.EOF
}

// Close frees what excelize keeps in temporary files.
func (w *workbook) Close() error { return errors.Join(w.rows.Close(), w.file.Close()) }

var exponent = regexp.MustCompile(`^\d\.\d+E\+?\d{1,2}$`)

// wholeNumber writes a number of a cell in full, if all of its digits are there:
// 8.91612345671E+10 is 89161234567, 8.9161E+10 is not a number any more.
func wholeNumber(cell string) string {
	if !exponent.MatchString(cell) {
		return cell
	}
	mantissa, power, _ := strings.Cut(cell, "E")
	value, err := strconv.ParseFloat(cell, 64)
	places, bad := strconv.Atoi(strings.TrimPrefix(power, "+"))
	if err != nil || bad != nil || value > 1e15 || value != math.Trunc(value) || len(mantissa)-2 < places {
		return cell
	}
	return strconv.FormatFloat(value, 'f', 0, 64)
}
