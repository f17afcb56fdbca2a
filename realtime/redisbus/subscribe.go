package redisbus

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// subscribeLoop keeps a subscription alive until ctx ends.
func (b *Bus) subscribeLoop(ctx context.Context) {
	wait := 50 * time.Millisecond
	for ctx.Err() == nil {
		if b.listen(ctx) {
			wait = 50 * time.Millisecond
		}
		b.setUp(false)
		pause(ctx, wait)
		wait = min(2*wait, time.Second)
	}
}

// listen receives on one subscription until it fails or falls silent. It
// reports whether it was ever subscribed.
func (b *Bus) listen(ctx context.Context) (subscribed bool) {
	ctx, cancel := context.WithCancel(ctx)
	sub := b.client.Subscribe(ctx, b.channel)
	var heard atomic.Int64
	heard.Store(time.Now().UnixNano())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		watch(ctx, sub, &heard)
	}()
	defer func() {
		cancel()
		<-watched
	}()
	for {
		got, err := sub.ReceiveTimeout(ctx, 0)
		if err != nil {
			return subscribed
		}
		heard.Store(time.Now().UnixNano())
		switch got := got.(type) {
		case *redis.Subscription:
			// Also when the client has reconnected by itself: something may be lost.
			subscribed = true
			b.setUp(true)
		case *redis.Message:
			if m, ok := b.decode(got.Payload); ok {
				b.local.Publish(m)
			}
		}
	}
}

// watch asks for signs of life and closes the subscription when there are none,
// or when ctx ends.
func watch(ctx context.Context, sub *redis.PubSub, heard *atomic.Int64) {
	defer func() { _ = sub.Close() }() // it may be broken already
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if time.Since(time.Unix(0, heard.Load())) > silence || sub.Ping(ctx) != nil {
			return
		}
	}
}
