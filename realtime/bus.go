package realtime

import "sync"

// MessageKind says what a Message is.
type MessageKind string

// The kinds of messages. The first four travel between processes; a bus makes
// the last two itself, for its own subscribers.
const (
	MessageEvent       MessageKind = "event"        // UserID, At and Frame: an event was committed
	MessageSignal      MessageKind = "signal"       // Frame: for every browser
	MessageKickUser    MessageKind = "kick_user"    // UserID: end all sockets of the user
	MessageKickSession MessageKind = "kick_session" // SessionID: end all sockets of the session
	MessageLost        MessageKind = "lost"         // messages may have been lost up to now; the bus works
	MessageDown        MessageKind = "down"         // messages of other processes don't arrive until MessageLost
)

// Message is what hubs tell one another. Frame is shared: nobody may change it.
type Message struct {
	Kind      MessageKind
	UserID    int64
	SessionID int64
	At        Position
	Frame     []byte
}

// Bus carries messages to the hubs of all processes, the publisher's own among
// them. It may lose messages, repeat them and mix their order, but it must say
// MessageLost to the subscribers that may have missed any.
type Bus interface {
	// Publish hands m to the subscribers of this process before it returns, and to
	// those of other processes soon. It never blocks.
	Publish(m Message)
	// Subscribe has fn called with each message, possibly by several goroutines at
	// once, until stop is called. fn must be quick and not block.
	Subscribe(fn func(Message)) (stop func())
}

// LocalBus is the bus of a single process; it loses nothing. Safe for
// concurrent use; the zero value is ready.
type LocalBus struct {
	mu   sync.RWMutex
	next int
	subs map[int]func(Message)
}

// NewLocalBus returns a bus without subscribers.
func NewLocalBus() *LocalBus { return &LocalBus{} }

// Publish calls every subscriber in turn.
func (b *LocalBus) Publish(m Message) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, fn := range b.subs {
		fn(m)
	}
}

// Subscribe adds fn. stop waits for calls under way and must not be called by fn.
func (b *LocalBus) Subscribe(fn func(Message)) (stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = map[int]func(Message){}
	}
	id := b.next
	b.next++
	b.subs[id] = fn
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, id)
	}
}
