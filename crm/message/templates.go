package message

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

var (
	errNoTemplate = fault.New(fault.NotFound, "not_found", "There is no such template.")
	errTaken      = fault.New(fault.Conflict, "template_taken", "There is a template with this key in this language already.")
)

// Templates returns all templates, by key and language.
func (s *Service) Templates(ctx context.Context) ([]Template, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, `select id, key, locale, title, body from message_templates order by key, locale`)
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Template])
}

// CreateTemplate stores a new template and returns it with its ID.
func (s *Service) CreateTemplate(ctx context.Context, t Template) (Template, error) {
	if err := t.check(); err != nil {
		return t, err
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		err := s.db.Conn(ctx).QueryRow(ctx, `insert into message_templates (key, locale, title, body) values ($1, $2, $3, $4) returning id`,
			t.Key, t.Locale, t.Title, t.Body).Scan(&t.ID)
		if err != nil {
			return classifyTemplate(err)
		}
		return s.ports.Audit.Record(ctx, "template.create", "message_template", t.ID, nil, t)
	})
	return t, err
}

// ChangeTemplate has edit alter a template and stores what comes out.
func (s *Service) ChangeTemplate(ctx context.Context, id int64, edit func(*Template)) (t Template, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.template(ctx, id, " for update")
		if err != nil {
			return err
		}
		t = before
		edit(&t)
		t.ID = id
		if err := t.check(); err != nil {
			return err
		}
		_, err = s.db.Conn(ctx).Exec(ctx, `update message_templates set key = $2, locale = $3, title = $4, body = $5 where id = $1`,
			id, t.Key, t.Locale, t.Title, t.Body)
		if err != nil {
			return classifyTemplate(err)
		}
		return s.ports.Audit.Record(ctx, "template.update", "message_template", id, before, t)
	})
	return t, err
}

// DeleteTemplate removes a template.
func (s *Service) DeleteTemplate(ctx context.Context, id int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.template(ctx, id, " for update")
		if err != nil {
			return err
		}
		if _, err := s.db.Conn(ctx).Exec(ctx, `delete from message_templates where id = $1`, id); err != nil {
			return fmt.Errorf("delete template: %w", err)
		}
		return s.ports.Audit.Record(ctx, "template.delete", "message_template", id, before, nil)
	})
}

// Preview renders a template for a client, with the time at (now if it is zero)
// in the client's zone, or the firm's where the client has none. The manager is
// whoever is responsible for the client, else the actor.
func (s *Service) Preview(ctx context.Context, id, clientID int64, at time.Time) (string, error) {
	t, err := s.store.template(ctx, id, "")
	if err != nil {
		return "", err
	}
	var v Values
	var clientZone, firmZone string
	err = s.db.Conn(ctx).QueryRow(ctx, `
		select c.name, coalesce(u.name, ''), c.time_zone, f.name, f.time_zone
		from clients c left join users u on u.id = c.responsible_id, firms f where c.id = $1 and f.id = 1`, clientID).
		Scan(&v.ClientName, &v.Manager, &clientZone, &v.Firm, &firmZone)
	if postgres.IsNoRows(err) {
		return "", errReference
	}
	if err != nil {
		return "", fmt.Errorf("preview: %w", err)
	}
	if v.Manager == "" {
		v.Manager = access.ActorFrom(ctx).Name
	}
	if at.IsZero() {
		at = s.now()
	}
	v.At = at.In(zone(clientZone, firmZone))
	return t.Render(v), nil
}

// zone returns the first of the names that is a time zone, else UTC.
func zone(names ...string) *time.Location {
	for _, name := range names {
		if loc, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
			return loc
		}
	}
	return time.UTC
}

// template returns a template; lock is a constant clause of SQL.
func (s *Store) template(ctx context.Context, id int64, lock string) (t Template, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `select id, key, locale, title, body from message_templates where id = $1`+lock, id).
		Scan(&t.ID, &t.Key, &t.Locale, &t.Title, &t.Body)
	if postgres.IsNoRows(err) {
		return t, errNoTemplate
	}
	return t, err
}

func classifyTemplate(err error) error {
	if _, twice := postgres.UniqueViolation(err); twice {
		return errTaken
	}
	return fmt.Errorf("save template: %w", err)
}
