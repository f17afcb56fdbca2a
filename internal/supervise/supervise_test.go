package supervise_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"centralita/internal/supervise"
)

// patience bounds every wait on a busy machine.
const patience = 20 * time.Second

// asSupervisor has the test binary act as a supervisor that is to be killed.
const asSupervisor = "CENTRALITA_TEST_SUPERVISOR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asSupervisor); dir != "" {
		s, err := supervise.New(dir, slog.New(slog.DiscardHandler))
		if err == nil {
			err = s.Start(context.Background(), shell("obedient", "exec sleep 1000"))
		}
		if err == nil {
			err = s.Start(context.Background(), shell("stubborn", "trap '' TERM; while :; do sleep 1000 & wait; done"))
		}
		fmt.Println(s.PIDs()["obedient"], s.PIDs()["stubborn"], err)
		select {}
	}
	os.Exit(m.Run())
}

func shell(name, script string) supervise.Process {
	return supervise.Process{
		Name: name, Grace: time.Second,
		Command: func() (*exec.Cmd, error) { return exec.Command("sh", "-c", script), nil },
	}
}

func start(t *testing.T, dir string) *supervise.Supervisor {
	t.Helper()
	s, err := supervise.New(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// until polls what no event tells.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestADeadChildIsStartedAgain(t *testing.T) {
	s := start(t, t.TempDir())
	defer s.Close()
	born := make(chan int, 10)
	s.OnChange = func(_ string, pid int) { born <- pid }
	if err := s.Start(t.Context(), shell("child", "exec sleep 1000")); err != nil {
		t.Fatal(err)
	}
	first := <-born
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case second := <-born:
		if second == first || !alive(second) {
			t.Errorf("first %d, second %d", first, second)
		}
	case <-time.After(patience):
		t.Fatal("not started again")
	}
}

func TestStopIsInReverseOrderAndFinal(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	for _, name := range []string{"first", "second"} {
		p := shell(name, fmt.Sprintf(`trap 'echo %s >> %s/order; exit' TERM; echo > %s/%s.up; while :; do sleep 1000 & wait $!; done`, name, dir, dir, name))
		p.Ready = func(context.Context) error { _, err := os.Stat(filepath.Join(dir, name+".up")); return err }
		p.Grace = patience
		if err := s.Start(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	pids := s.PIDs()
	s.Close()
	for name, pid := range pids {
		if alive(pid) {
			t.Errorf("%s is alive", name)
		}
	}
	order, err := os.ReadFile(filepath.Join(dir, "order"))
	if err != nil || string(order) != "second\nfirst\n" {
		t.Errorf("order %q, %v", order, err)
	}
	if len(s.PIDs()) != 0 {
		t.Errorf("still counted: %v", s.PIDs())
	}
}

func TestAStubbornChildIsKilledWithItsGroup(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	p := shell("stubborn", `trap '' TERM; sleep 1000 & echo $! > `+dir+`/grandchild.new; mv `+dir+`/grandchild.new `+dir+`/grandchild; while :; do wait; done`)
	p.Ready = func(context.Context) error { _, err := os.Stat(filepath.Join(dir, "grandchild")); return err }
	p.Grace = 50 * time.Millisecond
	if err := s.Start(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "grandchild"))
	if err != nil {
		t.Fatal(err)
	}
	grandchild, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	pid := s.PIDs()["stubborn"]
	s.Close()
	if alive(pid) {
		t.Error("the child is alive")
	}
	until(t, "the grandchild dies", func() bool { return !alive(grandchild) })
}

func TestAStartThatFailsTellsWhy(t *testing.T) {
	s := start(t, t.TempDir())
	defer s.Close()
	p := shell("broken", "echo port is taken; exit 3")
	p.Ready = func(context.Context) error { return errors.New("not yet") }
	err := s.Start(t.Context(), p)
	if err == nil || !strings.Contains(err.Error(), "port is taken") {
		t.Errorf("err = %v", err)
	}
	p = shell("slow", "exec sleep 1000")
	p.Ready = func(context.Context) error { return errors.New("not yet") }
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Start(ctx, p); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
	if len(s.PIDs()) != 0 {
		t.Errorf("left running: %v", s.PIDs())
	}
}

func TestKilledSupervisorLeavesNothingTheNextStartDoesNotHeal(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sup := exec.Command(exe)
	sup.Env = append(os.Environ(), asSupervisor+"="+dir)
	out, err := sup.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sup.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var obedient, stubborn int
	if _, err := fmt.Sscan(line, &obedient, &stubborn); err != nil || !alive(obedient) || !alive(stubborn) {
		t.Fatalf("%q %v", line, err)
	}
	if err := sup.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := sup.Wait(); err == nil {
		t.Error("killed and no error")
	}
	until(t, "the obedient child dies with its supervisor", func() bool { return !alive(obedient) })
	start(t, dir).Close()
	if alive(stubborn) {
		t.Error("the stubborn child outlived the next start")
	}
}

func TestANumberGivenToSomebodyElseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	note := fmt.Sprintf(`[{"name":"old","pid":%d,"started":"1","stop":15}]`, os.Getpid())
	if err := os.WriteFile(filepath.Join(dir, "children.json"), []byte(note), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir).Close() // would end this very test
}

func TestAHungChildIsKilledAndStartedAgain(t *testing.T) {
	s := start(t, t.TempDir())
	defer s.Close()
	file := filepath.Join(t.TempDir(), "beat")
	p := shell("beating", "while :; do date +%s%N > "+file+"; sleep 0.1; done")
	var answers atomic.Int32
	p.Alive = func(context.Context) error {
		info, err := os.Stat(file)
		if err == nil && time.Since(info.ModTime()) > time.Second {
			err = errors.New("no beat")
		}
		if err == nil {
			answers.Add(1)
		}
		return err
	}
	if err := s.Start(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	first := s.PIDs()["beating"]
	until(t, "it has answered", func() bool { return answers.Load() > 0 })
	if err := syscall.Kill(-first, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, "another one beats", func() bool {
		pid := s.PIDs()["beating"]
		info, err := os.Stat(file)
		return pid != 0 && pid != first && !alive(first) && err == nil && time.Since(info.ModTime()) < time.Second
	})
}
