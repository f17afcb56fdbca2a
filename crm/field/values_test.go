package field_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"centralita/crm/field"
	"centralita/internal/fault"
)

// What is set is what is read back, for every type, on the client and in a row.
func TestWhatIsSetIsReadBack(t *testing.T) {
	w := newWorld(t)
	d := w.dictionary("Colours", "Red", "Green", "Blue")
	choice := field.NewField{Label: "Colour", Type: field.Choice, Options: field.Options{DictionaryID: d.ID}}
	refers := field.NewField{Label: "Partner", Type: field.Reference, Options: field.Options{Refers: "client"}}
	fields := []field.NewField{text("Text"), number("Number"), money("Money"), date("Day"), choice, refers, {Label: "File", Type: field.File}}
	own, table := w.section(field.Fields, "Own", fields...), w.section(field.Table, "Table", fields...)
	row, err := w.fields.AddRow(w.ctx(), 1, table.ID, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]func(*rapid.T) (exact, label string){
		field.Text: func(t *rapid.T) (string, string) {
			s := rapid.StringOfN(rapid.RuneFrom([]rune("aZ яñ'\"<&%_\\\n٣漢😀")), 0, 40, -1).Draw(t, "text")
			return strings.TrimSpace(s), ""
		},
		field.Number: func(t *rapid.T) (string, string) {
			return decimal.New(rapid.Int64Range(-1e18, 1e18).Draw(t, "digits"), -4).String(), ""
		},
		field.Money: func(t *rapid.T) (string, string) {
			return decimal.New(rapid.Int64Range(-1e16, 1e16).Draw(t, "cents"), -2).String(), ""
		},
		field.Date: func(t *rapid.T) (string, string) {
			return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 3_652_058).Draw(t, "day")).Format(time.DateOnly), ""
		},
		field.Choice: func(t *rapid.T) (string, string) {
			term := rapid.SampledFrom(d.Terms).Draw(t, "term")
			return strconv.FormatInt(term.ID, 10), term.Label
		},
		field.Reference: func(*rapid.T) (string, string) { return "3", "Acme" },
		field.File:      func(*rapid.T) (string, string) { return "1", "offer.pdf" },
	}
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.SampledFrom([]struct {
			section field.Section
			row     int64
		}{{own, 0}, {table, row.ID}}).Draw(t, "place")
		f := rapid.SampledFrom(at.section.Fields).Draw(t, "field")
		value, label := drawn[f.Type](t)
		if rapid.IntRange(0, 9).Draw(t, "clear") == 0 {
			value, label = "", ""
		}
		change := []field.Change{{FieldID: f.ID, Value: value}}
		if at.row == 0 {
			err = w.fields.Set(w.ctx(), 1, change)
		} else {
			err = w.fields.ChangeRow(w.ctx(), 1, at.row, change)
		}
		if err != nil {
			t.Fatalf("%s %q: %v", f.Type, value, err)
		}
		got := w.holds()[[2]int64{f.ID, at.row}]
		if got.Value != value || got.Label != label {
			t.Fatalf("%s %q: read %+v", f.Type, value, got)
		}
		many, err := w.fields.Values(w.ctx(), []int64{1, 3}, []int64{f.ID})
		if err != nil || value != "" && (len(many[1]) != 1 || many[1][0].Value != value) || value == "" && len(many[1]) != 0 {
			t.Fatalf("%s %q: for lists %+v, %v", f.Type, value, many, err)
		}
	})
}

func TestWhatNoFieldHoldsIsRefusedWhole(t *testing.T) {
	w := newWorld(t)
	d, other := w.dictionary("Colours", "Red"), w.dictionary("Sizes", "Big")
	x := w.section(field.Fields, "Own", text("Text"), number("Number"), money("Money"), date("Day"),
		field.NewField{Label: "Colour", Type: field.Choice, Options: field.Options{DictionaryID: d.ID}},
		field.NewField{Label: "Partner", Type: field.Reference, Options: field.Options{Refers: "client"}},
		field.NewField{Label: "File", Type: field.File}, formula("Twice", "number * 2"),
		field.NewField{Label: "Must", Type: field.Text, Options: field.Options{Required: true}})
	if err := w.set(x.Fields[8], "there"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		field int
		value string
		code  string
	}{
		{1, "abc", "value_not_a_number"}, {1, "1e5", "value_not_a_number"}, {1, "1,5", "value_not_a_number"}, {1, "NaN", "value_not_a_number"},
		{1, "9999999999999999", "value_not_a_number"}, {1, "0.00001", "too_many_decimals"}, {2, "1.005", "too_many_decimals"}, {1, "٣", "value_not_a_number"},
		{3, "2026-02-30", "date_invalid"}, {3, "25.11.2026", "date_invalid"}, {3, "0000-01-01", "date_invalid"},
		{4, strconv.FormatInt(other.Terms[0].ID, 10), "reference_invalid"}, {4, "999999", "reference_invalid"}, {4, "-1", "reference_invalid"},
		{5, "99", "reference_invalid"}, {6, "2", "reference_invalid"}, {6, "99999999999999999999", "reference_invalid"},
		{7, "5", "field_computed"}, {8, "", "value_required"}, {8, " \n", "value_required"}, {0, strings.Repeat("я", 10_001), "text_too_long"},
	} {
		f := x.Fields[bad.field]
		err := w.fields.Set(w.ctx(), 1, []field.Change{{FieldID: x.Fields[0].ID, Value: "before it"}, {FieldID: f.ID, Value: bad.value}})
		w.refused(err, bad.code)
	}
	if n := w.read(`select count(*) from client_values`); n != "1" {
		t.Errorf("%s values were left behind", n)
	}
	w.refused(w.fields.Set(w.ctx(), 2, []field.Change{{FieldID: x.Fields[0].ID, Value: "x"}}), "client_not_found")
	w.refused(w.fields.Set(w.ctx(), 77, []field.Change{{FieldID: x.Fields[0].ID, Value: "x"}}), "client_not_found")
	w.refused(w.fields.Set(w.ctx(), 1, []field.Change{{FieldID: 777, Value: "x"}}), "field_not_found")
	if _, err := w.fields.Sheet(w.ctx(), 2); fault.CodeOf(err) != "client_not_found" {
		t.Errorf("the sheet of a client who may not be seen: %v", err)
	}
}

func TestTwoPeopleNeverLoseEachOthersWords(t *testing.T) {
	w := newWorld(t)
	var fields []field.NewField
	for i := range 8 {
		fields = append(fields, text(fmt.Sprintf("Field %d", i)))
	}
	x := w.section(field.Fields, "Own", append(fields, formula("All", "field_0 + field_7"))...)
	var people sync.WaitGroup
	for i := range 8 {
		people.Go(func() {
			for n := range 5 {
				was := fmt.Sprint(n - 1)
				if n == 0 {
					was = ""
				}
				if err := w.fields.Set(w.ctx(), 1, []field.Change{{FieldID: x.Fields[i].ID, Value: fmt.Sprint(n), Was: &was}}); err != nil {
					t.Errorf("field %d: %v", i, err)
				}
			}
		})
	}
	people.Wait()
	held := w.holds()
	for i := range 8 {
		if v := held[of(x.Fields[i])].Value; v != "4" {
			t.Errorf("field %d holds %q", i, v)
		}
	}
	if v := w.read(`select text_value from client_values where field_id = $1`, x.Fields[8].ID); v != "44" {
		t.Errorf("the formula holds %q", v)
	}
	old := "3"
	w.refused(w.fields.Set(w.ctx(), 1, []field.Change{{FieldID: x.Fields[0].ID, Value: "mine", Was: &old}}), "value_changed")
	if err := w.fields.Set(w.ctx(), 1, []field.Change{{FieldID: x.Fields[0].ID, Value: "4", Was: &old}}); err != nil {
		t.Errorf("both wrote the same: %v", err)
	}
	if n := w.read(`select count(*) from audit_entries where action = 'client.values.change'`); n != "40" {
		t.Errorf("%s changes are in the log", n)
	}
}

func TestRowsComeAndGo(t *testing.T) {
	w := newWorld(t)
	x := w.section(field.Table, "Equipment", text("Name"), number("Count"), money("Price"))
	total := w.field(x.ID, field.NewField{Label: "Total", Type: field.Formula, Options: field.Options{Formula: "count_2 * price", Currency: "EUR", Decimals: 2}})
	sum := w.section(field.Fields, "Sums", formula("Worth", "sum(total)"), formula("Pieces", "sum(count_2)")).Fields
	add := func(position *int, name, n, price string) field.Row {
		r, err := w.fields.AddRow(w.ctx(), 1, x.ID, position, []field.Change{
			{FieldID: x.Fields[0].ID, Value: name}, {FieldID: x.Fields[1].ID, Value: n}, {FieldID: x.Fields[2].ID, Value: price},
		})
		return must(w, r, err)
	}
	drill, saw := add(nil, "Drill", "2", "99.90"), add(nil, "Saw", "1.5", "10")
	held := w.holds()
	if v := held[[2]int64{total.ID, drill.ID}].Value; v != "199.8" {
		t.Errorf("total of the row: %q", v)
	}
	if v := held[of(sum[0])].Value; v != "214.8" {
		t.Errorf("worth: %q", v)
	}
	if v := w.read(`select trim_scale(number_value) from client_values where field_id = $1`, sum[1].ID); v != "3.5" {
		t.Errorf("stored pieces: %q", v)
	}
	if err := w.fields.RemoveRow(w.ctx(), 1, drill.ID); err != nil {
		t.Fatal(err)
	}
	if v := w.holds()[of(sum[0])].Value; v != "15" {
		t.Errorf("worth without the drill: %q", v)
	}
	w.refused(w.fields.RemoveRow(w.ctx(), 1, drill.ID), "row_not_found")
	w.refused(w.fields.ChangeRow(w.ctx(), 3, saw.ID, []field.Change{{FieldID: x.Fields[0].ID, Value: "not his"}}), "row_not_found")
	back := add(&drill.Position, "Drill", "2", "99.90")
	sheet, err := w.fields.Sheet(w.ctx(), 1)
	if err != nil || len(sheet.Rows) != 2 || sheet.Rows[0].ID != back.ID {
		t.Errorf("the row is not back in its place: %+v, %v", sheet.Rows, err)
	}
	if got := w.read(`select before->>($1) from audit_entries where action = 'client.row.remove'`, fmt.Sprintf("custom.%d Name", x.Fields[0].ID)); got != "Drill" {
		t.Errorf("the log has %q", got)
	}
}

// A transaction that does not end leaves nothing, and announces nothing.
func TestACutChangeLeavesNothing(t *testing.T) {
	w := newWorld(t)
	x := w.section(field.Table, "Equipment", text("Name"))
	own := w.section(field.Fields, "Own", text("Text"), formula("Copy", "text + text"))
	w.exec(`create function cut() returns trigger language plpgsql as 'begin perform pg_terminate_backend(pg_backend_pid()); return null; end'`)
	w.exec(`create trigger cut after insert on audit_entries for each row execute function cut()`)
	w.live.kinds = nil
	if _, err := w.fields.AddRow(w.ctx(), 1, x.ID, nil, []field.Change{{FieldID: x.Fields[0].ID, Value: "half"}}); err == nil {
		t.Error("a cut change was acknowledged")
	}
	if err := w.set(own.Fields[0], "half"); err == nil {
		t.Error("a cut change was acknowledged")
	}
	if _, err := w.fields.AddSection(w.ctx(), field.Section{Entity: field.Client, Kind: field.Fields, Title: "Half"}, []field.NewField{text("A")}); err == nil {
		t.Error("a cut section was acknowledged")
	}
	w.exec(`drop trigger cut on audit_entries`)
	if n := w.read(`select (select count(*) from section_rows) + (select count(*) from row_values) + (select count(*) from client_values) + (select count(*) from sections) - 2`); n != "0" {
		t.Errorf("%s rows of cut changes", n)
	}
	if len(w.live.kinds) != 0 {
		t.Errorf("announced: %v", w.live.kinds)
	}
}
