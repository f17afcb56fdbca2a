package lead

import (
	"context"
	"sync"
	"time"
)

// easel lets one board be drawn at a time, however many browsers ask because a
// lead has changed. Who asks while a drawing is under way waits for the next
// one, so that nobody is shown a state from before he asked. A drawing begins
// at least a quarter of a second after the one before began.
type easel struct {
	mu   sync.Mutex
	busy bool
	next *drawing // not begun yet; nil when nobody waits
}

// drawing is a board in the making. board and err are set before done is closed.
type drawing struct {
	done  chan struct{}
	board Board
	err   error
}

const (
	drawEvery = 250 * time.Millisecond
	drawLimit = 5 * time.Second
)

func (e *easel) get(ctx context.Context, draw func(context.Context) (Board, error)) (Board, error) {
	e.mu.Lock()
	if e.next == nil {
		e.next = &drawing{done: make(chan struct{})}
	}
	d := e.next
	if !e.busy {
		e.busy = true
		go e.work(context.WithoutCancel(ctx), draw)
	}
	e.mu.Unlock()
	select {
	case <-d.done:
		return d.board, d.err
	case <-ctx.Done():
		return Board{}, ctx.Err()
	}
}

// work draws until nobody waits.
func (e *easel) work(ctx context.Context, draw func(context.Context) (Board, error)) {
	for {
		e.mu.Lock()
		d := e.next
		e.next = nil
		e.busy = d != nil
		e.mu.Unlock()
		if d == nil {
			return
		}
		pause := time.NewTimer(drawEvery)
		d.draw(ctx, draw)
		<-pause.C
	}
}

func (d *drawing) draw(ctx context.Context, draw func(context.Context) (Board, error)) {
	defer close(d.done)
	ctx, cancel := context.WithTimeout(ctx, drawLimit)
	defer cancel()
	d.board, d.err = draw(ctx)
}
