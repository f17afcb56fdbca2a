package sheet_test

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"centralita/crm/exchange/sheet"
	"centralita/internal/fault"
)

// read opens data as it is detected and returns all rows.
func read(t *testing.T, data []byte) (sheet.Format, []sheet.Row) {
	t.Helper()
	f := sheet.Detect(data[:min(len(data), sheet.HeadSize)])
	rows, err := sheet.Open(bytes.NewReader(data), int64(len(data)), f)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []sheet.Row
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return f, all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
}

func TestEncodingsAndDelimitersAreFound(t *testing.T) {
	const russian = "Имя;Телефон\r\nИван Петров;8 916 123-45-67\r\nЁлка;+7 495 000-00-00\r\n"
	const spanish = "Nombre,Teléfono\nMaría Peña,600 111 222\nJosé Íñigo,600 111 223\n"
	win1251, _ := charmap.Windows1251.NewEncoder().String(russian)
	win1252, _ := charmap.Windows1252.NewEncoder().String(spanish)
	wide, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(russian)
	bare, _ := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String(spanish)
	for name, c := range map[string]struct{ data, encoding, delimiter, second string }{
		"utf-8":             {russian, "utf-8", ";", "Иван Петров"},
		"utf-8 with mark":   {"\ufeff" + russian, "utf-8", ";", "Иван Петров"},
		"windows-1251":      {win1251, "windows-1251", ";", "Иван Петров"},
		"windows-1252":      {win1252, "windows-1252", ",", "María Peña"},
		"utf-16 with mark":  {wide, "utf-16le", ";", "Иван Петров"},
		"utf-16 without":    {bare, "utf-16be", ",", "María Peña"},
		"tab":               {strings.ReplaceAll(russian, ";", "\t"), "utf-8", "\t", "Иван Петров"},
		"bar":               {strings.ReplaceAll(russian, ";", "|"), "utf-8", "|", "Иван Петров"},
		"says its own":      {"sep=|\n" + strings.ReplaceAll(russian, ";", "|"), "utf-8", "|", "Иван Петров"},
		"bare CR":           {strings.ReplaceAll(spanish, "\n", "\r"), "utf-8", ",", "María Peña"},
		"commas in a cell":  {"Имя;Адрес\n\"Иван Петров\";\"ул. Мира, 5, кв. 1\"\n", "utf-8", ";", "Иван Петров"},
		"no line at an end": {strings.TrimSuffix(spanish, "\n"), "utf-8", ",", "María Peña"},
	} {
		f, rows := read(t, []byte(c.data))
		if f.Encoding != c.encoding || f.Delimiter != c.delimiter || !f.Header || len(rows) < 2 || rows[1].Cells[0] != c.second || rows[1].Problem != "" {
			t.Errorf("%s: %+v %v", name, f, rows)
		}
		if strings.Contains(rows[0].Cells[0], "\ufeff") {
			t.Errorf("%s: the mark is in the first cell", name)
		}
	}
}

func TestBadRowsSpoilOnlyThemselves(t *testing.T) {
	long := strings.Repeat("x", 3*sheet.MaxRow)
	data := "name,phone\n" +
		"\"never closed,600111222\n" +
		"Ana,600111223\n" +
		"Ne\x00w,600111224\n" +
		long + ",1\n" +
		"\xff\xfe broken,600111225\n" +
		strings.Repeat(",", 400) + "x\n" +
		"\"two\nlines\",600111226\n" +
		"\"he said \"\"hi\"\"\",600111227\n" +
		"O\"Neill,600111228\n"
	rows, err := sheet.Open(strings.NewReader(data), int64(len(data)), sheet.Format{Kind: "csv", Encoding: "utf-8", Delimiter: ","})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for row, err := rows.Next(); err != io.EOF; row, err = rows.Next() {
		if err != nil {
			t.Fatal(err)
		}
		first := row.Cells[0]
		if row.Problem != "" {
			first = row.Problem
		}
		got = append(got, first)
	}
	want := []string{"name", "unclosed_quote", "Ana", "nul_bytes", "row_too_long", "bad_encoding", "too_many_columns", "two\nlines", `he said "hi"`, `O"Neill`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// endless yields one line that has no end.
type endless struct{ left int64 }

func (e *endless) Read(b []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	for i := range b {
		b[i] = 'x'
	}
	e.left -= int64(len(b))
	return len(b), nil
}
func (e *endless) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }
func (e *endless) Seek(int64, int) (int64, error)    { return 0, nil }

func TestAnEndlessLineIsOneBadRow(t *testing.T) {
	rows, err := sheet.Open(&endless{1 << 25}, 1<<25, sheet.Format{Kind: "csv", Encoding: "utf-8", Delimiter: ","})
	if err != nil {
		t.Fatal(err)
	}
	row, err := rows.Next()
	if err != nil || row.Problem != sheet.RowTooLong || len(row.Cells[0]) > 100 {
		t.Errorf("%q %v", row.Problem, err)
	}
	if _, err := rows.Next(); err != io.EOF {
		t.Errorf("after it: %v", err)
	}
}

func book(t *testing.T, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func set(t *testing.T, f *excelize.File, cell string, v any, style int) {
	t.Helper()
	if err := f.SetCellValue("Sheet1", cell, v); err != nil {
		t.Fatal(err)
	}
	if style != 0 {
		if err := f.SetCellStyle("Sheet1", cell, cell, style); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWorkbookGivesValuesOnly(t *testing.T) {
	custom := "dd.mm.yyyy"
	data := book(t, func(f *excelize.File) {
		short, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
		own, _ := f.NewStyle(&excelize.Style{CustomNumFmt: &custom})
		day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
		set(t, f, "A1", "name", 0)
		set(t, f, "A2", "Ana", 0)
		set(t, f, "B2", 89161234567, 0)
		set(t, f, "C2", day, short)
		set(t, f, "D2", day, own)
		if err := f.SetCellFormula("Sheet1", "E2", `HYPERLINK("http://evil","x")`); err != nil {
			t.Fatal(err)
		}
		set(t, f, "F2", 1.5, 0)
		if _, err := f.NewSheet("Hidden"); err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetVisible("Hidden", false); err != nil {
			t.Fatal(err)
		}
	})
	f, rows := read(t, data)
	if f.Kind != "xlsx" || len(rows) != 2 {
		t.Fatalf("%+v %v", f, rows)
	}
	want := []string{"Ana", "89161234567", "2024-02-29", "29.02.2024", "", "1.5"}
	if !slices.Equal(rows[1].Cells, want) || rows[1].Line != 2 {
		t.Errorf("%q at %d", rows[1].Cells, rows[1].Line)
	}
	names, err := sheet.Sheets(bytes.NewReader(data), int64(len(data)))
	if err != nil || !slices.Equal(names, []string{"Sheet1"}) {
		t.Errorf("%v %v", names, err)
	}
}

func TestDatesOf1904(t *testing.T) {
	data := book(t, func(f *excelize.File) {
		yes := true
		if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}); err != nil {
			t.Fatal(err)
		}
		short, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
		set(t, f, "A1", 43889, short)
	})
	if _, rows := read(t, data); rows[0].Cells[0] != "2024-02-29" {
		t.Errorf("%q", rows[0].Cells)
	}
}

func TestZipBombsAreRefused(t *testing.T) {
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	w, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 64 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var parts bytes.Buffer
	z = zip.NewWriter(&parts)
	for i := range 5000 {
		if _, err := z.Create(strings.Repeat("a", i%50) + "/" + strings.Repeat("b", i/50)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"ratio": bomb.Bytes(), "parts": parts.Bytes()} {
		_, err := sheet.Open(bytes.NewReader(data), int64(len(data)), sheet.Format{Kind: "xlsx"})
		if fault.CodeOf(err) != "file_too_big" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, data := range map[string]string{"cut": "PK\x03\x04 cut off", "none": "just text"} {
		if _, err := sheet.Open(strings.NewReader(data), int64(len(data)), sheet.Format{Kind: "xlsx"}); fault.CodeOf(err) != "file_damaged" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLossyNumbersStayLossy(t *testing.T) {
	data := book(t, func(f *excelize.File) {
		set(t, f, "A1", "8.9161E+10", 0)
		set(t, f, "B1", "8.9161234567E+10", 0)
	})
	if _, rows := read(t, data); !slices.Equal(rows[0].Cells, []string{"8.9161E+10", "89161234567"}) {
		t.Errorf("%q", rows[0].Cells)
	}
}

func TestAddressBooks(t *testing.T) {
	const data = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Petrov;Ivan;S.;;\r\nFN:Ivan Petrov\r\nORG:Acme\\, Inc.;Sales\r\n" +
		"TEL;TYPE=CELL,VOICE:+34 600 111 222\r\nTEL;TYPE=WORK:910000000\r\nitem1.EMAIL;TYPE=INTERNET:ivan@exam\r\n ple.com\r\n" +
		"ADR;TYPE=HOME:;;Calle Mayor 5;Madrid;;28001;Spain\r\nNOTE:two\\nlines\r\nPHOTO;ENCODING=b;TYPE=JPEG:" + "/9j/4AAQ\r\n SkZJRg\r\nEND:VCARD\r\n" +
		"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=98=D0=B2=\r\n=D0=B0=D0=BD;;;;\r\nTEL;CELL:8 916 123-45-67\r\nTEL;CELL:8 916 123-45-68\r\nTEL;FAX:1\r\nEND:VCARD\r\n" +
		"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Cut off\r\nTEL;VALUE=uri;TYPE=\"voice,home\":tel:+34-911-000-000\r\n"
	f, rows := read(t, []byte(data))
	if f.Kind != "vcard" || len(rows) != 4 || !slices.Equal(rows[0].Cells, sheet.CardColumns) {
		t.Fatalf("%+v %v", f, rows)
	}
	first, second, third := rows[1].Cells, rows[2].Cells, rows[3]
	if !slices.Equal(first[:8], []string{"Ivan Petrov", "Ivan", "S.", "Petrov", "Acme, Inc.", "", "+34 600 111 222", "910000000"}) ||
		first[12] != "ivan@example.com" || first[13] != "Calle Mayor 5, Madrid, 28001, Spain" || first[15] != "two\nlines" {
		t.Errorf("3.0: %q", first)
	}
	if second[3] != "Иван" || second[6] != "8 916 123-45-67 ::: 8 916 123-45-68" {
		t.Errorf("2.1: %q", second)
	}
	if third.Cells[8] != "+34-911-000-000" || third.Problem == "" {
		t.Errorf("4.0: %+v", third)
	}
}

// formulas are what spreadsheets calculate, and ways around those who quote.
var formulas = []string{
	"=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\"=1\"", "'=1", "'=cmd|' /C calc'!A0",
	"=HYPERLINK(\"http://x\",\"y\")", "+34 600-111*cmd", "-2+3", "|calc", "\uff1d1+1", "\ufeff=1", "+1-1", "--1", "+(1)*2",
}

func TestNothingWrittenIsAFormula(t *testing.T) {
	var out bytes.Buffer
	w, err := sheet.NewCSV(&out, ";")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range formulas {
		if err := w.Write([]string{f, "plain", `say "hi"` + "\r\n=1"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write([]string{"+34 600 111 222", "+7 (495) 000.00.00", "-5.2"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, rows := read(t, out.Bytes())
	if len(rows) != len(formulas)+1 {
		t.Fatalf("%d rows of %d", len(rows), len(formulas)+1)
	}
	for i, row := range rows[:len(formulas)] {
		if row.Cells[0][0] != '\'' || sheet.Unsafe(row.Cells[0]) != strings.ReplaceAll(formulas[i], "\r", "\n") {
			t.Errorf("%q was written as %q", formulas[i], row.Cells[0])
		}
		if row.Cells[2] != "say \"hi\"\n=1" {
			t.Errorf("quotes and line breaks: %q", row.Cells[2])
		}
	}
	if last := rows[len(formulas)].Cells; !slices.Equal(last, []string{"+34 600 111 222", "+7 (495) 000.00.00", "-5.2"}) {
		t.Errorf("numbers: %q", last)
	}
}

func TestAWorkbookHasTextsOnly(t *testing.T) {
	var out bytes.Buffer
	w, err := sheet.NewXLSX(&out)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range formulas {
		if err := w.Write([]string{f}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	for i := range formulas {
		cell, _ := excelize.CoordinatesToCellName(1, i+1)
		if formula, _ := f.GetCellFormula("Sheet1", cell); formula != "" {
			t.Errorf("%q became a formula", formulas[i])
		}
		if v, _ := f.GetCellValue("Sheet1", cell); v == "" || v[0] != '\'' {
			t.Errorf("%q was written as %q", formulas[i], v)
		}
	}
}
