package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"centralita/callcenter/routing"
)

const roster = `
select u.id, u.name, u.sip_user, coalesce(a.ready, true),
       a.call_id is not null and exists (select from calls c where c.id = a.call_id and c.ended_at is null),
       coalesce(a.idle_since, u.created_at)
from users u left join agents a on a.user_id = u.id
where u.active order by u.id`

// Agents returns every active user with a phone, as stored; Registered is unset.
func (b *Books) Agents(ctx context.Context) ([]routing.Agent, error) {
	rows, err := b.db.Conn(ctx).Query(ctx, roster)
	if err != nil {
		return nil, fmt.Errorf("read roster: %w", err)
	}
	agents, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a routing.Agent, err error) {
		err = row.Scan(&a.UserID, &a.Name, &a.Endpoint, &a.Ready, &a.Busy, &a.IdleSince)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("read roster: %w", err)
	}
	return agents, nil
}

const setReady = `
insert into agents (user_id, ready, reason) values ($1, $2, $3)
on conflict (user_id) do update set ready = excluded.ready, reason = excluded.reason, updated_at = now(),
    idle_since = case when agents.ready = excluded.ready then agents.idle_since else now() end`

// SetReady stores whether a user wants calls, and why not.
func (b *Books) SetReady(ctx context.Context, user int64, ready bool, reason string) error {
	if _, err := b.db.Conn(ctx).Exec(ctx, setReady, user, ready, reason); err != nil {
		return fmt.Errorf("set ready: %w", err)
	}
	return nil
}
