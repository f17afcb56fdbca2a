package main

import (
	"math"
	"slices"
	"time"
)

// sample is what one side took, call by call. Failures are counted beside it:
// what never came has no time.
type sample struct {
	times    []time.Duration
	failures int
}

func (s *sample) add(d time.Duration) { s.times = append(s.times, d) }

func (s *sample) join(o sample) {
	s.times = append(s.times, o.times...)
	s.failures += o.failures
}

// stats are a sample in the table. Times are in milliseconds.
type stats struct {
	N         int     `json:"n"`
	Failures  int     `json:"failures"`
	P50       float64 `json:"p50_ms"`
	P95       float64 `json:"p95_ms"`
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
	PerSecond float64 `json:"per_second,omitempty"`
}

func (s sample) stats() stats {
	slices.Sort(s.times)
	return stats{
		N: len(s.times), Failures: s.failures,
		P50: s.at(0.5), P95: s.at(0.95), P99: s.at(0.99), Max: s.at(1),
	}
}

// at returns a quantile by the nearest rank, in milliseconds; NaN of nothing.
func (s sample) at(q float64) float64 {
	if len(s.times) == 0 {
		return math.NaN()
	}
	rank := int(math.Ceil(q*float64(len(s.times)))) - 1
	return float64(s.times[max(rank, 0)]) / float64(time.Millisecond)
}
