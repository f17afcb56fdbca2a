// Package parcel keeps files that come from outside or wait to be fetched. They
// lie in the database, in pieces: a file then exists exactly when the row that
// speaks of it does, whichever server took it, and is in every backup. It knows
// nothing of what is in them, nor of who may have them.
package parcel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// piece is the size of a part in bytes.
const piece = 256 << 10

// Store keeps parcels. All methods work in ctx's transaction, if any.
type Store struct{ db *postgres.DB }

// NewStore returns the store in db.
func NewStore(db *postgres.DB) *Store { return &Store{db: db} }

const (
	sqlMake   = `insert into parcels default values returning id`
	sqlAdd    = `insert into parcel_parts (parcel_id, n, data) values ($1, $2, $3)`
	sqlParts  = `select data from parcel_parts where parcel_id = $1 and n >= $2 order by n limit 16`
	sqlRemove = `delete from parcels where id = $1`
)

// Make returns a new, empty parcel.
func (s *Store) Make(ctx context.Context) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlMake).Scan(&id)
	return id, postgres.Classify(err)
}

// Remove deletes a parcel; it is no error that there is none.
func (s *Store) Remove(ctx context.Context, id int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlRemove, id)
	return postgres.Classify(err)
}

// Writer fills an empty parcel. Size is what was written so far. Close writes the
// last piece; without it the parcel is not whole.
type Writer struct {
	ctx   context.Context //nolint:containedctx // an io.Writer has no other way to be given one
	store *Store
	id    int64
	n     int
	rest  []byte
	Size  int64
}

// Write adds p.
func (w *Writer) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for len(w.rest) >= piece {
		if err := w.add(w.rest[:piece]); err != nil {
			return 0, err
		}
		w.rest = append(w.rest[:0], w.rest[piece:]...)
	}
	w.Size += int64(len(p))
	return len(p), nil
}

// Close writes what is left.
func (w *Writer) Close() error {
	if len(w.rest) == 0 {
		return nil
	}
	err := w.add(w.rest)
	w.rest = nil
	return err
}

func (w *Writer) add(data []byte) error {
	_, err := w.store.db.Conn(w.ctx).Exec(w.ctx, sqlAdd, w.id, w.n, data)
	w.n++
	return postgres.Classify(err)
}

// Fill returns a writer for an empty parcel, which works under ctx.
func (s *Store) Fill(ctx context.Context, id int64) *Writer {
	return &Writer{ctx: ctx, store: s, id: id}
}

// CopyTo writes a parcel to w, in memory that does not grow with it.
func (s *Store) CopyTo(ctx context.Context, id int64, w io.Writer) error {
	for n := 0; ; {
		rows, err := s.db.Conn(ctx).Query(ctx, sqlParts, id, n)
		if err != nil {
			return postgres.Classify(fmt.Errorf("read parcel: %w", err))
		}
		parts, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil {
			return postgres.Classify(fmt.Errorf("read parcel: %w", err))
		}
		if len(parts) == 0 {
			return nil
		}
		for _, p := range parts {
			if _, err := w.Write(p); err != nil {
				return err
			}
		}
		n += len(parts)
	}
}

// File is a copy of a parcel that can be read from any place. Close it.
type File struct {
	*os.File
	Size int64
}

// Open copies a parcel into a nameless file of its own.
func (s *Store) Open(ctx context.Context, id int64) (*File, error) {
	f, err := Spool()
	if err != nil {
		return nil, err
	}
	if err := s.CopyTo(ctx, id, f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &File{f, size}, nil
}

// Spool returns an empty temporary file without a name: it is gone when it is
// closed, however the program ends.
func Spool() (*os.File, error) {
	f, err := os.CreateTemp("", "centralita-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
