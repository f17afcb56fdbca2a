package file

import (
	"context"
	"time"
)

// Prune removes the contents of files that were deleted longer ago than anybody
// can bring them back, and what uploads that were given up have left. The row of
// a deleted file stays for the timeline. It may be run again at any time.
func (s *Service) Prune(ctx context.Context, now time.Time) error {
	for {
		spent, err := s.store.spent(ctx, now)
		if err != nil || len(spent) == 0 {
			return err
		}
		for _, f := range spent {
			if err := s.ports.Blob.Remove(f.Blob); err != nil {
				return err
			}
			if err := s.store.forget(ctx, f.ID); err != nil {
				return err
			}
		}
	}
}
