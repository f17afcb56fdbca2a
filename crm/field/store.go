package field

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// store is the SQL of definitions.
type store struct{ db *postgres.DB }

const (
	sqlSections = `select id, entity, kind, title, position, archived_at from sections where entity = $1 order by position, id`
	sqlFields   = `select f.id, f.section_id, f.key, f.label, f.type, f.required, coalesce(f.dictionary_id, 0), f.refers, f.currency, f.decimals,
			f.formula, f.result, f.position, f.archived_at
		from fields f join sections s on s.id = f.section_id where s.entity = $1 order by f.position, f.id`
	sqlToday         = `select (now() at time zone (select time_zone from firms))::date::text`
	sqlLockFields    = `lock table fields in share row exclusive mode`
	sqlTakenKey      = `select exists (select from fields where key = $1)`
	sqlInsertSection = `insert into sections (entity, kind, title, position)
		select $1, $2, $3, coalesce(max(position), 0) + 1 from sections where entity = $1 returning id, position`
	sqlUpdateSection = `update sections set title = $2, archived_at = $3 where id = $1`
	sqlInsertField   = `insert into fields (section_id, key, label, type, required, dictionary_id, refers, currency, decimals, formula, result, position)
		select $1, $2, $3, $4, $5, nullif($6::bigint, 0), $7, $8, $9, $10, $11, coalesce(max(position), 0) + 1 from fields where section_id = $1
		returning id, position`
	sqlUpdateField   = `update fields set label = $2, required = $3, currency = $4, decimals = $5, formula = $6, result = $7, archived_at = $8 where id = $1`
	sqlOrderSections = `update sections s set position = o.n from unnest($2::bigint[]) with ordinality o (id, n) where s.id = o.id and s.entity = $1`
	sqlOrderFields   = `update fields f set position = o.n from unnest($2::bigint[]) with ordinality o (id, n) where f.id = o.id and f.section_id = $1`
)

// defs reads all definitions of an entity in one round trip.
func (s store) defs(ctx context.Context, entity string) (d *defs, err error) {
	var b pgx.Batch
	b.Queue(sqlSections, entity)
	b.Queue(sqlFields, entity)
	b.Queue(sqlToday)
	results := s.db.Conn(ctx).SendBatch(ctx, &b)
	defer func() {
		if closing := results.Close(); err == nil && closing != nil {
			err = named("read fields", closing)
		}
	}()
	d = &defs{}
	rows, err := results.Query()
	if err == nil {
		d.sections, err = pgx.CollectRows(rows, scanSection)
	}
	if err != nil {
		return nil, named("read sections", err)
	}
	if rows, err = results.Query(); err != nil {
		return nil, named("read fields", err)
	}
	fields, err := pgx.CollectRows(rows, scanField)
	if err != nil {
		return nil, named("read fields", err)
	}
	for _, f := range fields {
		s := d.section(f.SectionID)
		s.Fields = append(s.Fields, f)
	}
	if err := results.QueryRow().Scan(&d.today); err != nil {
		return nil, named("read the day", err)
	}
	d.index()
	return d, nil
}

func scanSection(row pgx.CollectableRow) (s Section, err error) {
	err = row.Scan(&s.ID, &s.Entity, &s.Kind, &s.Title, &s.Position, &s.ArchivedAt)
	s.Fields = []Field{}
	return s, err
}

func scanField(row pgx.CollectableRow) (f Field, err error) {
	o := &f.Options
	err = row.Scan(&f.ID, &f.SectionID, &f.Key, &f.Label, &f.Type, &o.Required, &o.DictionaryID, &o.Refers, &o.Currency, &o.Decimals,
		&o.Formula, &f.Result, &f.Position, &f.ArchivedAt)
	return f, err
}

// lockFields lets one change of definitions happen at a time; values are read and
// written meanwhile.
func (s store) lockFields(ctx context.Context) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlLockFields)
	return named("lock fields", err)
}

func (s store) insertSection(ctx context.Context, x *Section) error {
	err := s.db.Conn(ctx).QueryRow(ctx, sqlInsertSection, x.Entity, x.Kind, x.Title).Scan(&x.ID, &x.Position)
	return named("add section", err)
}

func (s store) updateSection(ctx context.Context, x Section) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlUpdateSection, x.ID, x.Title, x.ArchivedAt)
	return named("change section", err)
}

// insertField gives f its id, place and key.
func (s store) insertField(ctx context.Context, f *Field) error {
	var asking error
	f.Key = keyOf(f.Label, func(key string) (taken bool) {
		if asking == nil {
			asking = s.db.Conn(ctx).QueryRow(ctx, sqlTakenKey, key).Scan(&taken)
		}
		return taken
	})
	if asking != nil {
		return named("name field", asking)
	}
	o := f.Options
	err := s.db.Conn(ctx).QueryRow(ctx, sqlInsertField, f.SectionID, f.Key, f.Label, f.Type, o.Required, o.DictionaryID, o.Refers, o.Currency,
		o.Decimals, o.Formula, f.Result).Scan(&f.ID, &f.Position)
	return named("add field", err)
}

func (s store) updateField(ctx context.Context, f Field) error {
	o := f.Options
	_, err := s.db.Conn(ctx).Exec(ctx, sqlUpdateField, f.ID, f.Label, o.Required, o.Currency, o.Decimals, o.Formula, f.Result, f.ArchivedAt)
	return named("change field", err)
}

func (s store) orderSections(ctx context.Context, entity string, ids []int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlOrderSections, entity, ids)
	return named("order sections", err)
}

func (s store) orderFields(ctx context.Context, section int64, ids []int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlOrderFields, section, ids)
	return named("order fields", err)
}

// named gives the errors that a person can mend their names.
func named(what string, err error) error {
	if err == nil {
		return nil
	}
	if name, taken := postgres.UniqueViolation(err); taken {
		switch name {
		case "dictionaries_name":
			return fault.Wrap(err, fault.Conflict, "dictionary_name_taken", "There is a dictionary of this name already.").WithField("body.name", "taken")
		case "dictionary_terms_label":
			return fault.Wrap(err, fault.Conflict, "term_taken", "The dictionary has this entry already.").WithField("body.label", "taken")
		}
	}
	if name, missing := postgres.ForeignKeyViolation(err); missing {
		switch name {
		case "fields_dictionary_id_fkey":
			return fault.Wrap(err, fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.options.dictionary_id", "unknown")
		case "client_values_client_id_fkey", "section_rows_client_id_fkey":
			return errNoClient
		}
	}
	return postgres.Classify(fmt.Errorf("%s: %w", what, err))
}
