// Package machine runs the whole product on one machine out of one data
// directory: a private PostgreSQL, a private Asterisk, a loopback Twilio and the
// server, all on loopback ports of their own, as supervised child processes.
// It owns the layout of the data directory, the generated secrets and the state
// file that `status` reads. Nothing of the machine's own services is touched.
package machine

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir is a data directory.
type Dir string

// DefaultDir returns where data are kept unless a flag says otherwise: a place
// that the user postgres can enter when we are root.
func DefaultDir() Dir {
	if os.Geteuid() == 0 {
		return "/var/lib/centralita"
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return Dir(filepath.Join(state, "centralita"))
	}
	return Dir(filepath.Join(os.Getenv("HOME"), ".local", "state", "centralita"))
}

func (d Dir) in(parts ...string) string {
	return filepath.Join(append([]string{string(d)}, parts...)...)
}

// Cluster is PostgreSQL's data directory; Asterisk, Files and Run are those of
// the switch, of finished recordings, and of logs and notes.
func (d Dir) Cluster() string  { return d.in("postgres", "data") }
func (d Dir) Asterisk() string { return d.in("asterisk") }
func (d Dir) Files() string    { return d.in("files") }
func (d Dir) Run() string      { return d.in("run") }

// Audit is where the log's checkpoints and their key are.
func (d Dir) Audit() string { return d.in("audit") }

// SwitchSettings is where an administrator puts files, named like Asterisk's
// own, whose text is added at the end of those: a carrier's trunk, say.
func (d Dir) SwitchSettings() string { return d.in("asterisk.d") }

// switchSettings reads them, by file name.
func (d Dir) switchSettings() (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(d.SwitchSettings(), "*.conf"))
	if err != nil {
		return nil, err
	}
	settings := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		settings[filepath.Base(file)] = string(text)
	}
	return settings, nil
}

// StateFile is what `status` reads while the instance runs.
func (d Dir) StateFile() string { return d.in("run", "state.json") }

// prepare makes the directory; others may pass through to what is theirs in it.
func (d Dir) prepare() error {
	if !filepath.IsAbs(string(d)) {
		return fmt.Errorf("the data directory %q is not an absolute path", d)
	}
	if err := os.MkdirAll(string(d), 0o711); err != nil {
		return err
	}
	for _, private := range []string{d.Files(), d.Audit(), d.Run()} {
		if err := os.MkdirAll(private, 0o700); err != nil {
			return err
		}
	}
	return nil
}

// secrets are made once per data directory.
type secrets struct {
	Postgres string `json:"postgres"`
	ARI      string `json:"ari"`
	Twilio   string `json:"twilio"`
}

// secrets reads the directory's secrets, making them the first time.
func (d Dir) secrets() (secrets, error) {
	name := d.in("secrets.json")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		s := secrets{Postgres: rand.Text(), ARI: rand.Text(), Twilio: rand.Text()}
		return s, writeJSON(name, s)
	}
	var s secrets
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	return s, err
}

// writeJSON writes v whole or not at all, for the owner's eyes.
func writeJSON(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
