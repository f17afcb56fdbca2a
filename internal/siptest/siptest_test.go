package siptest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"centralita/internal/siptest"
	"centralita/internal/siptest/sip"
)

func open(t *testing.T, config siptest.Config) *siptest.UA {
	t.Helper()
	ua, err := siptest.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ua.Close)
	return ua
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// between places a call from one fresh agent to another, with journal and tones
// 500 (caller) and 900 (called).
func between(t *testing.T, script siptest.Script, in siptest.Invite) (caller, called *siptest.Call) {
	t.Helper()
	phone := open(t, siptest.Config{User: "desk", Tone: 900, Script: script})
	in.Server = phone.Addr()
	if in.To == "" {
		in.To, in.From = "desk", "+34600111222"
	}
	caller, err := open(t, siptest.Config{Tone: 500}).Invite(deadline(t), in)
	if err != nil {
		t.Fatal(err)
	}
	called, err = phone.Incoming(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	return caller, called
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantEnd(t *testing.T, c *siptest.Call, by siptest.Side, how siptest.How, status int) siptest.End {
	t.Helper()
	end, err := c.WaitEnded(deadline(t))
	must(t, err)
	if end.By != by || end.How != how || end.Status != status {
		t.Errorf("call ended: %v; want %s by %s, status %d\n%s", end, how, by, status, c.Trace())
	}
	return end
}

func TestTwoAgentsTalk(t *testing.T) {
	caller, called := between(t, siptest.AnswerAfter(50*time.Millisecond), siptest.Invite{
		To: "34910000001", From: "+34600111222", Name: `Ana "jefa"`,
		Headers: []sip.Header{{Name: "X-Centralita-Call", Value: "77"}},
	})
	ctx := deadline(t)
	must(t, caller.WaitAnswered(ctx))
	must(t, caller.WaitHears(ctx, 900))
	must(t, called.WaitHears(ctx, 500))
	must(t, caller.SendDigits(ctx, "42#"))
	must(t, caller.Hold(ctx))
	must(t, called.WaitDeaf(ctx, 500))
	must(t, caller.Resume(ctx))
	must(t, called.WaitHears(ctx, 500))
	must(t, called.Hangup(ctx))
	wantEnd(t, caller, siptest.Remote, siptest.HungUp, 0)
	wantEnd(t, called, siptest.Local, siptest.HungUp, 0)
	user, name := called.From()
	if user != "+34600111222" || name != `Ana "jefa"` || called.To() != "34910000001" ||
		called.Header("X-Centralita-Call") != "77" || called.Digits() != "42#" || called.ID() != caller.ID() {
		t.Errorf("called by %q %q as %q, header %q, digits %q", user, name, called.To(), called.Header("X-Centralita-Call"), called.Digits())
	}
	var story []string
	_, err := caller.Follow(deadline(t), func(e siptest.Event) { story = append(story, fmt.Sprint(e.Method, e.Status)) })
	if want := "INVITE0 INVITE180 INVITE200 ACK0"; err != nil || !strings.HasPrefix(strings.Join(story, " "), want) {
		t.Errorf("story of the call: %v, %v", story, err)
	}
	r := caller.Record()
	if !r.Heeded() || r.Ringing.IsZero() || r.Answered.Sub(r.Ringing) < 40*time.Millisecond {
		t.Errorf("record: %+v", r)
	}
}

func TestRefusalsReachTheCaller(t *testing.T) {
	for _, status := range []int{486, 603, 480, 404, 503} {
		caller, called := between(t, siptest.Reject(status, "No"), siptest.Invite{})
		wantEnd(t, caller, siptest.Remote, siptest.Rejected, status)
		wantEnd(t, called, siptest.Local, siptest.Rejected, status)
		var over *siptest.EndedError
		if err := caller.WaitAnswered(deadline(t)); !errors.As(err, &over) || over.End.Status != status {
			t.Errorf("waiting for an answer after %d: %v", status, err)
		}
	}
}

func TestCallerGivesUp(t *testing.T) {
	caller, called := between(t, siptest.Ring(), siptest.Invite{})
	must(t, caller.WaitRinging(deadline(t)))
	must(t, caller.Hangup(deadline(t)))
	wantEnd(t, caller, siptest.Local, siptest.Cancelled, 487)
	wantEnd(t, called, siptest.Remote, siptest.Cancelled, 487)
}

func TestInviteIsBoundedByItsContext(t *testing.T) {
	phone := open(t, siptest.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	c, err := open(t, siptest.Config{Server: phone.Addr()}).Invite(ctx, siptest.Invite{To: "1", From: "2"})
	must(t, err)
	wantEnd(t, c, siptest.Local, siptest.Cancelled, 487)
	called, err := phone.Incoming(deadline(t))
	must(t, err)
	wantEnd(t, called, siptest.Remote, siptest.Cancelled, 487)
}

func TestEarlyMediaIsHeardBeforeTheAnswer(t *testing.T) {
	caller, called := between(t, siptest.EarlyMedia(), siptest.Invite{})
	must(t, caller.WaitHears(deadline(t), 900))
	if r := caller.Record(); !r.Answered.IsZero() || r.Ringing.IsZero() {
		t.Errorf("record in early media: %+v", r)
	}
	must(t, called.Answer())
	must(t, called.WaitHears(deadline(t), 500))
	must(t, caller.Hangup(deadline(t)))
	wantEnd(t, called, siptest.Remote, siptest.HungUp, 0)
}

func TestCallWithoutSDPGetsItsOfferInTheAnswer(t *testing.T) {
	caller, called := between(t, siptest.AnswerAfter(0), siptest.Invite{NoSDP: true})
	must(t, caller.WaitHears(deadline(t), 900))
	must(t, called.WaitHears(deadline(t), 500))
}

func TestHostileHeadersArriveByteForByte(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"cp1251": "\"\xc8\xe2\xe0\xed\" <sip:1@127.0.0.1>", "nul": "\"a\x00b\" <sip:%00@127.0.0.1>",
		"emoji": "\"☎️\" <sip:%F0%9F%98%80@127.0.0.1>", "long": `"` + strings.Repeat("x", 60_000) + `" <sip:1@127.0.0.1>`,
		"none": "", "sql": `"'); DROP TABLE calls;--" <sip:%27%20or%201=1@127.0.0.1>`,
	} {
		t.Run(name, func(t *testing.T) {
			in := siptest.Invite{To: "1", From: "2", RawFrom: raw}
			caller, called := between(t, siptest.AnswerAfter(0), in)
			must(t, caller.WaitAnswered(deadline(t)))
			if got := called.Header("From"); raw != "" && !strings.HasPrefix(got, raw+";tag=") {
				t.Errorf("From arrived as %.200q", got)
			}
		})
	}
	_, called := between(t, siptest.Ring(), siptest.Invite{To: "1", From: "2",
		RawFrom: "\"x\" <sip:1@h>\r\nX-Injected: yes\r\nX-Rest: ",
		Mangle: func(b []byte) []byte {
			return []byte(strings.Replace(string(b), "Max-Forwards: 70", "Max-Forwards: 9", 1))
		}})
	if called.Header("X-Injected") != "yes" || called.Header("Max-Forwards") != "9" {
		t.Errorf("line end or mangling lost:\n%s", called.Request().Bytes())
	}
}

func TestSilentPhoneIsGivenUp(t *testing.T) {
	t.Parallel()
	caller, called := between(t, siptest.Ignore(), siptest.Invite{})
	if _, ended := called.End(); ended || len(caller.Record().Statuses) != 0 {
		t.Error("a phone that ignores answered")
	}
	must(t, caller.Hangup(deadline(t)))
	wantEnd(t, caller, siptest.Local, siptest.Cancelled, 0)
}

func TestReasonsAreRead(t *testing.T) {
	caller, called := between(t, siptest.AnswerAfter(0), siptest.Invite{})
	must(t, caller.WaitAnswered(deadline(t)))
	m, err := caller.Do(deadline(t), "BYE", []sip.Header{
		{Name: "Reason", Value: `SIP;cause=200;text="Call completed elsewhere"`}, {Name: "Reason", Value: "Q.850;cause=26"},
	}, "", nil)
	must(t, err)
	if m.Status != 200 {
		t.Errorf("BYE answered %d", m.Status)
	}
	end := wantEnd(t, called, siptest.Remote, siptest.HungUp, 0)
	if end.Cause != 26 || end.Elsewhere() {
		t.Errorf("end: %+v; cause must be 26, and an answered call was not answered elsewhere", end)
	}
	end.How = siptest.Cancelled
	if !end.Elsewhere() || (siptest.End{How: siptest.Cancelled, Cause: 16}).Elsewhere() {
		t.Error("answered elsewhere is not told from a plain cancel")
	}
}

func TestKilledPhoneIsSilent(t *testing.T) {
	t.Parallel()
	phone := open(t, siptest.Config{Tone: 900, Script: siptest.AnswerAfter(0)})
	caller, err := open(t, siptest.Config{Server: phone.Addr()}).Invite(deadline(t), siptest.Invite{To: "1", From: "2"})
	must(t, err)
	must(t, caller.WaitHears(deadline(t), 900))
	called, err := phone.Incoming(deadline(t))
	must(t, err)
	phone.Kill()
	wantEnd(t, called, siptest.Nobody, siptest.Failed, 0)
	must(t, caller.WaitDeaf(deadline(t), 900))
	if _, ended := caller.End(); ended {
		t.Error("the caller was told of the power cut")
	}
	if _, err := phone.Invite(deadline(t), siptest.Invite{To: "1", Server: "127.0.0.1:9"}); !errors.Is(err, siptest.ErrClosed) {
		t.Errorf("a killed phone calls: %v", err)
	}
}

func TestOnlyLoopbackIsSpokenTo(t *testing.T) {
	c, err := open(t, siptest.Config{}).Invite(deadline(t), siptest.Invite{To: "1", From: "2", Server: "192.0.2.1:5060"})
	must(t, err)
	if end := wantEnd(t, c, siptest.Nobody, siptest.Failed, 0); !strings.Contains(end.Reason, "not loopback") {
		t.Errorf("end: %v", end)
	}
	if _, err := siptest.Open(siptest.Config{Addr: "0.0.0.0:0"}); err == nil {
		t.Error("a UA listens beyond loopback")
	}
}
