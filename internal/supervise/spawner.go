package supervise

import (
	"os/exec"
	"runtime"
)

// spawner starts processes from one thread that lives as long as the
// supervisor: the kernel sends the parent-death signal when the *thread* that
// forked ends, and Go may end any other.
type spawner struct {
	requests chan request
}

type request struct {
	cmd   *exec.Cmd
	reply chan error
}

func newSpawner() *spawner {
	s := &spawner{requests: make(chan request)}
	go func() {
		runtime.LockOSThread()
		for r := range s.requests {
			r.reply <- r.cmd.Start()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	reply := make(chan error)
	s.requests <- request{cmd, reply}
	return <-reply
}

func (s *spawner) close() { close(s.requests) }
