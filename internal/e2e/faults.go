package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"centralita/cmd/centralita/machine"
)

// PID is the process of that name in the status: server, postgres, asterisk,
// twilio or supervisor. 0 while it is dead.
func (p *Product) PID(name string) int {
	p.t.Helper()
	s, err := machine.Dir(p.dir).ReadState()
	if err != nil {
		p.t.Fatalf("state of the product: %v", err)
	}
	return s.PIDs[name]
}

// Signal sends a signal to the process of that name; one that has just died by itself is past caring.
func (p *Product) Signal(name string, sig syscall.Signal) int {
	p.t.Helper()
	pid := p.PID(name)
	if pid == 0 {
		p.t.Fatalf("%s does not run", name)
	}
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.t.Fatalf("%v to %s: %v", sig, name, err)
	}
	return pid
}

// Kill ends the process of that name with SIGKILL and returns when it is gone.
func (p *Product) Kill(name string) {
	p.t.Helper()
	pid := p.Signal(name, syscall.SIGKILL)
	p.eventually(10*time.Second, name+" is dead", func() error {
		if alive(pid) {
			return fmt.Errorf("process %d lives", pid)
		}
		return nil
	})
}

// Freeze stops the process of that name until the function that it returns is called.
func (p *Product) Freeze(name string) (thaw func()) {
	p.t.Helper()
	pid := p.Signal(name, syscall.SIGSTOP)
	return func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
}

// FreezeAll stops the process of that name and all of its children, as they are now.
func (p *Product) FreezeAll(name string) (thaw func()) {
	p.t.Helper()
	parent := p.Signal(name, syscall.SIGSTOP)
	all := []int{parent}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		var state string
		var pid, ppid int
		fmt.Sscan(string(text), &pid)
		if fmt.Sscan(rest, &state, &ppid); ppid == parent && syscall.Kill(pid, syscall.SIGSTOP) == nil {
			all = append(all, pid)
		}
	}
	return func() {
		for _, pid := range all {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}
}

// Down kills the process of that name and keeps it from being started again
// until the function that it returns is called: the supervisor is frozen meanwhile.
func (p *Product) Down(name string) (up func()) {
	p.t.Helper()
	thaw := p.Freeze("supervisor")
	p.Kill(name)
	return thaw
}

// AwaitServer returns when the server answers that all of its parts are ready.
func (p *Product) AwaitServer() {
	p.t.Helper()
	p.eventually(startLimit, "the server is ready", func() error {
		status, body, err := p.get("/readyz")
		if err == nil && status != 200 {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})
}

// CutSwitch breaks every connection between server and Asterisk's REST interface.
func (p *Product) CutSwitch() {
	p.t.Helper()
	port := strings.TrimSuffix(p.State().ARI[strings.LastIndex(p.State().ARI, ":")+1:], "/ari")
	out, err := exec.Command("ss", "-K", "dst", "127.0.0.1", "dport", "=", ":"+port).CombinedOutput()
	if err != nil {
		p.t.Fatalf("ss -K: %v\n%s", err, out)
	}
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
