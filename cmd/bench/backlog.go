package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"centralita/internal/siptest"
)

// waiting is how many callers each side has at a time: more than its agents, so
// that somebody always waits.
const waiting = veterans + 5

// freed measures, phone by phone, from the hang-up of one call to the INVITE of
// the next.
type freed struct {
	mu     sync.Mutex
	chance *rand.Rand
	at     []time.Time // when the agent hung up, zero once called again
	sample sample
}

func newFreed(seed uint64) *freed {
	return &freed{chance: rand.New(rand.NewPCG(seed, 3)), at: make([]time.Time, veterans)}
}

// agent answers at once, talks for a random while, 0.4 to 1.6 s, and hangs up.
func (f *freed) agent(i int) siptest.Script {
	return func(ctx context.Context, c *siptest.Call) {
		f.mu.Lock()
		if !f.at[i].IsZero() {
			f.sample.add(c.Log()[0].At.Sub(f.at[i]))
			f.at[i] = time.Time{}
		}
		length := 400*time.Millisecond + time.Duration(f.chance.Int64N(int64(1200*time.Millisecond)))
		f.mu.Unlock()
		if c.Answer() != nil || pause(ctx, length) != nil || hangUp(c) != nil {
			return // the caller was quicker: this agent was not freed by himself
		}
		for _, e := range c.Log() {
			if e.Sent && e.Method == "BYE" && e.Status == 0 {
				f.mu.Lock()
				f.at[i] = e.At
				f.mu.Unlock()
			}
		}
	}
}

func (f *freed) stats() stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sample.stats()
}

// measureBacklog compares how long a freed agent is idle while callers wait.
func measureBacklog(ctx context.Context, w *world, r *report) error {
	ours, theirs := newFreed(w.seed), newFreed(w.seed)
	own, err := w.seat(ctx, w.staff(agents+1, agents+veterans), ours.agent)
	defer own.close()
	if err != nil {
		return err
	}
	rival, err := w.seat(ctx, rivals(agents+1, agents+veterans), theirs.agent)
	defer rival.close()
	if err != nil {
		return err
	}
	s, err := w.signIn(ctx, agentLogin(1))
	if err != nil {
		return err
	}
	if err := w.awaitRegistered(ctx, s, veterans); err != nil {
		return err
	}
	out, err := siptest.Open(siptest.Config{Server: w.state.SIP})
	if err != nil {
		return err
	}
	defer out.Close()
	if err := w.keepWaiting(ctx, out); err != nil {
		return err
	}
	a, b := ours.stats(), theirs.stats()
	r.add(figure{
		Figure: "agent freed → next caller's INVITE, backlog, random talk times", Peer: "app_queue", Ours: a, Theirs: &b,
		Verdict: []target{atMost("p50 ×", a.P50/b.P50, 1.0/50)},
	})
	return nil
}

// keepWaiting has so many callers on each side at all times, for the time of the
// part; then all hang up.
func (w *world) keepWaiting(ctx context.Context, out *siptest.UA) error {
	lanes := []lane{{name: "ours", to: lineNumbers[1], own: true}, {name: "queue", to: toBacklog}}
	ctx, cancel := context.WithTimeout(ctx, w.backlogTime)
	defer cancel()
	var open sync.WaitGroup
	var mu sync.Mutex // of the world's callers, and of errs
	var errs []error
	for range waiting {
		for _, l := range lanes {
			open.Go(func() {
				for ctx.Err() == nil {
					mu.Lock()
					t, err := w.place(context.WithoutCancel(ctx), out, l, true)
					if err != nil {
						errs = append(errs, err)
					}
					mu.Unlock()
					if err != nil {
						return
					}
					if _, err := t.call.WaitEnded(ctx); err != nil {
						t.err = hangUp(t.call)
						return
					}
				}
			})
		}
	}
	open.Wait()
	return errors.Join(errs...)
}
