package realtime

import (
	"sync"
	"time"
)

// gatherFor is how long signals are gathered before they go out: long enough that what a transaction's events are
// for, a pop and the ringing of a phone, is done first, and too short for anybody to notice.
const gatherFor = 25 * time.Millisecond

// gatherer holds signals back for a moment and lets each go out once, in the order in which they first came.
type gatherer struct {
	bus Bus

	mu     sync.Mutex
	frames [][]byte
	known  map[string]struct{}
}

func (g *gatherer) add(frame []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.known[string(frame)]; known {
		return
	}
	if g.known == nil {
		g.known = map[string]struct{}{}
		time.AfterFunc(gatherFor, g.flush)
	}
	g.known[string(frame)] = struct{}{}
	g.frames = append(g.frames, frame)
}

func (g *gatherer) flush() {
	g.mu.Lock()
	frames := g.frames
	g.frames, g.known = nil, nil
	g.mu.Unlock()
	for _, frame := range frames {
		g.bus.Publish(Message{Kind: MessageSignal, Frame: frame})
	}
}
