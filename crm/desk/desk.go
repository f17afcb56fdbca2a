// Package desk keeps what the firm sets for the work of its agents: the reasons
// for which somebody takes no calls, and the dispositions that say what became
// of a conversation. It knows neither agents nor calls.
package desk

import (
	"context"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// PauseReason is why somebody takes no calls. Of one without a name the product has
// one in every language, by its code. After LimitMinutes (0: never) it is marked
// as too long.
type PauseReason struct {
	Code         string `json:"code" pattern:"^[a-z0-9_]{1,40}$"`
	Name         string `json:"name" maxLength:"60"`
	LimitMinutes int    `json:"limit_minutes" minimum:"0" maximum:"1440"`
	Active       bool   `json:"active"`
}

// Disposition is what a conversation came to. QueueID is nil for one that goes
// for all queues.
type Disposition struct {
	ID      int64  `json:"id"`
	Name    string `json:"name" minLength:"1" maxLength:"80"`
	QueueID *int64 `json:"queue_id,omitempty" minimum:"1"`
	Active  bool   `json:"active"`
}

// Recorder writes down who changed what, in ctx's transaction.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
}

// Signaller tells every browser, after ctx's transaction, that something changed.
type Signaller interface {
	Signal(ctx context.Context, kind string, data any)
}

// Service keeps reasons and dispositions. Both are lists that are stored whole:
// what is missing from a list is no longer offered, and stays where it was said.
type Service struct {
	db    *postgres.DB
	audit Recorder
	live  Signaller
}

// New returns the service on db.
func New(db *postgres.DB, audit Recorder, live Signaller) *Service {
	return &Service{db: db, audit: audit, live: live}
}

const (
	sqlReasons     = `select code, name, limit_min, active from pause_reasons order by position, code`
	sqlSaveReasons = `
with gone as (update pause_reasons set active = false where code <> all($1::text[]))
insert into pause_reasons (code, name, limit_min, active, position)
select code, name, lim, active, place from unnest($1::text[], $2::text[], $3::int[], $4::boolean[]) with ordinality r (code, name, lim, active, place)
on conflict (code) do update set name = excluded.name, limit_min = excluded.limit_min, active = excluded.active, position = excluded.position`
	sqlDispositions   = `select id, name, queue_id, active from dispositions order by position, id`
	sqlAddDisposition = `insert into dispositions (name, queue_id, active, position) values ($1, $2, $3, $4) returning id`
	sqlSetDisposition = `update dispositions set name = $2, queue_id = $3, active = $4, position = $5 where id = $1`
	sqlRetireOthers   = `update dispositions set active = false where id <> all($1::bigint[])`
)

var plainCode = regexp.MustCompile(`^[a-z0-9_]{1,40}$`)

// Reasons returns all reasons in their order, those given up too.
func (s *Service) Reasons(ctx context.Context) ([]PauseReason, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlReasons)
	if err != nil {
		return nil, fmt.Errorf("read reasons: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[PauseReason])
}

// Dispositions returns all dispositions in their order, those given up too.
func (s *Service) Dispositions(ctx context.Context) ([]Disposition, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlDispositions)
	if err != nil {
		return nil, fmt.Errorf("read dispositions: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Disposition])
}

// SetReasons stores the list of reasons.
func (s *Service) SetReasons(ctx context.Context, reasons []PauseReason) error {
	bad := fault.New(fault.Invalid, "invalid_input", "Check the marked fields.")
	var codes, names []string
	var limits []int
	var active []bool
	for i, r := range reasons {
		if !plainCode.MatchString(r.Code) || r.Code == "no_answer" {
			return bad.WithField(fmt.Sprintf("body.items.%d.code", i), "letters, digits and _ only")
		}
		codes, names = append(codes, r.Code), append(names, phone.Text(r.Name))
		limits, active = append(limits, r.LimitMinutes), append(active, r.Active)
	}
	return s.change(ctx, "desk.reasons", func(ctx context.Context) (any, error) { return s.Reasons(ctx) }, func(ctx context.Context) error {
		_, err := s.db.Conn(ctx).Exec(ctx, sqlSaveReasons, codes, names, limits, active)
		return err
	})
}

// SetDispositions stores the list of dispositions; those with ID 0 are new.
func (s *Service) SetDispositions(ctx context.Context, list []Disposition) error {
	return s.change(ctx, "desk.dispositions", func(ctx context.Context) (any, error) { return s.Dispositions(ctx) }, func(ctx context.Context) error {
		conn, kept := s.db.Conn(ctx), make([]int64, 0, len(list))
		for place, d := range list {
			d.Name = phone.Text(d.Name)
			if d.Name == "" {
				return fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").
					WithField(fmt.Sprintf("body.items.%d.name", place), "1 to 80 characters")
			}
			var err error
			if d.ID == 0 {
				err = conn.QueryRow(ctx, sqlAddDisposition, d.Name, d.QueueID, d.Active, place).Scan(&d.ID)
			} else {
				_, err = conn.Exec(ctx, sqlSetDisposition, d.ID, d.Name, d.QueueID, d.Active, place)
			}
			if err != nil {
				return err
			}
			kept = append(kept, d.ID)
		}
		_, err := conn.Exec(ctx, sqlRetireOthers, kept)
		return err
	})
}

// change does one change, records the whole list before and after, and announces it.
func (s *Service) change(ctx context.Context, action string, read func(context.Context) (any, error), do func(context.Context) error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := read(ctx)
		if err != nil {
			return err
		}
		if err := do(ctx); err != nil {
			if _, missing := postgres.ForeignKeyViolation(err); missing {
				return fault.Wrap(err, fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.items", "a queue is not there any more")
			}
			return err
		}
		after, err := read(ctx)
		if err != nil {
			return err
		}
		s.live.Signal(ctx, "desk.changed", nil)
		return s.audit.Record(ctx, action, "desk", 0, before, after)
	})
}
