package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"

	"github.com/gabriel-vasile/mimetype"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// Files is who may do what with whose files: besides the card that it lies on, a
// file belongs to whoever brought it and to whoever is responsible for the client.
var Files = access.Resource{Entity: access.File, Owner: "user_id", Client: "client_id", Table: "files", Missing: errNotFound}

// Clients knows who may see and who may change a client; both answer a fault.
type Clients interface {
	CanRead(ctx context.Context, id int64) error
	CanChange(ctx context.Context, id int64) error
}

// Recorder writes down who did what, in ctx's transaction, and who looks at what,
// before he sees it.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
	Look(ctx context.Context, action, entity string, id int64, detail any) error
	Looking(ctx context.Context, action, entity string, id int64, detail any) (wait func() error)
}

// Signaller tells every browser, after ctx's transaction, that something changed.
type Signaller interface {
	Signal(ctx context.Context, kind string, data any)
}

// Ports are what the room needs of others.
type Ports struct {
	Clients Clients
	Audit   Recorder
	Live    Signaller
	Blob    Blob
}

// Service keeps files. Safe for concurrent use.
type Service struct {
	db     *postgres.DB
	store  *Store
	ports  Ports
	limits Limits
}

// New returns the files in db.
func New(db *postgres.DB, ports Ports, limits Limits) *Service {
	return &Service{db: db, store: NewStore(db), ports: ports, limits: limits}
}

// Limits returns what one file and all of them may take.
func (s *Service) Limits() Limits { return s.limits }

// Get returns a file, or fault.NotFound also where its client may not be seen.
func (s *Service) Get(ctx context.Context, id int64) (File, error) {
	f, err := s.store.get(ctx, id)
	if err != nil {
		return f, err
	}
	if err := s.ports.Clients.CanRead(ctx, f.ClientID); err != nil {
		return File{}, errNotFound
	}
	return f, Files.CheckID(ctx, s.db, access.Read, id)
}

// List returns the files of a client, newest first.
func (s *Service) List(ctx context.Context, clientID int64) ([]File, error) {
	if err := s.ports.Clients.CanRead(ctx, clientID); err != nil {
		return nil, err
	}
	return s.store.list(ctx, clientID)
}

// Add keeps what r yields as a file of a client. A file over the limit is
// fault.Invalid, file_too_large; one for which the firm has no room left
// fault.Conflict, files_full. Of a refused or a cut upload nothing stays.
func (s *Service) Add(ctx context.Context, clientID int64, name string, r io.Reader) (f File, err error) {
	if err := s.ports.Clients.CanChange(ctx, clientID); err != nil {
		return f, err
	}
	if err := access.Require(ctx, access.File, access.Create); err != nil {
		return f, err
	}
	f = File{ClientID: clientID, Name: CleanName(name), blob: NewBlobName()}
	if f.ID, err = s.store.begin(ctx, f); err != nil {
		return f, err
	}
	var kept File
	if err = s.keep(&f, r); err == nil {
		kept, err = s.finish(ctx, f)
	}
	if err != nil {
		return File{}, errors.Join(err, s.ports.Blob.Remove(f.blob), s.store.abandon(context.WithoutCancel(ctx), f.ID))
	}
	return kept, nil
}

// keep writes the content and tells what it is.
func (s *Service) keep(f *File, r io.Reader) error {
	sum := sha256.New()
	n, err := s.ports.Blob.Put(f.blob, io.TeeReader(&io.LimitedReader{R: r, N: s.limits.File + 1}, sum))
	if tooLong := new(http.MaxBytesError); errors.As(err, &tooLong) || n > s.limits.File {
		return errTooLarge
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "file_not_kept", "The upload was cut off, or the disk is full. Try again.")
	}
	if n == 0 {
		return errEmpty
	}
	f.SizeBytes, f.SHA256 = n, hex.EncodeToString(sum.Sum(nil))
	f.Mime, err = s.sniff(f.blob)
	return err
}

// sniff tells the type of a content by its first bytes.
func (s *Service) sniff(blob string) (string, error) {
	content, err := s.ports.Blob.Open(blob)
	if err != nil {
		return "", err
	}
	m, err := mimetype.DetectReader(content)
	if err = errors.Join(err, content.Close()); err != nil {
		return "", err
	}
	return bare(m.String()), nil
}

// finish has the file be there, for the timeline and the log too.
func (s *Service) finish(ctx context.Context, f File) (out File, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.take(ctx, f.SizeBytes, s.limits.Firm); err != nil {
			return err
		}
		if err := s.store.ready(ctx, f); err != nil {
			return err
		}
		if out, err = s.store.get(ctx, f.ID); err != nil {
			return err
		}
		return s.told(ctx, "client.file.add", nil, out)
	})
	return out, err
}

// told records a change and announces it.
func (s *Service) told(ctx context.Context, action string, before any, f File) error {
	ids := map[string]int64{"client_id": f.ClientID}
	s.ports.Live.Signal(ctx, "files.changed", ids)
	s.ports.Live.Signal(ctx, "timeline.changed", ids)
	return s.ports.Audit.Record(ctx, action, "client", f.ClientID, before, f)
}

// Rename gives a file another name.
func (s *Service) Rename(ctx context.Context, id int64, name string) (File, error) {
	return s.change(ctx, id, access.Change, "client.file.rename", func(ctx context.Context) error { return s.store.rename(ctx, id, CleanName(name)) })
}

// Delete takes a file away; Restore brings it back for thirty days.
func (s *Service) Delete(ctx context.Context, id int64) (File, error) {
	return s.change(ctx, id, access.Delete, "client.file.delete", func(ctx context.Context) error { return s.store.remove(ctx, id) })
}

// Restore brings a deleted file back.
func (s *Service) Restore(ctx context.Context, id int64) (File, error) {
	return s.change(ctx, id, access.Delete, "client.file.restore", func(ctx context.Context) error { return s.store.restore(ctx, id) })
}

func (s *Service) change(ctx context.Context, id int64, verb access.Verb, action string, do func(context.Context) error) (f File, err error) {
	before, err := s.Get(ctx, id)
	if err != nil {
		return f, err
	}
	if err := s.ports.Clients.CanChange(ctx, before.ClientID); err != nil {
		return f, err
	}
	if err := Files.CheckID(ctx, s.db, verb, id); err != nil {
		return f, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := do(ctx); err != nil {
			return err
		}
		if f, err = s.store.get(ctx, id); err != nil {
			return err
		}
		return s.told(ctx, action, before, f)
	})
	return f, err
}

// Content is a file that is being read.
type Content struct {
	File
	io.ReadSeekCloser
}

// Open returns the content of a file that is not deleted, after the read has
// been written down. A content that is not what was uploaded is refused.
func (s *Service) Open(ctx context.Context, id int64) (Content, error) {
	f, err := s.Get(ctx, id)
	if err == nil && f.DeletedAt != nil {
		err = errNotFound
	}
	if err != nil {
		return Content{}, err
	}
	content, err := s.ports.Blob.Open(f.blob)
	if errors.Is(err, fs.ErrNotExist) {
		return Content{}, fault.Wrap(err, errGone.Kind, errGone.Code, errGone.Message)
	}
	if err != nil {
		return Content{}, err
	}
	if err = intact(content, f.SHA256); err == nil {
		err = s.ports.Audit.Look(ctx, "client.file.read", "client", f.ClientID, map[string]any{"id": f.ID, "name": f.Name})
	}
	if err != nil {
		return Content{}, errors.Join(err, content.Close())
	}
	return Content{f, content}, nil
}

// intact compares a content with the sum that it came with.
func intact(content io.ReadSeeker, sum string) error {
	hash := sha256.New()
	if _, err := io.Copy(hash, content); err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum {
		return errDamaged
	}
	_, err := content.Seek(0, io.SeekStart)
	return err
}
