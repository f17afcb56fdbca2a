package webhook

import (
	"context"
	"net/netip"
	"time"
)

// Pump makes the deliveries of a webhook that are due.
func (s *Service) Pump(ctx context.Context, id int64) error { return s.pump(ctx, id) }

// Sweep finds deliveries whose errand is gone.
func (s *Service) Sweep(ctx context.Context) error { return s.sweep(ctx) }

// Public is whether facts may be sent to an address.
func Public(a netip.Addr) bool { return public(a) }

// Guard is asked before a connection is made.
func Guard(address string) error { return guard("tcp", address, nil) }

// CheckURL is what is asked of an address.
func CheckURL(ctx context.Context, raw string, local bool) error {
	_, err := checkURL(ctx, raw, local)
	return err
}

// Pauses are the waits between attempts.
func Pauses() []time.Duration { return pauses }
