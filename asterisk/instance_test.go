package asterisk_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"centralita/asterisk"
	"centralita/asterisk/ari"
	"centralita/asterisk/asterisktest"
	"centralita/asterisk/cel"
	"centralita/internal/siptest"
)

func TestTwoInstancesSideBySide(t *testing.T) {
	one, two := asterisktest.Start(t).Config(), asterisktest.Start(t).Config()
	ctx := context.Background()
	a, err := asterisktest.Client(t, one, "crm-a").Info(ctx)
	do(t, err)
	b, err := asterisktest.Client(t, two, "crm-a").Info(ctx)
	do(t, err)
	if a.EntityID != one.EntityID || b.EntityID != two.EntityID || a.EntityID == b.EntityID {
		t.Errorf("entities %q and %q, configured %q and %q", a.EntityID, b.EntityID, one.EntityID, two.EntityID)
	}
	if !asterisk.NewEnough(a.Version) {
		t.Errorf("version %s", a.Version)
	}
}

// A crash of Asterisk loses the calls, and neither accounts nor the evidence.
func TestKillAndStartAgain(t *testing.T) {
	first := asterisktest.Start(t)
	config := first.Config()
	ctx := context.Background()
	client, stream := listen(t, config, "crm-a")
	do(t, client.PutPhone(ctx, ari.Phone{ID: "a0123456789abcdef", Password: "secret"}))
	// Asterisk writes its database with a delay of up to a second.
	asterisktest.Eventually(t, limit, func() bool {
		return strings.Contains(readFile(t, filepath.Join(config.Dir, "db", "astdb.sqlite3")), "a0123456789abcdef")
	}, func() string { return "the account is not on the disk" })
	before, err := client.Info(ctx)
	do(t, err)
	call := place(t, open(t, config, siptest.Config{}), siptest.Invite{From: "+34600111222", To: "911"})
	id := await(t, stream, "broadcast", of(ari.CallBroadcast, call)).Channel.ID

	first.Kill()
	if asterisk.Running(config) != 0 {
		t.Error("a killed instance counts as running")
	}
	if err := client.Ping(ctx); !errors.Is(err, ari.ErrUnreachable) {
		t.Errorf("ping of a killed instance: %v", err)
	}
	startCtx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	second, err := asterisk.Start(startCtx, config)
	do(t, err)
	defer second.Stop()

	var epochs []uint64
	for len(epochs) < 2 {
		message, err := stream.Next(within(t))
		do(t, err)
		switch m := message.(type) {
		case ari.Disconnected:
			epochs = append(epochs, m.Epoch)
		case ari.Connected:
			epochs = append(epochs, m.Epoch)
		}
	}
	if epochs[0] != 1 || epochs[1] != 2 {
		t.Errorf("epochs of Disconnected and Connected: %v", epochs)
	}
	snapshot, err := client.Snapshot(ctx)
	do(t, err)
	if !snapshot.Info.Started.After(before.Started) || snapshot.Info.EntityID != before.EntityID {
		t.Errorf("before %+v, after %+v", before, snapshot.Info)
	}
	if len(snapshot.Channels)+len(snapshot.Bridges)+len(snapshot.Ours) != 0 {
		t.Errorf("something survived: %+v", snapshot)
	}
	if _, err := client.Endpoint(ctx, "a0123456789abcdef"); err != nil {
		t.Errorf("the phone's account: %v", err)
	}
	all := rows(t, config)
	if n := count(all, func(r cel.Row) bool { return r.Type == cel.ChannelStart && r.UniqueID == id }); n != 1 {
		t.Errorf("%d rows of the call that was lost, want 1", n)
	}
	call.Hangup(within(t)) // nobody answers it any more
}

// Whoever started it may be killed: the next start ends what runs on.
func TestOrphanIsCleanedUp(t *testing.T) {
	config := asterisktest.Config(t)
	do(t, asterisk.Render(config))
	cmd, err := asterisk.Command(config)
	do(t, err)
	do(t, cmd.Start())
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	do(t, asterisk.Ready(ctx, config))
	if pid := asterisk.Running(config); pid != cmd.Process.Pid {
		t.Errorf("running as %d, started as %d", pid, cmd.Process.Pid)
	}
	// Stopped as it may be, it cannot handle a polite request.
	do(t, cmd.Process.Signal(syscall.SIGSTOP))
	instance, err := asterisk.Start(ctx, config)
	do(t, err)
	<-exited
	if pid := asterisk.Running(config); pid != instance.PID() {
		t.Errorf("running as %d, started as %d", pid, instance.PID())
	}
	instance.Stop()
	instance.Stop()
	if asterisk.Running(config) != 0 {
		t.Error("running after Stop")
	}
}

// A process ID in the file may belong to somebody else by now.
func TestForeignProcessIsLeftAlone(t *testing.T) {
	config := asterisktest.Config(t)
	do(t, asterisk.Render(config))
	do(t, os.WriteFile(config.Paths().PIDFile, []byte("1\n"), 0o600))
	if pid := asterisk.Running(config); pid != 0 {
		t.Errorf("process %d taken for ours", pid)
	}
	do(t, os.WriteFile(config.Paths().PIDFile, []byte("no number"), 0o600))
	do(t, asterisk.Clean(context.Background(), config))
}

func TestStartTellsWhyItFailed(t *testing.T) {
	config := asterisktest.Start(t).Config()
	other := asterisktest.Config(t, func(c *asterisk.Config) { c.Append = map[string]string{"modules.conf": "require = nonesuch.so"} })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := asterisk.Start(ctx, other); err == nil || !strings.Contains(err.Error(), "nonesuch") {
		t.Errorf("started without a module it requires, or: %v", err)
	}
	if asterisk.Running(other) != 0 || asterisk.Running(config) == 0 {
		t.Error("the wrong one runs")
	}
}

func TestRenderKeepsWhatIsNotItsOwn(t *testing.T) {
	config := asterisktest.Config(t)
	do(t, asterisk.Render(config))
	kept := filepath.Join(config.Paths().Recordings, "1.0.raw")
	do(t, os.WriteFile(kept, []byte("voice"), 0o600))
	do(t, asterisk.Render(config))
	if content, err := os.ReadFile(kept); err != nil || string(content) != "voice" {
		t.Errorf("recording %q, %v", content, err)
	}
	for _, name := range []string{"ari.conf", "pjsip.conf"} {
		info, err := os.Stat(filepath.Join(config.Dir, "etc", name))
		do(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s is readable by others: %v", name, info.Mode())
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	good := asterisktest.Config(t)
	cases := map[string]func(*asterisk.Config){
		"relative directory":       func(c *asterisk.Config) { c.Dir = "here" },
		"directory with a comment": func(c *asterisk.Config) { c.Dir = "/tmp/a;b" },
		"directory too long":       func(c *asterisk.Config) { c.Dir = "/tmp/" + strings.Repeat("d", 100) },
		"no root":                  func(c *asterisk.Config) { c.Root = "" },
		"no port":                  func(c *asterisk.Config) { c.HTTPPort = 0 },
		"SIP everywhere":           func(c *asterisk.Config) { c.SIPAddress = "0.0.0.0" },
		"SIP by name":              func(c *asterisk.Config) { c.SIPAddress = "pbx;x" },
		"port too high":            func(c *asterisk.Config) { c.SIPPort = 70000 },
		"no audio ports":           func(c *asterisk.Config) { c.RTPLast = c.RTPFirst },
		"password with a line":     func(c *asterisk.Config) { c.ARIPassword = "a\nread_only=no" },
		"no password":              func(c *asterisk.Config) { c.ARIPassword = "" },
		"user general":             func(c *asterisk.Config) { c.ARIUser = "general" },
		"entity":                   func(c *asterisk.Config) { c.EntityID = "pbx" },
		"language":                 func(c *asterisk.Config) { c.Language = "xx" },
		"trunk contact":            func(c *asterisk.Config) { c.TrunkContact = "carrier;x:5060" },
		"trunk without port":       func(c *asterisk.Config) { c.TrunkContact = "carrier" },
		"trunk address":            func(c *asterisk.Config) { c.TrunkIPs = []string{"0.0.0.0/0\nmatch=x"} },
		"claim":                    func(c *asterisk.Config) { c.Claim = time.Hour },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			config := good
			change(&config)
			if err := asterisk.Render(config); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestNewEnough(t *testing.T) {
	for version, want := range map[string]bool{
		"22.10.1": true, "22.10.2": true, "22.11.0": true, "23.1.0": true, "22.10.1+dfsg": true, "100.0": true,
		"22.10.0": false, "22.9.5": false, "20.18.0": false, "22.10": false, "": false, "GIT-master": false,
	} {
		if got := asterisk.NewEnough(version); got != want {
			t.Errorf("NewEnough(%q) = %v", version, got)
		}
	}
}

func TestRunsAsAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("not root: Asterisk runs as this user in every other test")
		return
	}
	config := asterisktest.Start(t, func(c *asterisk.Config) {
		c.User = "nobody"
		if err := os.Chmod(c.Dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}).Config()
	status, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(readFile(t, config.Paths().PIDFile)), "status"))
	do(t, err)
	if strings.Contains(string(status), "\nUid:\t0") {
		t.Error("runs as root")
	}
	ua := open(t, config, siptest.Config{})
	call := place(t, ua, siptest.Invite{From: "1", To: "2"})
	do(t, call.WaitAnswered(within(t)))
	do(t, call.Hangup(within(t)))
	asterisktest.Quiet(t, asterisktest.Client(t, config, "crm-a"))
	if len(rows(t, config)) == 0 {
		t.Error("no event log")
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	do(t, err)
	return string(content)
}

// The set-up may be run any number of times.
func TestInstallFindsWhatIsThere(t *testing.T) {
	root, err := asterisk.FindRoot()
	do(t, err)
	install := func(root string) string {
		cmd := exec.Command("./install.sh")
		cmd.Env = append(os.Environ(), "CENTRALITA_ASTERISK_ROOT="+root)
		out, err := cmd.Output()
		do(t, err)
		lines := strings.Fields(string(out))
		return lines[len(lines)-1]
	}
	if got := install(os.Getenv("CENTRALITA_ASTERISK_ROOT")); got != root {
		t.Errorf("install.sh says %s, FindRoot %s", got, root)
	}
	other := t.TempDir()
	do(t, os.WriteFile(filepath.Join(other, ".centralita-complete"), []byte("22.10.1\n"), 0o600))
	if got := install(other); got != other {
		t.Errorf("%s is complete, install.sh says %s", other, got)
	}
	t.Setenv("CENTRALITA_ASTERISK_ROOT", other)
	if got, err := asterisk.FindRoot(); err != nil || got != other {
		t.Errorf("FindRoot says %s, %v", got, err)
	}
	t.Setenv("CENTRALITA_ASTERISK_ROOT", t.TempDir())
	if got, err := asterisk.FindRoot(); !errors.Is(err, asterisk.ErrNoRoot) {
		t.Errorf("FindRoot found %s in an empty directory, %v", got, err)
	}
	if version, err := asterisk.Version(root); err != nil || !asterisk.NewEnough(version) {
		t.Errorf("version %q, %v", version, err)
	}
}

// The event log may be renamed while Asterisk runs.
func TestEventLogRotation(t *testing.T) {
	config := asterisktest.Start(t, func(c *asterisk.Config) { c.Claim = 50 * time.Millisecond }).Config()
	log := config.Paths().EventLog
	ua := open(t, config, siptest.Config{})
	one := func() {
		call := place(t, ua, siptest.Invite{From: "1", To: "2"})
		do(t, call.WaitAnswered(within(t)))
		do(t, call.Hangup(within(t)))
	}
	ends := func(r cel.Row) bool { return r.Type == cel.LinkedIDEnd }
	one()
	awaitRow(t, config, "the first call", ends)
	batch, err := cel.Read(log, cel.Bookmark{})
	do(t, err)
	do(t, os.Rename(log, log+".1"))
	one()
	awaitRow(t, config, "the second call", ends)
	seen := len(batch.Rows)
	for batch.More = true; batch.More; seen += len(batch.Rows) {
		batch, err = cel.Read(log, batch.Next)
		do(t, err)
	}
	do(t, os.Remove(log+".1"))
	if now := len(rows(t, config)); seen != 2*now {
		t.Errorf("%d rows seen over both files, %d in the second", seen, now)
	}
}

func TestHostNameResolves(t *testing.T) {
	if err := asterisk.HostNameResolves(within(t)); err != nil {
		t.Errorf("%v; Asterisk will stall", err)
	}
}
