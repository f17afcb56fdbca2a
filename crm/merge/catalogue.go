package merge

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// catalogue says what the database knows of the tables whose rows belong, directly or through others, to a client.
// It is read from the database itself: a table that somebody adds tomorrow is merged like those of today.
type catalogue map[string]*table

// table is one of them. refs are the columns, of any table, that name its rows.
type table struct {
	name    string
	columns []column
	key     []column
	uniques []unique
	refs    []ref
}

type column struct {
	name, kind string // kind is the SQL type
	generated  bool
	key        int // place in the primary key, from 1; 0: none
}

// unique is a unique index; where is its predicate, "" for none.
type unique struct {
	columns []string
	where   string
}

// ref is a column that names rows of another table; part says that its rows are parts of those, and go with them.
type ref struct {
	table  *table
	column string
	part   bool
}

// unmerged are the tables that remember merges and pairs, and so must not be changed by one.
var unmerged = []string{"client_merges", "client_merge_rows", "duplicate_pairs"}

// loose are columns that name clients without a foreign key.
var loose = []struct{ table, column string }{{"calls", "client_id"}}

const (
	sqlColumns = `
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attgenerated <> '',
       coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_index i on i.indrelid = c.oid and i.indisprimary
where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = current_schema()::regnamespace and c.relname <> all($1)
order by c.relname, a.attnum`
	sqlUniques = `
select c.relname, array(select a.attname from unnest(i.indkey::int2[]) k join pg_attribute a on a.attrelid = c.oid and a.attnum = k),
       coalesce(pg_get_expr(i.indpred, i.indrelid), '')
from pg_index i join pg_class c on c.oid = i.indrelid
where i.indisunique and i.indexprs is null and c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = current_schema()::regnamespace and c.relname <> all($1)
order by i.indexrelid`
	sqlRefs = `
select c.relname, a.attname, t.relname, f.confdeltype = 'c'
from pg_constraint f
join pg_class c on c.oid = f.conrelid
join pg_class t on t.oid = f.confrelid
join pg_attribute a on a.attrelid = f.conrelid and a.attnum = f.conkey[1]
where f.contype = 'f' and cardinality(f.conkey) = 1 and not c.relispartition and c.relnamespace = current_schema()::regnamespace and c.relname <> all($1)
order by c.relname, a.attnum`
)

// catalogue reads it in ctx's transaction.
func (s *Store) catalogue(ctx context.Context) (catalogue, error) {
	known := catalogue{}
	conn := s.db.Conn(ctx)
	rows, err := conn.Query(ctx, sqlColumns, unmerged)
	if err != nil {
		return nil, fmt.Errorf("read tables: %w", err)
	}
	var name string
	var col column
	_, err = pgx.ForEachRow(rows, []any{&name, &col.name, &col.kind, &col.generated, &col.key}, func() error {
		known.add(name, col)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read tables: %w", err)
	}
	if rows, err = conn.Query(ctx, sqlUniques, unmerged); err != nil {
		return nil, fmt.Errorf("read indexes: %w", err)
	}
	var u unique
	_, err = pgx.ForEachRow(rows, []any{&name, &u.columns, &u.where}, func() error {
		known[name].uniques = append(known[name].uniques, u)
		u = unique{}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read indexes: %w", err)
	}
	return known, s.refs(ctx, known)
}

func (s *Store) refs(ctx context.Context, known catalogue) error {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlRefs, unmerged)
	if err != nil {
		return fmt.Errorf("read references: %w", err)
	}
	var from, column, to string
	var part bool
	_, err = pgx.ForEachRow(rows, []any{&from, &column, &to, &part}, func() error {
		known[to].refs = append(known[to].refs, ref{known[from], column, part})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read references: %w", err)
	}
	for _, l := range loose {
		known["clients"].refs = append(known["clients"].refs, ref{known[l.table], l.column, false})
	}
	return nil
}

func (c catalogue) add(name string, col column) {
	t := c[name]
	if t == nil {
		t = &table{name: name}
		c[name] = t
	}
	t.columns = append(t.columns, col)
	if col.key > 0 {
		t.key = append(t.key, col)
	}
}

// kind is the SQL type of a column.
func (t *table) kind(column string) string {
	for _, c := range t.columns {
		if c.name == column {
			return c.kind
		}
	}
	return ""
}

// keyObject is SQL for the key of the row called alias, as a JSON object.
func (t *table) keyObject(alias string) string {
	var parts []string
	for _, c := range t.key {
		parts = append(parts, fmt.Sprintf("'%s', %s.%s", c.name, alias, quote(c.name)))
	}
	return "jsonb_build_object(" + strings.Join(parts, ", ") + ")"
}

// keyed is SQL that says that the row called alias has the key that object holds.
func (t *table) keyed(alias, object string) string {
	var parts []string
	for _, c := range t.key {
		parts = append(parts, fmt.Sprintf("%s.%s = (%s->>'%s')::%s", alias, quote(c.name), object, c.name, c.kind))
	}
	return strings.Join(parts, " and ")
}

// identified reports whether rows have one number as their key.
func (t *table) identified() bool { return len(t.key) == 1 && t.key[0].kind == "bigint" }

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
