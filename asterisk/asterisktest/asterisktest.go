// Package asterisktest gives a test a real Asterisk of its own: on free ports, in a directory of
// its own, gone when the test is over. Where there is none to run, the test fails.
package asterisktest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"centralita/asterisk"
	"centralita/asterisk/ari"
)

const (
	// startLimit is generous: the machine may be busy with other tests.
	startLimit = time.Minute
	pollEvery  = 20 * time.Millisecond
	rtpPorts   = 400
)

// Start runs an Asterisk until the test ends. change may adjust the configuration before. When the
// test has failed, Asterisk's own log is added to the test's.
func Start(t testing.TB, change ...func(*asterisk.Config)) *asterisk.Instance {
	t.Helper()
	config := Config(t, change...)
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	instance, err := asterisk.Start(ctx, config)
	if err != nil {
		t.Fatalf("starting Asterisk: %v\n%s", err, tail(config.Paths().Messages))
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Asterisk's log:\n%s", tail(config.Paths().Messages))
		}
		instance.Stop()
	})
	return instance
}

// Config is the configuration that Start uses: free ports, a new directory that goes with the test.
func Config(t testing.TB, change ...func(*asterisk.Config)) asterisk.Config {
	t.Helper()
	root, err := asterisk.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: its long names do not fit into the address of Asterisk's control socket.
	dir, err := os.MkdirTemp("", "asterisk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	first := freeRange(t)
	config := asterisk.Config{
		Dir: dir, Root: root, HTTPPort: FreeTCP(t), SIPPort: FreeUDP(t), RTPFirst: first, RTPLast: first + rtpPorts - 1,
		ARIUser: "centralita", ARIPassword: fmt.Sprintf("test%x", rand.Uint64()),
	}
	for _, f := range change {
		f(&config)
	}
	return config
}

// Client is an ARI client for the application app, closed when the test ends.
func Client(t testing.TB, config asterisk.Config, app string) *ari.Client {
	t.Helper()
	client, err := ari.New(ari.Config{
		URL: config.ARIURL(), Username: config.ARIUser, Password: config.ARIPassword, App: app,
		// Above the 3 s of production: a busy machine is not what tests are about.
		Timeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// Quiet waits until no channel and no bridge is left, and fails the test when some stay.
func Quiet(t testing.TB, client *ari.Client) {
	t.Helper()
	var channels []ari.Channel
	var bridges []ari.Bridge
	Eventually(t, 10*time.Second, func() bool {
		var err1, err2 error
		channels, err1 = client.Channels(context.Background())
		bridges, err2 = client.Bridges(context.Background())
		return err1 == nil && err2 == nil && len(channels)+len(bridges) == 0
	}, func() string { return fmt.Sprintf("left behind: channels %+v, bridges %+v", channels, bridges) })
}

// Eventually polls until ok holds, or fails the test with what otherwise says.
func Eventually(t testing.TB, limit time.Duration, ok func() bool, otherwise func() string) {
	t.Helper()
	deadline := time.After(limit)
	ticks := time.NewTicker(pollEvery)
	defer ticks.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", limit, otherwise())
		case <-ticks.C:
		}
	}
}

// FreeTCP is a TCP port of 127.0.0.1 that nobody listens on.
func FreeTCP(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// FreeUDP is a UDP port of 127.0.0.1 that nobody uses.
func FreeUDP(t testing.TB) int {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.LocalAddr().(*net.UDPAddr).Port
}

// freeRange finds the first of rtpPorts UDP ports in a row of which a sample is free. The ports
// below the ones that the system hands out are used, so that nobody gets one by chance.
func freeRange(t testing.TB) int {
	t.Helper()
	const lowest, blocks = 12000, 48
	for range 100 {
		first := lowest + rtpPorts*rand.IntN(blocks)
		if free(first) && free(first+rtpPorts/2) && free(first+rtpPorts-1) {
			return first
		}
	}
	t.Fatal("no free range of UDP ports")
	return 0
}

func free(port int) bool {
	l, err := net.ListenPacket("udp", fmt.Sprintf("0.0.0.0:%d", port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// tail gives the last lines of a file, for a failure's message.
func tail(name string) string {
	content, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	const last = 60
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-last):], "\n")
}
