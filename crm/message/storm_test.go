package message_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"centralita/crm/message"
	"centralita/internal/postgres"
	"centralita/internal/twiliosim"
)

// audit compares every message with what the simulator's phones show: none came
// twice, none that we call failed or still waiting came at all, and none that we
// call sent did not. It returns how many are of unknown fate.
func (r *rig) audit() (unknown int) {
	r.t.Helper()
	sent := r.sent()
	rows, err := r.db.Conn(r.t.Context()).Query(r.t.Context(), `select body, state, error, coalesce(provider_id, '') from messages where direction = 'out'`)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	ids := map[string]string{}
	for _, m := range r.sim.Outbox() {
		ids[m.SID] = m.Body
	}
	for rows.Next() {
		var body, state, reason, sid string
		if err := rows.Scan(&body, &state, &reason, &sid); err != nil {
			r.t.Fatal(err)
		}
		n := sent[body]
		switch state {
		case "accepted", "sent", "delivered", "undelivered":
			if n != 1 || ids[sid] != body {
				r.t.Errorf("%q is %s as %q and arrived %d times", body, state, sid, n)
			}
		case "unknown":
			unknown++
			if n > 1 || reason == "" {
				r.t.Errorf("%q is unknown for %q and arrived %d times", body, reason, n)
			}
		case "failed":
			if n != 0 {
				r.t.Errorf("%q failed and arrived %d times", body, n)
			}
		default:
			r.t.Errorf("%q is still %s", body, state)
		}
	}
	if err := rows.Err(); err != nil {
		r.t.Error(err)
	}
	return unknown
}

// settled reports whether no message is on its way any more.
func (r *rig) settled() bool {
	return r.int(`select count(*) from messages where state in ('queued', 'sending')`) == 0
}

// A few hundred messages through a carrier that fails in every way at random.
func TestAStormOfFaultsDoublesNothing(t *testing.T) {
	const wishes = 200
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, 1))
	ambiguous := 0
	// The callbacks come late: until then the carrier's list must do.
	r := newRig(t, twiliosim.Options{Pace: 3 * time.Second}, message.Options{RequestLimit: 3 * time.Second})
	kinds := []twiliosim.FaultKind{
		twiliosim.FaultReset, twiliosim.FaultTruncated, twiliosim.FaultGateway, twiliosim.FaultClosed,
		twiliosim.FaultLimited, twiliosim.FaultUnavailable, twiliosim.FaultRefused,
	}
	r.sim.Faults(func(int, url.Values) twiliosim.Fault {
		mu.Lock()
		defer mu.Unlock()
		if dice.IntN(3) > 0 {
			return twiliosim.Fault{}
		}
		kind := kinds[dice.IntN(len(kinds))]
		if kind == twiliosim.FaultReset || kind == twiliosim.FaultTruncated || kind == twiliosim.FaultGateway || kind == twiliosim.FaultClosed {
			ambiguous++
		}
		return twiliosim.Fault{Kind: kind}
	})
	for i := range wishes {
		// No user: the cap on what one person may send is not what is tried here.
		if _, err := r.service.Send(t.Context(), message.Wish{To: number(i), Body: fmt.Sprintf("storm %d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	r.start()
	r.until("the storm to settle", r.settled)
	unknown := r.audit()
	mu.Lock()
	defer mu.Unlock()
	if unknown > ambiguous {
		t.Errorf("%d of unknown fate, but only %d answers were lost", unknown, ambiguous)
	}
	t.Logf("%d requests, %d lost answers, %d unknown", r.sim.Requests(), ambiguous, unknown)
}

// number returns one of some Spanish mobile numbers.
func number(i int) string { return fmt.Sprintf("+346001%05d", i%50) }

// workerVariable makes this program a worker; its value is the rest it must know.
const workerVariable = "CENTRALITA_MESSAGE_WORKER"

// work is the worker process: it carries messages out until it is killed, and
// says so on standard output once it has begun.
func work() int {
	spec := strings.Split(os.Getenv(workerVariable), "\n")
	ctx := context.Background()
	db, err := postgres.Open(ctx, spec[0])
	if err == nil {
		var p parts
		if p, err = assemble(db, message.Options{BaseURL: spec[1], WebhookURL: spec[2]}); err == nil {
			err = p.queue.Start(ctx)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("working")
	_, err = io.Copy(io.Discard, os.Stdin) // until the test goes away
	if err != nil {
		return 1
	}
	return 0
}

// hire starts a worker process and returns when it works. fire kills it.
func (r *rig) hire() (fire func()) {
	r.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), workerVariable+"="+strings.Join([]string{r.db.URL(), r.simURL, r.hooks}, "\n"))
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil { // its end would tell the worker that the test is gone
		r.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	fire = sync.OnceFunc(func() {
		if err := cmd.Process.Kill(); err != nil {
			r.t.Error(err)
		}
		if err := cmd.Wait(); err == nil {
			r.t.Error("the worker ended by itself")
		}
	})
	r.t.Cleanup(fire)
	if _, err := out.Read(make([]byte, 16)); err != nil {
		r.t.Fatalf("the worker did not begin: %v", err)
	}
	return fire
}

// afterAWhile lets a minute and more pass for what a killed worker held. Its
// jobs are then taken up again before the periodic round sees its messages, or
// after that.
func (r *rig) afterAWhile(jobsFirst bool) {
	r.t.Helper()
	if jobsFirst {
		r.exec(`update river_job set state = 'available', scheduled_at = now() where state = 'running'`)
	}
	r.exec(`update river_job set attempted_at = attempted_at - interval '5 minutes' where state = 'running'`)
	r.exec(`delete from river_leader`)
	r.exec(`update messages set intent_at = intent_at - interval '1 minute' where state = 'sending'`)
}

// Workers are killed at random instants of sending, most of them between the
// request and the commit of its answer, which comes slowly.
func TestKilledWorkersDoubleNothing(t *testing.T) {
	const rounds, perRound = 6, 8
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 2))
	r := newRig(t, twiliosim.Options{Statuses: []string{}}, message.Options{})
	r.sim.Faults(func(int, url.Values) twiliosim.Fault {
		return twiliosim.Fault{Kind: twiliosim.FaultSlow, Delay: 150 * time.Millisecond}
	})
	for round := range rounds {
		for i := range perRound {
			if _, err := r.service.Send(t.Context(), message.Wish{To: number(i), Body: fmt.Sprintf("round %d wish %d", round, i)}); err != nil {
				t.Fatal(err)
			}
		}
		before := r.sim.Requests()
		fire := r.hire()
		r.until("requests", func() bool { return r.sim.Requests() > before })
		<-time.After(rand.N(time.Duration(1+dice.IntN(200)) * time.Millisecond)) // a random instant of death
		fire()
		r.afterAWhile(round%2 == 0)
	}
	killed := r.int(`select count(*) from messages where state = 'sending'`)
	r.sim.Faults(nil)
	r.start()
	r.until("everything to settle", r.settled)
	unknown := r.audit()
	t.Logf("%d requests, %d killed in their midst, %d unknown", r.sim.Requests(), killed, unknown)
	if n := len(r.sim.Outbox()); n > rounds*perRound || n < rounds*perRound-unknown {
		t.Errorf("%d of %d arrived, and %d are unknown", n, rounds*perRound, unknown)
	}
}
