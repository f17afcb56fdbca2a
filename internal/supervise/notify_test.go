package supervise_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"centralita/internal/supervise"
)

func TestSystemdHearsOfALivingServerOnly(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "300000")
	hears := func() (string, error) {
		b := make([]byte, 100)
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return "", err
		}
		n, err := conn.Read(b)
		return string(b[:n]), err
	}
	var hung atomic.Bool
	asked := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		supervise.Notify(ctx, func(context.Context) error {
			if hung.Load() {
				select {
				case asked <- struct{}{}:
				default:
				}
				return errors.New("hung")
			}
			return nil
		}, slog.New(slog.DiscardHandler))
	}()
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		if got, err := hears(); got != want || err != nil {
			t.Fatalf("systemd heard %q, %v; want %q", got, err, want)
		}
	}
	hung.Store(true)
	for range 2 { // a beat that was on its way has come when the second question is answered
		<-asked
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for b := make([]byte, 100); ; {
		if _, err := conn.Read(b); err != nil {
			break
		}
	}
	<-asked
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 100)); err == nil {
		t.Errorf("a hung server told %d bytes", n)
	}
	cancel()
	<-over
}
