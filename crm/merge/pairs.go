package merge

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
)

// Evidence that two clients are one, and what each sort is worth; a pair is worth a look from worthALook on. A number
// or address that more than crowd clients have in common is a switchboard, and a name that they have is just common.
const (
	numberWeight       = 60
	emailWeight        = 60
	nameWeight         = 45
	organisationWeight = 10
	worthALook         = 45
	crowd              = 4
)

// sqlLook finds the pairs anew: $1 … $5 are the weights of number, email, name and organisation, and the floor; $6 is
// the crowd. Names are compared word by word, whatever their order. Those that are no pair any more are forgotten,
// unless somebody has said that they are different.
const sqlLook = `
with numbers as (
	select e164 from contact_readings where confidence >= 60 group by e164 having count(distinct client_id) between 2 and $6
), emails as (
	select value from contact_points where kind = 'email' group by value having count(distinct client_id) between 2 and $6
), words as materialized (
	select c.id, (select string_agg(w, ' ' order by w) from unnest(string_to_array(c.name_key, ' ')) w) as key
	from clients c where position(' ' in c.name_key) > 0
), names as (
	select key from words group by key having count(*) between 2 and $6
), evidence as (
	select a.client_id as a, b.client_id as b, 'number' as reason, $1::int as weight
	from numbers n join contact_readings a using (e164) join contact_readings b using (e164)
	where a.client_id < b.client_id and a.confidence >= 60 and b.confidence >= 60
	union
	select a.client_id, b.client_id, 'email', $2
	from emails e join contact_points a on a.kind = 'email' and a.value = e.value join contact_points b on b.kind = 'email' and b.value = e.value
	where a.client_id < b.client_id
	union
	select a.id, b.id, 'name', $3 from names n join words a using (key) join words b using (key) where a.id < b.id
), weighed as (
	select e.a, e.b, sum(e.weight) + case when x.organisation_id = y.organisation_id then $4::int else 0 end as score,
	       array_agg(e.reason order by e.weight desc, e.reason)
	       || case when x.organisation_id = y.organisation_id then '{organisation}'::text[] else '{}' end as reasons
	from evidence e join clients x on x.id = e.a join clients y on y.id = e.b
	where x.kind = y.kind
	group by e.a, e.b, x.organisation_id, y.organisation_id
), found as (
	insert into duplicate_pairs (a_id, b_id, score, reasons)
	select a, b, least(100, score), reasons from weighed where score >= $5
	on conflict (a_id, b_id) do update set score = excluded.score, reasons = excluded.reasons, found_at = excluded.found_at
	where duplicate_pairs.dismissed_at is null
	returning a_id, b_id
)
delete from duplicate_pairs p where dismissed_at is null and not exists (
	select from weighed w where w.a = p.a_id and w.b = p.b_id and w.score >= $5)`

// Look finds the pairs of clients that may be one anew. It reads the whole base.
func (s *Service) Look(ctx context.Context) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlLook, numberWeight, emailWeight, nameWeight, organisationWeight, worthALook, crowd)
	if err != nil {
		return fmt.Errorf("look for duplicates: %w", err)
	}
	s.ports.Live.Signal(ctx, "duplicates.changed", nil)
	return nil
}

// Page is a part of the list of pairs, the likeliest first. Next is the cursor of the next one, "" at the end.
type Page struct {
	Items    []Pair     `json:"items"`
	Next     string     `json:"next"`
	LookedAt *time.Time `json:"looked_at,omitempty" doc:"when a pair was last found"`
}

const (
	sqlPairs = `
select p.a_id, p.b_id, p.score, p.reasons from duplicate_pairs p
where p.dismissed_at is null and (p.score < $1 or p.score = $1 and (p.a_id, p.b_id) > ($2, $3))
order by p.score desc, p.a_id, p.b_id limit $4`
	sqlLookedAt = `select max(found_at) from duplicate_pairs`
	sqlDismiss  = `update duplicate_pairs set dismissed_at = now(), dismissed_by = nullif($3::bigint, 0)
where a_id = $1 and b_id = $2 and dismissed_at is null`
	sqlPropose = `update duplicate_pairs set dismissed_at = null, dismissed_by = null
where a_id = $1 and b_id = $2 and dismissed_at is not null`
)

// pageSize is how many pairs one page shows at the most: fewer where the actor may not see all.
const pageSize = 50

// position is where a page of pairs begins: after this pair.
type position struct {
	Score int
	A, B  int64
}

type found struct {
	position
	Reasons []string
}

// Pairs returns a page of the pairs of which the actor may see both clients.
func (s *Service) Pairs(ctx context.Context, cursor string) (Page, error) {
	after, err := decode(cursor)
	if err != nil {
		return Page{}, err
	}
	page := Page{Items: []Pair{}}
	if page.LookedAt, err = s.store.lookedAt(ctx); err != nil {
		return page, err
	}
	pairs, err := s.store.pairs(ctx, after, pageSize+1)
	if err != nil {
		return page, err
	}
	if len(pairs) > pageSize {
		pairs = pairs[:pageSize]
		page.Next = pairs[pageSize-1].encode()
	}
	ids := make([]int64, 0, 2*len(pairs))
	for _, p := range pairs {
		ids = append(ids, p.A, p.B)
	}
	rows, err := s.ports.Clients.Rows(ctx, ids)
	if err != nil {
		return page, err
	}
	for _, p := range pairs {
		a, seesA := rows[p.A]
		b, seesB := rows[p.B]
		if seesA && seesB {
			page.Items = append(page.Items, Pair{A: a, B: b, Score: p.Score, Reasons: p.Reasons})
		}
	}
	return page, nil
}

func (s *Store) lookedAt(ctx context.Context) (at *time.Time, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlLookedAt).Scan(&at)
	return at, err
}

func (s *Store) pairs(ctx context.Context, after position, limit int) ([]found, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlPairs, after.Score, after.A, after.B, limit)
	if err != nil {
		return nil, fmt.Errorf("list duplicates: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (f found, err error) {
		err = row.Scan(&f.A, &f.B, &f.Score, &f.Reasons)
		return f, err
	})
}

// Dismiss says that two clients are different: the pair is not proposed again. Propose takes that back.
func (s *Service) Dismiss(ctx context.Context, a, b int64) error {
	return s.judge(ctx, "duplicates.dismiss", sqlDismiss, min(a, b), max(a, b), access.ActorFrom(ctx).UserID)
}

// Propose puts a pair that was called different back on the list.
func (s *Service) Propose(ctx context.Context, a, b int64) error {
	return s.judge(ctx, "duplicates.propose", sqlPropose, min(a, b), max(a, b))
}

func (s *Service) judge(ctx context.Context, action, sql string, args ...any) error {
	a, b := args[0].(int64), args[1].(int64)
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for _, id := range []int64{a, b} {
			if _, err := s.ports.Clients.Get(ctx, id); err != nil {
				return err
			}
		}
		tag, err := s.db.Conn(ctx).Exec(ctx, sql, args...)
		if err != nil {
			return fmt.Errorf("judge pair: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.NotFound, "pair_not_found", "This pair is not on the list any more.")
		}
		s.ports.Live.Signal(ctx, "duplicates.changed", nil)
		return s.ports.Audit.Record(ctx, action, "client", a, nil, map[string]int64{"other": b})
	})
}

func (p position) encode() string { return fmt.Sprintf("%d-%d-%d", p.Score, p.A, p.B) }

// decode reads a cursor; "" is the beginning.
func decode(cursor string) (p position, err error) {
	if cursor == "" {
		return position{Score: 101}, nil
	}
	if _, err := fmt.Sscanf(cursor, "%d-%d-%d", &p.Score, &p.A, &p.B); err != nil {
		return p, fault.New(fault.Invalid, "cursor_invalid", "This page does not exist any more. Start again.")
	}
	return p, nil
}
