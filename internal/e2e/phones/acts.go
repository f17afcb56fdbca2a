package main

import (
	"context"
	"fmt"
	"time"

	"centralita/internal/siptest"
)

// acting is something that one side of a call does: "answer", "hangup", "play"
// (Tone, 0 is silence) or "reject" (Status).
type acting struct {
	ID     string  `json:"id"`
	Do     string  `json:"do"`
	Tone   float64 `json:"tone"`
	Status int     `json:"status"`
}

type done struct{}

func (w *world) act(ctx context.Context, a acting) (done, error) {
	c, err := w.call(a.ID)
	if err != nil {
		return done{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	switch a.Do {
	case "answer":
		return done{}, c.Answer()
	case "reject":
		return done{}, c.Reject(a.Status, "Refused")
	case "hangup":
		return done{}, c.Hangup(ctx)
	case "play":
		c.Play(a.Tone)
		return done{}, nil
	}
	return done{}, fmt.Errorf("cannot %q", a.Do)
}

// expecting is something to wait for: "ringing", "answered", "hears" or "deaf"
// (Tone), "digits" (Digits), "ended".
type expecting struct {
	waiting
	ID     string  `json:"id"`
	For    string  `json:"for"`
	Tone   float64 `json:"tone"`
	Digits string  `json:"digits"`
}

// told is what was waited for: how the call ended, if it did.
type told struct {
	By     string `json:"by"`
	Status int    `json:"status"`
}

func (w *world) wait(ctx context.Context, e expecting) (told, error) {
	c, err := w.call(e.ID)
	if err != nil {
		return told{}, err
	}
	ctx, cancel := e.limit(ctx)
	defer cancel()
	switch e.For {
	case "ringing":
		return told{}, c.WaitRinging(ctx)
	case "answered":
		return told{}, c.WaitAnswered(ctx)
	case "hears":
		return told{}, c.WaitHears(ctx, e.Tone)
	case "deaf":
		return told{}, c.WaitDeaf(ctx, e.Tone)
	case "digits":
		return told{}, waitDigits(ctx, c, e.Digits)
	case "ended":
		end, err := c.WaitEnded(ctx)
		return told{By: string(end.By), Status: end.Status}, err
	}
	return told{}, fmt.Errorf("cannot wait for %q", e.For)
}

// waitDigits returns when the keys pressed so far are the ones wanted.
func waitDigits(ctx context.Context, c *siptest.Call, want string) error {
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for c.Digits() != want {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return fmt.Errorf("keys %q instead of %q", c.Digits(), want)
		}
	}
	return nil
}
