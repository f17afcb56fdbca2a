package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// child is a process that does not outlive this one.
type child struct {
	cmd    *exec.Cmd
	said   *lastWords
	exited chan struct{}
}

// launch starts cmd. The kernel tells it to stop when the thread that started it
// ends, so that thread is kept for nothing else.
func launch(cmd *exec.Cmd, stop syscall.Signal) (*child, error) {
	c := &child{cmd: cmd, said: &lastWords{}, exited: make(chan struct{})}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig, cmd.SysProcAttr.Setpgid = stop, true
	if cmd.Stdout == nil {
		cmd.Stdout = c.said
	}
	cmd.Stderr = c.said
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // whoever waits for it sees that it has ended
		close(c.exited)
	}()
	return c, <-started
}

// end asks the process to stop, and kills it when it does not in time.
func (c *child) end(sig syscall.Signal, patience time.Duration) error {
	_ = c.cmd.Process.Signal(sig) // it may be gone already
	select {
	case <-c.exited:
		return nil
	case <-time.After(patience):
	}
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	<-c.exited
	return fmt.Errorf("%s did not stop in %v: %s", c.cmd.Path, patience, c.said)
}

// lastWords keeps the end of what a process says.
type lastWords struct {
	mu   sync.Mutex
	text []byte
}

const wordsKept = 8 << 10

// Write implements io.Writer.
func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	l.text = l.text[max(0, len(l.text)-wordsKept):]
	return len(p), nil
}

func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(bytes.TrimSpace(l.text))
}
