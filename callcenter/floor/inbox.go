package floor

import "sync"

// inbox is an unbounded queue with one reader. Senders never wait: a slow store must not stop the switch's reader.
type inbox[T any] struct {
	mu    sync.Mutex
	queue []T
	ready chan struct{} // holds a token while the queue may be non-empty
}

func newInbox[T any]() *inbox[T] {
	return &inbox[T]{ready: make(chan struct{}, 1)}
}

func (i *inbox[T]) put(message T) {
	i.mu.Lock()
	i.queue = append(i.queue, message)
	i.mu.Unlock()
	select {
	case i.ready <- struct{}{}:
	default:
	}
}

// take returns all that is queued, oldest first.
func (i *inbox[T]) take() []T {
	i.mu.Lock()
	defer i.mu.Unlock()
	taken := i.queue
	i.queue = nil
	return taken
}
