package message

import (
	"context"
	"fmt"
	"time"
)

// catchUpArgs is the round that finds inbound SMS whose webhook never came.
type catchUpArgs struct{}

// Kind names the job.
func (catchUpArgs) Kind() string { return "message_catch_up" }

// The carrier posts an inbound SMS once and forgets it: what it posted while
// this product was down is in its list only. How often that is read, and how old
// an SMS may be to be taken from it.
const (
	catchUpEvery  = 2 * time.Minute
	catchUpWindow = 12 * time.Hour
)

// catchUp receives what the carrier's list has and we have not, oldest first.
func (s *Service) catchUp(ctx context.Context) error {
	if !s.Configured() || s.opts.From == "" {
		return nil
	}
	all, err := s.provider.list(ctx, "", s.opts.From)
	if err != nil {
		return fmt.Errorf("list inbound sms: %w", err)
	}
	for i := len(all) - 1; i >= 0; i-- {
		l := all[i]
		if l.direction != "inbound" || time.Since(l.created) > catchUpWindow {
			continue
		}
		known, err := s.store.has(ctx, l.sid)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		s.log.InfoContext(ctx, "inbound sms found in the provider's list", "sid", l.sid)
		if err := s.Receive(ctx, Incoming{SID: l.sid, From: l.from, To: l.to, Body: l.body, Media: l.media}); err != nil {
			return err
		}
	}
	return nil
}
