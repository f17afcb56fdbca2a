package ari

import (
	"context"
	"sync"
)

// queue is a list of messages without limit: put never waits, take does.
type queue struct {
	mu     sync.Mutex
	items  []Message
	closed error
	ready  chan struct{} // holds one token when there may be something to take
}

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1)} }

// put adds a message at the end.
func (q *queue) put(m Message) {
	q.mu.Lock()
	q.items = append(q.items, m)
	q.mu.Unlock()
	q.signal()
}

// close lets take return err once everything is taken. The first close counts.
func (q *queue) close(err error) {
	q.mu.Lock()
	if q.closed == nil {
		q.closed = err
	}
	q.mu.Unlock()
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take gives the oldest message, waiting for one.
func (q *queue) take(ctx context.Context) (Message, error) {
	for {
		q.mu.Lock()
		if len(q.items) > 0 {
			m := q.items[0]
			q.items[0] = nil
			q.items = q.items[1:]
			more := len(q.items) > 0 || q.closed != nil
			q.mu.Unlock()
			if more {
				q.signal()
			}
			return m, nil
		}
		q.items = nil
		closed := q.closed
		q.mu.Unlock()
		if closed != nil {
			q.signal()
			return nil, closed
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// length is the number of messages not taken yet.
func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}
