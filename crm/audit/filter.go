package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// AuditRow is an entry as the screen shows it: with what it changed.
type AuditRow struct {
	AuditEntry
	Look    bool         `json:"look"`
	Changes []Difference `json:"changes"`
}

// AuditPage is a page of the log, newest first. Next is the id to go on below, 0
// at the end. A page may have few rows, or none, and still a next: the log was
// looked through as far back as ReachedAt.
type AuditPage struct {
	Items     []AuditRow `json:"items"`
	Next      int64      `json:"next"`
	ReachedAt *time.Time `json:"reached_at,omitempty"`
}

// stretch is how many entries one page looks through: a bound on what a rare
// filter costs in a long log.
const stretch = 200_000

// Page returns entries that f lets through, looking through a stretch of the log.
func (l *Log) Page(ctx context.Context, f Filter) (AuditPage, error) {
	top, err := l.top(ctx, f)
	if err != nil || top == 0 {
		return AuditPage{Items: []AuditRow{}}, err
	}
	bottom := max(top-stretch, 0)
	if f.narrow() {
		bottom = 0
	}
	where, args := f.where(top, bottom)
	rows, err := l.db.Conn(ctx).Query(ctx, "select "+entryShown+where+" order by e.id desc limit "+strconv.Itoa(f.Limit), args...)
	if err != nil {
		return AuditPage{}, fmt.Errorf("list audit: %w", err)
	}
	items, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return AuditPage{}, fmt.Errorf("list audit: %w", err)
	}
	return l.page(ctx, f, items, bottom)
}

func (l *Log) page(ctx context.Context, f Filter, items []AuditRow, bottom int64) (AuditPage, error) {
	page := AuditPage{Items: items}
	if len(items) == f.Limit {
		last := items[len(items)-1]
		page.Next, page.ReachedAt = last.ID, &last.At
		return page, nil
	}
	if bottom == 0 {
		return page, nil
	}
	at, err := l.timeOf(ctx, bottom)
	if err != nil || at == nil || !f.From.IsZero() && at.Before(f.From) {
		return page, err
	}
	page.Next, page.ReachedAt = bottom+1, at
	return page, nil
}

const entryShown = `e.id, e.at, e.user_id, coalesce(u.name, ''), e.session_id, e.action, e.entity, e.entity_id,
	e.before, e.after, e.ip, e.request_id, ` + isLook + ` from audit_entries e left join users u on u.id = e.user_id`

func scanRow(row pgx.CollectableRow) (r AuditRow, err error) {
	e := &r.AuditEntry
	err = row.Scan(&e.ID, &e.At, &e.UserID, &e.UserName, &e.SessionID, &e.Action, &e.Entity, &e.EntityID, &e.Before, &e.After, &e.IP, &e.RequestID, &r.Look)
	r.Changes = Changes(e.Before, e.After)
	e.Before, e.After = nil, nil
	return r, err
}

// top returns the id at and below which a page begins, 0 where there is nothing.
func (l *Log) top(ctx context.Context, f Filter) (top int64, err error) {
	if f.Before > 0 {
		return f.Before - 1, nil
	}
	if err := l.db.Conn(ctx).QueryRow(ctx, "select coalesce(max(id), 0) from audit_entries").Scan(&top); err != nil {
		return 0, fmt.Errorf("list audit: %w", err)
	}
	if f.Until.IsZero() {
		return top, nil
	}
	return l.lastBefore(ctx, f.Until, top)
}

// slack is by how many ids entries may stand before others that are older: as
// many as are written at once.
const slack = 1000

// lastBefore finds, by halving, an id that every entry older than until has at
// most: ids grow with time, and no index on time is needed.
func (l *Log) lastBefore(ctx context.Context, until time.Time, top int64) (int64, error) {
	low, high := int64(0), top
	for low < high {
		middle := low + (high-low)/2
		at, err := l.timeOf(ctx, middle)
		if err != nil {
			return 0, err
		}
		if at == nil || at.After(until) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return min(high+slack, top), nil
}

// timeOf returns the time of the first entry at or above id, or nil.
func (l *Log) timeOf(ctx context.Context, id int64) (*time.Time, error) {
	var at *time.Time
	err := l.db.Conn(ctx).QueryRow(ctx, "select (select at from audit_entries where id >= $1 order by id limit 1)", id).Scan(&at)
	if err != nil {
		return nil, fmt.Errorf("list audit: %w", err)
	}
	return at, nil
}

// narrow reports whether an index leads straight to what f lets through.
func (f Filter) narrow() bool {
	return f.Text == "" && f.From.IsZero() && (f.EntityID != 0 && f.Entity != "" || f.UserID != 0 && f.Action == "" && f.Half == "" && f.Counts == "" && f.Entity == "")
}

// where is the condition of f between two ids; only placeholders come from input.
func (f Filter) where(top, bottom int64) (sql string, args []any) {
	var conditions []string
	add := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args))))
	}
	add("e.id <= ?", top)
	add("e.id > ?", bottom)
	if f.Entity != "" {
		add("e.entity = ?", f.Entity)
	}
	if f.EntityID != 0 {
		add("e.entity_id = ?", f.EntityID)
	}
	if f.UserID != 0 {
		add("e.user_id = ?", f.UserID)
	}
	if f.Action != "" {
		add("e.action = ?", f.Action)
		if !strings.HasSuffix(f.Action, ".read") {
			conditions = append(conditions, "e.action not like '%.read'") // leads to the index of deeds
		}
	}
	if f.Counts != "" {
		conditions = append(conditions, counted(f.Counts))
	}
	switch f.Half {
	case OnlyChanges:
		conditions = append(conditions, "not "+isLook)
	case OnlyLooks:
		conditions = append(conditions, isLook)
	}
	if !f.From.IsZero() {
		add("e.at >= ?", f.From)
	}
	if !f.Until.IsZero() {
		add("e.at < ?", f.Until)
	}
	if f.Text != "" && f.Shallow {
		add("(e.ip like ? or e.request_id like ?)", "%"+escaped(f.Text)+"%")
	} else if f.Text != "" {
		add("(e.before::text ilike ? or e.after::text ilike ? or e.ip like ? or e.request_id like ?)", "%"+escaped(f.Text)+"%")
	}
	return " where " + strings.Join(conditions, " and "), args
}

// counted is the condition that an entry counts as kind, as kindOf says.
func counted(kind Kind) string {
	last := map[Kind][]string{
		Cards: {"read"}, Numbers: {"reveal", "dial"}, Searches: {"search"}, Pages: {"list"}, Recordings: {"play"}, Exports: {"export"},
	}[kind]
	either := []string{"false"}
	for _, word := range last {
		either = append(either, "e.action like '%."+word+"'")
	}
	return "(" + strings.Join(either, " or ") + ")"
}

// escaped is text as it stands in JSON, and as a pattern means only itself.
func escaped(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		return ""
	}
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(string(quoted[1 : len(quoted)-1]))
}

// Names are the words that filters are made of: actions and kinds of things that
// the log has seen, sorted.
type Names struct {
	Actions  []string `json:"actions"`
	Entities []string `json:"entities"`
}

// Names returns the words of the log. It hops along the indexes from one to the next.
func (l *Log) Names(ctx context.Context) (n Names, err error) {
	err = l.db.Conn(ctx).QueryRow(ctx, `
		with recursive a (x) as (
			(select action from audit_entries where action not like '%.read' order by action limit 1)
			union all
			select (select action from audit_entries where action not like '%.read' and action > a.x order by action limit 1) from a where a.x is not null
		), b (x) as (
			(select entity from audit_entries order by entity limit 1)
			union all
			select (select entity from audit_entries where entity > b.x order by entity limit 1) from b where b.x is not null
		)
		select array(select x from a where x is not null union select unnest($1::text[]) order by 1), array(select x from b where x is not null order by 1)`,
		[]string{"client.read", "lead.read"}).Scan(&n.Actions, &n.Entities)
	if err != nil {
		return n, fmt.Errorf("names of the log: %w", err)
	}
	return n, nil
}
