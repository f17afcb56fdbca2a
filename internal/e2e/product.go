package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"centralita/asterisk/ari"
	"centralita/cmd/centralita/machine"
	"centralita/internal/siptest"
)

// startLimit bounds a start of everything on a busy machine.
const startLimit = 3 * time.Minute

// Options change how the product is started. The zero value is what `make run` does.
type Options struct {
	// Env is added to the server's environment, NAME=value.
	Env []string
	// Args are added to `centralita run`.
	Args []string
}

// Product is one running instance, as one test sees it.
type Product struct {
	t testing.TB
	*shared
}

// shared is what all tests on one instance share.
type shared struct {
	dir   string
	bin   string
	cmd   *exec.Cmd
	ended chan error
	out   *lines
	// Trunk is the far end of the trunk: every client's phone. It sends a tone of 1300 Hz and does what
	// ClientDoes has said; other numbers ring for ever.
	Trunk *siptest.UA
	// Outside places calls from outside, with a tone of 500 Hz; Journal keeps what its callers saw.
	Outside *siptest.UA
	Journal *siptest.Journal

	roles  sync.Mutex
	people map[string]*Person // by role, under roles

	mu      sync.Mutex
	clients map[string]siptest.Script // by number, digits only
	pbx     *ari.Client
}

// Tones of the three sides of a conversation, in Hz.
const (
	CallerTone = 500
	AgentTone  = 900
	ClientTone = 1300
)

// Start runs the product until the test ends and returns when it says that it
// is ready. When the test fails, the ends of its logs are added to the test's.
func Start(t testing.TB, o Options) *Product {
	t.Helper()
	p := &Product{t, &shared{
		bin: Binary(t), dir: dataDir(t), out: &lines{}, Journal: siptest.NewJournal(),
		people: map[string]*Person{}, clients: map[string]siptest.Script{},
	}}
	p.Trunk = p.phone(siptest.Config{Tone: ClientTone, Script: p.clientsPhone})
	args := append([]string{"run", "--data", p.dir, "--trunk", p.Trunk.Addr()}, p.ports()...)
	p.cmd = exec.Command(p.bin, append(args, o.Args...)...)
	p.cmd.Env = append(environ(), o.Env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	// A test process that is killed takes the product along.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.ended = make(chan error, 1)
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(p.stop)
	p.awaitReady()
	p.liftQuotas()
	p.Outside = p.phone(siptest.Config{Server: p.State().SIP, Tone: CallerTone, Journal: p.Journal})
	return p
}

// liftQuotas lets the oracle read a card for every call of a run.
func (p *Product) liftQuotas() {
	Query[int](p, "update audit_quotas set per_hour = null, per_day = null returning 1")
}

// For is the same instance in another test, for one that runs within t.
func (p *Product) For(t testing.TB) *Product { return &Product{t, p.shared} }

// ClientDoes says what the phone of a number does when it is called.
func (p *Product) ClientDoes(number string, script siptest.Script) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[strings.TrimPrefix(number, "+")] = script
}

func (p *Product) clientsPhone(ctx context.Context, c *siptest.Call) {
	p.mu.Lock()
	script := p.clients[strings.TrimPrefix(c.To(), "+")]
	p.mu.Unlock()
	if script == nil {
		script = siptest.Ring()
	}
	script(ctx, c)
}

// environ is the machine's environment without what a developer may have set for an instance of his own.
func environ() []string {
	var kept []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "CENTRALITA_") && !strings.HasPrefix(kv, "TWILIO_") && !strings.HasPrefix(kv, "REDIS_URL=") && !strings.HasPrefix(kv, "DATABASE_URL=") {
			kept = append(kept, kv)
		}
	}
	return kept
}

// dataDir is a short path that the user postgres can enter.
func dataDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// ports keeps out of the way of an instance that a developer runs.
func (p *Product) ports() []string {
	base := 20000 + os.Getpid()%4000*5
	var args []string
	for i, name := range []string{"http", "sip", "ari", "postgres", "twilio"} {
		args = append(args, fmt.Sprintf("--%s-port=%d", name, base+i))
	}
	return args
}

func (p *Product) awaitReady() {
	p.t.Helper()
	p.eventually(startLimit, "the product says that it is ready", func() error {
		select {
		case err := <-p.ended:
			p.ended <- err
			p.t.Fatalf("the product ended while starting: %v\n%s", err, p.out)
		default:
		}
		if !strings.Contains(p.out.String(), "\nready ") {
			return errors.New(p.out.String())
		}
		return nil
	})
}

// stop ends the product in order, as Ctrl-C does, and shows its logs when the test has failed.
func (p *Product) stop() {
	if p.pbx != nil {
		p.pbx.Close()
	}
	if p.t.Failed() {
		p.t.Logf("the supervisor said:\n%s", tail(p.out.String(), 30))
		for _, name := range []string{"server", "postgres", "asterisk"} {
			p.t.Logf("end of %s.log:\n%s", name, tail(p.Log(name), 60))
		}
	}
	// Whoever a test has stopped must be able to obey.
	if s, err := machine.Dir(p.dir).ReadState(); err == nil {
		for _, pid := range s.PIDs {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.ended:
		if err != nil {
			p.t.Errorf("the product did not stop in order: %v\n%s", err, tail(p.out.String(), 30))
		}
	case <-time.After(time.Minute):
		p.t.Error("the product did not stop within a minute")
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.ended
	}
}

// State is what `centralita status` tells at this moment.
func (p *Product) State() machine.State {
	p.t.Helper()
	out, err := exec.Command(p.bin, "status", "--json", "--data", p.dir).Output()
	if err != nil {
		p.t.Fatalf("status: %v\n%s", err, out)
	}
	var s machine.State
	if err := json.Unmarshal(out, &s); err != nil {
		p.t.Fatalf("status: %v\n%s", err, out)
	}
	return s
}

// Log returns what a child has said so far, by its name in the status.
func (p *Product) Log(name string) string {
	text, err := os.ReadFile(filepath.Join(p.dir, "run", name+".log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Files is where the product keeps recordings for good.
func (p *Product) Files() string { return machine.Dir(p.dir).Files() }

// VerifyLog runs `centralita audit verify` and returns what it says.
func (p *Product) VerifyLog() (string, error) {
	out, err := exec.Command(p.bin, "audit", "verify", "--data", p.dir).CombinedOutput()
	return string(out), err
}

// LedgerCheck runs `centralita ledger check` and returns what it said; err is
// not nil when the balance is not 0.
func (p *Product) LedgerCheck() (string, error) {
	out, err := exec.Command(p.bin, "ledger", "check", "--data", p.dir).CombinedOutput()
	return string(out), err
}

// serverEnv is the environment that the supervisor gives to the server.
func (p *Product) serverEnv() []string {
	p.t.Helper()
	var text []byte
	p.eventually(startLimit, "the server runs", func() (err error) {
		text, err = os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.PID("server")))
		if err == nil && len(text) == 0 {
			err = errors.New("no environment yet")
		}
		return err
	})
	return strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
}

// eventually polls until ok returns nil; what it last said is the failure's text.
func (p *Product) eventually(limit time.Duration, what string, ok func() error) {
	p.t.Helper()
	Eventually(p.t, limit, what, ok)
}

// Eventually polls until ok returns nil, or fails the test with what it said last.
func Eventually(t testing.TB, limit time.Duration, what string, ok func() error) {
	t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s: %v", limit, what, err)
		case <-tick.C:
		}
	}
}

// lines is output that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return "\n" + l.text.String()
}

// tail gives the last n lines.
func tail(text string, n int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-n):], "\n")
}
