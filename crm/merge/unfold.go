package merge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// sqlStretches are the changes of a merge, the last first; those of one sort that follow one another are one stretch.
const sqlStretches = `
select relation, op, col, min(id), max(id),
       array(select jsonb_object_keys(r.image) from client_merge_rows r where r.merge_id = $1 and r.id = min(s.id))
from (
	select id, relation, op, col, row_number() over (order by id) - row_number() over (partition by relation, op, col order by id) as island
	from client_merge_rows where merge_id = $1) s
group by relation, op, col, island order by min(id) desc`

type stretch struct {
	Relation, Op, Col string
	First, Last       int64
	Had               []string // the columns of the first row put aside
}

// unfold takes the changes of a merge back, the last first. What somebody has changed or deleted since stays so.
func (f *folding) unfold(ctx context.Context) error {
	rows, err := f.db.Conn(ctx).Query(ctx, sqlStretches, f.merge)
	if err != nil {
		return fmt.Errorf("read merge: %w", err)
	}
	stretches, err := pgx.CollectRows(rows, pgx.RowToStructByPos[stretch])
	if err != nil {
		return fmt.Errorf("read merge: %w", err)
	}
	for _, s := range stretches {
		t := f.known[s.Relation]
		if t == nil {
			return fmt.Errorf("merge %d: there is no table %s any more", f.merge, s.Relation)
		}
		sql := restore(t, s.Had)
		if s.Op == "move" {
			sql = moveBack(t, s.Col)
		}
		if _, err := f.db.Conn(ctx).Exec(ctx, sql, f.merge, s.First, s.Last); err != nil {
			return fmt.Errorf("take back %s of %s: %w", s.Op, t.name, err)
		}
	}
	return nil
}

func moveBack(t *table, column string) string {
	return fmt.Sprintf(`update %s t set %[2]s = j.old::%[3]s from client_merge_rows j
		where j.merge_id = $1 and j.id between $2 and $3 and %[4]s and t.%[2]s = j.new::%[3]s`,
		quote(t.name), quote(column), t.kind(column), t.keyed("t", "j.key"))
}

// restore is the insertion of rows that were put aside: with the columns that they had then, the others by default.
func restore(t *table, had []string) string {
	var columns []string
	for _, c := range t.columns {
		if !c.generated && slices.Contains(had, c.name) {
			columns = append(columns, quote(c.name))
		}
	}
	return fmt.Sprintf(`insert into %[1]s (%[2]s) overriding system value
		select r.%[3]s from client_merge_rows j, jsonb_populate_record(null::%[1]s, j.image) r
		where j.merge_id = $1 and j.id between $2 and $3 order by j.id on conflict do nothing`,
		quote(t.name), strings.Join(columns, ", "), strings.Join(columns, ", r."))
}
