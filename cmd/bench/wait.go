package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	startLimit = 3 * time.Minute
	stopLimit  = time.Minute
	pollEvery  = 50 * time.Millisecond
)

// final is an error that waiting does not mend.
type final struct{ error }

// within tries until it succeeds, the limit is over, or the error is final.
func within(ctx context.Context, limit time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := try()
		var f final
		if err == nil || errors.As(err, &f) {
			return err
		}
		if pause(ctx, pollEvery) != nil {
			return fmt.Errorf("not in %v: %w", limit, err)
		}
	}
}

// pause waits for d; an error when ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
