// Package redisbus carries live messages between processes by Redis pub/sub.
//
// Redis is only a nudge: nothing true lives in it. Messages of this process
// reach its own subscribers directly, without Redis. When Redis dies, hangs or
// is cut off, the bus says realtime.MessageDown to its own subscribers within
// three seconds; when it is subscribed again, realtime.MessageLost. When it
// could not publish something, it tells the subscribers of all processes
// MessageLost as soon as Redis takes messages again. FLUSHALL does not touch it.
//
// Whoever can write to the Redis can make browsers believe signals: it belongs
// to the servers alone.
package redisbus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"centralita/realtime"
)

const (
	heartbeat  = time.Second             // between signs of life that are asked of Redis
	silence    = 2500 * time.Millisecond // without any: Redis is down
	ioTimeout  = time.Second
	openWait   = 2 * time.Second // how long Open waits for Redis
	queueLimit = 4096            // messages waiting to be published
	batchLimit = 64              // published in one round trip
)

// Bus implements realtime.Bus. Safe for concurrent use.
type Bus struct {
	local   *realtime.LocalBus
	client  *redis.Client
	channel string
	origin  string // tells our own messages from those of others
	out     chan realtime.Message
	missed  atomic.Bool // something was not published; the others must know
	foreign sync.Once   // the first foreign message is logged
	state   state
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// state is whether messages of others arrive. Changes and what is told of them
// keep one order.
type state struct {
	mu      sync.Mutex
	up      bool
	upFirst chan struct{} // closed when first up
}

// Open connects to the Redis at url, like redis://localhost:6379/0 or
// unix:///run/redis.sock, on a pub/sub channel that all processes on one database
// share and no others use. An unreachable Redis is no error: the bus goes on
// trying. Close it when done.
func Open(url, channel string) (*Bus, error) {
	redis.SetLogger(hush{})
	opts, err := redis.ParseURL(url)
	if err != nil { // the cause may quote a password
		return nil, errors.New("the redis url is not of the form redis://[user:password@]host:port/db, rediss://… or unix://…")
	}
	opts.Protocol = 2
	opts.DisableIdentity = true
	opts.MaxRetries = -1
	opts.PoolSize = 2
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout = ioTimeout, ioTimeout, ioTimeout
	ctx, cancel := context.WithCancel(context.Background())
	b := &Bus{
		local: realtime.NewLocalBus(), client: redis.NewClient(opts), channel: channel, origin: rand.Text(),
		out: make(chan realtime.Message, queueLimit), state: state{upFirst: make(chan struct{})}, cancel: cancel,
	}
	b.done.Go(func() { b.publishLoop(ctx) })
	b.done.Go(func() { b.subscribeLoop(ctx) })
	select {
	case <-b.state.upFirst:
	case <-time.After(openWait):
		slog.Warn("redis is not reachable; live messages between processes take the slow way", "channel", channel)
	}
	return b, nil
}

// hush keeps the library quiet: what matters of a lost Redis is told once, by this package.
type hush struct{}

// Printf says nothing.
func (hush) Printf(context.Context, string, ...any) {}

// Close stops the bus. Messages that wait are dropped.
func (b *Bus) Close() error {
	b.cancel()
	b.done.Wait()
	return b.client.Close()
}

// Publish calls the subscribers of this process, and sends m to the others soon.
func (b *Bus) Publish(m realtime.Message) {
	b.local.Publish(m)
	select {
	case b.out <- m:
	default:
		b.missed.Store(true)
	}
}

// Subscribe adds a subscriber of this process. If Redis is down it is told at once.
func (b *Bus) Subscribe(fn func(realtime.Message)) (stop func()) {
	b.state.mu.Lock()
	defer b.state.mu.Unlock()
	if !b.state.up {
		fn(realtime.Message{Kind: realtime.MessageDown})
	}
	return b.local.Subscribe(fn)
}

// Up reports whether messages of other processes arrive now, for health checks.
func (b *Bus) Up() bool {
	b.state.mu.Lock()
	defer b.state.mu.Unlock()
	return b.state.up
}

// setUp notes the state. Coming up is told each time, for each time something
// may have been lost; going down is told once.
func (b *Bus) setUp(up bool) {
	b.state.mu.Lock()
	defer b.state.mu.Unlock()
	was := b.state.up
	b.state.up = up
	switch {
	case up:
		select {
		case <-b.state.upFirst:
		default:
			close(b.state.upFirst)
		}
		b.local.Publish(realtime.Message{Kind: realtime.MessageLost})
	case was:
		b.local.Publish(realtime.Message{Kind: realtime.MessageDown})
	}
}

// wire is a message as it travels.
type wire struct {
	Origin  string               `json:"origin"`
	Kind    realtime.MessageKind `json:"kind"`
	User    int64                `json:"user,omitempty"`
	Session int64                `json:"session,omitempty"`
	Epoch   string               `json:"epoch,omitempty"`
	Seq     int64                `json:"seq,omitempty"`
	Frame   string               `json:"frame,omitempty"`
}

func (b *Bus) encode(m realtime.Message) ([]byte, error) {
	return json.Marshal(wire{
		Origin: b.origin, Kind: m.Kind, User: m.UserID, Session: m.SessionID,
		Epoch: m.At.Epoch, Seq: m.At.Seq, Frame: string(m.Frame),
	})
}

// decode returns a message of another process; false for our own and for what
// is none.
func (b *Bus) decode(payload string) (realtime.Message, bool) {
	var w wire
	if err := json.Unmarshal([]byte(payload), &w); err != nil {
		b.foreign.Do(func() { slog.Warn("foreign messages on the live channel", "channel", b.channel) })
		return realtime.Message{}, false
	}
	m := realtime.Message{
		Kind: w.Kind, UserID: w.User, SessionID: w.Session,
		At: realtime.Position{Epoch: w.Epoch, Seq: w.Seq}, Frame: []byte(w.Frame),
	}
	return m, w.Origin != b.origin && (len(m.Frame) == 0 || json.Valid(m.Frame))
}
