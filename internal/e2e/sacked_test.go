package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"centralita/asterisk/ari"
	"centralita/internal/e2e"
	"centralita/internal/siptest"
)

// blindWithin is how soon whoever is sent away sees, hears and reaches nothing.
const blindWithin = 5 * time.Second

// employee is somebody with all that can be held open: three browsers with a
// live socket each, a recording that plays, the softphone's socket, a
// registered desk phone.
type employee struct {
	*e2e.Person
	browsers []*e2e.Person
	sockets  []*e2e.Live
	playing  *e2e.Slow
	phone    *siptest.UA
	softly   func(limit time.Duration) error
}

var employees int

// employ adds a supervisor who is at work.
func employ(t *testing.T, p *e2e.Product, call int64) *employee {
	t.Helper()
	employees++
	login := fmt.Sprintf("leaver%d", employees)
	e2e.Do[struct{}](p.As("admin"), "POST", "/users", map[string]any{
		"login": login, "name": "Leaver", "roles": []string{"supervisor"}, "phone_kind": "desk", "password": leaversPassword,
	})
	e := &employee{}
	for range 3 {
		u := p.SignIn(login, leaversPassword)
		e.browsers = append(e.browsers, u)
		e.sockets = append(e.sockets, u.Live())
	}
	e.Person = e.browsers[0]
	e.playing = e.Slowly(fmt.Sprintf("/calls/%d/audio", call))
	sip := e.SIPSocket()
	e.softly = func(limit time.Duration) error { return e2e.SocketCut(sip, limit) }
	e.phone = p.DeskPhone(e.Person, e2e.AgentTone, siptest.Ring())
	e2e.Eventually(t, 30*time.Second, "the account is in the switch", func() error { return e.phone.Register(p.Within(10 * time.Second)) })
	return e
}

const leaversPassword = "gone by ten past noon"

// blind waits until nothing of an employee's is left, and returns what is after
// the limit.
func (e *employee) blind(p *e2e.Product) error {
	deadline := time.Now().Add(blindWithin)
	checks := []func(time.Duration) error{e.playing.Cut, e.softly, func(limit time.Duration) error { return e.unregistered(p, limit) }}
	for _, b := range e.browsers {
		checks = append(checks, func(limit time.Duration) error { return signedOut(b, limit) })
	}
	for _, s := range e.sockets {
		checks = append(checks, s.Over)
	}
	failed := make([]error, len(checks))
	var all sync.WaitGroup
	for i, check := range checks {
		all.Go(func() { failed[i] = check(time.Until(deadline)) })
	}
	all.Wait()
	return errors.Join(failed...)
}

func signedOut(u *e2e.Person, limit time.Duration) error {
	return soon(limit, func() error {
		if a, err := u.Try("GET", "/firm", nil); err != nil || a.Status != http.StatusUnauthorized {
			return fmt.Errorf("%s %v", a, err)
		}
		return nil
	})
}

// unregistered waits until the switch knows neither the account nor where its phone is.
func (e *employee) unregistered(p *e2e.Product, limit time.Duration) error {
	return soon(limit, func() error {
		if _, err := p.Switch().Endpoint(p.Within(limit), e.Account.User); !errors.Is(err, ari.ErrGone) {
			return fmt.Errorf("the switch still knows the phone (%v)", err)
		}
		var refused *siptest.StatusError
		if err := e.phone.Register(p.Within(limit)); !errors.As(err, &refused) {
			return fmt.Errorf("the phone registers again (%v)", err)
		}
		return nil
	})
}

// soon polls until ok returns nil and gives up after limit with what it said last.
func soon(limit time.Duration, ok func() error) error {
	deadline := time.After(limit)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return nil
		}
		select {
		case <-deadline:
			return err
		case <-tick.C:
		}
	}
}

// longRecording makes the recording of a call so long that it cannot be on its
// way before anybody listens.
func longRecording(t *testing.T, p *e2e.Product) (call int64) {
	t.Helper()
	ready := e2e.Query[int64](p, "select call_id from recordings where state = 'ready' order by call_id limit 1")
	if len(ready) != 1 {
		t.Fatal("the demo has no recording")
	}
	sound := make([]byte, 24<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(sound)
	p.Must(os.WriteFile(filepath.Join(p.Files(), "recordings", "long.opus"), sound, 0o644))
	sum := sha256.Sum256(sound)
	e2e.Query[int64](p, "update recordings set path = 'long.opus', size_bytes = $2, sha256 = $3 where call_id = $1 returning call_id",
		ready[0], len(sound), hex.EncodeToString(sum[:]))
	return ready[0]
}

// TestSackedMeansBlind: whoever is disabled has nothing left within five seconds.
func TestSackedMeansBlind(t *testing.T) {
	p := e2e.Start(t, e2e.Options{})
	call := longRecording(t, p)
	for round := range size(1, 100) {
		e := employ(t, p, call)
		start := time.Now()
		e2e.Do[struct{}](p.As("admin"), "PATCH", fmt.Sprintf("/users/%d", e.ID), map[string]any{"active": false})
		if err := e.blind(p); err != nil {
			t.Fatalf("round %d, after %v: %v", round, time.Since(start), err)
		}
		t.Logf("blind after %v", time.Since(start))
	}
	endedByASupervisor(t, p, call)
	dismissedInACall(t, p)
	p.Settled()
}

// endedByASupervisor: the one session and what is open in it end; the others go on.
func endedByASupervisor(t *testing.T, p *e2e.Product, call int64) {
	e := employ(t, p, call)
	boss := p.As("supervisor")
	ids := e2e.Query[int64](p, "select id from sessions where user_id = $1 and ended_at is null order by id", e.ID)
	if len(ids) != 3 {
		t.Fatalf("sessions %v", ids)
	}
	if a := e.browsers[1].Ask("DELETE", fmt.Sprintf("/sessions/%d", ids[0]), nil); a.Status != http.StatusNoContent {
		t.Fatal(a) // a supervisor himself, he may
	}
	p.Must(errors.Join(e.playing.Cut(blindWithin), e.softly(blindWithin), signedOut(e.browsers[0], blindWithin), e.sockets[0].Over(blindWithin)))
	if a := e.browsers[2].Ask("GET", "/firm", nil); a.Status != http.StatusOK {
		t.Errorf("another session: %s", a)
	}
	p.Must(e.phone.Register(p.Within(blindWithin)))
	if a := boss.Ask("DELETE", fmt.Sprintf("/users/%d/sessions", e.ID), nil); a.Status != http.StatusNoContent {
		t.Fatal(a)
	}
	p.Must(errors.Join(signedOut(e.browsers[2], blindWithin), e.sockets[2].Over(blindWithin)))
	if who := e2e.Query[int64](p, "select user_id from audit_entries where entity = 'session' and action = 'end' and entity_id = any($1) order by id", ids); len(who) != 3 || who[0] != e.ID || who[2] != boss.ID {
		t.Errorf("the log names %v", who)
	}
}

// dismissedInACall: the conversation of whoever is disabled ends with him.
func dismissedInACall(t *testing.T, p *e2e.Product) {
	agent := p.Hire(siptest.AnswerAfter(0)).Ready()
	line := p.OpenLine([]*e2e.Agent{agent}, nil)
	c := p.Call(line, e2e.NewNumber())
	agent.Await("on_call")
	p.Must(c.WaitAnswered(p.Within(20 * time.Second)))
	e2e.Do[struct{}](p.As("admin"), "PATCH", fmt.Sprintf("/users/%d", agent.ID), map[string]any{"active": false})
	if _, err := c.WaitEnded(p.Within(blindWithin)); err != nil {
		t.Errorf("%v\n%s", err, c.Trace())
	}
}
