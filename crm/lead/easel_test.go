package lead

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestManyAskOneDraws(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e easel
		var state, drawn atomic.Int64
		draw := func(context.Context) (Board, error) {
			drawn.Add(1)
			seen := state.Load()
			<-time.After(100 * time.Millisecond)
			return Board{Balance: Balance{Opened: seen}}, nil
		}
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				<-time.After(time.Duration(i) * 10 * time.Millisecond)
				mine := state.Add(1)
				b, err := e.get(t.Context(), draw)
				if err != nil || b.Balance.Opened < mine {
					t.Errorf("shown %d, done before asking %d, %v", b.Balance.Opened, mine, err)
				}
			})
		}
		all.Wait()
		if n := drawn.Load(); n < 2 || n > 4 {
			t.Errorf("drawn %d times in half a second", n)
		}
		<-time.After(time.Second)
	})
}

func TestWhoGivesUpIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e easel
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := e.get(ctx, func(ctx context.Context) (Board, error) {
			<-ctx.Done()
			return Board{}, ctx.Err()
		})
		if err == nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		<-time.After(10 * time.Second)
	})
}
