package field_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"centralita/crm/field"
	"centralita/internal/fault"
)

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

func TestAnArchivedFieldKeepsItsValues(t *testing.T) {
	w := newWorld(t)
	x := w.section(field.Fields, "Contract", text("Number"), text("Note"))
	if err := w.set(x.Fields[0], "A-17"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.fields.ChangeField(w.ctx(), x.Fields[0].ID, field.FieldChange{Archived: yes()}); err != nil {
		t.Fatal(err)
	}
	if len(w.holds()) != 0 {
		t.Errorf("an archived field is shown: %+v", w.holds())
	}
	w.refused(w.set(x.Fields[0], "B"), "field_not_found")
	defs, err := w.fields.Defs(w.ctx(), field.Client)
	if err != nil || len(defs[0].Fields) != 1 {
		t.Errorf("%+v, %v", defs, err)
	}
	if _, err := w.fields.ChangeField(w.ctx(), x.Fields[0].ID, field.FieldChange{Archived: no()}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.fields.ChangeSection(w.ctx(), x.ID, nil, yes()); err != nil {
		t.Fatal(err)
	}
	if len(w.holds()) != 0 {
		t.Errorf("an archived section is shown: %+v", w.holds())
	}
	if _, err := w.fields.ChangeSection(w.ctx(), x.ID, nil, no()); err != nil {
		t.Fatal(err)
	}
	if v := w.holds()[of(x.Fields[0])].Value; v != "A-17" {
		t.Errorf("back with %q", v)
	}
}

func TestFieldsHaveNamesForFormulas(t *testing.T) {
	w := newWorld(t)
	x := w.section(field.Fields, "Names", text("Contract sum"), text("Contract — sum!"), text("Сумма договора"), text("2nd phone"), text("Sum"), text("if"), text("***"))
	var keys []string
	for _, f := range x.Fields {
		keys = append(keys, f.Key)
	}
	if want := []string{"contract_sum", "contract_sum_2", "сумма_договора", "f_2nd_phone", "sum_2", "if_2", "f"}; !slices.Equal(keys, want) {
		t.Errorf("%v, want %v", keys, want)
	}
	if f := w.field(x.ID, text(strings.Repeat("Ж", 60))); len(f.Key) > 60 {
		t.Errorf("a key of %d bytes", len(f.Key))
	}
}

func TestFormulasThatNeedEachOther(t *testing.T) {
	w := newWorld(t)
	x := w.section(field.Fields, "Sums", money("Price"), number("Discount"), formula("Net", "price - price * discount / 100"), formula("Tax", "round(net * 0.21, 2)"),
		formula("Gross", "net + tax"), date("Signed"), formula("Ends", "add_months(signed, 12)"), formula("State", `empty(ends) ? "" : today() > ends ? "over" : "runs"`))
	err := w.fields.Set(w.ctx(), 1, []field.Change{
		{FieldID: x.Fields[0].ID, Value: "100.10"}, {FieldID: x.Fields[1].ID, Value: "10"}, {FieldID: x.Fields[5].ID, Value: "2020-02-29"},
	})
	if err != nil {
		t.Fatal(err)
	}
	held := w.holds()
	for i, want := range map[int]string{2: "90.09", 3: "18.92", 4: "109.01", 6: "2021-02-28", 7: "over"} {
		if v := held[of(x.Fields[i])]; v.Value != want || v.Error != "" {
			t.Errorf("%s is %+v, want %s", x.Fields[i].Label, v, want)
		}
	}
	change := func(i int, text string) error {
		_, err := w.fields.ChangeField(w.ctx(), x.Fields[i].ID, field.FieldChange{Options: &field.Options{Formula: text, Decimals: 2}})
		return err
	}
	var at *field.FormulaError
	if err := change(2, "gross + 1"); !errors.As(err, &at) || fault.CodeOf(err) != "formula_cycle" || !strings.Contains(at.Name, "Net → Gross → Net") && !strings.Contains(at.Name, "Gross → Net → Gross") {
		t.Errorf("a circle: %v", err)
	}
	w.refused(change(2, "net + 1"), "formula_cycle")
	w.refused(change(2, "price +"), "formula_syntax")
	w.refused(change(2, "signed"), "field_in_use") // the others need a number
	_, err = w.fields.ChangeField(w.ctx(), x.Fields[0].ID, field.FieldChange{Archived: yes()})
	w.refused(err, "field_in_use")
	if err := change(3, "price / 0"); err != nil {
		t.Fatal(err)
	}
	if v := w.holds()[of(x.Fields[3])]; v.Error != "division_by_zero" || v.Value != "" {
		t.Errorf("1/0 is %+v", v)
	}
	if v := w.read(`select count(*) from client_values where field_id = any($1)`, []int64{x.Fields[3].ID}); v != "1" {
		t.Errorf("the old tax is gone before it was computed anew: %s", v)
	}
	if err := w.fields.Recompute(w.ctx(), 1); err != nil {
		t.Fatal(err)
	}
	if v := w.read(`select count(*) from client_values where field_id = any($1)`, []int64{x.Fields[3].ID, x.Fields[4].ID}); v != "0" {
		t.Errorf("%s values of formulas that come to nothing", v)
	}
	if result, err := w.fields.CheckFormula(w.ctx(), x.ID, 0, "price * 2"); err != nil || result != field.Number {
		t.Errorf("%s, %v", result, err)
	}
	if _, err := w.fields.CheckFormula(w.ctx(), x.ID, x.Fields[2].ID, "gross"); !errors.As(err, &at) || at.Code != "cycle" {
		t.Errorf("a circle is not told while it is typed: %v", err)
	}
}

func TestDictionaries(t *testing.T) {
	w := newWorld(t)
	d := w.dictionary("Colours", "Red", "Green")
	_, err := w.fields.AddTerm(w.ctx(), d.ID, "  rEd ")
	w.refused(err, "term_taken")
	_, err = w.fields.AddDictionary(w.ctx(), "colours", nil)
	w.refused(err, "dictionary_name_taken")
	_, err = w.fields.AddTerm(w.ctx(), 99, "x")
	w.refused(err, "dictionary_not_found")
	x := w.section(field.Fields, "Own", field.NewField{Label: "Colour", Type: field.Choice, Options: field.Options{DictionaryID: d.ID}})
	id := d.Terms[0].ID
	if err := w.set(x.Fields[0], "1"); err != nil {
		t.Fatal(err)
	}
	label := "Crimson"
	if _, err := w.fields.ChangeTerm(w.ctx(), id, &label, nil); err != nil {
		t.Fatal(err)
	}
	if v := w.holds()[of(x.Fields[0])]; v.Label != "Crimson" {
		t.Errorf("%+v", v)
	}
	if len(w.errand.args) != 1 || w.errand.args[0] != (field.RelabelArgs{Term: id}) {
		t.Errorf("errands: %+v", w.errand.args)
	}
	if _, err := w.fields.ChangeTerm(w.ctx(), id, nil, yes()); err != nil {
		t.Fatal(err)
	}
	if v := w.holds()[of(x.Fields[0])]; v.Label != "Crimson" {
		t.Errorf("an archived entry is forgotten: %+v", v)
	}
	if _, err := w.fields.AddTerm(w.ctx(), d.ID, "Crimson"); err != nil {
		t.Errorf("the name of an archived entry: %v", err)
	}
	shown, err := w.fields.Dictionaries(w.ctx(), false)
	if err != nil || len(shown) != 1 || len(shown[0].Terms) != 2 {
		t.Errorf("%+v, %v", shown, err)
	}
	_, err = w.fields.AddSection(w.ctx(), field.Section{Entity: field.Client, Kind: field.Fields, Title: "Bad"}, []field.NewField{{Label: "A", Type: field.Choice, Options: field.Options{DictionaryID: 99}}})
	w.refused(err, "invalid_input")
	if n := w.read(`select count(*) from sections where title = 'Bad'`); n != "0" {
		t.Error("half a section")
	}
}

func TestOrder(t *testing.T) {
	w := newWorld(t)
	a, b := w.section(field.Fields, "A", text("One"), text("Two"), text("Three")), w.section(field.Fields, "B")
	if err := w.fields.OrderSections(w.ctx(), field.Client, []int64{b.ID, a.ID}); err != nil {
		t.Fatal(err)
	}
	if err := w.fields.OrderFields(w.ctx(), a.ID, []int64{a.Fields[2].ID, a.Fields[0].ID, a.Fields[1].ID}); err != nil {
		t.Fatal(err)
	}
	all, err := w.fields.Defs(w.ctx(), field.Client)
	if err != nil || all[0].ID != b.ID || all[1].Fields[0].Label != "Three" || all[1].Fields[2].Label != "Two" {
		t.Errorf("%+v, %v", all, err)
	}
	if !slices.Contains(w.live.kinds, "fields.changed") {
		t.Error("nobody was told")
	}
}

func TestWrittenForms(t *testing.T) {
	w := newWorld(t)
	d := w.dictionary("Colours", "Red")
	x := w.section(field.Fields, "Own", text("T"), number("N"), money("M"), date("D"),
		field.NewField{Label: "C", Type: field.Choice, Options: field.Options{DictionaryID: d.ID}},
		field.NewField{Label: "U", Type: field.Reference, Options: field.Options{Refers: "user"}})
	r, err := w.fields.Reader(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		field      int
		text, want string
	}{
		{0, " two\nlines ", " two\nlines "}, {1, "1 234,5", "1234.5"}, {1, "1,234.5", "1234.5"}, {1, "1.234,5", "1234.5"}, {1, "-12", "-12"}, {1, "12 %", "12"},
		{2, "€ 1.200,50", "1200.50"}, {2, "1 200,50 руб", "1200.50"}, {2, "1.000.000", "1000000"}, {3, "25.11.2026", "2026-11-25"}, {3, "5/3/2026", "2026-03-05"},
		{3, "2026-11-25", "2026-11-25"}, {4, "RED", "1"}, {5, "anna ruiz", "1"}, {5, "anna", "1"}, {5, "", ""},
	} {
		if got, err := r.Read(x.Fields[c.field], c.text); err != nil || got != c.want {
			t.Errorf("%q is %q, want %q (%v)", c.text, got, c.want, err)
		}
	}
	for i, bad := range map[int]string{1: "abc", 2: "1.005", 3: "31.02.2026", 5: "nobody"} {
		if got, err := r.Read(x.Fields[i], bad); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q is %q, %v", bad, got, err)
		}
	}
	if _, err := r.Read(x.Fields[4], "Mauve"); fault.CodeOf(err) != "term_unknown" {
		t.Error(err)
	}
}
