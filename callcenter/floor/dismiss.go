package floor

import (
	"context"
	"errors"

	"centralita/callcenter"
)

// Dismiss takes a user who may not work any more out of his calls here: a call
// that rings for him goes on to others, any other ends as if he had hung up.
func (f *Floor) Dismiss(ctx context.Context, user int64) error {
	var failed error
	for _, call := range f.Calls() {
		for _, wish := range []callcenter.Event{callcenter.Decline{UserID: user}, callcenter.HangUp{UserID: user}} {
			if !call.Allowed(wish) {
				continue
			}
			_, err := f.Do(ctx, call.ID, wish)
			if err != nil && !errors.Is(err, ErrNoCall) && !errors.Is(err, ErrNotNow) {
				failed = errors.Join(failed, err)
			}
		}
	}
	return failed
}
