package supervise

import (
	"context"
	"syscall"
	"time"
)

// Watching of children that may hang. One that has answered before and then misses so many questions in a row is
// given up; with a limit for each answer that takes 4 to 6 seconds.
const (
	watchEvery  = time.Second
	answerLimit = 2 * time.Second
	misses      = 3
)

// watch kills k, whose present life ends with ctx, when it does not answer any more; its keeper starts it again. A
// process that hangs holds its sockets open: nobody else would notice.
func (s *Supervisor) watch(ctx context.Context, k *kid, pid int) {
	if k.Alive == nil || pid == 0 {
		return
	}
	answered, missed, last := false, 0, time.Now()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch {
		case answers(ctx, k.Alive):
			answered, missed = true, 0
		case answered:
			missed++
		}
		if time.Since(last) > 2*(watchEvery+answerLimit) {
			missed = 0 // we were asleep ourselves, and so may have been the child
		}
		last = time.Now()
		if missed == misses && ctx.Err() == nil {
			s.log.Error("child hangs, killing it", "name", k.Name)
			s.signal(k.Name, -pid, syscall.SIGKILL)
			return
		}
	}
}
