package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

const (
	sqlArchive = `update clients set archived_at = case when $2 then now() end, version = version + 1, updated_at = now()
		where id = $1 and (archived_at is null) = $2 returning archived_at`
	sqlHasNotes     = `select exists (select from notes where client_id = $1) or exists (select from calls where client_id = $1)`
	sqlKeepDeletion = `insert into client_deletions (client_id, name, rows, deleted_by) values ($1, $2, $3, nullif($4::bigint, 0))`
	sqlOldDeletions = `delete from client_deletions where deleted_at < now() - interval '30 days'`
	sqlDeletion     = `delete from client_deletions where client_id = $1 returning rows`
	sqlImage        = `select coalesce(jsonb_agg(to_jsonb(t)), '[]') from %s t where %s`
	sqlOwnerOf      = `select coalesce((c.rows->'clients'->0->>'responsible_id')::bigint, 0) from client_deletions c where c.client_id = $1 for update`
	sqlColumnsOf    = `select string_agg(quote_ident(a.attname), ', ') from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0
		and not a.attisdropped and a.attgenerated = '' and a.attname = any($2)`
)

// own are the tables of what is a client's alone and goes with him, in the order
// in which it can be written again. Rows that name others are written only if
// those are there still.
var own = []struct{ table, where, there string }{
	{"clients", "t.id = $1", "true"},
	{"contact_points", "t.client_id = $1", "true"},
	{"contact_readings", "t.client_id = $1", "true"},
	{"client_addresses", "t.client_id = $1", "true"},
	{"client_consents", "t.client_id = $1", "true"},
	{"client_tags", "t.client_id = $1", "exists (select from tags x where x.id = r.tag_id)"},
	{"client_relations", "t.client_id = $1 or t.other_id = $1", "exists (select from clients x where x.id = r.client_id) and exists (select from clients x where x.id = r.other_id)"},
	{"client_pins", "t.client_id = $1", "true"},
	{"client_recents", "t.client_id = $1", "true"},
	{"client_values", "t.client_id = $1", "true"},
	{"section_rows", "t.client_id = $1", "true"},
	{"row_values", "t.row_id in (select x.id from section_rows x where x.client_id = $1)", "true"},
}

var errInUse = fault.New(fault.Conflict, "client_in_use", "Calls, messages, notes, leads or files hang on this client. Archive the client instead.")

// Archive takes a client out of the lists, or puts one back. A call of an archived
// client is known all the same. What is so already stays so.
func (s *Service) Archive(ctx context.Context, id int64, archived bool) (c Client, err error) {
	action := map[bool]string{true: "client.archive", false: "client.restore"}[archived]
	err = s.alter(ctx, id, action, func(ctx context.Context) (any, any, error) {
		before, err := s.store.get(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		_, err = s.db.Conn(ctx).Exec(ctx, sqlArchive, id, archived)
		if err != nil {
			return nil, nil, named(err)
		}
		if c, err = s.store.get(ctx, id); err != nil || c.Version == before.Version {
			return nil, nil, err
		}
		return map[string]any{"archived_at": before.ArchivedAt}, map[string]any{"archived_at": c.ArchivedAt}, nil
	})
	return c.seen(ctx), err
}

// Delete removes a client on whom nothing hangs but what is his own; else it is
// fault.Conflict, client_in_use. For thirty days Restore brings him back.
func (s *Service) Delete(ctx context.Context, id int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.lock(ctx, id); err != nil {
			return err
		}
		c, err := s.store.get(ctx, id)
		if err != nil {
			return err
		}
		if err := c.may(ctx, access.Delete); err != nil {
			return err
		}
		if err := s.store.remove(ctx, c); err != nil {
			return err
		}
		s.ports.Live.Signal(ctx, "clients.changed", nil)
		return s.ports.Audit.Record(ctx, "client.delete", "client", id, c, nil)
	})
}

// Restore brings back a client who was archived or deleted.
func (s *Service) Restore(ctx context.Context, id int64) (Client, error) {
	err := s.store.exists(ctx, id)
	if err == nil {
		return s.Archive(ctx, id, false)
	}
	if !errors.Is(err, errNotFound) {
		return Client{}, err
	}
	var c Client
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		owner, err := s.store.deletedOwner(ctx, id)
		if err != nil {
			return err
		}
		if err := Clients.Check(ctx, access.Delete, id, owner); err != nil {
			return err
		}
		if err := s.store.bringBack(ctx, id); err != nil {
			return err
		}
		c, err = s.finish(ctx, "client.undelete", id, nil)
		return err
	})
	return c, err
}

// remove deletes a client and keeps what goes with him.
func (s *Store) remove(ctx context.Context, c Client) error {
	conn := s.db.Conn(ctx)
	var used bool
	if err := conn.QueryRow(ctx, sqlHasNotes, c.ID).Scan(&used); err != nil {
		return named(err)
	}
	if used {
		return errInUse
	}
	images := map[string]json.RawMessage{}
	for _, t := range own {
		var image []byte
		if err := conn.QueryRow(ctx, fmt.Sprintf(sqlImage, t.table, t.where), c.ID).Scan(&image); err != nil {
			return named(err)
		}
		images[t.table] = image
	}
	document, err := json.Marshal(images)
	if err != nil {
		return fmt.Errorf("keep client: %w", err)
	}
	if _, err := conn.Exec(ctx, sqlOldDeletions); err != nil {
		return named(err)
	}
	if _, err := conn.Exec(ctx, sqlDelete, c.ID); err != nil {
		if _, referred := postgres.ForeignKeyViolation(err); referred {
			return fault.Wrap(err, errInUse.Kind, errInUse.Code, errInUse.Message)
		}
		return named(err)
	}
	_, err = conn.Exec(ctx, sqlKeepDeletion, c.ID, c.Name, string(document), access.ActorFrom(ctx).UserID)
	return named(err)
}

// deletedOwner returns who was responsible for a deleted client, 0 for nobody.
func (s *Store) deletedOwner(ctx context.Context, id int64) (owner int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlOwnerOf, id).Scan(&owner)
	if postgres.IsNoRows(err) {
		return 0, errNotFound
	}
	return owner, named(err)
}

// bringBack writes a deleted client again, with the columns that he had; what his
// tables got since has its default.
func (s *Store) bringBack(ctx context.Context, id int64) error {
	var document []byte
	conn := s.db.Conn(ctx)
	if err := conn.QueryRow(ctx, sqlDeletion, id).Scan(&document); err != nil {
		return named(err)
	}
	images := map[string][]map[string]json.RawMessage{}
	if err := json.Unmarshal(document, &images); err != nil {
		return fmt.Errorf("bring client back: %w", err)
	}
	for _, t := range own {
		rows := images[t.table]
		if len(rows) == 0 {
			continue
		}
		names := make([]string, 0, len(rows[0]))
		for name := range rows[0] {
			names = append(names, name)
		}
		var columns string
		if err := conn.QueryRow(ctx, sqlColumnsOf, pgx.Identifier{t.table}.Sanitize(), names).Scan(&columns); err != nil {
			return named(err)
		}
		image, err := json.Marshal(rows)
		if err != nil {
			return fmt.Errorf("bring client back: %w", err)
		}
		sql := fmt.Sprintf("insert into %[1]s (%[2]s) overriding system value select r.%[3]s from jsonb_populate_recordset(null::%[1]s, $1::jsonb) r where %[4]s",
			t.table, columns, strings.ReplaceAll(columns, ", ", ", r."), t.there)
		if _, err := conn.Exec(ctx, sql, string(image)); err != nil {
			return named(err)
		}
	}
	return nil
}
