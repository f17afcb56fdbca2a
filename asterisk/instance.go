package asterisk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

const (
	pollEvery = 50 * time.Millisecond
	// gracePeriod is how long Asterisk may take to stop by itself before it is killed.
	gracePeriod = 5 * time.Second
)

// Command gives the process that runs a rendered instance in the foreground, in a process group
// of its own. SIGTERM stops it, dropping its calls. Its output is worth keeping: what goes wrong
// before Asterisk's own log opens is said there.
func Command(config Config) (*exec.Cmd, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	p, err := programIn(config.Root)
	if err != nil {
		return nil, err
	}
	cmd := p.command("-f", "-C", config.file())
	cmd.Env = append(cmd.Env, "HOME="+config.Dir)
	cmd.Dir = config.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	uid, gid, err := config.credential()
	if err != nil {
		return nil, err
	}
	if uid != os.Geteuid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return cmd, nil
}

// file is the instance's main configuration file, by which its process is recognised, too.
func (c Config) file() string { return filepath.Join(c.Dir, "etc", "asterisk.conf") }

// Ready waits until the instance is fully started and answers commands, or ctx ends.
func Ready(ctx context.Context, config Config) error {
	client := &http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	ticks := time.NewTicker(pollEvery)
	defer ticks.Stop()
	for {
		err := Healthy(ctx, client, config)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("asterisk is not ready: %w", errors.Join(err, ctx.Err()))
		case <-ticks.C:
		}
	}
}

// Healthy asks the instance once whether it is fully started and answers.
func Healthy(ctx context.Context, client *http.Client, config Config) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, config.ARIURL()+"/asterisk/ping", nil)
	if err != nil {
		return err
	}
	request.SetBasicAuth(config.ARIUser, config.ARIPassword)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("asterisk: ping: %s", response.Status)
	}
	return nil
}

// HostNameResolves looks the machine's own name up, as Asterisk does now and then. Where that fails,
// its calls stand still for five seconds at a time: the cure is a line in /etc/hosts.
func HostNameResolves(ctx context.Context) error {
	name, err := os.Hostname()
	if err == nil {
		_, err = net.DefaultResolver.LookupHost(ctx, name)
	}
	if err != nil {
		return fmt.Errorf("the machine's own name %q does not resolve: %w", name, err)
	}
	return nil
}

// Running finds the process of an instance, whoever started it: its ID, or 0.
func Running(config Config) int {
	content, err := os.ReadFile(config.Paths().PIDFile)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(content)))
	if err != nil || pid <= 1 {
		return 0
	}
	// The number may be somebody else's by now: only a process with our configuration file counts.
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || !bytes.Contains(arguments, []byte("\x00"+config.file()+"\x00")) {
		return 0
	}
	return pid
}

// Clean ends the instance's process if one runs, such as one whose owner was killed, and waits
// until it is gone. It must not be a child of ours that nobody waits for.
func Clean(ctx context.Context, config Config) error {
	deadline := time.Now().Add(gracePeriod)
	ticks := time.NewTicker(pollEvery)
	defer ticks.Stop()
	signal := syscall.SIGTERM
	for sent := syscall.Signal(0); ; {
		pid := Running(config)
		if pid == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			signal = syscall.SIGKILL
		}
		if sent != signal {
			if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("asterisk: ending process %d: %w", pid, err)
			}
			sent = signal
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
		}
	}
}

// Instance is a running Asterisk that this process started, and that dies with this process.
type Instance struct {
	config Config
	cmd    *exec.Cmd
	output *bytes.Buffer
	exited chan struct{}
}

// Start renders the configuration, ends what a killed owner left, starts Asterisk and waits until
// it is ready. On error nothing is left running.
func Start(ctx context.Context, config Config) (*Instance, error) {
	config = config.withDefaults()
	if err := Clean(ctx, config); err != nil {
		return nil, err
	}
	if err := Render(config); err != nil {
		return nil, err
	}
	cmd, err := Command(config)
	if err != nil {
		return nil, err
	}
	i := &Instance{config: config, cmd: cmd, output: &bytes.Buffer{}, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = i.output, i.output
	if err := i.run(); err != nil {
		return nil, fmt.Errorf("asterisk: %w", err)
	}
	readyCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-i.exited:
			cancel()
		case <-readyCtx.Done():
		}
	}()
	if err := Ready(readyCtx, config); err != nil {
		i.Stop()
		return nil, fmt.Errorf("%w; it said: %s", err, bytes.TrimSpace(i.output.Bytes()))
	}
	return i, nil
}

// run starts the process and sees to its end. The kernel kills it when the thread that started it
// ends, so that thread is kept for nothing else.
func (i *Instance) run() error {
	i.cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := i.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = i.cmd.Wait() // an exit that nobody asked for shows as Exited
		close(i.exited)
	}()
	return <-started
}

// Config is what it runs with, defaults filled in.
func (i *Instance) Config() Config { return i.config }

// PID of the process.
func (i *Instance) PID() int { return i.cmd.Process.Pid }

// Exited is closed when the process has ended, by Stop or by itself.
func (i *Instance) Exited() <-chan struct{} { return i.exited }

// Stop ends it and waits: SIGTERM, after 5 s SIGKILL. Stopping twice does no harm.
func (i *Instance) Stop() {
	_ = i.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-i.exited:
	case <-time.After(gracePeriod):
		i.Kill()
	}
}

// Kill ends it at once, as a crash would, and waits.
func (i *Instance) Kill() {
	_ = i.cmd.Process.Kill()
	<-i.exited
}
