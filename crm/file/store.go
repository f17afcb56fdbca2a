package file

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/postgres"
)

// Store is the SQL of files. All methods work in ctx's transaction, if any.
type Store struct{ db *postgres.DB }

// NewStore returns the store in db.
func NewStore(db *postgres.DB) *Store { return &Store{db: db} }

const columns = `f.id, f.client_id, f.name, f.mime, f.size_bytes, f.sha256, f.user_id, coalesce(u.name, ''), f.created_at, f.deleted_at, f.blob
	from files f left join users u on u.id = f.user_id where f.ready_at is not null and `

const (
	sqlGet  = `select ` + columns + `f.id = $1`
	sqlList = `select ` + columns + `f.deleted_at is null and f.client_id = $1 and %s order by f.id desc limit 1000`
	// A row that is not ready yet is nobody's file.
	sqlBegin   = `insert into files (client_id, name, blob, user_id) values ($1, $2, $3, nullif($4::bigint, 0)) returning id`
	sqlAbandon = `delete from files where id = $1 and ready_at is null`
	sqlTake    = `update file_usage set bytes = bytes + $1 where bytes + $1 <= $2`
	sqlReady   = `with f as (update files set mime = $2, size_bytes = $3, sha256 = $4, ready_at = now() where id = $1 returning *)
		insert into interactions (kind, direction, at, client_id, user_id, ref_id) select 'file', 'internal', ready_at, client_id, user_id, id from f`
	sqlRename  = `update files set name = $2 where id = $1 and deleted_at is null`
	sqlRemove  = `update files set deleted_at = now(), deleted_by = nullif($2::bigint, 0) where id = $1 and deleted_at is null`
	sqlRestore = `update files set deleted_at = null, deleted_by = null where id = $1 and deleted_at is not null and blob not like 'gone-%'`
	// What nobody can bring back any more, and uploads that were given up.
	sqlSpent = `select id, blob from (
		(select id, blob from files where deleted_at < $1 and blob not like 'gone-%' limit 500) union all
		(select id, blob from files where ready_at is null and created_at < $2 limit 500)) f`
	sqlForget = `with f as (delete from files where id = $1 and ready_at is null),
		g as (update files set blob = 'gone-' || id where id = $1 and ready_at is not null and blob not like 'gone-%' returning size_bytes)
		update file_usage set bytes = greatest(0, bytes - g.size_bytes) from g`
)

func scan(row pgx.CollectableRow) (f File, err error) {
	err = row.Scan(&f.ID, &f.ClientID, &f.Name, &f.Mime, &f.SizeBytes, &f.SHA256, &f.UserID, &f.UserName, &f.CreatedAt, &f.DeletedAt, &f.blob)
	f.Preview, f.Suspect = previewOf(f.Mime), suspect(f.Name, f.Mime)
	return f, err
}

// bare is a media type without its parameters.
func bare(mimeType string) string {
	kind, _, _ := strings.Cut(mimeType, ";")
	return strings.TrimSpace(kind)
}

func (s *Store) get(ctx context.Context, id int64) (f File, err error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlGet, id)
	if err != nil {
		return f, fmt.Errorf("read file: %w", err)
	}
	f, err = pgx.CollectExactlyOneRow(rows, scan)
	if postgres.IsNoRows(err) {
		return f, errNotFound
	}
	return f, err
}

func (s *Store) list(ctx context.Context, clientID int64) ([]File, error) {
	args := []any{clientID}
	mine := Files.Where(ctx, access.Read, "f", func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	})
	rows, err := s.db.Conn(ctx).Query(ctx, fmt.Sprintf(sqlList, mine), args...)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return pgx.CollectRows(rows, scan)
}

func (s *Store) begin(ctx context.Context, f File) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlBegin, f.ClientID, f.Name, f.blob, access.ActorFrom(ctx).UserID).Scan(&id)
	return id, err
}

func (s *Store) abandon(ctx context.Context, id int64) error { return s.exec(ctx, sqlAbandon, id) }

// take counts bytes in, unless the firm would have more than limit.
func (s *Store) take(ctx context.Context, bytes, limit int64) error {
	tag, err := s.db.Conn(ctx).Exec(ctx, sqlTake, bytes, limit)
	if err == nil && tag.RowsAffected() == 0 {
		return errFull
	}
	return err
}

func (s *Store) ready(ctx context.Context, f File) error {
	return s.exec(ctx, sqlReady, f.ID, f.Mime, f.SizeBytes, f.SHA256)
}

func (s *Store) rename(ctx context.Context, id int64, name string) error {
	return s.must(ctx, sqlRename, id, name)
}

func (s *Store) remove(ctx context.Context, id int64) error {
	return s.must(ctx, sqlRemove, id, access.ActorFrom(ctx).UserID)
}

func (s *Store) restore(ctx context.Context, id int64) error { return s.must(ctx, sqlRestore, id) }

// must changes a file that is there.
func (s *Store) must(ctx context.Context, sql string, args ...any) error {
	tag, err := s.db.Conn(ctx).Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		return errNotFound
	}
	return err
}

func (s *Store) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sql, args...)
	return err
}

// spent is a content that may go.
type spent struct {
	ID   int64
	Blob string
}

func (s *Store) spent(ctx context.Context, now time.Time) ([]spent, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlSpent, now.Add(-undoFor), now.Add(-unreadyFor))
	if err != nil {
		return nil, fmt.Errorf("find spent files: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[spent])
}

func (s *Store) forget(ctx context.Context, id int64) error { return s.exec(ctx, sqlForget, id) }
