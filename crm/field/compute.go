package field

import (
	"time"

	"github.com/shopspring/decimal"
)

// term labels by id, for choices in formulas.
type labels map[int64]string

// operand is the value of a cell in a formula.
func operand(kind string, c cell, terms labels) any {
	switch kind {
	case Number, Money:
		if c.number == nil {
			return num{}
		}
		return num{decimal.RequireFromString(*c.number), true}
	case Date:
		t, err := time.Parse(time.DateOnly, value(c.date))
		return day{t, err == nil}
	case Choice:
		if c.ref == nil {
			return ""
		}
		return terms[*c.ref]
	}
	return value(c.text)
}

// outcome is what a formula came to for the client or one of his rows.
type outcome struct {
	row    int64
	field  Field
	cell   cell
	reason string
}

// compute works out all formulas of d for what is in b, each after those that it
// uses, and puts the values into b.
func (d *defs) compute(b *book, terms labels, fold func(string) string) []outcome {
	if len(d.order) == 0 {
		return nil
	}
	calc := d.calculator(b, terms)
	var all []outcome
	for _, f := range d.order {
		if d.kinds[f.SectionID] == Fields {
			all = append(all, calc.one(f, 0, calc.client, b.cells, fold))
			continue
		}
		for i := range b.rows {
			if r := &b.rows[i]; r.SectionID == f.SectionID {
				all = append(all, calc.one(f, r.ID, calc.rows[r.ID], r.cells, fold))
			}
		}
		calc.columns(f.Field, b)
	}
	return all
}

// calculator holds the values that formulas see: of the client, and of each row
// together with them.
type calculator struct {
	client map[string]any
	rows   map[int64]map[string]any
	terms  labels
}

func (d *defs) calculator(b *book, terms labels) *calculator {
	today, err := time.Parse(time.DateOnly, d.today)
	k := &calculator{client: map[string]any{todayName: day{today, err == nil}}, rows: map[int64]map[string]any{}, terms: terms}
	for _, r := range b.rows {
		k.rows[r.ID] = map[string]any{todayName: k.client[todayName]}
	}
	d.each(func(s *Section, f *Field) {
		if !inFormulas(f) {
			return
		}
		if s.Kind == Table {
			for _, r := range b.rows {
				if r.SectionID == s.ID {
					k.rows[r.ID][f.Key] = operand(f.of(), r.cells[f.ID], terms)
				}
			}
			k.columns(*f, b)
			return
		}
		v := operand(f.of(), b.cells[f.ID], terms)
		k.client[f.Key] = v
		for _, env := range k.rows {
			env[f.Key] = v
		}
	})
	return k
}

// columns gathers the numbers of a column of a table, for everybody outside of it.
func (k *calculator) columns(f Field, b *book) {
	if f.of() != Number && f.of() != Money {
		return
	}
	c := column{}
	for _, r := range b.rows {
		if r.SectionID == f.SectionID {
			n, _ := operand(Number, r.cells[f.ID], nil).(num)
			c = append(c, n)
		}
	}
	k.client[f.Key] = c
	for _, r := range b.rows {
		if r.SectionID != f.SectionID {
			k.rows[r.ID][f.Key] = c
		}
	}
}

// one computes a formula in env and puts what comes out into env and cells.
func (k *calculator) one(f computed, row int64, env map[string]any, cells map[int64]cell, fold func(string) string) outcome {
	value, reason := f.formula.run(env, f.Options.Decimals)
	var c cell
	if value != "" {
		c = cellOf(f.Result, value, fold)
		cells[f.ID] = c
	} else {
		delete(cells, f.ID)
	}
	v := operand(f.Result, c, k.terms)
	env[f.Key] = v
	if row == 0 {
		for _, other := range k.rows {
			other[f.Key] = v
		}
	}
	return outcome{row, f.Field, c, reason}
}

func cellOf(kind, value string, fold func(string) string) cell {
	switch kind {
	case Number:
		return cell{number: &value}
	case Date:
		return cell{date: &value}
	}
	key := keyOfText(value, fold)
	return cell{text: &value, key: &key}
}

// inFormulas reports whether a formula can use f.
func inFormulas(f *Field) bool { return f.of() != Reference && f.of() != File }
