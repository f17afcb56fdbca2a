package line

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

var errNotFound = fault.New(fault.NotFound, "line_not_found", "There is no such line.")

// Store is the SQL of lines.
type Store struct{ db *postgres.DB }

// NewStore returns a store on db.
func NewStore(db *postgres.DB) *Store { return &Store{db: db} }

const columns = `l.id, l.name, l.number, l.country, l.language, l.entry_kind, coalesce(l.entry_id, 0),
	trim_scale(l.lead_value)::text, l.color, l.active`

const (
	sqlAll     = `select ` + columns + ` from lines l order by l.id`
	sqlOne     = `select ` + columns + ` from lines l where l.id = $1 for update`
	sqlCountry = `select coalesce((select country from firms), 'ES')`
	sqlInsert  = `insert into lines (name, number, country, language, entry_kind, entry_id, lead_value, color, active)
		values ($1, $2, $3, $4, $5, nullif($6::bigint, 0), $7::text::numeric, $8, $9) returning id`
	sqlUpdate = `update lines set name = $2, number = $3, country = $4, language = $5, entry_kind = $6, entry_id = nullif($7::bigint, 0),
		lead_value = $8::text::numeric, color = $9, active = $10, updated_at = now() where id = $1`
)

func scan(row pgx.CollectableRow) (l Line, err error) {
	err = row.Scan(&l.ID, &l.Name, &l.Number, &l.Country, &l.Language, &l.Entry.Kind, &l.Entry.ID,
		&l.LeadValue, &l.Color, &l.Active)
	return l, err
}

// load reads all lines.
func (s *Store) load(ctx context.Context) (*page, error) {
	p := &page{byID: map[int64]int{}}
	conn := s.db.Conn(ctx)
	rows, err := conn.Query(ctx, sqlAll)
	if err == nil {
		p.lines, err = pgx.CollectRows(rows, scan)
	}
	if err == nil {
		err = conn.QueryRow(ctx, sqlCountry).Scan(&p.country)
	}
	if err != nil {
		return nil, fmt.Errorf("load lines: %w", err)
	}
	for i, l := range p.lines {
		p.byID[l.ID] = i
	}
	return p, nil
}

// lock reads one line for a change in ctx's transaction.
func (s *Store) lock(ctx context.Context, id int64) (Line, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlOne, id)
	if err != nil {
		return Line{}, fmt.Errorf("read line: %w", err)
	}
	l, err := pgx.CollectExactlyOneRow(rows, scan)
	if postgres.IsNoRows(err) {
		return Line{}, errNotFound
	}
	return l, err
}

// save inserts l when its ID is 0 and updates it otherwise, and sets the ID.
func (s *Store) save(ctx context.Context, l *Line) error {
	conn := s.db.Conn(ctx)
	var err error
	if l.ID == 0 {
		err = conn.QueryRow(ctx, sqlInsert, l.Name, l.Number, l.Country, l.Language, l.Entry.Kind, l.Entry.ID,
			l.LeadValue, l.Color, l.Active).Scan(&l.ID)
	} else {
		_, err = conn.Exec(ctx, sqlUpdate, l.ID, l.Name, l.Number, l.Country, l.Language, l.Entry.Kind, l.Entry.ID,
			l.LeadValue, l.Color, l.Active)
	}
	return refused(err)
}

// refused gives the errors that a caller can mend their names.
func refused(err error) error {
	if err == nil {
		return nil
	}
	if _, taken := postgres.UniqueViolation(err); taken {
		return fault.Wrap(err, fault.Conflict, "line_number_taken", "Another line has this number.")
	}
	return fmt.Errorf("save line: %w", err)
}
