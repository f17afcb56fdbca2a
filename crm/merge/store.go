package merge

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/lead"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// Store is the SQL of merges.
type Store struct{ db *postgres.DB }

const (
	sqlLockBoth = `select count(*) from (select id from clients where id in ($1, $2) order by id for update) c`
	sqlInCall   = `select exists (select from calls where client_id in ($1, $2) and ended_at is null)`
	sqlInsert   = `insert into client_merges (winner_id, loser_id, winner_name, loser_name, merged_by)
		values ($1, $2, $3, $4, nullif($5::bigint, 0)) returning id, merged_at`
	sqlFinish = `update client_merges set fields = $2, leads = $3 where id = $1`
	sqlUndone = `update client_merges set undone_at = clock_timestamp(), undone_by = nullif($2::bigint, 0) where id = $1`
	sqlMerges = `select m.id, m.winner_id, m.loser_id, m.winner_name, m.loser_name, m.merged_at, coalesce(a.name, ''), m.undone_at,
			coalesce(b.name, ''), (select count(*) from client_merge_rows r where r.merge_id = m.id)
		from client_merges m left join users a on a.id = m.merged_by left join users b on b.id = m.undone_by`
	sqlNotes     = `select fields, leads from client_merges where id = $1 for update`
	sqlLater     = `select loser_name from client_merges where winner_id = $1 and id > $2 and undone_at is null order by id desc limit 1`
	sqlMergedOn  = `select winner_name from client_merges where loser_id = $1 and undone_at is null`
	sqlSuccessor = `with recursive s (id, depth) as (
			select winner_id, 1 from client_merges where loser_id = $1 and undone_at is null
			union all
			select m.winner_id, s.depth + 1 from s join client_merges m on m.loser_id = s.id and m.undone_at is null where s.depth < 50)
		select id from s order by depth desc limit 1`
	sqlRowsOf = `select relation, count(*) from client_merge_rows where merge_id = $1 group by relation order by relation`
)

var errNoMerge = fault.New(fault.NotFound, "merge_not_found", "There is no such merge.")

// lock keeps others from changing either client until ctx's transaction ends, and refuses while one is on the
// telephone: the call would go on under the name of a client who is gone.
func (s *Store) lock(ctx context.Context, a, b int64) error {
	var n int
	if err := s.db.Conn(ctx).QueryRow(ctx, sqlLockBoth, a, b).Scan(&n); err != nil {
		return fmt.Errorf("lock clients: %w", err)
	}
	var talking bool
	if err := s.db.Conn(ctx).QueryRow(ctx, sqlInCall, a, b).Scan(&talking); err != nil {
		return fmt.Errorf("look for calls: %w", err)
	}
	if talking {
		return fault.New(fault.Conflict, "in_a_call", "One of them is on the telephone right now. Try again when the call is over.")
	}
	return nil
}

func (s *Store) insert(ctx context.Context, m *Merge, by int64) error {
	err := s.db.Conn(ctx).QueryRow(ctx, sqlInsert, m.WinnerID, m.LoserID, m.WinnerName, m.LoserName, by).Scan(&m.ID, &m.MergedAt)
	if err != nil {
		return fmt.Errorf("note merge: %w", err)
	}
	return nil
}

func (s *Store) finish(ctx context.Context, id int64, fields map[string]change, leads []lead.United) error {
	notes, err := json.Marshal(fields)
	if err != nil {
		return fmt.Errorf("note merge: %w", err)
	}
	united, err := json.Marshal(leads)
	if err != nil {
		return fmt.Errorf("note merge: %w", err)
	}
	if _, err := s.db.Conn(ctx).Exec(ctx, sqlFinish, id, string(notes), string(united)); err != nil {
		return fmt.Errorf("note merge: %w", err)
	}
	return nil
}

// merges returns the merges of a client, the latest first, or the one with an id.
func (s *Store) merges(ctx context.Context, where string, id int64) ([]Merge, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlMerges+where, id)
	if err != nil {
		return nil, fmt.Errorf("read merges: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Merge])
}

func (s *Store) merge(ctx context.Context, id int64) (Merge, error) {
	found, err := s.merges(ctx, " where m.id = $1", id)
	if err == nil && len(found) == 0 {
		err = errNoMerge
	}
	if err != nil {
		return Merge{}, err
	}
	return found[0], nil
}

// notes returns what a merge did to the winner's fields and to open leads, and keeps it for ctx's transaction.
func (s *Store) notes(ctx context.Context, id int64) (fields map[string]change, leads []lead.United, err error) {
	var f, l []byte
	if err := s.db.Conn(ctx).QueryRow(ctx, sqlNotes, id).Scan(&f, &l); err != nil {
		return nil, nil, fmt.Errorf("read merge: %w", err)
	}
	if err := json.Unmarshal(f, &fields); err != nil {
		return nil, nil, fmt.Errorf("read merge: %w", err)
	}
	if err := json.Unmarshal(l, &leads); err != nil {
		return nil, nil, fmt.Errorf("read merge: %w", err)
	}
	return fields, leads, nil
}

// inTheWay returns the name of what must be taken apart before m; "" when nothing must.
func (s *Store) inTheWay(ctx context.Context, m Merge) (string, error) {
	var name string
	err := s.db.Conn(ctx).QueryRow(ctx, sqlLater, m.WinnerID, m.ID).Scan(&name)
	if postgres.IsNoRows(err) {
		err = s.db.Conn(ctx).QueryRow(ctx, sqlMergedOn, m.WinnerID).Scan(&name)
	}
	if postgres.IsNoRows(err) {
		return "", nil
	}
	return name, err
}

// successor returns the client that a merged one is now; 0 when there is none.
func (s *Store) successor(ctx context.Context, id int64) (next int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlSuccessor, id).Scan(&next)
	if postgres.IsNoRows(err) {
		return 0, nil
	}
	return next, err
}

// rowsOf counts what a merge moved, by table.
func (s *Store) rowsOf(ctx context.Context, id int64) (map[string]int, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlRowsOf, id)
	if err != nil {
		return nil, fmt.Errorf("count merge: %w", err)
	}
	counts := map[string]int{}
	var relation string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&relation, &n}, func() error {
		counts[relation] = n
		return nil
	})
	return counts, err
}

// What came in over the loser's numbers after the merge is his once he is back; leads go the ledger's way.
const (
	sqlNumbers = `
with numbers as (select e164 from contact_readings where client_id = $1 except select e164 from contact_readings where client_id = $2)`
	sqlLeadsSince = sqlNumbers + `
select id from leads where client_id = $2 and opened_at > $3 and number in (select e164 from numbers) order by id`
	sqlCallsSince = sqlNumbers + `, k as (
	update calls set client_id = $1 where client_id = $2 and started_at > $3 and e164 in (select e164 from numbers) returning id)
update interactions set client_id = $1 where kind = 'call' and ref_id in (select id from k) and client_id = $2`
	sqlMessagesSince = sqlNumbers + `, m as (
	update messages set client_id = $1 where client_id = $2 and created_at > $3
	and case direction when 'in' then from_number else to_number end in (select e164 from numbers) returning id)
update interactions set client_id = $1 where kind = 'sms' and ref_id in (select id from m) and client_id = $2`
)

// since gives the loser his calls and messages since then, and returns the leads that are to follow.
func (s *Store) since(ctx context.Context, loser, winner int64, at time.Time) ([]int64, error) {
	for _, sql := range []string{sqlCallsSince, sqlMessagesSince} {
		if _, err := s.db.Conn(ctx).Exec(ctx, sql, loser, winner, at); err != nil {
			return nil, fmt.Errorf("give back what came since: %w", err)
		}
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sqlLeadsSince, loser, winner, at)
	if err != nil {
		return nil, fmt.Errorf("give back what came since: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

const sqlDifferent = `
insert into duplicate_pairs (a_id, b_id, score, reasons, dismissed_at, dismissed_by)
values (least($1::bigint, $2), greatest($1, $2), 1, '{unmerged}', now(), nullif($3::bigint, 0))
on conflict (a_id, b_id) do update set dismissed_at = excluded.dismissed_at, dismissed_by = excluded.dismissed_by`

// undone notes that a merge was taken apart, and that the two are not one: they are not proposed again.
func (s *Store) undone(ctx context.Context, m Merge, by int64) (Merge, error) {
	if _, err := s.db.Conn(ctx).Exec(ctx, sqlUndone, m.ID, by); err != nil {
		return m, fmt.Errorf("note undoing: %w", err)
	}
	if _, err := s.db.Conn(ctx).Exec(ctx, sqlDifferent, m.WinnerID, m.LoserID, by); err != nil {
		return m, fmt.Errorf("note undoing: %w", err)
	}
	return s.merge(ctx, m.ID)
}

type byEmail struct {
	ClientID int64
	Value    string
}

func (s *Store) byEmail(ctx context.Context, emails []string) ([]byEmail, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlByEmail, emails)
	if err != nil {
		return nil, fmt.Errorf("find by e-mail: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[byEmail])
}
