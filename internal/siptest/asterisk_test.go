package siptest_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"centralita/asterisk"
	"centralita/asterisk/ari"
	"centralita/asterisk/asterisktest"
	"centralita/internal/siptest"
)

// dial lets registered phones call one another and the trunk, without any
// application: what is tested here are the agents.
const dial = `
[phones]
exten => _a.,1,Dial(PJSIP/${EXTEN},30)
exten => _+X.,1,Dial(PJSIP/${EXTEN}@trunk,30)
`

type lab struct {
	server string
	client *ari.Client
	trunk  *siptest.UA
}

// newLab starts an Asterisk whose trunk leads to an agent.
func newLab(t *testing.T) lab {
	t.Helper()
	trunk := open(t, siptest.Config{Tone: 1300, Script: siptest.ByNumber(map[string]siptest.Script{
		"+34600000486": siptest.Reject(486, "Busy Here"), "+34600000404": siptest.Reject(404, "Not Found"),
		"+34600000200": siptest.AnswerAfter(100 * time.Millisecond),
	}, siptest.Ring())})
	instance := asterisktest.Start(t, func(c *asterisk.Config) {
		c.TrunkContact = trunk.Addr()
		c.Append = map[string]string{"extensions.conf": dial, "modules.conf": "load = app_dial.so\n"}
	})
	config := instance.Config()
	return lab{fmt.Sprintf("127.0.0.1:%d", config.SIPPort), asterisktest.Client(t, config, "crm-test"), trunk}
}

// phone makes an account and opens an agent for it.
func (l lab) phone(t *testing.T, id string, config siptest.Config) *siptest.UA {
	t.Helper()
	must(t, l.client.PutPhone(deadline(t), ari.Phone{ID: id, Password: "s3cret-" + id}))
	config.User, config.Server = id, l.server
	if config.Password == "" {
		config.Password = "s3cret-" + id
	}
	return open(t, config)
}

func TestAgentsOnARealAsterisk(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	one := l.phone(t, "aone", siptest.Config{Tone: 500})
	two := l.phone(t, "atwo", siptest.Config{Tone: 900, Script: siptest.AnswerAfter(100 * time.Millisecond)})
	must(t, one.Register(deadline(t)))
	must(t, two.Register(deadline(t)))
	must(t, two.Register(deadline(t)))
	t.Run("a wrong password is refused", func(t *testing.T) {
		stranger := l.phone(t, "athree", siptest.Config{Password: "guess"})
		var refused *siptest.StatusError
		if err := stranger.Register(deadline(t)); !errors.As(err, &refused) || refused.Status != 401 {
			t.Errorf("register with a wrong password: %v", err)
		}
	})
	t.Run("phones talk", func(t *testing.T) { phonesTalk(t, one, two) })
	t.Run("the trunk's far end follows its script", func(t *testing.T) { trunkAnswers(t, l, one) })
	t.Run("an unregistered phone is not reached", func(t *testing.T) {
		must(t, two.Unregister(deadline(t)))
		before := len(two.Received())
		c, err := one.Invite(deadline(t), siptest.Invite{To: "atwo", From: "aone"})
		must(t, err)
		if end, err := c.WaitEnded(deadline(t)); err != nil || end.How != siptest.Rejected || len(two.Received()) != before {
			t.Errorf("call to an unregistered phone: %v, %v", end, err)
		}
	})
	asterisktest.Quiet(t, l.client)
}

func phonesTalk(t *testing.T, one, two *siptest.UA) {
	caller, err := one.Invite(deadline(t), siptest.Invite{To: "atwo", From: "aone"})
	must(t, err)
	called, err := two.Incoming(deadline(t))
	must(t, err)
	must(t, caller.WaitHears(deadline(t), 900))
	must(t, called.WaitHears(deadline(t), 500))
	must(t, caller.SendDigits(deadline(t), "7#"))
	asterisktest.Eventually(t, 10*time.Second, func() bool { return called.Digits() == "7#" },
		func() string { return fmt.Sprintf("digits heard: %q", called.Digits()) })
	must(t, caller.Hold(deadline(t)))
	must(t, called.WaitDeaf(deadline(t), 500))
	must(t, caller.Resume(deadline(t)))
	must(t, called.WaitHears(deadline(t), 500))
	must(t, called.Hangup(deadline(t)))
	if end := wantEnd(t, caller, siptest.Remote, siptest.HungUp, 0); end.Cause != 16 {
		t.Errorf("end: %+v, want cause 16", end)
	}
}

func trunkAnswers(t *testing.T, l lab, one *siptest.UA) {
	// Asterisk's Dial tells a caller congestion (503) where the far end said 404.
	for number, status := range map[string]int{"+34600000486": 486, "+34600000404": 503} {
		c, err := one.Invite(deadline(t), siptest.Invite{To: number, From: "aone"})
		must(t, err)
		wantEnd(t, c, siptest.Remote, siptest.Rejected, status)
	}
	c, err := one.Invite(deadline(t), siptest.Invite{To: "+34600000200", From: "aone"})
	must(t, err)
	must(t, c.WaitHears(deadline(t), 1300))
	must(t, c.Hangup(deadline(t)))
	c, err = one.Invite(deadline(t), siptest.Invite{To: "+34600000001", From: "aone"})
	must(t, err)
	must(t, c.WaitRinging(deadline(t)))
	must(t, c.Hangup(deadline(t)))
	calls := l.trunk.Received()
	if len(calls) != 4 {
		t.Fatalf("the trunk saw %d calls, want 4", len(calls))
	}
	for _, c := range calls[:2] {
		if end := wantEnd(t, c, siptest.Local, siptest.Rejected, c.Record().End.Status); fmt.Sprintf("+34600000%d", end.Status) != c.To() {
			t.Errorf("%s was refused with %d", c.To(), end.Status)
		}
	}
	wantEnd(t, calls[2], siptest.Remote, siptest.HungUp, 0)
	wantEnd(t, calls[3], siptest.Remote, siptest.Cancelled, 487)
}

func TestCallersOnARealAsterisk(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	journal := siptest.NewJournal()
	outside := open(t, siptest.Config{Server: l.server, Tone: 500, Journal: journal})
	t.Run("nobody claims: the fall-back speaks", func(t *testing.T) {
		c, err := outside.Invite(deadline(t), siptest.Invite{To: "34910000001", From: "+34600111222"})
		must(t, err)
		must(t, c.WaitAnswered(deadline(t)))
		asterisktest.Eventually(t, 20*time.Second, func() bool { return c.Media().Samples(time.Time{}, time.Now()).Peak() > 2000 },
			func() string { return "no voice heard" })
		must(t, c.Hangup(deadline(t)))
	})
	t.Run("hostile callers get an answer", func(t *testing.T) {
		for _, from := range []string{"\"\xc8\xe2\xe0\xed\" <sip:1@h>", `"a" <sip:%3Cscript%3E%0d%0a@h>`, "\"\xf0\x9f\x98\x80\" <sip:h>", `"Anonymous" <sip:anonymous@anonymous.invalid>`} {
			c, err := outside.Invite(deadline(t), siptest.Invite{To: "34910000001", RawFrom: from})
			must(t, err)
			must(t, c.WaitAnswered(deadline(t)))
			must(t, c.Hangup(deadline(t)))
		}
	})
	t.Run("a load is over when it returns", func(t *testing.T) {
		records, err := siptest.Load{
			Count: 12, PerSecond: 6, Seed: 3, To: "34910000001",
			Kinds: []siptest.Kind{siptest.Talk(10*time.Second, 300*time.Millisecond), siptest.Brief(200 * time.Millisecond)},
		}.Run(deadline(t), outside)
		must(t, err)
		for _, r := range records {
			if !r.Heeded() || !r.Over || (r.Kind == "talk") == r.Answered.IsZero() {
				t.Errorf("record: %+v", r)
			}
		}
	})
	if got := len(journal.Records()); got != 17 {
		t.Errorf("the journal holds %d calls, want 17", got)
	}
	asterisktest.Quiet(t, l.client)
}
