package rtp_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"centralita/internal/siptest/rtp"
	"centralita/internal/siptest/tone"
)

func pair(t *testing.T) (a, b *rtp.Session) {
	t.Helper()
	var sessions [2]*rtp.Session
	for i := range sessions {
		s, err := rtp.Open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		sessions[i] = s
	}
	connect(t, sessions[0], sessions[1])
	connect(t, sessions[1], sessions[0])
	return sessions[0], sessions[1]
}

func connect(t *testing.T, from, to *rtp.Session) {
	t.Helper()
	if err := from.SetRemote(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(to.Port()))); err != nil {
		t.Fatal(err)
	}
}

func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestTonesBothWays(t *testing.T) {
	a, b := pair(t)
	a.Play(tone.Sine(500))
	b.Play(tone.Sine(900))
	ctx := deadline(t, 20*time.Second)
	if err := b.WaitHears(ctx, 500); err != nil {
		t.Error(err)
	}
	if err := a.WaitHears(ctx, 900); err != nil {
		t.Error(err)
	}
	a.Play(tone.Sine(1300))
	if err := b.WaitDeaf(ctx, 500, 900); err != nil {
		t.Error(err)
	}
	audio, err := b.Listen(ctx, 400*time.Millisecond)
	if err != nil || !audio.Hears(1300) || !audio.Deaf(500) {
		t.Errorf("listening: %v; 1300 Hz at %.0f, 500 Hz at %.0f", err, audio.Amplitude(1300), audio.Amplitude(500))
	}
}

func TestWaitingIsBoundedByTheContext(t *testing.T) {
	a, b := pair(t)
	a.Play(tone.Sine(500))
	if err := b.WaitHears(deadline(t, 20*time.Second), 500); err != nil {
		t.Fatal(err)
	}
	if err := b.WaitHears(deadline(t, 300*time.Millisecond), 900); err == nil {
		t.Error("a tone that nobody sends was heard")
	}
	if err := b.WaitDeaf(deadline(t, 500*time.Millisecond), 500); err == nil {
		t.Error("a tone that is being sent was not there")
	}
}

func TestGapIsSeen(t *testing.T) {
	a, b := pair(t)
	a.Play(tone.Sine(500))
	ctx := deadline(t, 20*time.Second)
	if err := b.WaitHears(ctx, 500); err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	a.Play(nil)
	if _, err := b.Listen(ctx, 400*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	a.Play(tone.Sine(500))
	if err := b.WaitHears(ctx, 500); err != nil {
		t.Fatal(err)
	}
	to := time.Now()
	if gap := b.LongestGap(from, to); gap < 350*time.Millisecond || gap > to.Sub(from) {
		t.Errorf("gap of about 400 ms measured as %v", gap)
	}
	if gap := a.LongestSendGap(from, to); gap < 350*time.Millisecond {
		t.Errorf("pause of 400 ms in sending measured as %v", gap)
	}
}

func TestDigitsArriveOnceEach(t *testing.T) {
	a, b := pair(t)
	a.Play(tone.Silence())
	ctx := deadline(t, 20*time.Second)
	if err := a.SendDigits(ctx, "119*#D"); err != nil {
		t.Fatal(err)
	}
	if err := a.SendDigits(ctx, "x"); err == nil {
		t.Error("a key that doesn't exist was sent")
	}
	for b.Digits() != "119*#D" {
		if _, err := b.Listen(ctx, 10*time.Millisecond); err != nil {
			t.Fatalf("digits heard: %q: %v", b.Digits(), err)
		}
	}
}

func TestOnlyLoopback(t *testing.T) {
	a, _ := pair(t)
	if err := a.SetRemote(netip.MustParseAddrPort("192.0.2.1:4000")); err == nil {
		t.Error("media to another machine was accepted")
	}
}

func TestGarbageIsIgnored(t *testing.T) {
	a, b := pair(t)
	conn, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: b.Port()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, garbage := range []string{"", "x", "\x80\x00\x00\x00", "\x8f\x00aaaaaaaaaaaaaa", "\x90\x00bbbbbbbbbbbbbbbbbb", "\x80\x65cccccccccc\xff\x80"} {
		if _, err := conn.Write([]byte(garbage)); err != nil {
			t.Fatal(err)
		}
	}
	a.Play(tone.Sine(500))
	if err := b.WaitHears(deadline(t, 20*time.Second), 500); err != nil {
		t.Error(err)
	}
	if got := b.Digits(); got != "" {
		t.Errorf("digits out of garbage: %q", got)
	}
}
