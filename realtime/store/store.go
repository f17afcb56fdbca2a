// Package store keeps the live streams in PostgreSQL: live_streams holds each
// user's epoch and last number, live_events the events. A number is taken by
// updating the user's row, which stays locked until the commit; so the numbers
// of committed events have no holes, and come in the order of commits.
package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
	"centralita/realtime"
)

// pruneBatch bounds how many rows one statement of Prune locks.
const pruneBatch = 5000

// Store implements realtime.Store. Safe for concurrent use.
type Store struct{ db *postgres.DB }

// New returns a store on db.
func New(db *postgres.DB) *Store { return &Store{db: db} }

const appendSQL = `
with stream as (
	insert into live_streams as s (user_id, seq) values ($1, 1)
	on conflict (user_id) do update set seq = s.seq + 1
	returning epoch, seq
), event as (
	insert into live_events (user_id, seq, kind, body)
	select $1, seq, $2, $3::jsonb from stream
	returning at
)
select stream.epoch::text, stream.seq, event.at from stream, event`

// Append takes the user's next number and writes the event, in one statement
// and in ctx's transaction, whose next statement or commit it travels with.
// written is called when it has run.
func (s *Store) Append(ctx context.Context, userID int64, kind string, body []byte, written func(epoch string, e realtime.Event)) error {
	e := realtime.Event{Kind: kind, Body: body}
	var epoch string
	err := s.db.Later(ctx, appendSQL, []any{userID, kind, string(body)}, func(row pgx.Row) error {
		if err := row.Scan(&epoch, &e.Seq, &e.At); err != nil {
			return postgres.Classify(fmt.Errorf("append %s to live stream of user %d: %w", kind, userID, err))
		}
		written(epoch, e)
		return nil
	})
	return postgres.Classify(err)
}

const sinceSQL = `
select s.epoch::text, s.seq, e.seq, e.at, e.kind, e.body::text
from live_streams s
left join live_events e on e.user_id = s.user_id and e.seq > $2 and e.seq <= s.seq
where s.user_id = $1
order by e.seq
limit $3`

// Since returns the user's position and, of the same snapshot, the events after
// the number after, in order, at most limit (≥ 1). A user without a stream gets one.
func (s *Store) Since(ctx context.Context, userID, after int64, limit int) (realtime.Position, []realtime.Event, error) {
	at, events, err := s.since(ctx, userID, after, limit)
	if err == nil && at.Epoch == "" {
		_, err = s.db.Conn(ctx).Exec(ctx, `insert into live_streams (user_id) values ($1) on conflict do nothing`, userID)
		if err == nil {
			at, events, err = s.since(ctx, userID, after, limit)
		}
	}
	if err != nil {
		return realtime.Position{}, nil, postgres.Classify(fmt.Errorf("read live stream of user %d: %w", userID, err))
	}
	return at, events, nil
}

func (s *Store) since(ctx context.Context, userID, after int64, limit int) (at realtime.Position, events []realtime.Event, err error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sinceSQL, userID, after, limit)
	if err != nil {
		return at, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq *int64
		var when *time.Time
		var kind, body *string
		if err := rows.Scan(&at.Epoch, &at.Seq, &seq, &when, &kind, &body); err != nil {
			return at, nil, err
		}
		if seq != nil {
			events = append(events, realtime.Event{Seq: *seq, At: *when, Kind: *kind, Body: []byte(*body)})
		}
	}
	return at, events, rows.Err()
}

// Positions returns the positions of those of the users that have a stream, in
// one query.
func (s *Store) Positions(ctx context.Context, userIDs []int64) (map[int64]realtime.Position, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, `select user_id, epoch::text, seq from live_streams where user_id = any($1)`, userIDs)
	if err != nil {
		return nil, postgres.Classify(fmt.Errorf("read live positions: %w", err))
	}
	defer rows.Close()
	positions := make(map[int64]realtime.Position, len(userIDs))
	for rows.Next() {
		var userID int64
		var at realtime.Position
		if err := rows.Scan(&userID, &at.Epoch, &at.Seq); err != nil {
			return nil, fmt.Errorf("read live positions: %w", err)
		}
		positions[userID] = at
	}
	if err := rows.Err(); err != nil {
		return nil, postgres.Classify(fmt.Errorf("read live positions: %w", err))
	}
	return positions, nil
}

// Prune deletes events older than keep, oldest first and some thousands at a
// time, and returns how many. It may be killed and run again at any point.
func (s *Store) Prune(ctx context.Context, keep time.Duration) (int64, error) {
	var total int64
	for {
		tag, err := s.db.Conn(ctx).Exec(ctx, `
			delete from live_events where (user_id, seq) in (
				select user_id, seq from live_events
				where at < clock_timestamp() - $1::interval
				order by at limit $2)`, keep, pruneBatch)
		if err != nil {
			return total, postgres.Classify(fmt.Errorf("prune live events: %w", err))
		}
		total += tag.RowsAffected()
		if tag.RowsAffected() < pruneBatch {
			return total, nil
		}
	}
}

// Renew gives every stream a new epoch. To be called once after a database was
// restored from a backup: numbers that browsers have seen may be used again.
func (s *Store) Renew(ctx context.Context) error {
	if _, err := s.db.Conn(ctx).Exec(ctx, `update live_streams set epoch = gen_random_uuid()`); err != nil {
		return postgres.Classify(fmt.Errorf("renew live epochs: %w", err))
	}
	return nil
}
