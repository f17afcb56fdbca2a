// Package cluster keeps a private PostgreSQL cluster made from the system's
// binaries: it makes the data directory, heals what a killed server left there,
// and says how to run the server. It never touches a cluster of the machine's
// own. As root the server runs as the user postgres, because it refuses root.
package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Superuser is the role that initdb makes and the URLs sign in as.
const Superuser = "centralita"

// Cluster is one private cluster. Dir is its data directory; its parent must be
// a directory of ours. With a SocketDir it listens on a unix socket there and
// nowhere else (trusting whoever may enter the directory); without one on
// 127.0.0.1:Port, and Password signs in. Settings are extra server settings.
type Cluster struct {
	Bin       Binaries
	Dir       string
	SocketDir string
	Port      int
	Password  string
	Settings  map[string]string
}

// URL returns the connection string of the database called name.
func (c *Cluster) URL(name string) string {
	if c.SocketDir != "" {
		q := url.Values{"host": {c.SocketDir}, "port": {strconv.Itoa(c.Port)}}
		return "postgres://" + Superuser + "@/" + name + "?" + q.Encode()
	}
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(Superuser, c.Password),
		Host: "127.0.0.1:" + strconv.Itoa(c.Port), Path: "/" + name, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Init makes the data directory unless it exists. It is made under another name
// and moved into place, so an interrupted Init is simply run again.
func (c *Cluster) Init(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(c.Dir, "PG_VERSION")); err == nil {
		return c.checkVersion()
	}
	fresh := c.Dir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(c.Dir), fresh, c.SocketDir} {
		if err := c.ownDir(dir); err != nil {
			return err
		}
	}
	args := []string{"-D", fresh, "-U", Superuser, "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"}
	if c.SocketDir != "" {
		args = append(args, "--auth=trust", "--no-sync")
	} else {
		passwordFile := c.Dir + ".pw"
		if err := c.writeOwned(passwordFile, c.Password+"\n"); err != nil {
			return err
		}
		defer os.Remove(passwordFile)
		args = append(args, "--auth=scram-sha-256", "--pwfile="+passwordFile)
	}
	if out, err := c.command(ctx, "initdb", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	return os.Rename(fresh, c.Dir)
}

// checkVersion refuses a data directory that another major version made.
func (c *Cluster) checkVersion() error {
	text, err := os.ReadFile(filepath.Join(c.Dir, "PG_VERSION"))
	if err != nil {
		return err
	}
	if made := strings.TrimSpace(string(text)); made != strconv.Itoa(c.Bin.Major) {
		return fmt.Errorf("the data in %s were made by PostgreSQL %s, installed is %d: install that version beside it, or move the data over with pg_upgrade", c.Dir, made, c.Bin.Major)
	}
	return nil
}

// ownDir makes dir, private to the user that runs the server.
func (c *Cluster) ownDir(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return giveToServer(dir)
}

// writeOwned makes a file that only the server's user can read.
func (c *Cluster) writeOwned(name, text string) error {
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		return err
	}
	return giveToServer(name)
}

func giveToServer(name string) error {
	cred, err := serverUser()
	if err != nil || cred == nil {
		return err
	}
	return os.Chown(name, int(cred.Uid), int(cred.Gid))
}

// Args returns the arguments of the server itself.
func (c *Cluster) Args() []string {
	args := []string{"-D", c.Dir, "-p", strconv.Itoa(c.Port)}
	if c.SocketDir != "" {
		args = append(args, "-k", c.SocketDir, "-c", "listen_addresses=")
	} else {
		args = append(args, "-k", "", "-c", "listen_addresses=127.0.0.1")
	}
	for k, v := range c.Settings {
		args = append(args, "-c", k+"="+v)
	}
	return args
}

// Server returns the command that runs the server in the foreground. SIGINT is
// its orderly fast stop, SIGQUIT the immediate one.
func (c *Cluster) Server() *exec.Cmd {
	cmd := c.command(context.Background(), "postgres", c.Args()...)
	cmd.Cancel = nil
	return cmd
}

// command prepares a program of the cluster, run as the server's user.
func (c *Cluster) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Bin.Path(program), args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TZ=UTC"}
	if cred, err := serverUser(); err == nil && cred != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	}
	return cmd
}

// serverUser is the user postgres when we are root, else nil: ourselves.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // no credential means "stay who we are", as in SysProcAttr
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// Heal clears what a killed server left: a postmaster of ours that still runs
// is stopped, and a pid file of nobody is removed. Call it before Server.
func (c *Cluster) Heal(ctx context.Context) error {
	file := filepath.Join(c.Dir, "postmaster.pid")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err == nil && c.owns(pid) {
		if err := stop(ctx, pid); err != nil {
			return err
		}
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// owns tells our postmaster from a process that merely got its number.
func (c *Cluster) owns(pid int) bool {
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return err == nil && bytes.Contains(line, []byte("\x00-D\x00"+c.Dir+"\x00"))
}

// stop asks pid to shut down fast, and after ten seconds at once.
func stop(ctx context.Context, pid int) error {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		if err := syscall.Kill(pid, sig); err != nil {
			return nil //nolint:nilerr // it is gone already
		}
		if gone(ctx, pid, 10*time.Second) {
			return nil
		}
	}
	return fmt.Errorf("postmaster %d does not stop", pid)
}

func gone(ctx context.Context, pid int, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for syscall.Kill(pid, 0) == nil {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}
