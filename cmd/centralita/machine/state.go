package machine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// Login lets a newcomer in: one per role, with the demo data.
type Login struct {
	Role     string `json:"role"`
	Login    string `json:"login"`
	Password string `json:"password"`
}

// State is what a running instance tells of itself.
type State struct {
	Running   bool           `json:"running"`
	Ready     bool           `json:"ready"`
	Version   string         `json:"version"`
	StartedAt time.Time      `json:"started_at"`
	DataDir   string         `json:"data_dir"`
	HTTP      string         `json:"http"`            // URL
	SIP       string         `json:"sip"`             // host:port of the trunk
	Postgres  string         `json:"postgres"`        // URL
	Redis     string         `json:"redis,omitempty"` // URL
	ARI       string         `json:"ari"`             // URL
	ARIUser   string         `json:"ari_user"`
	ARISecret string         `json:"ari_password"`
	Twilio    string         `json:"twilio"` // API base URL
	PIDs      map[string]int `json:"pids"`   // supervisor and its children, by name
	Logins    []Login        `json:"logins"`
}

// ErrNotRunning is returned for a data directory that no instance runs on.
var ErrNotRunning = errors.New("not running")

// ReadState returns what the instance on d tells of itself, or ErrNotRunning.
func (d Dir) ReadState() (State, error) {
	lock, err := d.tryLock()
	if err == nil {
		return State{}, errors.Join(fmt.Errorf("%w: no instance on %s", ErrNotRunning, d), lock.Close())
	}
	if !errors.Is(err, errLocked) {
		return State{}, fmt.Errorf("%w: %w", ErrNotRunning, err)
	}
	text, err := os.ReadFile(d.StateFile())
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, fmt.Errorf("%w: still starting on %s", ErrNotRunning, d)
	}
	var s State
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	return s, err
}

var errLocked = errors.New("another instance runs on this data directory")

// tryLock takes the directory's lock, which dies with the process.
func (d Dir) tryLock() (*os.File, error) {
	f, err := os.OpenFile(d.in("run", "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errLocked, f.Close())
	}
	return f, nil
}
