package client

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// Tag is a word of the firm's by which clients are gathered.
type Tag struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Color string `json:"color" enum:"gray,blue,violet,teal,pink,orange,cyan,lime,brown"`
}

// Source is where clients come from.
type Source struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Colors are those that a tag can have; the first is the usual one.
var Colors = []string{"gray", "blue", "violet", "teal", "pink", "orange", "cyan", "lime", "brown"}

const (
	sqlTags      = `select id, name, color from tags order by lower(name)`
	sqlTag       = `select id, name, color from tags where id = $1 for update`
	sqlMakeTag   = `insert into tags (name, color) values ($1, $2) on conflict (lower(name)) do update set name = tags.name returning id, name, color, xmax = 0`
	sqlChangeTag = `update tags set name = $2, color = $3 where id = $1`
	sqlDropTag   = `delete from tags where id = $1`
	sqlTagUse    = `select count(*) from (select from client_tags where tag_id = $1 limit 10001) t`
	sqlSources   = `select id, name from client_sources order by lower(name)`
	sqlSource    = `insert into client_sources (name) values ($1) on conflict (lower(name)) do update set name = client_sources.name returning id, name, xmax = 0`
	sqlAddTag    = `with t as (insert into client_tags (client_id, tag_id) select o.id, $2 from clients o where o.id = any($1) and {change}
			order by o.id on conflict do nothing returning client_id) select client_id from t order by 1`
	sqlRemoveTag = `with t as (delete from client_tags t using clients o where t.client_id = any($1) and t.tag_id = $2 and o.id = t.client_id and {change}
			returning t.client_id) select client_id from t order by 1`
)

var errNoTag = fault.New(fault.NotFound, "tag_not_found", "There is no such tag.")

// Tags returns the tags of the firm by name.
func (s *Service) Tags(ctx context.Context) ([]Tag, error) {
	return all(ctx, s.store, pgx.RowToStructByPos[Tag], sqlTags)
}

// MakeTag returns the tag of that name, which is made where it is not there yet;
// capitals make no difference. color "" is the usual one.
func (s *Service) MakeTag(ctx context.Context, name, color string) (t Tag, err error) {
	if t, err = checkTag(Tag{Name: name, Color: color}); err != nil {
		return t, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		var fresh bool
		if err := s.db.Conn(ctx).QueryRow(ctx, sqlMakeTag, t.Name, t.Color).Scan(&t.ID, &t.Name, &t.Color, &fresh); err != nil || !fresh {
			return named(err)
		}
		s.ports.Live.Signal(ctx, "tags.changed", nil)
		return s.ports.Audit.Record(ctx, "tag.create", "tag", t.ID, nil, t)
	})
	return t, err
}

func checkTag(t Tag) (Tag, error) {
	bad := fault.New(fault.Invalid, "invalid_input", "Check the marked fields.")
	if t.Color == "" {
		t.Color = Colors[0]
	}
	if t.Name = phone.Text(t.Name); t.Name == "" || len([]rune(t.Name)) > 60 {
		return t, bad.WithField("body.name", "1 to 60 characters")
	}
	if !slices.Contains(Colors, t.Color) {
		return t, bad.WithField("body.color", "unknown")
	}
	return t, nil
}

// ChangeTag gives a tag another name or colour. A name that another has is
// fault.Conflict, tag_taken.
func (s *Service) ChangeTag(ctx context.Context, id int64, name, color *string) (t Tag, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.tag(ctx, id)
		if err != nil {
			return err
		}
		t = before
		set(&t.Name, name)
		set(&t.Color, color)
		if t, err = checkTag(t); err != nil {
			return err
		}
		if _, err := s.db.Conn(ctx).Exec(ctx, sqlChangeTag, id, t.Name, t.Color); err != nil {
			if name, taken := postgres.UniqueViolation(err); taken && name == "tags_name" {
				return fault.Wrap(err, fault.Conflict, "tag_taken", "There is a tag of this name already.")
			}
			return named(err)
		}
		s.ports.Live.Signal(ctx, "tags.changed", nil)
		return s.ports.Audit.Record(ctx, "tag.update", "tag", id, before, t)
	})
	return t, err
}

// maxDropped is from how many clients a tag is not taken away with itself: that is
// work for a list.
const maxDropped = 10_000

// DropTag deletes a tag and takes it from every client.
func (s *Service) DropTag(ctx context.Context, id int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.tag(ctx, id)
		if err != nil {
			return err
		}
		var used int
		conn := s.db.Conn(ctx)
		if err := conn.QueryRow(ctx, sqlTagUse, id).Scan(&used); err != nil {
			return named(err)
		}
		if used > maxDropped {
			return fault.New(fault.Conflict, "tag_in_use", "More than 10,000 clients have this tag. Take it from them first.")
		}
		if _, err := conn.Exec(ctx, sqlDropTag, id); err != nil {
			return named(err)
		}
		s.ports.Live.Signal(ctx, "tags.changed", nil)
		s.ports.Live.Signal(ctx, "clients.changed", nil)
		return s.ports.Audit.Record(ctx, "tag.delete", "tag", id, map[string]any{"name": before.Name, "color": before.Color, "clients": used}, nil)
	})
}

func (s *Store) tag(ctx context.Context, id int64) (Tag, error) {
	found, err := all(ctx, s, pgx.RowToStructByPos[Tag], sqlTag, id)
	if err == nil && len(found) == 0 {
		err = errNoTag
	}
	if err != nil {
		return Tag{}, err
	}
	return found[0], nil
}

// Sources returns where clients come from, by name.
func (s *Service) Sources(ctx context.Context) ([]Source, error) {
	return all(ctx, s.store, pgx.RowToStructByPos[Source], sqlSources)
}

// MakeSource returns the source of that name, which is made where it is not there
// yet; capitals make no difference.
func (s *Service) MakeSource(ctx context.Context, name string) (x Source, err error) {
	if x.Name = phone.Text(name); x.Name == "" || len([]rune(x.Name)) > 60 {
		return x, fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.name", "1 to 60 characters")
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		var fresh bool
		if err := s.db.Conn(ctx).QueryRow(ctx, sqlSource, x.Name).Scan(&x.ID, &x.Name, &fresh); err != nil || !fresh {
			return named(err)
		}
		s.ports.Live.Signal(ctx, "tags.changed", nil)
		return s.ports.Audit.Record(ctx, "source.create", "source", x.ID, nil, x)
	})
	return x, err
}

// AddTag gives the tag to those of the clients whom ctx's actor may change, in one
// statement, and returns who did not have it before. The log has a line for each.
func (s *Service) AddTag(ctx context.Context, tagID int64, clients []int64) (changed []int64, err error) {
	return s.tagging(ctx, sqlAddTag, "client.tag.add", tagID, clients)
}

// RemoveTag takes the tag from those of the clients whom ctx's actor may change,
// in one statement, and returns who had it. The log has a line for each.
func (s *Service) RemoveTag(ctx context.Context, tagID int64, clients []int64) (changed []int64, err error) {
	return s.tagging(ctx, sqlRemoveTag, "client.tag.remove", tagID, clients)
}

func (s *Service) tagging(ctx context.Context, sql, action string, tagID int64, clients []int64) (changed []int64, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		t, err := s.store.tag(ctx, tagID)
		if err != nil {
			return err
		}
		args := []any{clients, tagID}
		if changed, err = all(ctx, s.store, pgx.RowTo[int64], changing(ctx, sql, &args), args...); err != nil || len(changed) == 0 {
			return err
		}
		docs := make([]any, len(changed))
		for i := range docs {
			docs[i] = map[string]string{"tag": t.Name}
		}
		before, after := docs, []any(nil)
		if sql == sqlAddTag {
			before, after = nil, docs
		}
		if err := s.ports.Audit.RecordMany(ctx, action, "client", changed, before, after); err != nil {
			return err
		}
		if len(changed) == 1 {
			s.ports.Live.Signal(ctx, "client.changed", map[string]int64{"id": changed[0]})
		} else {
			s.ports.Live.Signal(ctx, "clients.changed", nil)
		}
		return nil
	})
	return changed, err
}

// changing puts into a statement which clients o ctx's actor may change.
func changing(ctx context.Context, sql string, args *[]any) string {
	return strings.ReplaceAll(sql, "{change}", Clients.Where(ctx, access.Change, "o", func(v any) string {
		*args = append(*args, v)
		return fmt.Sprintf("$%d", len(*args))
	}))
}

// all reads a list that is never nil.
func all[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sql, args...)
	if err != nil {
		return nil, named(err)
	}
	list, err := pgx.CollectRows(rows, scan)
	return list, named(err)
}
