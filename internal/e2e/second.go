package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"syscall"
	"time"
)

// Server is one more server of the same firm, beside the one that `run` has started.
type Server struct {
	p    *Product
	URL  string
	env  []string
	out  *lines
	cmd  *exec.Cmd
	done chan struct{}
}

// SecondServer starts `centralita serve` as instance 2 on the same database, switch and Redis, and returns when it
// is ready. It ends with the test.
func (p *Product) SecondServer() *Server {
	p.t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	s := &Server{p: p, URL: "http://" + addr, out: &lines{}}
	s.env = append(p.serverEnv(), "CENTRALITA_HTTP_ADDR="+addr, "CENTRALITA_INSTANCE=2")
	s.Start()
	p.t.Cleanup(func() {
		s.end(syscall.SIGTERM)
		if p.t.Failed() {
			p.t.Logf("the second server said:\n%s", tail(s.out.String(), 60))
		}
	})
	return s
}

// Start starts the server again after Kill, and returns when it is ready.
func (s *Server) Start() {
	s.p.t.Helper()
	s.cmd = exec.Command(s.p.bin, "serve")
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.env, s.out, s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.p.t.Fatal(err)
	}
	cmd, done := s.cmd, make(chan struct{})
	s.done = done
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	s.Await()
}

// Await returns when the server answers that it is ready.
func (s *Server) Await() {
	s.p.t.Helper()
	client := &http.Client{Timeout: 5 * time.Second}
	s.p.eventually(startLimit, "the second server is ready", func() error {
		select {
		case <-s.done:
			return errors.New("it has ended")
		default:
		}
		resp, err := client.Get(s.URL + "/readyz")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s\n%s", resp.Status, tail(s.out.String(), 10))
		}
		return nil
	})
}

// Stop ends the server as an administrator does.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// Kill ends the server with SIGKILL.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

func (s *Server) end(sig syscall.Signal) {
	select {
	case <-s.done:
		return
	default:
	}
	_ = s.cmd.Process.Signal(sig)
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		s.p.t.Errorf("the second server does not obey %v", sig)
		_ = s.cmd.Process.Kill()
		<-s.done
	}
}

// Via is the same person with the same session at another server.
func (u *Person) Via(s *Server) *Person {
	other := *u
	other.base = s.URL
	return &other
}
