package cel

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// maxPiece is how much of the log is read at once: more than any row can have.
const maxPiece = 1 << 20

// Bookmark says how far the log was read. The zero Bookmark is its beginning. Keep it where the
// rows go, in the same transaction.
type Bookmark struct {
	Inode  uint64 // of the file: a rotated log is recognised by it
	Offset int64  // bytes
}

// Batch is what Read found.
type Batch struct {
	Rows []Row    // in the order they were written
	Next Bookmark // to go on from
	// More says that another Read would find more at once.
	More bool
	// Damaged is the number of rows between these that Asterisk began and, dying, never finished.
	Damaged int
}

// Read gives the complete rows after the bookmark. A row still being written is left for the next
// time. When the file was rotated (renamed in its directory), the rest of the old one is read
// first; when it was emptied or is a new one and the old is gone, it is read from its beginning.
// A log that does not exist yet has no rows.
func Read(path string, from Bookmark) (Batch, error) {
	file, current, err := open(path, from)
	if errors.Is(err, fs.ErrNotExist) {
		return Batch{Next: from}, nil
	}
	if err != nil {
		return Batch{}, fmt.Errorf("event log: %w", err)
	}
	defer file.Close()
	inode, size, err := identify(file)
	if err != nil {
		return Batch{}, fmt.Errorf("event log: %w", err)
	}
	if inode != from.Inode || size < from.Offset {
		from = Bookmark{Inode: inode}
	}
	piece := make([]byte, min(maxPiece, size-from.Offset))
	n, err := file.ReadAt(piece, from.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return Batch{}, fmt.Errorf("event log: %w", err)
	}
	p := parse(piece[:n])
	if p.used == 0 && n == maxPiece { // no row is that long: not a log of ours
		p.used = n
	}
	batch := Batch{Rows: p.rows, Damaged: p.damaged, Next: Bookmark{Inode: inode, Offset: from.Offset + int64(p.used)}}
	batch.More = p.used > 0 && from.Offset+int64(n) < size
	if !current && !batch.More { // the rotated log is read to its end: go on with the new one
		batch.More, batch.Next = true, Bookmark{}
	}
	return batch, nil
}

// open finds the file of the bookmark: the log itself, or one beside it that it was renamed to.
func open(path string, from Bookmark) (file *os.File, current bool, err error) {
	if file, err = os.Open(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, err
	}
	if from.Inode == 0 {
		return file, true, err
	}
	if err == nil {
		if inode, _, err := identify(file); err != nil || inode == from.Inode {
			return file, true, err
		}
	}
	beside, _ := filepath.Glob(path + "*") // the only error is a bad pattern
	for _, name := range beside {
		old, openErr := os.Open(name)
		if openErr != nil {
			continue
		}
		if inode, size, idErr := identify(old); idErr == nil && inode == from.Inode && from.Offset < size {
			if file != nil {
				file.Close()
			}
			return old, false, nil
		}
		old.Close()
	}
	return file, true, err
}

func identify(file *os.File) (inode uint64, size int64, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, 0, err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = stat.Ino
	}
	return inode, info.Size(), nil
}
