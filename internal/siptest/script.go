package siptest

import (
	"context"
	"time"
)

// Script is what a UA does with an incoming call; ctx ends with the call. It
// runs in a goroutine of its own and may leave the call to the test.
type Script func(ctx context.Context, c *Call)

// pass waits and reports whether the call still lives.
func pass(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// The errors that scripts drop tell only that the caller was quicker: the call's
// own End says so.

// Ring rings and leaves the rest to the test.
func Ring() Script { return func(_ context.Context, c *Call) { _ = c.Ring() } }

// Ignore says nothing at all, as a phone whose power is cut.
func Ignore() Script { return func(context.Context, *Call) {} }

// AnswerAfter rings for d, then answers; 0 answers without ringing.
func AnswerAfter(d time.Duration) Script {
	return func(ctx context.Context, c *Call) {
		if d > 0 {
			_ = c.Ring()
		}
		if pass(ctx, d) {
			_ = c.Answer()
		}
	}
}

// AnswerThenHangup answers as AnswerAfter does and hangs up after talk.
func AnswerThenHangup(d, talk time.Duration) Script {
	answer := AnswerAfter(d)
	return func(ctx context.Context, c *Call) {
		if answer(ctx, c); pass(ctx, talk) {
			_ = c.Hangup(ctx)
		}
	}
}

// Reject refuses at once: 486 busy, 480 unavailable, 603 declined, 404, 503…
func Reject(status int, reason string) Script {
	return func(_ context.Context, c *Call) { _ = c.Reject(status, reason) }
}

// RingThenReject rings for d and then refuses.
func RingThenReject(d time.Duration, status int, reason string) Script {
	return func(ctx context.Context, c *Call) {
		if _ = c.Ring(); pass(ctx, d) {
			_ = c.Reject(status, reason)
		}
	}
}

// EarlyMedia sends 183 with sound and leaves the rest to the test.
func EarlyMedia() Script { return func(_ context.Context, c *Call) { _ = c.Progress() } }

// ByNumber chooses a script by the user part that is dialled; numbers that are
// not named get the other one.
func ByNumber(scripts map[string]Script, other Script) Script {
	return func(ctx context.Context, c *Call) {
		if script, named := scripts[c.To()]; named {
			script(ctx, c)
			return
		}
		other(ctx, c)
	}
}
