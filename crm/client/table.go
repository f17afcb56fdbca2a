package client

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/filter"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// TableQuery asks for a page of the clients as a table. Text is what was typed
// into its search box, Where its conditions, Columns keys of fields, Sort one of
// them. Limit is 1 to 200.
type TableQuery struct {
	Text    string
	Where   filter.Node
	Sort    string
	Desc    bool
	Columns []string
	Cursor  string
	Limit   int
	// For is what the rows are read for besides being seen: with access.Export only
	// those are there that may be carried away. Empty: to be seen.
	For access.Verb
}

// TableRow is a client in a table: cells by the key of their field.
type TableRow struct {
	ID      int64          `json:"id"`
	Kind    string         `json:"kind" enum:"person,organisation"`
	Name    string         `json:"name"`
	Version int            `json:"version" doc:"Send it back with a change"`
	Cells   map[string]any `json:"cells"`
}

// Table is a page. Next is the cursor of the next one, "" at the end.
type Table struct {
	Items []TableRow `json:"items"`
	Next  string     `json:"next"`
}

const (
	maxColumns  = 40
	defaultSort = "last_contact"
)

// asking returns what can be asked about clients, and for whom.
func (s *Service) asking(ctx context.Context) (*filter.Schema, filter.Asker, error) {
	schema, err := s.schema(ctx)
	if err != nil {
		return nil, filter.Asker{}, err
	}
	zone, err := s.store.zone(ctx)
	if err != nil {
		return nil, filter.Asker{}, err
	}
	a := filter.Asker{Me: access.ActorFrom(ctx).UserID, Now: time.Now().In(zone), May: sees(ctx)}
	return schema, a, nil
}

// sees says what ctx's actor may see in clear: a field, or with "all:" before it
// every record of a kind. Who sees some of the calls must not count the others.
func sees(ctx context.Context) func(right string) bool {
	return func(right string) bool {
		if entity, whole := strings.CutPrefix(right, "all:"); whole {
			return access.ScopeOf(ctx, access.Entity(entity), access.Read) == access.All
		}
		return access.FieldMask(ctx, right) == access.Shown
	}
}

// Table returns a page of the clients that ctx's actor may see.
func (s *Service) Table(ctx context.Context, in TableQuery) (Table, error) {
	if in.Sort == "" {
		in.Sort, in.Desc = defaultSort, true
	}
	schema, asker, err := s.asking(ctx)
	if err != nil {
		return Table{}, err
	}
	order, err := schema.Order(in.Sort, asker, "body.sort")
	if err != nil {
		return Table{}, err
	}
	columns, err := columnsOf(ctx, schema, in.Columns)
	if err != nil {
		return Table{}, err
	}
	q := &statement{limit: in.Limit + 1}
	if err := s.narrow(ctx, q, in.Text, in.Where, "body.filter", in.For); err != nil {
		return Table{}, err
	}
	cursor := in.Sort + map[bool]string{true: " desc"}[in.Desc]
	after, err := decode(in.Cursor, cursor)
	if err != nil {
		return Table{}, err
	}
	return s.store.table(ctx, pages(q, order, in.Desc, after), columns, in.Limit, cursor)
}

// narrow adds the conditions under which a client is listed to ctx's actor: his
// rights, what was typed, and the tree. Archived clients are in no list that does
// not ask for them. at is the tree's place in the request.
func (s *Service) narrow(ctx context.Context, q *statement, text string, where filter.Node, at string, also ...access.Verb) error {
	schema, asker, err := s.asking(ctx)
	if err != nil {
		return err
	}
	sql, err := schema.Where(where, asker, at, q.bind)
	if err != nil {
		return err
	}
	conditions := []string{Clients.Where(ctx, access.Read, "c", q.bind), sql}
	if !where.Mentions("archived") {
		conditions = append(conditions, kept)
	}
	for _, verb := range also {
		if verb != "" {
			conditions = append(conditions, Clients.Where(ctx, verb, "c", q.bind))
		}
	}
	for _, condition := range conditions {
		if condition != "true" {
			q.where = append(q.where, condition)
		}
	}
	if phone.Text(text) != "" {
		countries, err := s.ports.Lines.Countries(ctx)
		if err != nil {
			return err
		}
		search(q, text, countries, access.FieldMask(ctx, access.PhoneField) == access.Shown)
	}
	return nil
}

// bind adds an argument and returns its placeholder.
func (q *statement) bind(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("$%d", len(q.args))
}

// Matching returns a statement that selects the ids of the clients that ctx's
// actor may see and that text and where ask for, and its arguments: for those who
// count, export or change them.
func (s *Service) Matching(ctx context.Context, text string, where filter.Node, at string) (sql string, args []any, err error) {
	q := &statement{}
	err = s.narrow(ctx, q, text, where, at)
	return q.ids(), q.args, err
}

// Count counts clients up to a limit, at which it stops: 0 counts all.
func (s *Service) Count(ctx context.Context, text string, where filter.Node, limit int) (int, error) {
	sql, args, err := s.Matching(ctx, text, where, "body.filter")
	if err != nil {
		return 0, err
	}
	return s.store.countOf(ctx, sql, args, limit)
}

// CountFor counts the clients with which ctx's actor may also do verb.
func (s *Service) CountFor(ctx context.Context, verb access.Verb, text string, where filter.Node) (int, error) {
	q := &statement{}
	if err := s.narrow(ctx, q, text, where, "body.filter", verb); err != nil {
		return 0, err
	}
	return s.store.countOf(ctx, q.ids(), q.args, 0)
}

// column is what a table shows under a key, and how much of it.
type column struct {
	key, sql string
	mask     access.Mask
}

// maskOf returns how much of a field's values ctx's actor may see.
func maskOf(ctx context.Context, f filter.Field) access.Mask {
	switch {
	case f.Right == "":
		return access.Shown
	case !strings.HasPrefix(f.Right, "all:"):
		return access.FieldMask(ctx, f.Right)
	case sees(ctx)(f.Right):
		return access.Shown
	}
	return access.Hidden
}

// columnsOf returns the columns with these keys.
func columnsOf(ctx context.Context, schema *filter.Schema, keys []string) ([]column, error) {
	if len(keys) > maxColumns {
		return nil, fault.New(fault.Invalid, "filter_invalid", "These columns cannot be shown.").WithField("body.columns", fmt.Sprintf("at most %d", maxColumns))
	}
	var columns []column
	for i, key := range keys {
		f, ok := schema.Field(key, filter.Asker{})
		sql, shown := f.Column()
		at := fmt.Sprintf("body.columns[%d]", i)
		switch mask := maskOf(ctx, f); {
		case !ok || !shown:
			return nil, fault.New(fault.Invalid, "filter_invalid", "These columns cannot be shown.").WithField(at, "unknown field")
		case mask == access.Hidden:
			return nil, fault.New(fault.Forbidden, "field_forbidden", "You may not see this field.").WithField(at, "not for you")
		default:
			columns = append(columns, column{key, sql, mask})
		}
	}
	return columns, nil
}

const sqlZone = `select time_zone from firms`

// zone is the firm's, by which days begin.
func (s *Store) zone(ctx context.Context) (*time.Location, error) {
	var name string
	if err := s.db.Conn(ctx).QueryRow(ctx, sqlZone).Scan(&name); err != nil {
		return nil, named(err)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, nil //nolint:nilerr // a zone that this machine does not know
	}
	return zone, nil
}

// table reads a page: its ids first, in order, and the cells of these alone. Of
// parts, each begins where the one before ends.
func (s *Store) table(ctx context.Context, parts []*statement, columns []column, limit int, cursor string) (Table, error) {
	items := []TableRow{}
	var last []position
	for _, q := range parts {
		rows, err := s.db.Conn(ctx).Query(ctx, tableSQL(q, columns), q.args...)
		if err != nil {
			return Table{}, named(err)
		}
		more, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r TableRow, err error) {
			p := position{Sort: cursor}
			var cells []byte
			if err := row.Scan(&r.ID, &r.Kind, &r.Name, &r.Version, &p.Key, &cells); err != nil {
				return r, err
			}
			p.ID = r.ID
			last = append(last, p)
			return r, r.read(cells, columns, access.FieldMask(ctx, access.PhoneField))
		})
		if postgres.IsDataException(err) {
			return Table{}, errCursor
		}
		if err != nil {
			return Table{}, named(err)
		}
		if items = append(items, more...); len(items) > limit {
			return Table{Items: items[:limit], Next: last[limit-1].encode()}, nil
		}
	}
	return Table{Items: items}, nil
}

// read takes the cells over, as much of them as may be seen. A number is shown
// as people write it; one that is masked is masked in a note as well.
func (r *TableRow) read(cells []byte, columns []column, numbers access.Mask) error {
	if err := json.Unmarshal(cells, &r.Cells); err != nil {
		return err
	}
	for _, c := range columns {
		show := c.mask.Text
		switch c.key {
		case "phone":
			show = func(s string) string { return c.mask.Number(phone.Display(s)) }
		case "email":
			show = c.mask.Email
		case "note":
			show = func(s string) string { return numbers.Prose(c.mask.Text(s)) }
		default:
			if c.mask == access.Shown {
				continue
			}
		}
		r.Cells[c.key] = shown(r.Cells[c.key], show)
	}
	return nil
}

// shown applies show to a text, or to each text of a list; what is neither is
// shown as a text would be.
func shown(v any, show func(string) string) any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		for i := range v {
			v[i] = shown(v[i], show)
		}
		return v
	case string:
		return show(v)
	}
	return show(fmt.Sprint(v))
}

// tableSQL builds the statement of a page.
func tableSQL(q *statement, columns []column) string {
	var cells []string
	for _, c := range columns {
		cells = append(cells, q.bind(c.key)+"::text, "+c.sql)
	}
	object := "'{}'::jsonb"
	if len(cells) > 0 {
		object = "jsonb_build_object(" + strings.Join(cells, ", ") + ")"
	}
	return "select c.id, c.kind, c.name, c.version, f.key::text, " + object + " from (" + q.keyed() + ") f join clients c on c.id = f.id order by f.key" +
		q.direction + ", f.id" + q.direction
}

// countOf counts what a statement selects.
func (s *Store) countOf(ctx context.Context, sql string, args []any, limit int) (n int, err error) {
	if limit > 0 {
		sql += fmt.Sprintf(" limit %d", limit)
	}
	err = s.db.Conn(ctx).QueryRow(ctx, "select count(*) from ("+sql+") f", args...).Scan(&n)
	return n, named(err)
}
