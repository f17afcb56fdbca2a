package access_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func (h *house) guess(login, word, from string) int {
	h.t.Helper()
	return h.ask("", "POST", "/session", fmt.Sprintf(`{"login":%q,"password":%q}`, login, word), "From: "+from).Code
}

func TestGuessingAtOneAccount(t *testing.T) {
	h := newHouse(t)
	for i := range 5 {
		if got := h.guess("operator", "wrong", fmt.Sprintf("192.0.2.%d", i)); got != 401 {
			t.Fatalf("try %d: %d", i, got)
		}
	}
	if got := h.guess("operator", password, "192.0.2.99"); got != 429 {
		t.Errorf("the right password while blocked: %d, which tells that it is right", got)
	}
	if got := h.guess("manager", password, "192.0.2.99"); got != 200 {
		t.Errorf("another account: %d", got)
	}
	h.clock.advance(2 * time.Second)
	if got := h.guess("operator", password, "192.0.2.99"); got != 200 {
		t.Errorf("after the wait: %d", got)
	}
	for i := range 4 {
		if got := h.guess("operator", "wrong", "192.0.2.99"); got != 401 {
			t.Errorf("a success did not start the account anew: try %d: %d", i, got)
		}
	}
}

func TestGuessingFromOneAddress(t *testing.T) {
	h := newHouse(t)
	for i := range 20 {
		if got := h.guess(fmt.Sprintf("user%d", i), "wrong", "2001:db8::1"); got != 401 {
			t.Fatalf("try %d: %d", i, got)
		}
	}
	if got := h.guess("operator", password, "2001:db8::2"); got != 429 {
		t.Errorf("a neighbour in the same /64: %d", got)
	}
	w := h.ask("", "POST", "/session", `{"login":"operator","password":"`+password+`"}`, "From: 2001:db8::1", "X-Forwarded-For: 203.0.113.50")
	if w.Code != 429 {
		t.Errorf("a made-up forwarded address helped: %d", w.Code)
	}
	if got := h.guess("operator", password, "198.51.100.7"); got != 200 {
		t.Errorf("another address: %d", got)
	}
	h.clock.advance(16 * time.Minute)
	if got := h.guess("operator", password, "2001:db8::1"); got != 200 {
		t.Errorf("after the memory faded: %d", got)
	}
}

func TestParallelGuessesCountToo(t *testing.T) {
	h := newHouse(t)
	var looked atomic.Int64
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			if h.guess("admin", "wrong", fmt.Sprintf("192.0.2.%d", i)) == 401 {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	if looked.Load() > 5 {
		t.Errorf("%d of 30 parallel guesses were tried", looked.Load())
	}
}

func TestTheThrottleFailsClosedAndSurvivesARestart(t *testing.T) {
	h := newHouse(t)
	for range 5 {
		h.guess("operator", "wrong", "192.0.2.1")
	}
	if _, _, err := h.open().Login(t.Context(), "operator", password, ""); err == nil {
		t.Error("a restart forgot the failures")
	}
	if _, err := h.db.Conn(t.Context()).Exec(t.Context(), "alter table login_attempts rename to away"); err != nil {
		t.Fatal(err)
	}
	if got := h.guess("manager", password, "192.0.2.2"); got < 500 {
		t.Errorf("without its table: %d", got)
	}
}

func TestPruneKeepsWhatCounts(t *testing.T) {
	h := newHouse(t)
	h.login("operator")
	h.guess("operator", "wrong", "192.0.2.1")
	h.clock.advance(60 * 24 * time.Hour)
	h.login("manager")
	if err := h.s.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	var sessions, attempts int
	err := h.db.Conn(t.Context()).QueryRow(t.Context(), "select (select count(*) from sessions), (select count(*) from login_attempts)").Scan(&sessions, &attempts)
	if err != nil || sessions != 1 || attempts != 2 {
		t.Errorf("%d sessions and %d attempts are left, %v", sessions, attempts, err)
	}
}
