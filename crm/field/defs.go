package field

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"centralita/crm/access"
	"centralita/internal/fault"
)

// defs are all sections of an entity with their fields, archived ones too, in
// order, and the formulas of those that are not.
type defs struct {
	sections []Section
	fields   map[int64]*Field
	kinds    map[int64]string  // of sections, by id
	order    []computed        // formulas, each after those that it uses
	behind   map[int64][]int64 // of a formula, the fields that it is computed of, through others too
	today    string
}

// computed is a field with its formula.
type computed struct {
	Field
	formula *formula
}

// index completes d from its sections.
func (d *defs) index() {
	d.fields, d.kinds = map[int64]*Field{}, map[int64]string{}
	for i := range d.sections {
		d.kinds[d.sections[i].ID] = d.sections[i].Kind
		for j := range d.sections[i].Fields {
			f := &d.sections[i].Fields[j]
			d.fields[f.ID] = f
		}
	}
	d.order, _ = d.arrange(nil) // what is stored was arranged before it was
	d.behind = map[int64][]int64{}
	byKey := map[string]int64{}
	d.each(func(_ *Section, f *Field) { byKey[f.Key] = f.ID })
	for _, c := range d.order {
		for _, key := range c.formula.uses {
			id := byKey[key]
			d.behind[c.ID] = append(append(d.behind[c.ID], id), d.behind[id]...)
		}
	}
}

// live returns the field, unless it or its section is archived.
func (d *defs) live(id int64) (*Field, bool) {
	f := d.fields[id]
	if f == nil || f.ArchivedAt != nil {
		return nil, false
	}
	s := d.section(f.SectionID)
	return f, s != nil && s.ArchivedAt == nil
}

func (d *defs) section(id int64) *Section {
	for i := range d.sections {
		if d.sections[i].ID == id {
			return &d.sections[i]
		}
	}
	return nil
}

// each calls fn with every field that is not archived.
func (d *defs) each(fn func(s *Section, f *Field)) {
	for i := range d.sections {
		for j := range d.sections[i].Fields {
			if f := &d.sections[i].Fields[j]; f.ArchivedAt == nil && d.sections[i].ArchivedAt == nil {
				fn(&d.sections[i], f)
			}
		}
	}
}

// env holds a value of its type for every name that a formula in the section may
// use: the client's own fields, in a table those of the same row, and elsewhere
// the numbers of tables as columns.
func (d *defs) env(section int64) map[string]any {
	env := map[string]any{}
	d.each(func(s *Section, f *Field) {
		if !inFormulas(f) {
			return
		}
		if s.Kind == Fields || s.ID == section {
			env[f.Key] = nothing(f.of())
		} else if f.of() == Number || f.of() == Money {
			env[f.Key] = column{}
		}
	})
	return env
}

// nothing is an empty value of a type of field, in a formula.
func nothing(kind string) any {
	switch kind {
	case Number, Money:
		return num{}
	case Date:
		return day{}
	}
	return ""
}

// arrange compiles the formulas and puts each after those that it uses. A formula
// that cannot be used is left out, unless it is that of the field asked for, of
// which the error is returned.
func (d *defs) arrange(asked *Field) ([]computed, error) {
	formulas := map[string]computed{}
	var failed error
	d.each(func(s *Section, f *Field) {
		if f.Type != Formula {
			return
		}
		compiled, err := compiledOnce(f.Options.Formula, d.env(s.ID))
		if err == nil {
			formulas[f.Key] = computed{*f, compiled}
		} else if asked != nil && f.ID == asked.ID {
			failed = err
		}
	})
	if failed != nil {
		return nil, failed
	}
	return sorted(formulas)
}

// sorted puts every formula after those that it uses; a circle is a *FormulaError
// that names its fields.
func sorted(formulas map[string]computed) ([]computed, error) {
	var order []computed
	done, path := map[string]bool{}, []string{}
	var visit func(key string) error
	visit = func(key string) error {
		f, is := formulas[key]
		if !is || done[key] {
			return nil
		}
		if at := slices.Index(path, key); at >= 0 {
			return circle(formulas, append(path[at:], key))
		}
		path = append(path, key)
		for _, used := range f.formula.uses {
			if err := visit(used); err != nil {
				return err
			}
		}
		path = path[:len(path)-1]
		done[key] = true
		order = append(order, f)
		return nil
	}
	keys := make([]string, 0, len(formulas))
	for key := range formulas {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if err := visit(key); err != nil {
			return nil, err
		}
	}
	return order, nil
}

func circle(formulas map[string]computed, keys []string) error {
	labels := make([]string, len(keys))
	for i, key := range keys {
		labels[i] = formulas[key].Label
	}
	return &FormulaError{Code: "cycle", Name: strings.Join(labels, " → ")}
}

// formulas keeps what was compiled, by text and the types of its names.
var formulas sync.Map

func compiledOnce(text string, env map[string]any) (*formula, error) {
	key := text + "\x00" + signature(env)
	if known, ok := formulas.Load(key); ok {
		return known.(*formula), nil //nolint:forcetypeassert // nothing else is stored
	}
	f, err := compile(text, env)
	if err == nil {
		formulas.Store(key, f)
	}
	return f, err
}

func signature(env map[string]any) string {
	names := make([]string, 0, len(env))
	for name, sample := range env {
		kind := "t"
		switch sample.(type) {
		case num:
			kind = "n"
		case day:
			kind = "d"
		case column:
			kind = "c"
		}
		names = append(names, name+":"+kind)
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// faultOf makes the refusal of a formula one that a person sees.
func faultOf(err error) error {
	var e *FormulaError
	if !errors.As(err, &e) {
		return err
	}
	return fault.Wrap(err, fault.Invalid, "formula_"+e.Code, "This formula cannot be used.").WithField("body.options.formula", e.Error())
}

// Defs returns the sections of an entity that are not archived, with the fields
// that are not archived and that ctx's actor may know of.
func (s *Service) Defs(ctx context.Context, entity string) ([]Section, error) {
	d, err := s.store.defs(ctx, entity)
	if err != nil {
		return nil, err
	}
	shown := []Section{}
	for _, section := range d.sections {
		if section.ArchivedAt != nil {
			continue
		}
		fields := []Field{}
		for _, f := range section.Fields {
			if mask := d.mask(ctx, &f); f.ArchivedAt == nil && mask != access.Hidden {
				f.Masked = mask == access.Masked
				fields = append(fields, f)
			}
		}
		section.Fields = fields
		shown = append(shown, section)
	}
	return shown, nil
}

// All returns every section with every field, archived ones too, for whoever
// arranges them.
func (s *Service) All(ctx context.Context, entity string) ([]Section, error) {
	d, err := s.store.defs(ctx, entity)
	if err != nil {
		return nil, err
	}
	return d.sections, nil
}

// CheckFormula tells what a formula in a section would come to, or why it cannot
// be used, as a *FormulaError. own is the field that has it, 0 for a new one.
func (s *Service) CheckFormula(ctx context.Context, section, own int64, text string) (result string, err error) {
	d, err := s.store.defs(ctx, Client)
	if err != nil {
		return "", err
	}
	f := d.fields[own]
	if f == nil || f.Type != Formula {
		compiled, err := compile(text, d.env(section))
		if err != nil {
			return "", err
		}
		return compiled.result, nil
	}
	f.Options.Formula = text
	env := d.env(f.SectionID)
	delete(env, f.Key)
	compiled, err := compile(text, env)
	if err != nil {
		return "", d.itself(f, err)
	}
	f.Result = compiled.result
	_, err = d.arrange(f)
	return f.Result, err
}
