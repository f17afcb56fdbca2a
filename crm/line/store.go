package line

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

var errNotFound = fault.New(fault.NotFound, "line_not_found", "There is no such line.")

// Store is the SQL of lines.
type Store struct{ db *postgres.DB }

// NewStore returns a store on db.
func NewStore(db *postgres.DB) *Store { return &Store{db: db} }

const columns = `l.id, l.name, l.number, l.country, l.language, l.ring_seconds, l.sticky_seconds, l.max_wait_seconds,
	trim_scale(l.lead_value)::text, l.color, l.active,
	array(select m.user_id from line_members m where m.line_id = l.id order by m.user_id)`

const (
	sqlAll     = `select ` + columns + ` from lines l order by l.id`
	sqlOne     = `select ` + columns + ` from lines l where l.id = $1 for update`
	sqlCountry = `select coalesce((select country from firms), 'ES')`
	sqlInsert  = `insert into lines (name, number, country, language, ring_seconds, sticky_seconds, max_wait_seconds, lead_value, color, active)
		values ($1, $2, $3, $4, $5, $6, $7, $8::text::numeric, $9, $10) returning id`
	sqlUpdate = `update lines set name = $2, number = $3, country = $4, language = $5, ring_seconds = $6, sticky_seconds = $7,
		max_wait_seconds = $8, lead_value = $9::text::numeric, color = $10, active = $11, updated_at = now() where id = $1`
	sqlForgetMembers = `delete from line_members where line_id = $1 and user_id <> all($2::bigint[])`
	sqlAddMembers    = `insert into line_members (line_id, user_id) select $1, unnest($2::bigint[]) on conflict do nothing`
)

func scan(row pgx.CollectableRow) (l Line, err error) {
	err = row.Scan(&l.ID, &l.Name, &l.Number, &l.Country, &l.Language, &l.RingSeconds, &l.StickySeconds, &l.MaxWaitSeconds,
		&l.LeadValue, &l.Color, &l.Active, &l.MemberIDs)
	return l, err
}

// load reads all lines.
func (s *Store) load(ctx context.Context) (*page, error) {
	p := &page{at: time.Now(), byID: map[int64]int{}}
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

// save inserts l when its ID is 0 and updates it otherwise, members too, and
// sets the ID.
func (s *Store) save(ctx context.Context, l *Line) error {
	conn := s.db.Conn(ctx)
	var err error
	if l.ID == 0 {
		err = conn.QueryRow(ctx, sqlInsert, l.Name, l.Number, l.Country, l.Language, l.RingSeconds, l.StickySeconds,
			l.MaxWaitSeconds, l.LeadValue, l.Color, l.Active).Scan(&l.ID)
	} else {
		_, err = conn.Exec(ctx, sqlUpdate, l.ID, l.Name, l.Number, l.Country, l.Language, l.RingSeconds, l.StickySeconds,
			l.MaxWaitSeconds, l.LeadValue, l.Color, l.Active)
	}
	if err == nil {
		_, err = conn.Exec(ctx, sqlForgetMembers, l.ID, l.MemberIDs)
	}
	if err == nil {
		_, err = conn.Exec(ctx, sqlAddMembers, l.ID, l.MemberIDs)
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
	if _, missing := postgres.ForeignKeyViolation(err); missing {
		return fault.Wrap(err, fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.member_ids", "unknown user")
	}
	return fmt.Errorf("save line: %w", err)
}
