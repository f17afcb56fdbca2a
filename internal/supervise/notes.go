package supervise

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// child is what the note keeps of a running child. Started is the kernel's
// start time, in ticks since boot: with it a number that was given to somebody
// else is told from our child.
type child struct {
	Name    string         `json:"name"`
	PID     int            `json:"pid"`
	Started string         `json:"started"`
	Stop    syscall.Signal `json:"stop"`
}

func (s *Supervisor) notePath() string { return filepath.Join(s.dir, "children.json") }

// note writes who runs now. A note that cannot be written is only a warning.
func (s *Supervisor) note() {
	s.mu.Lock()
	defer s.mu.Unlock()
	running := []child{}
	for _, k := range s.kids {
		if started, ok := startTime(k.pid); k.pid != 0 && ok {
			running = append(running, child{k.Name, k.pid, started, k.Stop})
		}
	}
	text, err := json.Marshal(running)
	if err == nil {
		err = replaceFile(s.notePath(), text)
	}
	if err != nil {
		s.log.Warn("children not noted", "error", err)
	}
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, text []byte) error {
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// stopLeftovers ends the children in the note that still run.
func (s *Supervisor) stopLeftovers() error {
	text, err := os.ReadFile(s.notePath())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var left []child
	if err := json.Unmarshal(text, &left); err != nil {
		s.log.Warn("the note of children is spoiled", "error", err)
		return nil
	}
	for i := len(left) - 1; i >= 0; i-- {
		if err := s.stopLeftover(left[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Supervisor) stopLeftover(c child) error {
	if !c.runs() {
		return nil
	}
	s.log.Warn("stopping a child that a killed run left behind", "name", c.Name, "pid", c.PID)
	s.signal(c.Name, c.PID, c.Stop)
	s.signal(c.Name, c.PID, syscall.SIGCONT) // one that was halted could not obey
	if c.gone(5 * time.Second) {
		return nil
	}
	s.signal(c.Name, -c.PID, syscall.SIGKILL)
	if !c.gone(5 * time.Second) {
		return fmt.Errorf("%s (process %d) of an earlier run does not end", c.Name, c.PID)
	}
	return nil
}

func (c child) runs() bool {
	started, ok := startTime(c.PID)
	return ok && started == c.Started
}

// gone polls, because a process that is not our child tells nobody of its end.
func (c child) gone(within time.Duration) bool {
	deadline := time.After(within)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for c.runs() {
		select {
		case <-deadline:
			return false
		case <-tick.C:
		}
	}
	return true
}

// startTime reads field 22 of /proc/PID/stat; ok is false for no process and
// for a zombie.
func startTime(pid int) (ticks string, ok bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", false
	}
	// The name in parentheses may hold anything: fields count after the last one.
	_, rest, found := cutLast(text, ") ")
	fields := bytes.Fields(rest)
	if !found || len(fields) < 20 || fields[0][0] == 'Z' {
		return "", false
	}
	return string(fields[19]), true
}

func cutLast(text []byte, sep string) (before, after []byte, found bool) {
	i := bytes.LastIndex(text, []byte(sep))
	if i < 0 {
		return text, nil, false
	}
	return text[:i], text[i+len(sep):], true
}
