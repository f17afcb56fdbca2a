package lead

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
)

// Filter narrows a list of leads; zero values do not. A class is one of open
// leads. Before is the id below which the page begins, 0 for the newest.
type Filter struct {
	State, Class, Closing, Source string
	ClientID, LineID              int64
	Before                        int64
	Limit                         int
}

var sources = []string{"call", "sms", "manual", "form", "chat", "email"}

// where compiles f; only names of ours become SQL, whatever comes from outside
// is a parameter.
func (f Filter) where() (sql string, args []any, err error) {
	var conditions []string
	add := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, condition+" = $"+strconv.Itoa(len(args)))
	}
	unknown := func(field string) error {
		return fault.New(fault.Invalid, "filter_unknown", "There is no such filter.").WithField("query."+field, "unknown value")
	}
	state := f.State
	switch {
	case !slices.Contains([]string{"", "open", "closed"}, f.State):
		return "", nil, unknown("state")
	case f.Class != "" && (!slices.Contains(Classes, f.Class) || f.State == "closed"):
		return "", nil, unknown("class")
	case f.Closing != "" && (!slices.Contains(Closings, Closing(f.Closing)) || f.State == "open" || f.Class != ""):
		return "", nil, unknown("closing")
	case f.Source != "" && !slices.Contains(sources, f.Source):
		return "", nil, unknown("source")
	case f.Class != "":
		state = "open"
	case f.Closing != "":
		state = "closed"
	}
	if state != "" { // a literal, so that the partial indexes serve
		conditions = append(conditions, "l.state = '"+state+"'")
	}
	for _, c := range []struct{ column, value string }{{"l.class", f.Class}, {"l.closing", f.Closing}, {"l.source", f.Source}} {
		if c.value != "" {
			add(c.column, c.value)
		}
	}
	if f.ClientID != 0 {
		add("l.client_id", f.ClientID)
	}
	if f.LineID != 0 {
		add("l.line_id", f.LineID)
	}
	if len(conditions) == 0 {
		return "true", args, nil
	}
	return strings.Join(conditions, " and "), args, nil
}

// query is one statement with its parameters.
type query struct {
	sql  string
	args []any
}

// queries compiles f to the counting of all rows and the reading of one page.
func (f Filter) queries(ctx context.Context) (count, page query, err error) {
	where, args, err := f.where()
	if err != nil {
		return query{}, query{}, err
	}
	if own, all := mine(ctx, args...); own != "true" {
		where, args = where+" and "+own, all
	}
	from := " from leads l where "
	if f.Class != "" {
		from = " from leads_now l where "
	}
	count = query{"select count(*)" + from + where, args}
	pageArgs := slices.Clone(args)
	if f.Before != 0 {
		pageArgs = append(pageArgs, f.Before)
		where += " and l.id < $" + strconv.Itoa(len(pageArgs))
	}
	pageArgs = append(pageArgs, f.Limit)
	page = query{"select" + leadColumns + leadTables + " where " + where + " order by l.id desc limit $" + strconv.Itoa(len(pageArgs)), pageArgs}
	return count, page, nil
}

// List returns the leads that ctx's actor may see, newest first, and how many of
// them match f in all.
func (l *Ledger) List(ctx context.Context, f Filter) (leads []Lead, total int64, err error) {
	count, page, err := f.queries(ctx)
	if err != nil {
		return nil, 0, err
	}
	if err := l.db.Conn(ctx).QueryRow(ctx, count.sql, count.args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count leads: %w", err)
	}
	rows, err := l.db.Conn(ctx).Query(ctx, page.sql, page.args...)
	if err != nil {
		return nil, 0, fmt.Errorf("list leads: %w", err)
	}
	leads, err = pgx.CollectRows(rows, scanLead)
	if err != nil {
		return nil, 0, fmt.Errorf("list leads: %w", err)
	}
	leads, err = l.seen(ctx, leads)
	return leads, total, err
}
