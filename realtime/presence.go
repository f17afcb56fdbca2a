package realtime

import "sync"

// presence calls the hooks one at a time and in order, outside the hub's lock.
type presence struct {
	opts Options

	mu      sync.Mutex
	changed *sync.Cond
	waiting []presenceChange
	closed  bool
}

type presenceChange struct {
	userID int64
	tabs   int
	here   bool
}

func newPresence(opts Options) *presence {
	p := &presence{opts: opts}
	p.changed = sync.NewCond(&p.mu)
	return p
}

func (p *presence) connected(userID int64, tabs int) {
	p.add(presenceChange{userID: userID, tabs: tabs, here: true})
}

func (p *presence) disconnected(userID int64, tabs int) {
	p.add(presenceChange{userID: userID, tabs: tabs})
}

func (p *presence) add(c presenceChange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, c)
	p.changed.Signal()
}

// run calls hooks until close, and then those that still wait.
func (p *presence) run() {
	for {
		batch := p.next()
		if batch == nil {
			return
		}
		for _, c := range batch {
			hook := p.opts.Disconnected
			if c.here {
				hook = p.opts.Connected
			}
			if hook != nil {
				hook(c.userID, c.tabs)
			}
		}
	}
}

func (p *presence) next() []presenceChange {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.waiting) == 0 && !p.closed {
		p.changed.Wait()
	}
	batch := p.waiting
	p.waiting = nil
	return batch
}

func (p *presence) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.changed.Signal()
}
