package merge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// folding makes one row of two within a merge: whatever names the one is made to name the other, and what cannot be
// because the other has the like is put aside. Each change is noted in client_merge_rows.
type folding struct {
	*Store
	merge int64
	known catalogue
}

// fold gives what belongs to the row from of t to the row into, and puts from itself aside. top says that from is a
// client, whose parts are moved; the parts of anything else go with it.
func (f *folding) fold(ctx context.Context, t *table, from, into int64, top bool) error {
	for _, r := range t.refs {
		if r.part && !top {
			if err := f.dropParts(ctx, r, from); err != nil {
				return err
			}
			continue
		}
		if err := f.clear(ctx, t, r, from, into); err != nil {
			return err
		}
		if err := f.move(ctx, r.table, r.column, from, into); err != nil {
			return err
		}
	}
	return f.drop(ctx, t, quote("id")+" = $2", from)
}

// clear makes way for the move: rows of which the other has the like, and rows that would name one thing twice.
func (f *folding) clear(ctx context.Context, t *table, r ref, from, into int64) error {
	for _, u := range r.table.uniques {
		if !slices.Contains(u.columns, r.column) {
			continue
		}
		if err := f.clash(ctx, r, u, from, into); err != nil {
			return err
		}
	}
	for _, other := range t.refs {
		if other.table != r.table || other.column == r.column || r.table == t {
			continue
		}
		if err := f.drop(ctx, r.table, fmt.Sprintf("%s = $2 and %s = $3", quote(r.column), quote(other.column)), from, into); err != nil {
			return err
		}
	}
	return nil
}

// clash finds the rows that a unique index would refuse after the move, and folds each into the one in its way.
func (f *folding) clash(ctx context.Context, r ref, u unique, from, into int64) error {
	same := []string{"true"}
	for _, c := range u.columns {
		if c != r.column {
			same = append(same, fmt.Sprintf("a.%[1]s = b.%[1]s", quote(c)))
		}
	}
	rows := "(select * from " + quote(r.table.name)
	if u.where != "" {
		rows += " where " + u.where
	}
	rows += ")"
	if !r.table.identified() {
		return f.drop(ctx, r.table, fmt.Sprintf("%s = $2 and %s in (select %s from %s a join %s b on %s where a.%[7]s = $2 and b.%[7]s = $3)",
			quote(r.column), r.table.keyObject("t"), r.table.keyObject("a"), rows, rows, strings.Join(same, " and "), quote(r.column)), from, into)
	}
	found, err := f.db.Conn(ctx).Query(ctx, fmt.Sprintf("select a.id, b.id from %s a join %s b on %s where a.%[4]s = $1 and b.%[4]s = $2 order by a.id",
		rows, rows, strings.Join(same, " and "), quote(r.column)), from, into)
	if err != nil {
		return fmt.Errorf("compare %s: %w", r.table.name, err)
	}
	pairs, err := pgx.CollectRows(found, pgx.RowToStructByPos[struct{ A, B int64 }])
	if err != nil {
		return fmt.Errorf("compare %s: %w", r.table.name, err)
	}
	for _, p := range pairs {
		if err := f.fold(ctx, r.table, p.A, p.B, false); err != nil {
			return err
		}
	}
	return nil
}

// dropParts puts aside the parts of a row, and the parts of those.
func (f *folding) dropParts(ctx context.Context, r ref, of int64) error {
	for _, inner := range r.table.refs {
		if !inner.part || !r.table.identified() {
			continue
		}
		rows, err := f.db.Conn(ctx).Query(ctx, fmt.Sprintf("select id from %s where %s = $1 order by id", quote(r.table.name), quote(r.column)), of)
		if err != nil {
			return fmt.Errorf("read parts in %s: %w", r.table.name, err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return fmt.Errorf("read parts in %s: %w", r.table.name, err)
		}
		for _, id := range ids {
			if err := f.dropParts(ctx, inner, id); err != nil {
				return err
			}
		}
	}
	return f.drop(ctx, r.table, quote(r.column)+" = $2", of)
}

// drop puts aside the rows for which where, with args from $2 on, holds.
func (f *folding) drop(ctx context.Context, t *table, where string, args ...any) error {
	sql := fmt.Sprintf(`with d as (delete from %s t where %s returning t.*)
		insert into client_merge_rows (merge_id, relation, op, key, image) select $1, '%s', 'drop', %s, to_jsonb(d) from d`,
		quote(t.name), where, t.name, t.keyObject("d"))
	if _, err := f.db.Conn(ctx).Exec(ctx, sql, append([]any{f.merge}, args...)...); err != nil {
		return fmt.Errorf("put aside of %s: %w", t.name, err)
	}
	return nil
}

// move makes a column that holds from hold into.
func (f *folding) move(ctx context.Context, t *table, column string, from, into any) error {
	sql := fmt.Sprintf(`with m as (update %s t set %[2]s = $3::%[3]s where t.%[2]s = $2::%[3]s returning t.*)
		insert into client_merge_rows (merge_id, relation, op, col, old, new, key)
		select $1, '%[4]s', 'move', '%[5]s', $2::%[3]s::text, $3::%[3]s::text, %[6]s from m`,
		quote(t.name), quote(column), t.kind(column), t.name, column, t.keyObject("m"))
	if _, err := f.db.Conn(ctx).Exec(ctx, sql, f.merge, from, into); err != nil {
		return fmt.Errorf("move of %s: %w", t.name, err)
	}
	return nil
}
