package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"centralita/internal/siptest"
)

// clientTone is what the far end of the trunk lets be heard, in Hz.
const clientTone = 700

// world is every telephone outside of the product.
type world struct {
	trunk *siptest.UA

	mu      sync.Mutex
	callers []*siptest.UA
	calls   map[string]*siptest.Call // by SIP Call-ID
}

func openWorld() (*world, error) {
	trunk, err := siptest.Open(siptest.Config{Tone: clientTone})
	if err != nil {
		return nil, err
	}
	return &world{trunk: trunk, calls: map[string]*siptest.Call{}}, nil
}

func (w *world) close() {
	w.mu.Lock()
	callers := w.callers
	w.mu.Unlock()
	for _, ua := range callers {
		ua.Close()
	}
	w.trunk.Close()
}

func (w *world) keep(c *siptest.Call) seen {
	w.mu.Lock()
	w.calls[c.ID()] = c
	w.mu.Unlock()
	from, name := c.From()
	return seen{ID: c.ID(), From: from, Name: name, To: c.To()}
}

func (w *world) call(id string) (*siptest.Call, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.calls[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("no call %q", id)
}

// seen is a call as the tests name it.
type seen struct {
	ID   string `json:"id"`
	From string `json:"from"`
	Name string `json:"name"`
	To   string `json:"to"`
}

// placing is a call into the product. Tone is in Hz.
type placing struct {
	Server string  `json:"server"`
	From   string  `json:"from"`
	Name   string  `json:"name"`
	To     string  `json:"to"`
	Tone   float64 `json:"tone"`
}

// patience is how long a caller lets it ring at most.
const patience = 2 * time.Minute

func (w *world) place(_ context.Context, p placing) (seen, error) {
	ua, err := siptest.Open(siptest.Config{Server: p.Server, Tone: p.Tone})
	if err != nil {
		return seen{}, err
	}
	w.mu.Lock()
	w.callers = append(w.callers, ua)
	w.mu.Unlock()
	ringing, cancel := context.WithTimeout(context.Background(), patience)
	c, err := ua.Invite(ringing, siptest.Invite{To: p.To, From: p.From, Name: p.Name})
	if err != nil {
		cancel()
		return seen{}, err
	}
	go func() {
		defer cancel()
		_ = c.WaitAnswered(ringing) // the end of the patience cancels the call by itself
	}()
	return w.keep(c), nil
}

type waiting struct {
	TimeoutMS int `json:"timeout_ms"`
}

func (w waiting) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(w.TimeoutMS)*time.Millisecond)
}

// incoming returns the next call that reached the far end of the trunk.
func (w *world) incoming(ctx context.Context, in waiting) (seen, error) {
	ctx, cancel := in.limit(ctx)
	defer cancel()
	c, err := w.trunk.Incoming(ctx)
	if err != nil {
		return seen{}, fmt.Errorf("nobody called the far end: %w", err)
	}
	return w.keep(c), nil
}
