package pbx_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"centralita/asterisk/ari"
	"centralita/callcenter"
	"centralita/callcenter/floor"
	"centralita/callcenter/witness"
	"centralita/internal/siptest"
)

func TestACallRingsTheResponsibleAndBothHearEachOther(t *testing.T) {
	r := openRoom(t, func(d *directory) { d.responsible = 2 })
	r.agent("one", 900, siptest.AnswerAfter(0))
	two, _ := r.agent("two", 1100, siptest.AnswerAfter(200*time.Millisecond))

	caller := r.call("+34600111222")
	r.no(caller.WaitAnswered(r.within(10 * time.Second)))
	agent, err := two.Incoming(r.within(5 * time.Second))
	r.no(err)
	if got := agent.Header("X-Centralita-Call"); got != "1" {
		t.Errorf("the phone is told call %q", got)
	}
	r.no(caller.WaitHears(r.within(10*time.Second), 1100))
	r.no(agent.WaitHears(r.within(10*time.Second), 500))
	r.talked()
	r.no(agent.Hangup(r.within(5 * time.Second)))
	_, err = caller.WaitEnded(r.within(5 * time.Second))
	r.no(err)

	call := r.stored()
	if call.Outcome != callcenter.Answered || call.EndedBy != callcenter.ByAgent || call.UserID != 2 {
		t.Errorf("%s by %s, user %d", call.Outcome, call.EndedBy, call.UserID)
	}
	r.quiet()
}

func TestHoldPlaysMusicAndMuteSilences(t *testing.T) {
	r := openRoom(t)
	phone, user := r.agent("one", 900, siptest.AnswerAfter(0))
	caller := r.call("+34600111222")
	r.no(caller.WaitHears(r.within(10*time.Second), 900))
	agent, err := phone.Incoming(r.within(5 * time.Second))
	r.no(err)

	r.wish(callcenter.Hold{UserID: user, On: true})
	r.no(caller.WaitDeaf(r.within(5*time.Second), 900))
	r.no(agent.WaitDeaf(r.within(5*time.Second), 500))
	r.wish(callcenter.Hold{UserID: user})
	r.no(caller.WaitHears(r.within(5*time.Second), 900))

	r.wish(callcenter.Mute{UserID: user, On: true})
	r.no(caller.WaitDeaf(r.within(5*time.Second), 900))
	r.no(agent.WaitHears(r.within(5*time.Second), 500))
	r.wish(callcenter.Mute{UserID: user})
	r.no(caller.WaitHears(r.within(5*time.Second), 900))

	r.wish(callcenter.Digits{UserID: user, Digits: "42#"})
	r.until("digits arrive", func() bool { return caller.Digits() == "42#" })
	r.wish(callcenter.HangUp{UserID: user})
	_, err = caller.WaitEnded(r.within(5 * time.Second))
	r.no(err)
	r.quiet()
}

// talked waits until the conversation is long enough to count as one.
func (r *room) talked() {
	r.t.Helper()
	r.until("they have talked", func() bool {
		calls := r.floor.Calls()
		return len(calls) == 1 && !calls[0].AnsweredAt.IsZero() && time.Since(calls[0].AnsweredAt) > callcenter.HumanTouch
	})
}

func (r *room) wish(wish callcenter.Event) {
	r.t.Helper()
	calls := r.floor.Calls()
	if len(calls) != 1 {
		r.t.Fatalf("%d live calls", len(calls))
	}
	_, err := r.floor.Do(r.within(5*time.Second), calls[0].ID, wish)
	r.no(err)
}

func TestTheCallGoesToTheNextWhenOneDoesNotTakeIt(t *testing.T) {
	for name, script := range map[string]siptest.Script{
		"declines": siptest.Reject(603, "Decline"), "busy": siptest.Reject(486, "Busy Here"), "lets it ring": siptest.Ring(),
	} {
		t.Run(name, func(t *testing.T) {
			r := openRoom(t, func(d *directory) { d.responsible = 1 })
			r.agent("one", 900, script)
			r.agent("two", 1100, siptest.AnswerAfter(0))
			caller := r.call("+34600111222")
			r.no(caller.WaitHears(r.within(15*time.Second), 1100))
			r.no(caller.Hangup(r.within(5 * time.Second)))
			if call := r.stored(); call.UserID != 2 || call.EndedBy != callcenter.ByClient {
				t.Errorf("user %d, ended by %s", call.UserID, call.EndedBy)
			}
			r.quiet()
		})
	}
}

func TestAWaitingCallerIsRungAsSoonAsSomebodyIsFree(t *testing.T) {
	r := openRoom(t)
	phone, _ := r.agent("one", 900, siptest.AnswerAfter(0))
	first := r.call("+34600111001")
	r.no(first.WaitHears(r.within(10*time.Second), 900))
	second := r.call("+34600111002")
	r.no(second.WaitRinging(r.within(5 * time.Second)))
	r.until("the second waits", func() bool { return len(r.floor.Calls()) == 2 })
	if n := len(phone.Received()); n != 1 {
		t.Fatalf("the phone was rung %d times", n)
	}
	r.no(first.Hangup(r.within(5 * time.Second)))
	r.no(second.WaitHears(r.within(5*time.Second), 900))
	r.no(second.Hangup(r.within(5 * time.Second)))
	r.quiet()
}

func TestNobodyThereTakesAMessage(t *testing.T) {
	r := openRoom(t)
	caller := r.call("anonymous")
	r.no(caller.WaitAnswered(r.within(5 * time.Second)))
	r.until("a message is asked for", func() bool {
		calls := r.floor.Calls()
		return len(calls) == 1 && calls[0].Phase == callcenter.Message && time.Since(calls[0].MessageAt) > callcenter.MessageFloor
	})
	r.no(caller.Hangup(r.within(5 * time.Second)))
	if call := r.stored(); call.Outcome != callcenter.Voicemail || !call.AnsweredAt.IsZero() {
		t.Errorf("%s, answered at %v", call.Outcome, call.AnsweredAt)
	}
	r.quiet()
}

func TestClickToCallRingsTheUserThenTheClient(t *testing.T) {
	r := openRoom(t)
	phone, user := r.agent("one", 900, siptest.AnswerAfter(0))
	r.far.SetScript(siptest.AnswerAfter(300 * time.Millisecond))
	call, err := r.floor.Dial(r.within(5*time.Second), user, callcenter.Line{Number: "+34910000001"},
		callcenter.Identity{E164: "+34600111222"}, "600111222",
		func(context.Context, *callcenter.Call) error { return nil })
	r.no(err)
	agent, err := phone.Incoming(r.within(5 * time.Second))
	r.no(err)
	if agent.Header("X-Centralita-Answer") != "auto" || agent.Header("X-Centralita-Kind") != "dial" {
		t.Errorf("the phone is not told to answer: %q %q", agent.Header("X-Centralita-Answer"), agent.Header("X-Centralita-Kind"))
	}
	client, err := r.far.Incoming(r.within(5 * time.Second))
	r.no(err)
	if client.To() != "+34600111222" {
		t.Errorf("dialled %q", client.To())
	}
	if from, _ := client.From(); from != "+34910000001" {
		t.Errorf("shown as %q", from)
	}
	r.no(client.WaitHears(r.within(10*time.Second), 900))
	r.no(agent.WaitHears(r.within(10*time.Second), 500))
	r.talked()
	r.no(client.Hangup(r.within(5 * time.Second)))
	_, err = agent.WaitEnded(r.within(5 * time.Second))
	r.no(err)
	if got := r.stored(); got.ID != call.ID || got.Outcome != callcenter.Answered || got.EndedBy != callcenter.ByClient {
		t.Errorf("call %d %s by %s", got.ID, got.Outcome, got.EndedBy)
	}
	r.quiet()
}

func TestAClickedNumberThatIsBusy(t *testing.T) {
	r := openRoom(t)
	_, user := r.agent("one", 900, siptest.AnswerAfter(0))
	r.far.SetScript(siptest.Reject(486, "Busy Here"))
	_, err := r.floor.Dial(r.within(5*time.Second), user, callcenter.Line{Number: "+34910000001"},
		callcenter.Identity{E164: "+34600111222"}, "600111222",
		func(context.Context, *callcenter.Call) error { return nil })
	r.no(err)
	if got := r.stored(); got.Outcome != callcenter.Busy {
		t.Errorf("%s, cause %d", got.Outcome, got.Cause)
	}
	r.quiet()
}

func TestACallSurvivesTheServer(t *testing.T) {
	r := openRoom(t)
	phone, user := r.agent("one", 900, siptest.AnswerAfter(0))
	caller := r.call("+34600111222")
	r.no(caller.WaitHears(r.within(10*time.Second), 900))
	agent, err := phone.Incoming(r.within(5 * time.Second))
	r.no(err)

	r.close()
	r.no(agent.WaitHears(r.within(5*time.Second), 500))
	r.serve(r.knows)
	r.until("the call is taken over", func() bool { return len(r.floor.Calls()) == 1 })
	r.no(caller.WaitHears(r.within(5*time.Second), 900))
	r.wish(callcenter.HangUp{UserID: user})
	_, err = caller.WaitEnded(r.within(5 * time.Second))
	r.no(err)
	r.quiet()
}

// Who picks up while no server is there waits for one, and it may be one of another name.
func TestWhoPicksUpWithoutAServerIsConnected(t *testing.T) {
	r := openRoom(t)
	phone, user := r.agent("one", 900, siptest.Ring())
	closed := 0
	for _, app := range []string{"crm-test", "crm-other"} {
		caller := r.call("+34600111222")
		agent, err := phone.Incoming(r.within(5 * time.Second))
		r.no(err)
		r.no(caller.WaitRinging(r.within(5 * time.Second)))
		r.close()
		closed++
		r.until("Asterisk knows that the server is gone", func() bool {
			log, err := os.ReadFile(r.config.Paths().Messages)
			return err == nil && strings.Count(string(log), "WebSocket read error") == closed
		})
		r.no(agent.Answer())
		r.until("the agent's leg waits for a server", func() bool {
			channels, err := r.client.Channels(r.within(5 * time.Second))
			return err == nil && slices.ContainsFunc(channels, func(c ari.Channel) bool { return floor.Made(c.ID) && c.AppName == "Wait" })
		})
		r.app = app
		r.serve(r.knows)
		r.no(caller.WaitHears(r.within(10*time.Second), 900))
		r.no(agent.WaitHears(r.within(10*time.Second), 500))
		r.talked()
		r.wish(callcenter.HangUp{UserID: user})
		_, err = caller.WaitEnded(r.within(5 * time.Second))
		r.no(err)
		if call := r.stored(); call.Outcome != callcenter.Answered {
			t.Errorf("%s: %s", app, call.Outcome)
		}
		r.quiet()
	}
}

func TestAnAgentLeftAloneIsLetGo(t *testing.T) {
	r := openRoom(t)
	phone, _ := r.agent("one", 900, siptest.AnswerAfter(0))
	caller := r.call("+34600111222")
	r.no(caller.WaitHears(r.within(10*time.Second), 900))
	agent, err := phone.Incoming(r.within(5 * time.Second))
	r.no(err)
	r.talked()
	r.close()
	r.no(caller.Hangup(r.within(5 * time.Second)))
	r.serve(r.knows)
	_, err = agent.WaitEnded(r.within(10 * time.Second))
	r.no(err)
	if call := r.stored(); call.Outcome != callcenter.Answered || call.EndedBy != callcenter.ByClient {
		t.Errorf("%s by %s", call.Outcome, call.EndedBy)
	}
	r.quiet()
}

func TestACallThatNoServerTookIsRecovered(t *testing.T) {
	r := openRoom(t)
	r.close()
	begun := time.Now()
	caller := r.call("+34600111222")
	r.no(caller.WaitAnswered(r.within(10 * time.Second)))
	if waited := time.Since(begun); waited > 2500*time.Millisecond {
		t.Errorf("the fall-back answered after %v", waited)
	}
	r.no(caller.Hangup(r.within(5 * time.Second)))

	r.serve(r.knows)
	w := witness.New(r.config.Paths().EventLog, r.books, r.books, r.floor, slog.New(slog.DiscardHandler))
	r.until("the call is found", func() bool {
		r.no(w.CatchUp(r.within(5 * time.Second)))
		var found bool
		r.no(r.db.Conn(t.Context()).QueryRow(t.Context(), `select exists (select from calls where ended_at is not null)`).Scan(&found))
		return found
	})
	call := r.stored()
	if !call.Recovered || call.LeadID == 0 || call.Caller.Raw != "+34600111222" || call.Outcome != callcenter.Missed {
		t.Errorf("recovered %v, lead %d, caller %q, %s", call.Recovered, call.LeadID, call.Caller.Raw, call.Outcome)
	}
	if late := call.StartedAt.Sub(begun); late > time.Second || late < -time.Second {
		t.Errorf("its time is %v off", late)
	}
	r.quiet()
}
