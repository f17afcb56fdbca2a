package field

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"centralita/crm/access"
	"centralita/internal/fault"
)

// Sheet returns all that a client's sections hold, as far as ctx's actor may see
// it; fields without a value are left out.
func (s *Service) Sheet(ctx context.Context, client int64) (Sheet, error) {
	sheet := Sheet{Values: []Value{}, Rows: []Row{}}
	if err := s.ports.Clients.CanRead(ctx, client); err != nil {
		return sheet, err
	}
	d, err := s.store.defs(ctx, Client)
	if err != nil {
		return sheet, err
	}
	b, err := s.store.book(ctx, client)
	if err != nil {
		return sheet, err
	}
	names, err := s.compute(ctx, d, b)
	if err != nil {
		return sheet, err
	}
	for _, r := range b.rows {
		sheet.Rows = append(sheet.Rows, r.Row)
	}
	sheet.Values = d.values(ctx, b, names)
	return sheet, nil
}

// compute asks for the names of what b refers to, and works out the formulas.
func (s *Service) compute(ctx context.Context, d *defs, b *book) (*reading, error) {
	r := &reading{naming: newNaming(), reasons: map[[2]int64]string{}}
	b.each(func(_, id int64, c cell) {
		if f, live := d.live(id); live {
			r.add(f, c)
		}
	})
	if err := r.ask(ctx, s.store); err != nil {
		return nil, err
	}
	for _, o := range d.compute(b, r.known[Choice], s.ports.Fold) {
		if o.reason != "" {
			r.reasons[[2]int64{o.row, o.field.ID}] = o.reason
		}
	}
	return r, nil
}

// reading is what a sheet needs besides the cells.
type reading struct {
	*naming
	reasons map[[2]int64]string // of formulas that came to nothing, by row and field
}

// each calls fn with every cell of b.
func (b *book) each(fn func(row, field int64, c cell)) {
	for id, c := range b.cells {
		fn(0, id, c)
	}
	for i := range b.rows {
		for id, c := range b.rows[i].cells {
			fn(b.rows[i].ID, id, c)
		}
	}
}

// values lists what there is in the order of sections, rows and fields.
func (d *defs) values(ctx context.Context, b *book, r *reading) []Value {
	all := []Value{}
	d.each(func(s *Section, f *Field) {
		mask := d.mask(ctx, f)
		if mask == access.Hidden {
			return
		}
		add := func(row int64, c cell) {
			v := r.value(f, c, mask)
			v.RowID = row
			v.Error = r.reasons[[2]int64{row, f.ID}]
			if v.Value != "" || v.Error != "" || v.Hidden {
				all = append(all, v)
			}
		}
		if s.Kind == Fields {
			add(0, b.cells[f.ID])
			return
		}
		for i := range b.rows {
			if row := &b.rows[i]; row.SectionID == s.ID {
				add(row.ID, row.cells[f.ID])
			}
		}
	})
	return all
}

// value is a cell as far as a mask lets it be seen.
func (r *reading) value(f *Field, c cell, mask access.Mask) Value {
	v := Value{FieldID: f.ID, Value: c.exact(f.of())}
	if v.Value == "" {
		return v
	}
	label, seen := r.name(f, c)
	if !seen || mask != access.Shown {
		return Value{FieldID: f.ID, Hidden: true}
	}
	v.Label = label
	return v
}

// Values returns what some fields hold for many clients, by client, in one go:
// for lists and exports. Of a table there is one value for each row. Whoever asks
// has made sure that the clients may be read; fields that ctx's actor may not see
// in clear are left out. Formulas are as they were last stored.
func (s *Service) Values(ctx context.Context, clients, fields []int64) (map[int64][]Value, error) {
	d, err := s.store.defs(ctx, Client)
	if err != nil {
		return nil, err
	}
	type found struct {
		client, row int64
		field       *Field
		cell        cell
	}
	var all []found
	r := &reading{naming: newNaming()}
	fields = slices.DeleteFunc(slices.Clone(fields), func(id int64) bool {
		f, live := d.live(id)
		return !live || d.mask(ctx, f) != access.Shown
	})
	err = s.store.many(ctx, clients, fields, func(client, row, field int64, c cell) {
		if f, live := d.live(field); live {
			r.add(f, c)
			all = append(all, found{client, row, f, c})
		}
	})
	if err == nil {
		err = r.ask(ctx, s.store)
	}
	if err != nil {
		return nil, err
	}
	out := map[int64][]Value{}
	for _, x := range all {
		v := r.value(x.field, x.cell, access.Shown)
		if v.RowID = x.row; v.Value != "" {
			out[x.client] = append(out[x.client], v)
		}
	}
	return out, nil
}

// Set changes fields of a client himself. All of it happens, or nothing.
func (s *Service) Set(ctx context.Context, client int64, changes []Change) error {
	return s.edit(ctx, client, func(ctx context.Context, e *editing) error {
		return e.apply(ctx, 0, changes)
	})
}

// AddRow adds a row to a table of a client, at the end unless position is given,
// and returns it.
func (s *Service) AddRow(ctx context.Context, client, section int64, position *int, changes []Change) (r Row, err error) {
	err = s.edit(ctx, client, func(ctx context.Context, e *editing) error {
		x := e.defs.section(section)
		if x == nil || x.ArchivedAt != nil || x.Kind != Table {
			return errNoSection
		}
		n := 0
		for _, other := range e.book.rows {
			if other.SectionID == section {
				n++
			}
		}
		if n >= maxRows {
			return errTooMany
		}
		r = Row{SectionID: section}
		if err := s.store.insertRow(ctx, client, &r, position); err != nil {
			return err
		}
		e.action = "client.row.add"
		e.book.rows = append(e.book.rows, bookRow{r, map[int64]cell{}})
		return e.apply(ctx, r.ID, changes)
	})
	return r, err
}

// ChangeRow changes fields of one row of a client.
func (s *Service) ChangeRow(ctx context.Context, client, row int64, changes []Change) error {
	return s.edit(ctx, client, func(ctx context.Context, e *editing) error {
		if e.book.row(row) == nil {
			return errNoRow
		}
		return e.apply(ctx, row, changes)
	})
}

// RemoveRow removes a row. What was in it stays in the audit log.
func (s *Service) RemoveRow(ctx context.Context, client, row int64) error {
	return s.edit(ctx, client, func(ctx context.Context, e *editing) error {
		r := e.book.row(row)
		if r == nil {
			return errNoRow
		}
		for id, c := range r.cells {
			if f, live := e.defs.live(id); live && maskOf(ctx, id) != access.Shown {
				return errMasked
			} else if live {
				e.changed = append(e.changed, changed{f, c, cell{}})
			}
		}
		e.action = "client.row.remove"
		e.book.rows = slices.DeleteFunc(e.book.rows, func(r bookRow) bool { return r.ID == row })
		return s.store.deleteRow(ctx, row)
	})
}

// changed is a field before and after.
type changed struct {
	field         *Field
	before, after cell
}

// editing is one change of a client's values.
type editing struct {
	*Service
	defs    *defs
	book    *book
	action  string
	changed []changed
	writes  []written
}

// edit lets change work on the values of a client, computes the formulas anew,
// and stores, records and announces what came out.
func (s *Service) edit(ctx context.Context, client int64, change func(context.Context, *editing) error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.may(ctx, client); err != nil {
			return err
		}
		d, err := s.store.defs(ctx, Client)
		if err != nil {
			return err
		}
		b, err := s.store.book(ctx, client)
		if err != nil {
			return err
		}
		e := &editing{Service: s, defs: d, book: b, action: "client.values.change"}
		if err := change(ctx, e); err != nil {
			return err
		}
		terms, err := s.terms(ctx, d, b)
		if err != nil {
			return err
		}
		if err := s.store.write(ctx, client, append(e.writes, s.formulas(d, b, terms)...)); err != nil {
			return err
		}
		if e.action == "client.values.change" && len(e.writes) == 0 {
			return nil
		}
		s.ports.Live.Signal(ctx, "values.changed", map[string]int64{"client_id": client})
		return e.record(ctx)
	})
}

// record writes down what people read of the fields before and after. What one
// may not see one may not replace either.
func (e *editing) record(ctx context.Context) error {
	names := newNaming()
	for _, c := range e.changed {
		names.add(c.field, c.before)
		names.add(c.field, c.after)
	}
	if err := names.ask(ctx, e.store); err != nil {
		return err
	}
	before, after := map[string]string{}, map[string]string{}
	for _, c := range e.changed {
		name := fmt.Sprintf("custom.%d %s", c.field.ID, c.field.Label)
		if _, seen := names.name(c.field, c.before); !seen {
			return errMasked
		}
		if v := names.read(c.field, c.before); v != "" {
			before[name] = v
		}
		if v := names.read(c.field, c.after); v != "" {
			after[name] = v
		}
	}
	return e.ports.Audit.Record(ctx, e.action, "client", e.book.client, before, after)
}

// read is what a person reads of c.
func (n *naming) read(f *Field, c cell) string {
	if label, _ := n.name(f, c); label != "" {
		return label
	}
	return c.exact(f.of())
}

// formulas returns what has to be written of the formulas of b.
func (s *Service) formulas(d *defs, b *book, terms labels) []written {
	stored := map[[2]int64]cell{}
	b.each(func(row, id int64, c cell) { stored[[2]int64{row, id}] = c })
	var all []written
	for _, o := range d.compute(b, terms, s.ports.Fold) {
		before := stored[[2]int64{o.row, o.field.ID}]
		if before.exact(o.field.Result) != o.cell.exact(o.field.Result) || before.empty() != o.cell.empty() {
			all = append(all, written{o.row, o.field.ID, o.cell})
		}
	}
	return all
}

// terms returns the labels of the choices in books, if a formula may need them.
func (s *Service) terms(ctx context.Context, d *defs, books ...*book) (labels, error) {
	if len(d.order) == 0 {
		return nil, nil
	}
	names := newNaming()
	for _, b := range books {
		b.each(func(_, id int64, c cell) {
			if f, live := d.live(id); live && f.Type == Choice {
				names.add(f, c)
			}
		})
	}
	err := names.ask(ctx, s.store)
	return names.known[Choice], err
}

// apply checks changes of one row, or of the client himself, and notes what is to
// be written.
func (e *editing) apply(ctx context.Context, row int64, changes []Change) error {
	cells := e.book.cellsOf(row)
	for i, c := range changes {
		f, err := e.field(ctx, row, c.FieldID)
		if err == nil {
			err = e.one(ctx, f, row, cells, c)
		}
		if err != nil {
			return blame(err, i)
		}
	}
	return nil
}

// field returns a field that can be changed at a row.
func (e *editing) field(ctx context.Context, row, id int64) (*Field, error) {
	f, live := e.defs.live(id)
	if !live || maskOf(ctx, id) == access.Hidden {
		return nil, errNoField
	}
	switch {
	case row == 0 && e.defs.kinds[f.SectionID] != Fields, row != 0 && e.book.row(row).SectionID != f.SectionID:
		return nil, errNoField
	case maskOf(ctx, id) != access.Shown:
		return nil, errMasked
	case f.Type == Formula:
		return nil, invalid("field_computed", "This field is computed: change what it is computed of.")
	}
	return f, nil
}

func (e *editing) one(ctx context.Context, f *Field, row int64, cells map[int64]cell, c Change) error {
	before := cells[f.ID]
	now := before.exact(f.of())
	if c.Was != nil && *c.Was != now && c.Value != now {
		return errChanged
	}
	after, err := f.read(c.Value, e.ports.Fold)
	if err != nil {
		return err
	}
	if after.exact(f.of()) == now {
		return nil
	}
	if after.empty() && f.Options.Required {
		return invalid("value_required", "This field must not be empty.")
	}
	if err := e.refer(ctx, f, &after); err != nil {
		return err
	}
	e.changed = append(e.changed, changed{f, before, after})
	if cells[f.ID] = after; after.empty() {
		delete(cells, f.ID)
	}
	e.writes = append(e.writes, written{row, f.ID, after})
	return nil
}

// refer makes sure that what c refers to is there.
func (e *editing) refer(ctx context.Context, f *Field, c *cell) error {
	if c.ref == nil {
		return nil
	}
	var found labels
	var err error
	switch f.Type {
	case Choice:
		found, err = e.store.labels(ctx, sqlOwnTerms, []int64{*c.ref}, f.Options.DictionaryID)
	case File:
		found, err = e.store.labels(ctx, sqlOwnFiles, []int64{*c.ref}, e.book.client)
	default:
		found, err = e.store.names(ctx, sortOf(f), []int64{*c.ref})
	}
	if err != nil {
		return err
	}
	label, ok := found[*c.ref]
	if !ok {
		return invalid("reference_invalid", "There is nothing like this to refer to.")
	}
	if f.Type == Choice {
		key := keyOfText(label, e.ports.Fold)
		c.key = &key
	}
	return nil
}

// blame names the change at which err happened.
func blame(err error, i int) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	return fault.Wrap(err, f.Kind, f.Code, f.Message).WithField(fmt.Sprintf("body.values[%d].value", i), f.Message)
}
