package file

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Blob keeps contents under names that NewBlobName made.
type Blob interface {
	// Put writes all of r under a new name, durably, and returns its length. On an
	// error nothing is left under the name.
	Put(name string, r io.Reader) (int64, error)
	// Open returns the content, or an error that is fs.ErrNotExist.
	Open(name string) (io.ReadSeekCloser, error)
	// Remove forgets a content; one that is not there is no error.
	Remove(name string) error
}

// NewBlobName returns a name that nobody can guess: 26 letters and digits.
func NewBlobName() string { return rand.Text() }

// Disk keeps contents in a directory that it never leaves, whatever the names:
// links and parents are refused by the kernel's own rules (os.Root).
type Disk struct{ dir string }

// NewDisk returns the contents in dir, which is made when the first one comes.
func NewDisk(dir string) *Disk { return &Disk{dir} }

// Put implements Blob.
func (d *Disk) Put(name string, r io.Reader) (n int64, err error) {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return 0, fmt.Errorf("keep file: %w", err)
	}
	root, err := os.OpenRoot(d.dir)
	if err != nil {
		return 0, fmt.Errorf("keep file: %w", err)
	}
	defer root.Close()
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, fmt.Errorf("keep file: %w", err)
	}
	n, err = io.Copy(f, r)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, errors.Join(err, root.Remove(name))
	}
	return n, d.sync()
}

// sync makes the directory's own entries durable.
func (d *Disk) sync() error {
	dir, err := os.Open(d.dir)
	if err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Open implements Blob.
func (d *Disk) Open(name string) (io.ReadSeekCloser, error) {
	root, err := os.OpenRoot(d.dir)
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	defer root.Close()
	f, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fs.ErrNotExist, err, f.Close())
	}
	return f, nil
}

// Remove implements Blob.
func (d *Disk) Remove(name string) error {
	root, err := os.OpenRoot(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove file: %w", err)
	}
	defer root.Close()
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove file: %w", err)
	}
	return nil
}
