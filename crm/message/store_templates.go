package message

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

const templateColumns = `id, key, locale, title, body`

func (s *Store) templates(ctx context.Context) ([]Template, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, `select `+templateColumns+` from message_templates order by key, locale`)
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Template])
}

// insertTemplate stores a new template and gives it its id.
func (s *Store) insertTemplate(ctx context.Context, t *Template) error {
	return classifyTemplate(s.db.Conn(ctx).QueryRow(ctx, `insert into message_templates (key, locale, title, body) values ($1, $2, $3, $4) returning id`,
		t.Key, t.Locale, t.Title, t.Body).Scan(&t.ID))
}

func (s *Store) updateTemplate(ctx context.Context, t Template) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `update message_templates set key = $2, locale = $3, title = $4, body = $5 where id = $1`,
		t.ID, t.Key, t.Locale, t.Title, t.Body)
	return classifyTemplate(err)
}

func (s *Store) deleteTemplate(ctx context.Context, id int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `delete from message_templates where id = $1`, id)
	return err
}

// valuesFor returns what is known of a client for a template, and the zones in
// which he may read times, the likeliest first.
func (s *Store) valuesFor(ctx context.Context, clientID int64) (v Values, zones []string, err error) {
	zones = make([]string, 2)
	err = s.db.Conn(ctx).QueryRow(ctx, `
		select c.name, coalesce(u.name, ''), c.time_zone, f.name, f.time_zone
		from clients c left join users u on u.id = c.responsible_id, firms f where c.id = $1 and f.id = 1`, clientID).
		Scan(&v.ClientName, &v.Manager, &zones[0], &v.Firm, &zones[1])
	if postgres.IsNoRows(err) {
		return v, nil, errReference
	}
	return v, zones, err
}

// template returns a template; lock is a constant clause of SQL.
func (s *Store) template(ctx context.Context, id int64, lock string) (t Template, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `select `+templateColumns+` from message_templates where id = $1`+lock, id).
		Scan(&t.ID, &t.Key, &t.Locale, &t.Title, &t.Body)
	if postgres.IsNoRows(err) {
		return t, errNoTemplate
	}
	return t, err
}

func classifyTemplate(err error) error {
	if err == nil {
		return nil
	}
	if _, twice := postgres.UniqueViolation(err); twice {
		return errTaken
	}
	return fmt.Errorf("save template: %w", err)
}
