package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"centralita/internal/siptest"
)

// place runs the command against an agent with a script.
func place(t *testing.T, script siptest.Script, args ...string) (*siptest.UA, string, error) {
	t.Helper()
	phone, err := siptest.Open(siptest.Config{Tone: 900, Script: script})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(phone.Close)
	p, err := readPlacing(append([]string{"--to-addr", phone.Addr()}, args...))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out bytes.Buffer
	err = p.run(ctx, &out)
	return phone, out.String(), err
}

func TestCallIsAnsweredAndTellsIt(t *testing.T) {
	phone, out, err := place(t, siptest.AnswerAfter(100*time.Millisecond), "--from", "+34600111222", "--name", "Ana", "--to", "34910000001", "--talk", "1")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"+34600111222 calls 34910000001", "ringing", "answered", "hung up by us", "packets of sound"} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing of %q in:\n%s", want, out)
		}
	}
	calls := phone.Received()
	if len(calls) != 1 {
		t.Fatalf("%d calls arrived", len(calls))
	}
	if user, name := calls[0].From(); user != "+34600111222" || name != "Ana" || calls[0].To() != "34910000001" {
		t.Errorf("called by %q %q as %q", user, name, calls[0].To())
	}
	if sound := calls[0].Media().Samples(time.Time{}, time.Now()); sound.Peak() < 2000 || sound.Duration() < 500*time.Millisecond {
		t.Errorf("heard %v with a peak of %d", sound.Duration(), sound.Peak())
	}
}

func TestCallExitsByItsResult(t *testing.T) {
	for name, c := range map[string]struct {
		script siptest.Script
		args   []string
		want   exitCode
		says   string
	}{
		"busy":        {siptest.Reject(486, "Busy Here"), nil, exitBusy, "rejected by the other side"},
		"declined":    {siptest.RingThenReject(50*time.Millisecond, 603, "Decline"), nil, exitNoAnswer, "status 603"},
		"rings on":    {siptest.Ring(), []string{"--wait", "300ms"}, exitNoAnswer, "cancelled by us"},
		"unreachable": {siptest.Reject(503, "Service Unavailable"), nil, exitUnreachable, "status 503"},
	} {
		t.Run(name, func(t *testing.T) {
			_, out, err := place(t, c.script, c.args...)
			var code exitCode
			if !errors.As(err, &code) || code != c.want || !strings.Contains(out, c.says) {
				t.Errorf("result %v, want %v, and %q in:\n%s", err, c.want, c.says, out)
			}
		})
	}
}

func TestCallIsHungUpByTheOtherSide(t *testing.T) {
	_, out, err := place(t, siptest.AnswerThenHangup(0, 200*time.Millisecond), "--talk", "20s")
	if err != nil || !strings.Contains(out, "hung up by the other side") {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestCallNeedsARunningInstance(t *testing.T) {
	command := callCommand(runningTrunk)
	if err := command(t.Context(), []string{"--data", t.TempDir()}); err == nil {
		t.Error("a call was placed into nothing")
	}
	for _, bad := range [][]string{{"--talk", "-1s"}, {"--talk", "soon"}, {"extra"}} {
		if _, err := readPlacing(bad); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}
