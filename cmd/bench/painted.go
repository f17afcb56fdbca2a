package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"centralita/internal/siptest"
)

// paintedScript drives the browser.
//
//go:embed painted.mjs
var paintedScript string

// appDir has the browser's driver among its modules.
const appDir = "frontend"

// screen is a browser that somebody looks at.
type screen struct {
	process *child
	ready   chan struct{}

	mu      sync.Mutex
	painted map[int64]time.Time // by call
}

// openScreen signs in as login in a real Chromium.
func (w *world) openScreen(ctx context.Context, login string) (*screen, error) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	s := &screen{ready: make(chan struct{}), painted: map[int64]time.Time{}}
	out, in := io.Pipe()
	cmd := exec.Command("node", "--input-type=module", "-")
	cmd.Dir, cmd.Stdin, cmd.Stdout = appDir, strings.NewReader(paintedScript), in
	cmd.Env = append(plainEnviron(), "BASE="+w.state.HTTP, "LOGIN="+login, "PASSWORD="+password, "BROWSER="+browser)
	if s.process, err = launch(cmd, syscall.SIGTERM); err != nil {
		return nil, err
	}
	go s.listen(out)
	select {
	case <-s.ready:
		return s, nil
	case <-s.process.exited:
		return s, fmt.Errorf("the browser ended: %s", s.process.said)
	case <-time.After(startLimit):
	case <-ctx.Done():
	}
	return s, fmt.Errorf("the browser is not there: %s", s.process.said)
}

// listen takes what the browser tells until it ends.
func (s *screen) listen(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var call int64
		var at float64
		if lines.Text() == "ready" {
			close(s.ready)
		} else if _, err := fmt.Sscanf(lines.Text(), "painted %d %g", &call, &at); err == nil {
			s.mu.Lock()
			s.painted[call] = time.UnixMicro(int64(at * 1000))
			s.mu.Unlock()
		}
	}
}

// measurePainted measures from the INVITE to the moment when a person can see
// who calls.
func measurePainted(ctx context.Context, w *world, r *report) error {
	me := agents + veterans + viewers
	phones, err := w.seat(ctx, w.staff(me, me), answering(newMoments(), 500*time.Millisecond))
	defer phones.close()
	if err != nil {
		return err
	}
	s, err := w.openScreen(ctx, agentLogin(me))
	if s != nil {
		defer func() { _ = s.process.end(syscall.SIGTERM, stopLimit) }() // it is killed when it does not obey
	}
	if err != nil {
		r.note("INVITE → pop painted: not measured: %v", err)
		r.add(figure{Figure: "INVITE → pop painted in Chromium", Ours: sample{}.stats(), Verdict: []target{atMost("failed", 1, 0)}})
		return nil
	}
	out, err := siptest.Open(siptest.Config{Server: w.state.SIP})
	if err != nil {
		return err
	}
	defer out.Close()
	lanes := []lane{{"ours", lineNumbers[2], true, talk(200 * time.Millisecond)}}
	if _, err := w.alternate(ctx, out, lanes, 1, 3); err != nil {
		return err
	}
	trials, err := w.alternate(ctx, out, lanes, 1, w.paints)
	if err != nil {
		return err
	}
	if err := pause(ctx, grace); err != nil {
		return err
	}
	ours := w.paintedSince(ctx, s, trials).stats()
	r.add(figure{Figure: "INVITE → pop painted in Chromium", Ours: ours, Verdict: []target{
		atMost("p95 ms", ours.P95, 150), atMost("failed", float64(ours.Failures), 0),
	}})
	return nil
}

// paintedSince measures each trial by the wall clock, which both processes share.
func (w *world) paintedSince(ctx context.Context, s *screen, trials []*trial) (out sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range trials {
		var call int64
		err := w.db.Conn(ctx).QueryRow(ctx, "select id from calls where caller_raw = $1", t.from).Scan(&call)
		at, seen := s.painted[call]
		if err != nil || !seen {
			out.failures++
			continue
		}
		out.add(at.Sub(t.sent().Round(0)))
	}
	return out
}
