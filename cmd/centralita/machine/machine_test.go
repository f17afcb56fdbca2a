package machine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/cmd/centralita/machine"
)

// patience bounds a start of everything on a busy machine.
const patience = 2 * time.Minute

// dataVariable has the test binary run an instance on the directory it names.
const dataVariable = "CENTRALITA_TEST_MACHINE"

// TestMain lets the test binary be every process of an instance that is made
// of this repository: the supervisor, and a server and a Twilio that only listen.
func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	switch {
	case len(os.Args) > 1 && os.Args[1] == "serve":
		serve(ctx, os.Getenv("CENTRALITA_HTTP_ADDR"))
	case len(os.Args) > 3 && os.Args[1] == "twilio":
		serve(ctx, os.Args[3])
	case os.Getenv(dataVariable) != "":
		err := machine.Run(ctx, machine.Options{
			Dir: machine.Dir(os.Getenv(dataVariable)), Ports: machine.Ports{HTTP: 18080, SIP: 15160, ARI: 18188, Postgres: 15460, Twilio: 18189},
			Environ: os.Environ(), Out: os.Stdout, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
			Demo: func(context.Context, string) ([]machine.Login, error) {
				return []machine.Login{{Role: "admin", Login: "ann", Password: "secret"}}, nil
			},
		})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

func serve(ctx context.Context, addr string) {
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	srv := &http.Server{Addr: addr, ReadHeaderTimeout: time.Second, Handler: ok}
	go func() { <-ctx.Done(); srv.Close() }()
	fmt.Println(srv.ListenAndServe())
}

// launch starts an instance on dir and waits until it says that it is ready.
func launch(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), dataVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
	})
	watchdog := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer watchdog.Stop()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "ready http://127.0.0.1:") && strings.Contains(lines.Text(), "ann / secret (admin)") {
			return cmd
		}
	}
	t.Fatalf("never ready: %v", cmd.Wait())
	return nil
}

// data returns a data directory that the user postgres can enter, too.
func data(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "centralita-machine-")
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

func state(t *testing.T, dir string) machine.State {
	t.Helper()
	s, err := machine.Dir(dir).ReadState()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// until polls what no event tells.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

// keep writes what a restart must not lose.
func keep(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `CREATE TABLE kept AS SELECT 42 AS n`); err != nil {
		t.Fatal(err)
	}
}

func query(t *testing.T, url, sql string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOneMachineStartsHealsAndStops(t *testing.T) {
	dir := data(t)
	if _, err := machine.Dir(dir).ReadState(); !errors.Is(err, machine.ErrNotRunning) {
		t.Errorf("before the start: %v", err)
	}
	first := launch(t, dir)
	s := state(t, dir)
	for _, name := range []string{"supervisor", "postgres", "asterisk", "twilio", "server"} {
		if !alive(s.PIDs[name]) {
			t.Errorf("%s does not run: %v", name, s.PIDs)
		}
	}
	if !s.Running || !s.Ready || len(s.Logins) != 1 {
		t.Errorf("%+v", s)
	}
	keep(t, s.Postgres)

	t.Run("a second instance is refused", func(t *testing.T) {
		err := machine.Run(t.Context(), machine.Options{Dir: machine.Dir(dir), Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), "another instance") {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("a killed child comes back", func(t *testing.T) {
		for _, name := range []string{"server", "asterisk", "postgres"} {
			if err := syscall.Kill(s.PIDs[name], syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			until(t, name+" is back", func() bool {
				now := state(t, dir).PIDs[name]
				return now != 0 && now != s.PIDs[name] && alive(now)
			})
		}
		until(t, "postgres answers", func() bool {
			conn, err := pgx.Connect(t.Context(), s.Postgres)
			return err == nil && conn.Close(t.Context()) == nil
		})
	})

	before := state(t, dir).PIDs
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err == nil {
		t.Error("killed without an error")
	}
	second := launch(t, dir)
	for name, pid := range before {
		if alive(pid) {
			t.Errorf("%s of the killed run is still there", name)
		}
	}
	s = state(t, dir)
	if got := query(t, s.Postgres, `SELECT n FROM kept`); got != 42 {
		t.Errorf("kept %d", got)
	}
	if err := second.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("an orderly stop ended with %v", err)
	}
	for name, pid := range s.PIDs {
		if alive(pid) {
			t.Errorf("%s runs after the stop", name)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "run", "state.json*")); err != nil || len(left) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

func TestTakenPortsAreAvoided(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	got, err := machine.Ports{HTTP: taken, SIP: taken, ARI: taken, Postgres: taken, Twilio: taken}.Free()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range []int{got.HTTP, got.SIP, got.ARI, got.Postgres, got.Twilio} {
		if seen[p] || p == got.HTTP && p == taken {
			t.Errorf("%+v", got)
		}
		seen[p] = true
	}
}
