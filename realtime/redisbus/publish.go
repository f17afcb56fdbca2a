package redisbus

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"centralita/realtime"
)

// retryPublish is the pause before Redis is tried again.
const retryPublish = 250 * time.Millisecond

// publishLoop sends what waits. What fails is not sent again, for it may have
// arrived: the others are told that something was lost, and look for themselves.
func (b *Bus) publishLoop(ctx context.Context) {
	retry := time.NewTicker(retryPublish)
	defer retry.Stop()
	for {
		var batch []realtime.Message
		select {
		case <-ctx.Done():
			return
		case m := <-b.out:
			batch = b.collect(m)
		case <-retry.C:
			if !b.missed.Load() {
				continue
			}
		}
		if b.missed.Load() {
			// Before the loss is known to all, sending more is of no use.
			batch = []realtime.Message{{Kind: realtime.MessageLost}}
			b.drain()
		}
		wasMissed := b.missed.Swap(false)
		if err := b.send(ctx, batch); err != nil {
			b.missed.Store(true)
			if !wasMissed && ctx.Err() == nil {
				slog.Warn("redis takes no live messages; trying on", "error", err)
			}
			pause(ctx, retryPublish)
		}
	}
}

// collect adds to m what waits already, up to a batch.
func (b *Bus) collect(m realtime.Message) []realtime.Message {
	batch := []realtime.Message{m}
	for len(batch) < batchLimit {
		select {
		case m := <-b.out:
			batch = append(batch, m)
		default:
			return batch
		}
	}
	return batch
}

// drain drops what waits; a MessageLost is about to tell of it.
func (b *Bus) drain() {
	for {
		select {
		case <-b.out:
		default:
			return
		}
	}
}

func (b *Bus) send(ctx context.Context, batch []realtime.Message) error {
	ctx, cancel := context.WithTimeout(ctx, 2*ioTimeout)
	defer cancel()
	_, err := b.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, m := range batch {
			payload, err := b.encode(m)
			if err != nil {
				return err
			}
			p.Publish(ctx, b.channel, payload)
		}
		return nil
	})
	return err
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
