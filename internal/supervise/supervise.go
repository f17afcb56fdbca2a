// Package supervise keeps child processes running: it starts them in order,
// waits until each is ready, starts a dead one again at once and kills one that
// hangs, and stops them in reverse order. Children do not outlive it: they get their stop signal when
// the supervisor dies by whatever means, and what survives even that is stopped
// by the next start, from the note that is kept of their process ids.
package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Timing of starts and stops.
const (
	probeEvery     = 50 * time.Millisecond
	healthyAfter   = 10 * time.Second
	longestBackoff = 5 * time.Second
	defaultGrace   = 10 * time.Second
	logKeep        = 8 << 20
)

// Process describes one child. Command makes a fresh command for each start;
// its output goes to NAME.log. Prepare, if any, runs before each start and heals
// what a killed predecessor left. Ready, if any, is asked until it returns nil.
// Alive, if any, is asked every second from then on: a child that has answered
// and does not answer any more hangs, and is killed and started again.
// Stop is the signal that asks it to end (0: SIGTERM); after Grace (0: 10 s) it
// is killed with its whole process group.
type Process struct {
	Name    string
	Command func() (*exec.Cmd, error)
	Prepare func(ctx context.Context) error
	Ready   func(ctx context.Context) error
	Alive   func(ctx context.Context) error
	Stop    syscall.Signal
	Grace   time.Duration
}

// Supervisor runs processes. Make one with New; safe for concurrent use.
type Supervisor struct {
	dir     string // notes and logs
	log     *slog.Logger
	spawner *spawner
	mu      sync.Mutex
	kids    []*kid
	// OnChange, if set before the first Start, is told each new process id.
	OnChange func(name string, pid int)
}

// kid is one supervised process.
type kid struct {
	Process
	pid      int // under the supervisor's mu; 0 while dead
	exited   chan struct{}
	stopping chan struct{}
	done     chan struct{} // closed when the keeper has gone
}

// New returns a supervisor that keeps its notes and the children's logs in
// dir, after stopping children that a killed predecessor left running there.
func New(dir string, log *slog.Logger) (*Supervisor, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &Supervisor{dir: dir, log: log, spawner: newSpawner()}
	return s, s.stopLeftovers()
}

// Start starts p and returns when it is ready. From then on it is started
// again whenever it dies, until Close. An error means that it is not running,
// with the end of its log in the text.
func (s *Supervisor) Start(ctx context.Context, p Process) error {
	k := &kid{Process: p, stopping: make(chan struct{}), done: make(chan struct{})}
	if k.Stop == 0 {
		k.Stop = syscall.SIGTERM
	}
	if k.Grace == 0 {
		k.Grace = defaultGrace
	}
	s.mu.Lock()
	s.kids = append(s.kids, k)
	s.mu.Unlock()
	if err := s.launch(ctx, k); err != nil {
		close(k.done)
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	if err := s.awaitReady(ctx, k); err != nil {
		close(k.done)
		s.end(k)
		return fmt.Errorf("%s: %w\n%s", p.Name, err, s.tail(p.Name))
	}
	go s.keep(context.WithoutCancel(ctx), k)
	return nil
}

// launch starts k once.
func (s *Supervisor) launch(ctx context.Context, k *kid) error {
	if k.Prepare != nil {
		if err := k.Prepare(ctx); err != nil {
			return err
		}
	}
	cmd, err := k.Command()
	if err != nil {
		return err
	}
	out, err := s.openLog(k.Name)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr, cmd.Stdin = out, out, nil
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true // a terminal's Ctrl-C is for us; we stop them in order
	cmd.SysProcAttr.Pdeathsig = k.Stop
	if err := s.spawner.start(cmd); err != nil {
		return err
	}
	exited := make(chan struct{})
	s.mu.Lock()
	k.pid, k.exited = cmd.Process.Pid, exited
	s.mu.Unlock()
	s.note()
	if s.OnChange != nil {
		s.OnChange(k.Name, cmd.Process.Pid)
	}
	go func() {
		err := cmd.Wait()
		s.log.Debug("child ended", "name", k.Name, "how", err)
		s.mu.Lock()
		k.pid = 0
		s.mu.Unlock()
		s.note()
		close(exited)
	}()
	return nil
}

// awaitReady asks until k is ready, dead, or ctx ends.
func (s *Supervisor) awaitReady(ctx context.Context, k *kid) error {
	if k.Ready == nil {
		return nil
	}
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		probe, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := k.Ready(probe)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-k.exited:
			return errors.New("ended before it was ready")
		case <-k.stopping:
			return errors.New("stopped")
		case <-ctx.Done():
			return fmt.Errorf("not ready in time: %w", errors.Join(err, ctx.Err()))
		case <-tick.C:
		}
	}
}

// keep starts k again whenever it dies.
func (s *Supervisor) keep(ctx context.Context, k *kid) {
	defer close(k.done)
	var backoff time.Duration
	for {
		since := time.Now()
		if !s.outlive(ctx, k) {
			return
		}
		if time.Since(since) > healthyAfter {
			backoff = 0
		}
		s.log.Warn("child died, starting it again", "name", k.Name, "in", backoff)
		if !k.pause(backoff) {
			return
		}
		backoff = min(max(2*backoff, 250*time.Millisecond), longestBackoff)
		if err := s.launch(ctx, k); err != nil {
			s.log.Error("child does not start", "name", k.Name, "error", err)
		}
	}
}

// outlive watches one life of k until it ends; false when k is to stop.
func (s *Supervisor) outlive(ctx context.Context, k *kid) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	pid := k.pid
	s.mu.Unlock()
	go s.watch(ctx, k, pid)
	select {
	case <-k.exited:
		return true
	case <-k.stopping:
		return false
	}
}

// pause waits for d; false when k is to stop.
func (k *kid) pause(d time.Duration) bool {
	select {
	case <-k.stopping:
		return false
	default:
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-k.stopping:
		return false
	case <-t.C:
		return true
	}
}

// Close stops all children, the last started first, and returns when they are
// gone. Nothing may be started afterwards.
func (s *Supervisor) Close() {
	s.mu.Lock()
	kids := s.kids
	s.mu.Unlock()
	for i := len(kids) - 1; i >= 0; i-- {
		s.end(kids[i])
	}
	s.spawner.close()
}

// end stops one child for good.
func (s *Supervisor) end(k *kid) {
	s.mu.Lock()
	select {
	case <-k.stopping:
		s.mu.Unlock()
		return
	default:
		close(k.stopping)
	}
	s.mu.Unlock()
	<-k.done // nobody starts it again now
	s.mu.Lock()
	pid, exited := k.pid, k.exited
	s.mu.Unlock()
	if pid == 0 {
		return
	}
	s.signal(k.Name, pid, k.Stop)
	t := time.NewTimer(k.Grace)
	defer t.Stop()
	select {
	case <-exited:
	case <-t.C:
		s.log.Warn("child ignores its stop signal, killing it", "name", k.Name)
		s.signal(k.Name, -pid, syscall.SIGKILL)
		<-exited
	}
}

func (s *Supervisor) signal(name string, pid int, sig syscall.Signal) {
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		s.log.Warn("signal not delivered", "name", name, "signal", sig, "error", err)
	}
}

// PIDs returns the process id of each child that runs now.
func (s *Supervisor) PIDs() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	pids := map[string]int{}
	for _, k := range s.kids {
		if k.pid != 0 {
			pids[k.Name] = k.pid
		}
	}
	return pids
}

// openLog opens name's log to append, keeping one older file.
func (s *Supervisor) openLog(name string) (*os.File, error) {
	path := s.logPath(name)
	if info, err := os.Stat(path); err == nil && info.Size() > logKeep {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func (s *Supervisor) logPath(name string) string { return filepath.Join(s.dir, name+".log") }

// tail returns the end of name's log, for an error message.
func (s *Supervisor) tail(name string) string {
	text, err := os.ReadFile(s.logPath(name))
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(text[max(0, len(text)-1500):]))
}
