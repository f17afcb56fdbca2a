package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/callcenter/routing"
)

const roster = `
select u.id, u.name, u.sip_user, coalesce(a.ready, true),
       a.call_id is not null and exists (select from calls c where c.id = a.call_id and c.ended_at is null),
       coalesce(a.idle_since, u.created_at),
       coalesce(a.reason, ''), coalesce(a.wrap_call, 0), coalesce(a.wrap_until, 'epoch'),
       coalesce((select jsonb_object_agg(m.queue_id, jsonb_build_object('penalty', m.penalty, 'order', m.position))
                 from queue_members m where m.user_id = u.id), '{}'),
       coalesce((select jsonb_object_agg(s.skill_id, s.level) from user_skills s where s.user_id = u.id), '{}')
from users u left join agents a on a.user_id = u.id
where u.active order by u.id`

// Agents returns every active user with a phone, as stored, with his queues and skills; Registered is unset.
func (b *Books) Agents(ctx context.Context) ([]routing.Agent, error) {
	today, err := b.conversations(ctx)
	if err == nil {
		err = b.expireWrapUps(ctx)
	}
	if err != nil {
		return nil, err
	}
	rows, err := b.db.Conn(ctx).Query(ctx, roster)
	if err != nil {
		return nil, fmt.Errorf("read roster: %w", err)
	}
	agents, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a routing.Agent, err error) {
		err = row.Scan(&a.UserID, &a.Name, &a.Endpoint, &a.Ready, &a.Busy, &a.IdleSince, &a.Reason, &a.WrapCall, &a.WrapUntil, &a.Queues, &a.Skills)
		a.Calls, a.WrapUp = today[a.UserID], a.WrapCall != 0
		if a.WrapUntil.Unix() == 0 {
			a.WrapUntil = time.Time{}
		}
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("read roster: %w", err)
	}
	return agents, nil
}

// countEvery is how old the count of conversations may be.
const countEvery = 15 * time.Second

// talked counts the conversations of a day, by user.
type talked struct {
	mu sync.Mutex
	at time.Time
	by map[int64]int
}

const countTalks = `
select user_id, count(*) from calls
where user_id is not null and answered_at is not null and started_at >= date_trunc('day', now()) group by user_id`

// conversations returns how many conversations each user has had today (UTC), as of some seconds ago. The map is
// shared: do not change it.
func (b *Books) conversations(ctx context.Context) (map[int64]int, error) {
	t := &b.talked
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Since(t.at) < countEvery {
		return t.by, nil
	}
	rows, err := b.db.Conn(ctx).Query(ctx, countTalks)
	if err != nil {
		return nil, fmt.Errorf("count conversations: %w", err)
	}
	by := map[int64]int{}
	var user int64
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&user, &n}, func() error { by[user] = n; return nil }); err != nil {
		return nil, fmt.Errorf("count conversations: %w", err)
	}
	t.by, t.at = by, time.Now()
	return by, nil
}

const setReady = `
insert into agents (user_id, ready, reason) values ($1, $2, $3)
on conflict (user_id) do update set ready = excluded.ready, reason = excluded.reason, updated_at = now(),
    idle_since = case when agents.ready = excluded.ready and agents.reason = excluded.reason then agents.idle_since else now() end`

const inWrapUp = `select exists (select from agents where user_id = $1 and wrap_call is not null)`

// SetReady stores whether a user wants calls, and why not.
func (b *Books) SetReady(ctx context.Context, user int64, ready bool, reason string) error {
	state := "not_ready"
	if ready {
		state, reason = "available", ""
	}
	err := b.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := b.db.Conn(ctx).Exec(ctx, setReady, user, ready, reason); err != nil {
			return err
		}
		wrapping := false // what he will be after his wrap-up is noted at its end
		if err := b.db.Conn(ctx).QueryRow(ctx, inWrapUp, user).Scan(&wrapping); err != nil || wrapping {
			return err
		}
		_, err := b.db.Conn(ctx).Exec(ctx, newState, user, state, reason, 0, time.Now().UTC())
		return err
	})
	if err != nil {
		return fmt.Errorf("set ready: %w", err)
	}
	return nil
}
