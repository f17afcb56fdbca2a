package field

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
)

// referent is a kind of record that fields can refer to: SQL for the id and the
// name of those of the ids $1 that exist, r being the table of the records, and
// the rights in them.
type referent struct {
	sql    string
	rights access.Resource
}

// referents is the registry: a kind that is added here can be referred to.
var referents = map[string]referent{
	"client": {`select r.id, r.name from clients r where r.id = any($1)`, access.Resource{Entity: access.Client, Owner: "responsible_id", Shared: true}},
	"user":   {`select r.id, r.name from users r where r.id = any($1)`, access.Resource{}},
	"lead": {`select r.id, '#' || r.id || coalesce(' ' || coalesce(c.name, nullif(r.caller_name, ''), nullif(r.number, '')), '')
		from leads r left join clients c on c.id = r.client_id and {client} where r.id = any($1)`, access.Resource{Entity: access.Lead, Owner: "responsible_id"}},
}

const (
	sqlTermLabels = `select id, label from dictionary_terms where id = any($1)`
	sqlFileNames  = `select id, name from files f where id = any($1) and ready_at is not null and deleted_at is null`
	sqlOwnFiles   = sqlFileNames + ` and client_id = $2`
	sqlOwnTerms   = `select id, label from dictionary_terms where id = any($1) and dictionary_id = $2 and archived_at is null`
)

// names returns the names of the records of a kind that are there for ctx's
// actor.
func (s store) names(ctx context.Context, kind string, ids []int64) (labels, error) {
	r := referents[kind]
	args := []any{ids}
	sql := r.sql
	bind := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	if before, after, found := strings.Cut(sql, "{client}"); found {
		sql = before + referents["client"].rights.Where(ctx, access.Read, "c", bind) + after
	}
	if r.rights.Entity != "" {
		sql += " and " + r.rights.Where(ctx, access.Read, "r", bind)
	}
	found, err := s.labels(ctx, sql, args...)
	if mask := access.FieldMask(ctx, access.PhoneField); kind == "lead" && mask != access.Shown {
		for id, label := range found {
			number, who, _ := strings.Cut(label, " ")
			found[id] = strings.TrimSpace(number + " " + mask.Prose(who))
		}
	}
	return found, err
}

// files returns the names of the files that are there for ctx's actor.
func (s store) files(ctx context.Context, ids []int64) (labels, error) {
	args := []any{ids}
	mine := fileRights.Where(ctx, access.Read, "f", func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	})
	return s.labels(ctx, sqlFileNames+" and "+mine, args...)
}

// fileRights are those of package file.
var fileRights = access.Resource{Entity: access.File, Owner: "user_id", Client: "client_id"}

func (s store) labels(ctx context.Context, sql string, args ...any) (labels, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sql, args...)
	if err != nil {
		return nil, named("read names", err)
	}
	found := labels{}
	var id int64
	var label string
	_, err = pgx.ForEachRow(rows, []any{&id, &label}, func() error {
		found[id] = label
		return nil
	})
	return found, named("read names", err)
}

// naming gathers ids of all sorts, and asks for the names of each sort once.
type naming struct {
	ids   map[string][]int64
	known map[string]labels
}

// sortOf is what the ids in values of f are ids of.
func sortOf(f *Field) string {
	switch f.Type {
	case Choice:
		return Choice
	case File:
		return File
	case Reference:
		return f.Options.Refers
	}
	return ""
}

func (n *naming) add(f *Field, c cell) {
	if kind := sortOf(f); kind != "" && c.ref != nil {
		n.ids[kind] = append(n.ids[kind], *c.ref)
	}
}

func (n *naming) ask(ctx context.Context, s store) (err error) {
	for kind, ids := range n.ids {
		switch kind {
		case Choice:
			n.known[kind], err = s.labels(ctx, sqlTermLabels, ids)
		case File:
			n.known[kind], err = s.files(ctx, ids)
		default:
			n.known[kind], err = s.names(ctx, kind, ids)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// name returns what a person reads of c, and whether the actor may see it.
func (n *naming) name(f *Field, c cell) (label string, seen bool) {
	kind := sortOf(f)
	if kind == "" || c.ref == nil {
		return "", true
	}
	if label, seen = n.known[kind][*c.ref]; !seen && kind == File {
		return "", true // a file that was deleted is no secret
	}
	return label, seen
}

func newNaming() *naming { return &naming{ids: map[string][]int64{}, known: map[string]labels{}} }

// people returns users by name and login, in lower case.
func (s store) people(ctx context.Context) (map[string]int64, error) {
	byID, err := s.db.Conn(ctx).Query(ctx, sqlUserNames)
	if err != nil {
		return nil, named("read users", err)
	}
	found := map[string]int64{}
	var id int64
	var name string
	_, err = pgx.ForEachRow(byID, []any{&id, &name}, func() error {
		if _, taken := found[name]; !taken {
			found[name] = id
		}
		return nil
	})
	return found, named("read users", err)
}
