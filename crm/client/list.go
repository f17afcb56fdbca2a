package client

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/phone"
)

// Orders of the list.
const (
	SortName   = "name"   // by folded name
	SortRecent = "recent" // latest contact first
)

// Filter narrows the list. Query is a name or a part of it, or a number in any
// written form or a part of it. Limit is 1 to 200.
type Filter struct {
	Query         string
	ResponsibleID int64
	Kind          string
	Sort          string
	Cursor        string
	Limit         int
}

// Page is a part of the list. Next is the cursor of the next one, "" at the end.
// Total is counted on the first page alone, and only up to maxCount.
type Page struct {
	Items []ClientRow `json:"items"`
	Next  string      `json:"next"`
	Total *int        `json:"total,omitempty" doc:"On the first page, when it is below 10,000"`
}

// maxCount is where counting rows stops being worth its time.
const maxCount = 10_000

// List returns a page of the clients.
func (s *Service) List(ctx context.Context, f Filter) (Page, error) {
	if f.Sort == "" {
		f.Sort = SortName
	}
	after, err := decode(f.Cursor, f.Sort)
	if err != nil {
		return Page{}, err
	}
	countries, err := s.ports.Lines.Countries(ctx)
	if err != nil {
		return Page{}, err
	}
	q := listQuery(ctx, f, after, countries)
	page, err := s.store.list(ctx, q, f.Limit, f.Sort)
	if err != nil || after != nil {
		return page, err
	}
	total, err := s.store.count(ctx, q)
	if total < maxCount {
		page.Total = &total
	}
	return page, err
}

// statement is SQL that grows together with its arguments.
type statement struct {
	where []string
	order string
	args  []any
	limit int

	from, key, direction string // of a page of a table
}

// add appends a condition; each ? in it stands for one of args.
func (q *statement) add(condition string, args ...any) {
	for _, a := range args {
		q.args = append(q.args, a)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(q.args)), 1)
	}
	q.where = append(q.where, condition)
}

// ids selects the ids of the page in order; the rows are read for these alone.
func (q *statement) ids() string {
	sql := "select c.id from clients c"
	if len(q.where) > 0 {
		sql += " where " + strings.Join(q.where, " and ")
	}
	return sql
}

// kept leaves archived clients out.
const kept = "c.archived_at is null"

const recentKey = `coalesce(c.last_contact_at, c.created_at)`

const rowColumns = `c.id, c.kind, c.name, c.responsible_id, coalesce(u.name, ''), c.last_contact_at,
	array(select p.value from contact_points p where p.client_id = c.id and p.kind = 'phone' order by p.id),
	(select count(*) from leads d where d.client_id = c.id and d.state = 'open'), c.name_key, ` + recentKey

const rowJoins = ` join clients c on c.id = f.id left join users u on u.id = c.responsible_id`

func (q *statement) rows() string {
	return "select " + rowColumns + " from (" + q.ids() + fmt.Sprintf(" order by %s limit %d", q.order, q.limit) + ") f" + rowJoins + " order by " + q.order
}

func (q *statement) total() string {
	return fmt.Sprintf("select count(*) from (%s limit %d) f", q.ids(), maxCount)
}

// listQuery compiles a filter. All text goes in as arguments; the sort is one of
// two constants.
func listQuery(ctx context.Context, f Filter, after *position, countries []string) *statement {
	q := &statement{order: "c.name_key, c.id", limit: f.Limit + 1}
	q.where = append(q.where, kept)
	if mine := Clients.Where(ctx, access.Read, "c", q.bind); mine != "true" {
		q.where = append(q.where, mine)
	}
	if f.ResponsibleID != 0 {
		q.add("c.responsible_id = ?", f.ResponsibleID)
	}
	if f.Kind != "" {
		q.add("c.kind = ?", f.Kind)
	}
	search(q, f.Query, countries, access.FieldMask(ctx, access.PhoneField) == access.Shown)
	if f.Sort == SortRecent {
		q.order = recentKey + " desc, c.id desc"
	}
	switch {
	case after == nil:
	case f.Sort == SortRecent:
		q.add("("+recentKey+", c.id) < (?, ?)", after.At, after.ID)
	default:
		q.add("(c.name_key, c.id) > (?, ?)", after.Key, after.ID)
	}
	return q
}

// search adds the condition of what somebody typed. Who is not shown the numbers
// finds a client by the whole number alone: parts would tell him the rest.
func search(q *statement, text string, countries []string, parts bool) {
	if text = phone.Text(text); text == "" {
		return
	}
	if digits := phone.Digits(text); isNumber(text) {
		if !parts {
			q.add("c.id = any(array(select client_id from contact_readings where e164 = any(?::text[]) limit 200))", readings(text, countries))
			return
		}
		q.add("c.id = any(array("+numberIDs+"))", readings(text, countries), phone.Prefixes(text, countries...), reversed(digits))
		return
	}
	key := Fold(text)
	if key == "" { // nothing but signs: in no name
		q.add("false")
		return
	}
	long := false
	for _, word := range strings.Fields(key) {
		if utf8.RuneCountInString(word) >= 3 {
			q.add("c.name_key like ?", "%"+escapeLike(word)+"%")
			long = true
		}
	}
	if !long { // too short for the index of parts: the beginning of the name
		q.add("c.name_key >= ? and c.name_key < ?", key, key+string(unicode.MaxRune))
	}
}

// numberIDs finds clients by a whole number in any form ($1: its readings), by
// the beginning of one and by its last digits. Of each, a few screenfuls are
// enough. Used as an array, so that the planner goes from it to the rows.
const numberIDs = `(select client_id from contact_readings where e164 = any(?::text[]) limit 200)
	union (select r.client_id from unnest(?::text[]) b (prefix), lateral (select client_id from contact_readings
		where e164 >= b.prefix and e164 < b.prefix || ':' limit 200) r)
	union (select p.client_id from (select ?::text collate "C" as tail) t, lateral (select client_id from contact_points
		where kind = 'phone' and digits_tail >= t.tail and digits_tail < t.tail || ':' limit 200) p)`

func readings(text string, countries []string) []string {
	country, also := "", countries
	if len(countries) > 0 {
		country, also = countries[0], countries[1:]
	}
	found := []string{}
	for _, r := range phone.Parse(text, country, also...).Readings {
		found = append(found, r.E164)
	}
	return found
}

// isNumber reports whether what is typed is meant as a number: three digits at
// least, and nothing that a number does not have.
func isNumber(text string) bool {
	return len(phone.Digits(text)) >= 3 && phone.Parse(text, "").Kind == phone.KindNumber
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}

// list reads one page.
func (s *Store) list(ctx context.Context, q *statement, limit int, sort string) (Page, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, q.rows(), q.args...)
	if err != nil {
		return Page{}, named(err)
	}
	var last []position
	items, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ClientRow, error) {
		p := position{Sort: sort}
		r, err := scanRow(row, &p.Key, &p.At)
		p.ID = r.ID
		last = append(last, p)
		return r.seen(ctx), err
	})
	if err != nil {
		return Page{}, named(err)
	}
	if len(items) > limit {
		return Page{Items: items[:limit], Next: last[limit-1].encode()}, nil
	}
	return Page{Items: items}, nil
}

func scanRow(row pgx.CollectableRow, key *string, at *time.Time) (r ClientRow, err error) {
	var phones []string
	err = row.Scan(&r.ID, &r.Kind, &r.Name, &r.ResponsibleID, &r.ResponsibleName, &r.LastContactAt, &phones, &r.OpenLeads, key, at)
	r.Phones = make([]string, len(phones))
	for i, p := range phones {
		r.Phones[i] = phone.Display(p)
	}
	if len(phones) > 0 {
		r.PrimaryPhone = r.Phones[0]
	}
	return r, err
}

func (s *Store) count(ctx context.Context, q *statement) (n int, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, q.total(), q.args...).Scan(&n)
	return n, named(err)
}
