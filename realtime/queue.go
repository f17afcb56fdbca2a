package realtime

import "sync"

// queue holds what waits to be written to one socket. It is bounded in bytes
// and in frames; the frame being written counts until the next one is taken.
type queue struct {
	maxBytes, maxFrames int

	wake    chan struct{} // holds a token when there may be something to take
	mu      sync.Mutex
	frames  []queued
	head    int
	bytes   int
	flying  int                 // bytes of the frame taken last
	waiting map[string]struct{} // keys of the signals in frames
	end     CloseCode           // 0 while open
}

// queued is a frame; key is set for a signal.
type queued struct {
	frame []byte
	key   string
}

func newQueue(maxBytes, maxFrames int) *queue {
	return &queue{maxBytes: maxBytes, maxFrames: maxFrames, wake: make(chan struct{}, 1)}
}

// push adds a frame; false when it does not fit. A signal that waits already is
// not added again: whoever reads the first will fetch what the second tells. A
// closed queue swallows everything.
func (q *queue) push(item queued) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.end != 0 {
		return true
	}
	if item.key != "" {
		if _, waits := q.waiting[item.key]; waits {
			return true
		}
	}
	if q.bytes+len(item.frame) > q.maxBytes || len(q.frames)-q.head >= q.maxFrames {
		return false
	}
	if item.key != "" {
		if q.waiting == nil {
			q.waiting = map[string]struct{}{}
		}
		q.waiting[item.key] = struct{}{}
	}
	q.frames = append(q.frames, item)
	q.bytes += len(item.frame)
	q.rouse()
	return true
}

// take returns the next frame, or nil when none waits; a non-zero code when the
// queue was closed, whatever waited.
func (q *queue) take() ([]byte, CloseCode) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= q.flying
	q.flying = 0
	if q.end != 0 || q.head == len(q.frames) {
		return nil, q.end
	}
	item := q.frames[q.head]
	q.frames[q.head] = queued{}
	q.head++
	if q.head == len(q.frames) {
		q.frames, q.head = q.frames[:0], 0
		if cap(q.frames) > 64 {
			q.frames = nil
		}
	}
	if item.key != "" {
		delete(q.waiting, item.key)
	}
	q.flying = len(item.frame)
	return item.frame, 0
}

// close drops what waits. The first code stays.
func (q *queue) close(code CloseCode) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.end == 0 {
		q.end = code
		q.frames, q.head, q.waiting = nil, 0, nil
		q.bytes = q.flying
	}
	q.rouse()
}

// held is how many bytes the queue keeps alive.
func (q *queue) held() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

func (q *queue) rouse() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
