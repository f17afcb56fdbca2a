package bulk

import "context"

// Sweep appoints workers in place of dead ones.
func (s *Service) Sweep(ctx context.Context) error { return s.sweep(ctx) }

// Shares says how many of n each gets.
func Shares(loads []int, n int) []int { return shares(loads, n) }
