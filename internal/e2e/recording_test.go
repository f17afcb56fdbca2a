package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"centralita/internal/e2e"
	"centralita/internal/siptest"
	"centralita/internal/siptest/tone"
)

// awaitRecording waits until the recording of a call can be played.
func awaitRecording(t *testing.T, p *e2e.Product, u *e2e.Person, call int64, limit time.Duration) e2e.Recording {
	t.Helper()
	var r e2e.Recording
	e2e.Eventually(t, limit, "the recording is ready", func() error {
		a, err := u.Try("GET", fmt.Sprintf("/calls/%d/recording", call), nil)
		if err != nil || a.Status != http.StatusOK {
			return fmt.Errorf("%s, %v", a, err)
		}
		if r = e2e.Get[e2e.Recording](u, fmt.Sprintf("/calls/%d/recording", call)); r.State != "ready" {
			return fmt.Errorf("%s", a)
		}
		return nil
	})
	return r
}

// sound fetches and decodes a recording: the client's side, and the agent's.
func sound(t *testing.T, p *e2e.Product, u *e2e.Person, r e2e.Recording) (client, agent tone.Audio) {
	t.Helper()
	a := u.Ask("GET", fmt.Sprintf("/calls/%d/audio", r.CallID), nil)
	if a.Status != http.StatusOK {
		t.Fatalf("audio: %d", a.Status)
	}
	if sum := sha256.Sum256(a.Body); hex.EncodeToString(sum[:]) != r.SHA256 || int64(len(a.Body)) != r.SizeBytes {
		t.Errorf("%d bytes with sum %x, told %d and %s", len(a.Body), sum, r.SizeBytes, r.SHA256)
	}
	file := filepath.Join(t.TempDir(), "call.opus")
	p.Must(os.WriteFile(file, a.Body, 0o600))
	sides, err := tone.DecodeOpus(p.Within(30*time.Second), file)
	p.Must(err)
	if len(sides) != 2 {
		t.Fatalf("%d channels", len(sides))
	}
	return sides[0], sides[1]
}

// sides makes sure that the client is on the left and the agent on the right, and each on one side only. A tone must
// last for part of the conversation at least: callers also hold, and are held.
func sides(t *testing.T, client, agent tone.Audio, clientHz, agentHz float64, least time.Duration) {
	t.Helper()
	for name, c := range map[string]struct {
		side        tone.Audio
		own, others float64
	}{"client": {client, clientHz, agentHz}, "agent": {agent, agentHz, clientHz}} {
		if got := c.side.Lasts(c.own); got < least {
			t.Errorf("the %s's tone lasts %v of %v on its side, want %v", name, got, c.side.Duration(), least)
		}
		if got := c.side.Lasts(c.others); got > 300*time.Millisecond {
			t.Errorf("the other's tone lasts %v on the %s's side", got, name)
		}
	}
}

// near tells whether a recording is as long as the time between two moments.
func near(t *testing.T, r e2e.Recording, from, to time.Time) {
	t.Helper()
	got, want := time.Duration(r.DurationMS)*time.Millisecond, to.Sub(from)
	if d := got - want; d > time.Second || d < -time.Second {
		t.Errorf("the recording lasts %v, the conversation %v", got, want)
	}
}

// recordingOf checks the recording of an answered call: its sides, its sum, ranges, and that listening is on record.
func recordingOf(t *testing.T, p *e2e.Product, agent *e2e.Agent, c *siptest.Call, call e2e.Call) {
	t.Helper()
	r := awaitRecording(t, p, agent.Person, call.ID, 30*time.Second)
	record := c.Record()
	near(t, r, record.Answered, record.End.At)
	client, ours := sound(t, p, agent.Person, r)
	sides(t, client, ours, e2e.CallerTone, e2e.AgentTone, time.Second)
	if len(r.Peaks.Client) == 0 || len(r.Peaks.Client) != len(r.Peaks.Agent) {
		t.Errorf("waveform of %d and %d points", len(r.Peaks.Client), len(r.Peaks.Agent))
	}
	path := fmt.Sprintf("/calls/%d/audio", call.ID)
	whole := agent.Ask("GET", path, nil).Body
	part := agent.Ask("GET", path, nil, "Range", "bytes=100-299")
	if part.Status != http.StatusPartialContent || string(part.Body) != string(whole[100:300]) {
		t.Errorf("range: %d with %d bytes", part.Status, len(part.Body))
	}
	if beyond := agent.Ask("GET", path, nil, "Range", fmt.Sprintf("bytes=%d-", r.SizeBytes+1)); beyond.Status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("range beyond the end: %d", beyond.Status)
	}
	heard := e2e.Query[int64](p, `select user_id from audit_entries where entity = 'call' and entity_id = $1 and action like '%recording%'`, call.ID)
	if len(heard) < 3 || heard[0] != agent.ID {
		t.Errorf("who listened: %v, want %d at least three times", heard, agent.ID)
	}
}
