package importing

import "context"

// Sweep appoints workers in place of dead ones, without waiting for the round.
func (s *Service) Sweep(ctx context.Context) error { return s.sweep(ctx) }
