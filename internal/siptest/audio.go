package siptest

import (
	"context"
	"errors"
	"time"

	"centralita/internal/siptest/tone"
)

// Play sends a tone of hz from now on; 0 is silence.
func (c *Call) Play(hz float64) { c.media.Play(tone.Sine(hz)) }

// PlaySource sends the source from now on.
func (c *Call) PlaySource(source tone.Source) { c.media.Play(source) }

// Mute stops sending packets altogether.
func (c *Call) Mute() { c.media.Play(nil) }

// WaitHears returns when every tone given is heard at once; an error with an
// *EndedError in it when the call ends first.
func (c *Call) WaitHears(ctx context.Context, hz ...float64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	err := c.media.WaitHears(ctx, hz...)
	if end, ended := c.End(); ended && err != nil {
		return errors.Join(err, &EndedError{end})
	}
	return err
}

// WaitDeaf returns when none of the tones given has been heard for 300 ms.
func (c *Call) WaitDeaf(ctx context.Context, hz ...float64) error {
	return c.media.WaitDeaf(ctx, hz...)
}

// Listen returns what is heard in the next window of real time.
func (c *Call) Listen(ctx context.Context, window time.Duration) (tone.Audio, error) {
	return c.media.Listen(ctx, window)
}

// SendDigits presses the keys given (0-9, *, #, A-D) as RFC 4733 events.
func (c *Call) SendDigits(ctx context.Context, keys string) error {
	return c.media.SendDigits(ctx, keys)
}

// Digits returns the keys that the other side has pressed so far.
func (c *Call) Digits() string { return c.media.Digits() }
