package message_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"centralita/crm/message"
	"centralita/internal/twiliosim"
)

// standing puts n messages in the base as a worker leaves them while the answer
// is under way: intent committed, the carrier's id not yet known here.
func (r *rig) standing(n int) {
	r.t.Helper()
	r.exec(`insert into messages (direction, from_number, to_number, body, state, state_rank, intent_at, user_id)
		select 'out', $1, $2, 'm' || i, 'sending', 10, now(), $3 from generate_series(1, $4) i`, sender, mobile, r.user, n)
}

// a callback on its way.
type callback struct {
	id     int64
	status string
}

func (c callback) url(r *rig) string {
	return r.hooks + "/api/hooks/twilio/status?m=" + strconv.FormatInt(c.id, 10)
}

func (c callback) form(r *rig) url.Values {
	return r.sim.StatusForm(twiliosim.Message{SID: fmt.Sprintf("SM%032d", c.id), From: sender, To: mobile}, c.status)
}

// deliver posts callbacks over several connections and returns the slowest answer.
func (r *rig) deliver(all []callback) time.Duration {
	r.t.Helper()
	var group sync.WaitGroup
	var slowest atomic.Int64
	work := make(chan callback)
	for range 16 {
		group.Go(func() {
			for c := range work {
				began := time.Now()
				code, err := r.sim.Post(context.Background(), c.url(r), c.form(r))
				if err != nil || code != 200 {
					r.t.Errorf("%v: %d %v", c, code, err)
				}
				if took := int64(time.Since(began)); took > slowest.Load() {
					slowest.Store(took)
				}
			}
		})
	}
	for _, c := range all {
		work <- c
	}
	close(work)
	group.Wait()
	return time.Duration(slowest.Load())
}

// ranks is the oracle: of all statuses that were reported, the one that counts.
var ranks = map[string]int{"queued": 1, "sending": 1, "sent": 2, "failed": 3, "undelivered": 4, "delivered": 5}

var stateOfStatus = map[string]string{"queued": "accepted", "sending": "accepted"}

func TestOrderAndRepeatsOfCallbacksDoNotMatter(t *testing.T) {
	const messages = 300
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 3))
	r := newRig(t, twiliosim.Options{}, message.Options{})
	r.standing(messages)
	var prompt, late []callback
	oracle := map[int64]string{}
	for id := int64(1); id <= messages; id++ {
		statuses := [][]string{
			{"queued", "sent", "delivered"}, {"sent", "undelivered"}, {"queued", "sending", "failed"}, {"sent"}, {"failed", "delivered"},
		}[dice.IntN(5)]
		for _, status := range statuses {
			if ranks[status] > ranks[oracle[id]] {
				oracle[id] = status
			}
			for range 3 {
				c := callback{id, status}
				if dice.IntN(10) == 0 {
					late = append(late, c)
				} else {
					prompt = append(prompt, c)
				}
			}
		}
	}
	dice.Shuffle(len(prompt), func(i, j int) { prompt[i], prompt[j] = prompt[j], prompt[i] })
	began := time.Now()
	slowest := r.deliver(prompt)
	t.Logf("%d callbacks in %s, the slowest answer after %s", len(prompt), time.Since(began), slowest)
	r.exec(`update messages set updated_at = updated_at - interval '1 day'`)
	r.deliver(late)
	for id, status := range oracle {
		want := status
		if s := stateOfStatus[status]; s != "" {
			want = s
		}
		if got := r.text(`select state from messages where id = $1`, id); got != want {
			t.Errorf("message %d is %s, want %s", id, got, want)
		}
	}
	if n := r.int(`select count(*) from messages where provider_id is distinct from 'SM' || lpad(id::text, 32, '0')`); n != 0 {
		t.Errorf("%d messages without the carrier's id", n)
	}
	// What comes after the end changes nothing and tells nobody.
	before := r.events("message.state")
	r.deliver(prompt[:100])
	if after := r.events("message.state"); after != before {
		t.Errorf("replays were told to the browser %d times", after-before)
	}
}

func TestForgedCallbacksAreRefused(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	r.standing(1)
	c := callback{1, "delivered"}
	form := c.form(r)
	const path, kind = "/api/hooks/twilio/status?m=1", "application/x-www-form-urlencoded"
	signed := func(target string, form url.Values) string { return twiliosim.Sign(token, target, form) }
	good := signed(r.hooks+path, form)
	foreign := c.form(r)
	foreign.Set("AccountSid", "AC99")
	hash := "&bodySHA256=" + strings.Repeat("0", 64)
	for name, f := range map[string]struct {
		path, kind, body string
		headers          []string
	}{
		"no signature":        {path, kind, form.Encode(), nil},
		"empty signature":     {path, kind, form.Encode(), []string{"X-Twilio-Signature", ""}},
		"two signatures":      {path, kind, form.Encode(), []string{"X-Twilio-Signature", good, "X-Twilio-Signature", good}},
		"another token":       {path, kind, form.Encode(), []string{"X-Twilio-Signature", twiliosim.Sign("x", r.hooks+path, form)}},
		"another message":     {"/api/hooks/twilio/status?m=2", kind, form.Encode(), []string{"X-Twilio-Signature", good}},
		"no query":            {"/api/hooks/twilio/status", kind, form.Encode(), []string{"X-Twilio-Signature", good}},
		"one more parameter":  {path, kind, form.Encode() + "&x=1", []string{"X-Twilio-Signature", good}},
		"a repeated one":      {path, kind, form.Encode() + "&MessageStatus=failed", []string{"X-Twilio-Signature", good}},
		"altered":             {path, kind, strings.Replace(form.Encode(), "delivered", "failed", 1), []string{"X-Twilio-Signature", good}},
		"other hook":          {"/api/hooks/twilio/inbound?m=1", kind, form.Encode(), []string{"X-Twilio-Signature", good}},
		"signed for the host": {path, kind, form.Encode(), []string{"X-Twilio-Signature", signed("http://crm.example"+path, form)}},
		"trailing slash":      {path, kind, form.Encode(), []string{"X-Twilio-Signature", signed(r.hooks+"/api/hooks/twilio/status/?m=1", form)}},
		"another account":     {path, kind, foreign.Encode(), []string{"X-Twilio-Signature", signed(r.hooks+path, foreign)}},
		"JSON":                {path + hash, "application/json", `{"MessageSid":"SM1"}`, []string{"X-Twilio-Signature", signed(r.hooks+path+hash, nil)}},
		"hash of the body":    {path + hash, kind, form.Encode(), []string{"X-Twilio-Signature", signed(r.hooks+path+hash, nil)}},
		"broken form":         {path, kind, "%zz", []string{"X-Twilio-Signature", good}},
	} {
		code, text := r.post(f.path, f.kind, f.body, f.headers...)
		if code != 403 || !strings.Contains(text, "signature_invalid") {
			t.Errorf("%s: %d %s", name, code, text)
		}
	}
	if code, _ := r.post(path, kind, strings.Repeat("a", 70<<10), "X-Twilio-Signature", good); code != 422 && code != 413 {
		t.Errorf("a body of 70 KB: %d", code)
	}
	if n := r.int(`select count(*) from message_callbacks`) + r.int(`select count(*) from messages where state <> 'sending'`); n != 0 {
		t.Errorf("%d effects of forged requests", n)
	}
	// The same request with its own signature is taken, whatever host it names;
	// an hour later, replayed with another token header, it has no effect.
	for range 2 {
		if code, text := r.post(path, kind, form.Encode(), "X-Twilio-Signature", good, "X-Forwarded-Host", "evil.example", "I-Twilio-Idempotency-Token", strconv.Itoa(rand.Int())); code != 200 {
			t.Errorf("the real one: %d %s", code, text)
		}
	}
	if n := r.int(`select count(*) from message_callbacks`); n != 1 {
		t.Errorf("%d reports kept", n)
	}
}

func TestACallbackBeforeTheAnswerIsNotLost(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	// The answer takes a second; both callbacks are there long before it.
	r.sim.Next(twiliosim.Fault{Kind: twiliosim.FaultSlow, Delay: time.Second})
	r.start()
	m := r.send(mobile, "quick carrier")
	r.untilState(m.ID, "delivered")
	r.until("the job to end", func() bool {
		return r.int(`select count(*) from river_job where kind = 'message_send' and state = 'completed'`) == 1
	})
	if got := r.text(`select state from messages where id = $1`, m.ID); got != "delivered" {
		t.Errorf("the late answer made it %s", got)
	}
}

func TestASilentCarrierIsAskedAfter(t *testing.T) {
	r := newRig(t, twiliosim.Options{Statuses: []string{}}, message.Options{})
	m := r.send(mobile, "silence")
	r.start()
	r.untilState(m.ID, "accepted")
	r.sim.Mute(r.text(`select provider_id from messages`), "delivered")
	r.exec(`update messages set updated_at = now() - interval '1 hour'`)
	r.untilState(m.ID, "delivered")
}
