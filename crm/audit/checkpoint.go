package audit

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Checkpoint is a signed statement about the chain, kept outside the database: at
// At it had Seq entries and the last hash was Hash. A checkpoint with a Reason says
// more: that the database was set back to this end on purpose, by a restore, and
// that earlier checkpoints beyond it speak of entries that are lost. Each carries
// the hash of the line before it, so a line that goes missing is noticed.
type Checkpoint struct {
	Seq    int64     `json:"seq"`
	Hash   string    `json:"hash"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
	Prev   string    `json:"prev"`
	Key    string    `json:"key"`
	Sig    []byte    `json:"sig,omitempty"`
}

const checkpointTag = "centralita audit checkpoint 1\n"

// signed are the bytes that are signed: the tag, and the line without its signature.
func (c Checkpoint) signed() ([]byte, error) {
	c.Sig = nil
	text, err := json.Marshal(c)
	return append([]byte(checkpointTag), text...), err
}

// monthly names the file of a month; files sort by age.
const monthly = "checkpoints-2006-01.log"

// ledgerFile writes the checkpoints of one directory. It is append-only, and a
// line that is there is on disk.
type ledgerFile struct {
	dir  string
	key  key
	last Checkpoint
	prev string // hash of the last line
}

// openLedger makes dir ready to be written to: it loads or makes the key, and
// cuts off a line that a dying process left unfinished.
func openLedger(dir string) (*ledgerFile, error) {
	k, err := loadKey(dir)
	if err != nil {
		return nil, err
	}
	if err := mend(dir); err != nil {
		return nil, err
	}
	read, err := readCheckpoints(dir)
	if err != nil {
		return nil, err
	}
	f := &ledgerFile{dir: dir, key: k, prev: read.prev}
	if n := len(read.all); n > 0 {
		f.last = read.all[n-1]
	}
	return f, nil
}

func ledgerFiles(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "checkpoints-*.log"))
	slices.Sort(paths)
	return paths, err
}

// mend cuts the unfinished last line off the newest file; it was never promised.
func mend(dir string) error {
	paths, err := ledgerFiles(dir)
	if err != nil || len(paths) == 0 {
		return err
	}
	newest := paths[len(paths)-1]
	text, err := os.ReadFile(newest)
	if err != nil || len(text) == 0 || text[len(text)-1] == '\n' {
		return err
	}
	return os.Truncate(newest, int64(bytes.LastIndexByte(text, '\n')+1))
}

// write signs c and appends it.
func (f *ledgerFile) write(c Checkpoint) error {
	c.Prev, c.Key, c.At = f.prev, f.key.name, c.At.UTC().Truncate(time.Microsecond)
	text, err := c.signed()
	if err != nil {
		return err
	}
	c.Sig = ed25519.Sign(f.key.private, text)
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	path := filepath.Join(f.dir, c.At.Format(monthly))
	if paths, err := ledgerFiles(f.dir); err == nil && len(paths) > 0 && path < paths[len(paths)-1] {
		path = paths[len(paths)-1] // the clock went back: the order of lines is what counts
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close(), syncDir(f.dir)); err != nil {
		return errors.Join(err, mend(f.dir))
	}
	f.last, f.prev = c, lineHash(line)
	return nil
}

func lineHash(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// checkpoints is what a directory holds: all lines that bear a good signature, in
// order, and what is wrong with the others.
type checkpoints struct {
	all      []Checkpoint
	prev     string
	findings []Finding
}

// readCheckpoints reads all files of dir, oldest first.
func readCheckpoints(dir string) (c checkpoints, err error) {
	keys, err := publicKeys(dir)
	if err != nil {
		return c, err
	}
	paths, err := ledgerFiles(dir)
	if err != nil {
		return c, err
	}
	for _, path := range paths {
		if err := c.readFile(path, keys); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *checkpoints) readFile(path string, keys map[string]ed25519.PublicKey) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if complaint := c.take(lines.Bytes(), keys); complaint != "" {
			c.findings = append(c.findings, Finding{Kind: BadCheckpoint, Text: fmt.Sprintf("%s, line %d: %s", filepath.Base(path), n, complaint)})
		}
		c.prev = lineHash(lines.Bytes())
	}
	return lines.Err()
}

// take adds one line, or says what is wrong with it.
func (c *checkpoints) take(line []byte, keys map[string]ed25519.PublicKey) string {
	var point Checkpoint
	if err := json.Unmarshal(line, &point); err != nil {
		return "is no checkpoint"
	}
	public, known := keys[point.Key]
	text, err := point.signed()
	if !known || err != nil || !ed25519.Verify(public, text, point.Sig) {
		return "the signature is not good"
	}
	c.all = append(c.all, point)
	if point.Prev != c.prev {
		return "lines before it are missing"
	}
	return ""
}

// binding returns the checkpoints that the chain must meet, by place, and those
// that a declared restore has overtaken.
func (c *checkpoints) binding() (must map[int64]Checkpoint, lost []Checkpoint) {
	must = map[int64]Checkpoint{}
	for _, point := range c.all {
		if point.Reason != "" {
			for seq, earlier := range must {
				if seq > point.Seq {
					lost = append(lost, earlier)
					delete(must, seq)
				}
			}
		}
		if _, twice := must[point.Seq]; !twice {
			must[point.Seq] = point
		}
	}
	return must, lost
}

// Deposit is what a directory of checkpoints holds, for whoever looks after it.
type Deposit struct {
	Key      string
	Count    int
	Last     *Checkpoint
	Findings []Finding
}

// Inspect looks at a directory of checkpoints and changes nothing. It fails with
// fs.ErrNotExist before the first key was made, and when the key is not kept secret.
func Inspect(dir string) (Deposit, error) {
	path := filepath.Join(dir, KeyFile)
	if err := keptSecret(path); err != nil {
		return Deposit{}, err
	}
	k, err := readKey(path)
	if err != nil {
		return Deposit{}, err
	}
	read, err := readCheckpoints(dir)
	if err != nil {
		return Deposit{}, err
	}
	d := Deposit{Key: k.name, Count: len(read.all), Findings: read.findings}
	if d.Count > 0 {
		d.Last = &read.all[d.Count-1]
	}
	return d, nil
}
