package kept_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"centralita/internal/kept"
)

// counter is a set whose value says how often it was read; it fails while broken.
type counter struct {
	reads  atomic.Int64
	broken atomic.Bool
}

func (c *counter) read(context.Context) (*int64, error) {
	if c.broken.Load() {
		return nil, errors.New("the database is away")
	}
	n := c.reads.Add(1)
	return &n, nil
}

// at returns the set's value, or -1 when there is none.
func at(t *testing.T, s *kept.Set[int64]) int64 {
	t.Helper()
	n, err := s.Get(t.Context())
	if err != nil {
		return -1
	}
	return *n
}

func TestOneReadingServesAllUntilItIsForgotten(t *testing.T) {
	var c counter
	s := kept.New("test", c.read)
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() {
			if n := at(t, s); n != 1 {
				t.Errorf("read %d times", n)
			}
		})
	}
	asking.Wait()
	s.Forget()
	if n := at(t, s); n != 2 {
		t.Errorf("after a change: reading %d", n)
	}
}

func TestAnOldSetIsReadAgainBehindTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c counter
		s := kept.New("test", c.read)
		step := func(wait time.Duration, want int64) {
			t.Helper()
			<-time.After(wait)
			if n := at(t, s); n != want {
				t.Errorf("reading %d, want %d", n, want)
			}
			synctest.Wait()
		}
		step(0, 1)
		step(time.Second, 1)
		step(2*time.Second, 1) // the question that finds it old is answered at once
		step(0, 2)
		c.broken.Store(true)
		step(3*time.Second, 2)
		step(3*time.Second, 2) // what was known goes on serving
		s.Forget()
		step(0, -1) // but not after a change that was not read
		c.broken.Store(false)
		step(0, 3)
	})
}
