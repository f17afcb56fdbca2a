package field

import (
	"context"
	"slices"
	"time"

	"centralita/internal/fault"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
)

// Recorder writes down who changed what, in ctx's transaction, and who is about to
// be shown what, before he is.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
	Look(ctx context.Context, action, entity string, id int64, detail any) error
}

// Signaller tells every browser, after ctx's transaction, that something changed.
type Signaller interface {
	Signal(ctx context.Context, kind string, data any)
}

// Errands are done after ctx's transaction.
type Errands interface {
	Insert(ctx context.Context, args jobs.Args, opts *jobs.Opts) error
}

// Clients knows who may see and who may change a client; both answer a fault.
type Clients interface {
	CanRead(ctx context.Context, id int64) error
	CanChange(ctx context.Context, id int64) error
}

// Ports are what fields need of other rooms. Fold makes the key under which a
// text is found.
type Ports struct {
	Clients Clients
	Audit   Recorder
	Live    Signaller
	Queue   Errands
	Fold    func(string) string
}

// Service keeps definitions and values. Safe for concurrent use.
type Service struct {
	db    *postgres.DB
	store store
	ports Ports
}

// New returns the service on db.
func New(db *postgres.DB, ports Ports) *Service { return &Service{db, store{db}, ports} }

// NewField is what a field is made of.
type NewField struct {
	Label   string  `json:"label" minLength:"1" maxLength:"60"`
	Type    string  `json:"type" enum:"text,number,money,date,choice,reference,file,formula"`
	Options Options `json:"options,omitempty"`
}

// changeDefs runs change as the only one that changes definitions, and announces it.
func (s *Service) changeDefs(ctx context.Context, change func(ctx context.Context) error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.lockFields(ctx); err != nil {
			return err
		}
		if err := change(ctx); err != nil {
			return err
		}
		s.ports.Live.Signal(ctx, "fields.changed", nil)
		return nil
	})
}

// AddSection makes a section of an entity with its first fields.
func (s *Service) AddSection(ctx context.Context, x Section, fields []NewField) (Section, error) {
	var err error
	if x.Title, err = title(x.Title, "body.title", maxTitle); err != nil {
		return x, err
	}
	x.Fields = []Field{}
	err = s.changeDefs(ctx, func(ctx context.Context) error {
		d, err := s.store.defs(ctx, x.Entity)
		if err != nil {
			return err
		}
		if len(d.sections) >= maxSections {
			return errTooMany
		}
		if err := s.store.insertSection(ctx, &x); err != nil {
			return err
		}
		if err := s.ports.Audit.Record(ctx, "section.create", "section", x.ID, nil, x); err != nil {
			return err
		}
		x.Fields = x.Fields[:0]
		for _, n := range fields {
			f, err := s.addField(ctx, x.ID, n)
			if err != nil {
				return err
			}
			x.Fields = append(x.Fields, f)
		}
		return nil
	})
	return x, err
}

// ChangeSection has edit alter the section's title and whether it is archived.
func (s *Service) ChangeSection(ctx context.Context, id int64, heading *string, archived *bool) (out Section, err error) {
	err = s.changeDefs(ctx, func(ctx context.Context) error {
		d, err := s.store.defs(ctx, Client)
		if err != nil {
			return err
		}
		x := d.section(id)
		if x == nil {
			return errNoSection
		}
		before := *x
		if heading != nil {
			if x.Title, err = title(*heading, "body.title", maxTitle); err != nil {
				return err
			}
		}
		if archived != nil {
			x.ArchivedAt = archivedAt(x.ArchivedAt, *archived)
		}
		if err := d.stillComputes(); err != nil {
			return err
		}
		out = *x
		if err := s.store.updateSection(ctx, out); err != nil {
			return err
		}
		before.Fields, x.Fields = nil, nil
		return s.ports.Audit.Record(ctx, "section.update", "section", id, before, *x)
	})
	return out, err
}

func archivedAt(before *time.Time, archived bool) *time.Time {
	if !archived {
		return nil
	}
	if before != nil {
		return before
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	return &now
}

// AddField adds a field at the end of a section.
func (s *Service) AddField(ctx context.Context, section int64, n NewField) (f Field, err error) {
	err = s.changeDefs(ctx, func(ctx context.Context) error {
		f, err = s.addField(ctx, section, n)
		return err
	})
	return f, err
}

func (s *Service) addField(ctx context.Context, section int64, n NewField) (f Field, err error) {
	f = Field{SectionID: section, Type: n.Type, Options: n.Options}
	if f.Label, err = title(n.Label, "body.label", maxTitle); err != nil {
		return f, err
	}
	if err := f.checkOptions(); err != nil {
		return f, err
	}
	d, err := s.store.defs(ctx, Client)
	if err != nil {
		return f, err
	}
	x := d.section(section)
	if x == nil {
		return f, errNoSection
	}
	if len(x.Fields) >= maxFields {
		return f, errTooMany
	}
	if f.Type == Formula {
		if err := d.resolve(&f); err != nil {
			return f, err
		}
	}
	if err := s.store.insertField(ctx, &f); err != nil {
		return f, err
	}
	if err := s.ports.Audit.Record(ctx, "field.create", "field", f.ID, nil, f); err != nil {
		return f, err
	}
	return f, s.recomputeIf(ctx, f.Type == Formula)
}

// resolve finds out what the formula of f comes to, and refuses one that cannot
// be computed.
func (d *defs) resolve(f *Field) error {
	env := d.env(f.SectionID)
	delete(env, f.Key) // itself, in its former result
	compiled, err := compile(f.Options.Formula, env)
	if err != nil {
		return faultOf(d.itself(f, err))
	}
	f.Result = compiled.result
	if f.Result != Number {
		f.Options.Currency, f.Options.Decimals = "", 0
	}
	return nil
}

// itself tells a formula that uses its own field from one that uses an unknown one.
func (d *defs) itself(f *Field, err error) error {
	if e, is := err.(*FormulaError); is && e.Code == "unknown" && e.Name == f.Key { //nolint:errorlint // compile returns it bare
		return &FormulaError{Code: "cycle", From: e.From, To: e.To, Name: f.Label + " → " + f.Label}
	}
	return err
}

// FieldChange changes what is not nil.
type FieldChange struct {
	Label    *string  `json:"label,omitempty" maxLength:"60"`
	Options  *Options `json:"options,omitempty"`
	Archived *bool    `json:"archived,omitempty"`
}

// ChangeField alters a field. Its type, its dictionary and what it refers to are
// for ever: values lie under them. A field that a formula uses cannot be archived:
// fault.Conflict, field_in_use.
func (s *Service) ChangeField(ctx context.Context, id int64, c FieldChange) (out Field, err error) {
	err = s.changeDefs(ctx, func(ctx context.Context) error {
		d, err := s.store.defs(ctx, Client)
		if err != nil {
			return err
		}
		f := d.fields[id]
		if f == nil {
			return errNoField
		}
		before := *f
		if err := c.onto(f); err != nil {
			return err
		}
		recompute := f.Type == Formula && (f.Options != before.Options || before.ArchivedAt != nil)
		if f.Type == Formula && f.ArchivedAt == nil {
			if err := d.resolve(f); err != nil {
				return err
			}
			if _, err := d.arrange(f); err != nil {
				return faultOf(err)
			}
		}
		if err := d.stillComputes(); err != nil {
			return err
		}
		out = *f
		if err := s.store.updateField(ctx, out); err != nil {
			return err
		}
		if err := s.ports.Audit.Record(ctx, "field.update", "field", id, before, out); err != nil {
			return err
		}
		return s.recomputeIf(ctx, recompute)
	})
	return out, err
}

func (c FieldChange) onto(f *Field) (err error) {
	if c.Label != nil {
		if f.Label, err = title(*c.Label, "body.label", maxTitle); err != nil {
			return err
		}
	}
	if c.Options != nil {
		kept := f.Options
		f.Options = *c.Options
		f.Options.DictionaryID, f.Options.Refers = kept.DictionaryID, kept.Refers
		if f.Type != Formula && f.Options.Decimals < kept.Decimals {
			f.Options.Decimals = kept.Decimals // values with these places are there
		}
		if err := f.checkOptions(); err != nil {
			return err
		}
	}
	if c.Archived != nil {
		f.ArchivedAt = archivedAt(f.ArchivedAt, *c.Archived)
	}
	return nil
}

// stillComputes refuses a change that a formula cannot bear.
func (d *defs) stillComputes() error {
	var broken error
	d.each(func(s *Section, f *Field) {
		if f.Type != Formula || broken != nil {
			return
		}
		if compiled, err := compile(f.Options.Formula, d.env(s.ID)); err != nil || compiled.result != f.Result {
			broken = fault.Wrap(err, fault.Conflict, "field_in_use", "The formula of “"+f.Label+"” needs this. Change the formula first.")
		}
	})
	return broken
}

// OrderSections puts the sections of an entity into the order of ids; those that
// are not named keep their places.
func (s *Service) OrderSections(ctx context.Context, entity string, ids []int64) error {
	return s.changeDefs(ctx, func(ctx context.Context) error {
		d, err := s.store.defs(ctx, entity)
		if err != nil {
			return err
		}
		before := []int64{}
		for _, x := range d.sections {
			before = append(before, x.ID)
		}
		if err := s.store.orderSections(ctx, entity, ids); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "section.order", "section", 0, before, ids)
	})
}

// OrderFields puts the fields of a section into the order of ids.
func (s *Service) OrderFields(ctx context.Context, section int64, ids []int64) error {
	return s.changeDefs(ctx, func(ctx context.Context) error {
		d, err := s.store.defs(ctx, Client)
		if err != nil {
			return err
		}
		x := d.section(section)
		if x == nil {
			return errNoSection
		}
		before := []int64{}
		for _, f := range x.Fields {
			before = append(before, f.ID)
		}
		if slices.Equal(before, ids) {
			return nil
		}
		if err := s.store.orderFields(ctx, section, ids); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "field.order", "section", section, before, ids)
	})
}
