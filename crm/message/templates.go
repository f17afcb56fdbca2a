package message

import (
	"context"
	"time"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/internal/fault"
)

var (
	errNoTemplate = fault.New(fault.NotFound, "not_found", "There is no such template.")
	errTaken      = fault.New(fault.Conflict, "template_taken", "There is a template with this key in this language already.")
)

// Templates returns all templates, by key and language.
func (s *Service) Templates(ctx context.Context) ([]Template, error) {
	return s.store.templates(ctx)
}

// CreateTemplate stores a new template and returns it with its ID.
func (s *Service) CreateTemplate(ctx context.Context, t Template) (Template, error) {
	if err := t.check(); err != nil {
		return t, err
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.insertTemplate(ctx, &t); err != nil {
			return err
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
		if err := s.store.updateTemplate(ctx, t); err != nil {
			return err
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
		if err := s.store.deleteTemplate(ctx, id); err != nil {
			return err
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
	if err := client.Clients.CheckID(ctx, s.db, access.Read, clientID); err != nil {
		return "", err
	}
	v, zones, err := s.store.valuesFor(ctx, clientID)
	if err != nil {
		return "", err
	}
	if v.Manager == "" {
		v.Manager = access.ActorFrom(ctx).Name
	}
	if at.IsZero() {
		at = s.now()
	}
	v.At = at.In(zone(zones...))
	return access.FieldMask(ctx, access.PhoneField).Prose(t.Render(v)), nil
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
