package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"centralita/internal/siptest"
)

// lane is a kind of calls: where they go, and how the caller behaves.
type lane struct {
	name, to string
	own      bool // into the product
	behave   func(ctx context.Context, c *siptest.Call) error
}

// trial is one call of a lane.
type trial struct {
	lane lane
	from string
	call *siptest.Call
	err  error
}

// sent is when the INVITE went out.
func (t *trial) sent() time.Time {
	for _, e := range t.call.Log() {
		if e.Sent && e.Method == "INVITE" {
			return e.At
		}
	}
	return time.Time{}
}

// moments are when something was first seen of each caller.
type moments struct {
	mu sync.Mutex
	at map[string]time.Time
}

func newMoments() *moments { return &moments{at: map[string]time.Time{}} }

func (m *moments) note(from string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, twice := m.at[from]; !twice {
		m.at[from] = at
	}
}

// since measures from the INVITE of each trial of the lane to its moment. A
// trial without one is a failure.
func (m *moments) since(trials []*trial, lane string) sample {
	m.mu.Lock()
	defer m.mu.Unlock()
	var s sample
	for _, t := range trials {
		if t.lane.name != lane {
			continue
		}
		at, came := m.at[t.from]
		if !came || t.sent().IsZero() {
			s.failures++
			continue
		}
		s.add(at.Sub(t.sent()))
	}
	return s
}

// alternate places count calls of each lane, in turn and perSecond altogether,
// with a jitter of a third, and returns when all are over.
func (w *world) alternate(ctx context.Context, out *siptest.UA, lanes []lane, perSecond float64, count int) ([]*trial, error) {
	chance := rand.New(rand.NewPCG(w.seed, uint64(len(w.placed))))
	var trials []*trial
	var open sync.WaitGroup
	defer open.Wait()
	gap := float64(time.Second) / perSecond
	began := time.Now()
	for i := range count * len(lanes) {
		begin := began.Add(time.Duration((float64(i) + chance.Float64()/3) * gap))
		if err := pause(ctx, time.Until(begin)); err != nil {
			return trials, err
		}
		t, err := w.place(ctx, out, lanes[i%len(lanes)], false)
		if err != nil {
			return trials, err
		}
		trials = append(trials, t)
		open.Go(func() { t.err = t.lane.behave(ctx, t.call) })
	}
	open.Wait()
	return trials, nil
}

// callLimit bounds a call until its answer.
const callLimit = 90 * time.Second

// place begins a call from a client who has not called yet.
func (w *world) place(ctx context.Context, out *siptest.UA, l lane, nobodys bool) (*trial, error) {
	t := &trial{lane: l, from: w.caller(nobodys)}
	patience, cancel := context.WithTimeout(ctx, callLimit)
	var err error
	if t.call, err = out.Invite(patience, siptest.Invite{To: l.to, From: t.from}); err != nil {
		cancel()
		return nil, fmt.Errorf("place a call: %w", err)
	}
	context.AfterFunc(patience, cancel)
	if l.own {
		w.placed = append(w.placed, t)
	}
	return t, nil
}

// talk waits for the answer, talks for d and hangs up.
func talk(d time.Duration) func(context.Context, *siptest.Call) error {
	return func(ctx context.Context, c *siptest.Call) error {
		answered := c.WaitAnswered(ctx)
		if answered == nil {
			answered = pause(ctx, d)
		}
		return errors.Join(answered, hangUp(c))
	}
}

// giveUp hangs up after d, whatever has come by then.
func giveUp(d time.Duration) func(context.Context, *siptest.Call) error {
	return func(ctx context.Context, c *siptest.Call) error {
		return errors.Join(pause(ctx, d), hangUp(c))
	}
}

func hangUp(c *siptest.Call) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return c.Hangup(ctx)
}
