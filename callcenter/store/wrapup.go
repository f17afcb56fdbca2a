package store

import (
	"context"
	"fmt"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/floor"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

const (
	beginWrapUp = `
insert into agents (user_id, wrap_call, wrap_since, wrap_until) values ($1, $2, $3, $4)
on conflict (user_id) do update set wrap_call = excluded.wrap_call, wrap_since = excluded.wrap_since, wrap_until = excluded.wrap_until`
	noteWrapUp = `
insert into call_wrapups (call_id, user_id, queue_id, started_at) values ($1, $2, nullif($3::bigint, 0), $4) on conflict do nothing`
	newState = `
with last as (update agent_states set until = $5 where user_id = $1 and until is null returning 1), after as (select count(*) from last)
insert into agent_states (user_id, state, reason, call_id, since) select $1, $2, $3, nullif($4::bigint, 0), $5 from after
on conflict (user_id) where until is null do update set state = excluded.state, reason = excluded.reason, call_id = excluded.call_id, since = excluded.since`
	endWrapUp = `
update agents set wrap_call = null, wrap_since = null, wrap_until = null, idle_since = $3
where user_id = $1 and wrap_call = $2 returning ready, reason`
	saveWrapUp = `
update call_wrapups set done_at = coalesce(done_at, $3), disposition_id = coalesce(nullif($4::bigint, 0), disposition_id),
       note = case when $5 = '' then note else $5 end, by_expiry = by_expiry or $6 and done_at is null
where call_id = $1 and user_id = $2`
	overdue    = `select user_id, wrap_call from agents where wrap_call is not null and wrap_until <= $1 order by user_id`
	extendWrap = `update agents set wrap_until = wrap_until + $3::interval where user_id = $1 and wrap_call = $2 and wrap_until is not null returning wrap_until`
)

// EndWrapUp ends the work after a conversation and stores what became of it. Of one that has ended by itself the words
// are stored all the same. A disposition that is not there is fault.Invalid, a conversation of which nothing is to be
// said by the user floor.ErrNoCall.
func (b *Books) EndWrapUp(ctx context.Context, user int64, w floor.WrapUp) error {
	err := b.db.InTx(ctx, func(ctx context.Context) error {
		tag, err := b.db.Conn(ctx).Exec(ctx, saveWrapUp, w.Call, user, w.At, w.Disposition, w.Note, w.Expired)
		if err != nil || tag.RowsAffected() == 0 {
			return either(err, floor.ErrNoCall)
		}
		var ready bool
		var reason string
		err = b.db.Conn(ctx).QueryRow(ctx, endWrapUp, user, w.Call, w.At).Scan(&ready, &reason)
		if postgres.IsNoRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		state := "available"
		if ready {
			reason = ""
		} else {
			state = "not_ready"
		}
		_, err = b.db.Conn(ctx).Exec(ctx, newState, user, state, reason, 0, w.At)
		return err
	})
	if _, missing := postgres.ForeignKeyViolation(err); missing {
		return fault.Wrap(err, fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.disposition_id", "is not there any more")
	}
	if err != nil {
		return fmt.Errorf("end wrap-up: %w", err)
	}
	return nil
}

func either(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// ExtendWrapUp gives the user more time after a conversation, and returns until when. floor.ErrNotNow when no time runs.
func (b *Books) ExtendWrapUp(ctx context.Context, user int64, call callcenter.ID, by time.Duration) (until time.Time, err error) {
	err = b.db.Conn(ctx).QueryRow(ctx, extendWrap, user, call, by).Scan(&until)
	if postgres.IsNoRows(err) {
		return until, floor.ErrNotNow
	}
	if err != nil {
		return until, fmt.Errorf("extend wrap-up: %w", err)
	}
	return until, nil
}

// expireWrapUps ends those whose time is over, whoever began them.
func (b *Books) expireWrapUps(ctx context.Context) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	rows, err := b.db.Conn(ctx).Query(ctx, overdue, now)
	if err != nil {
		return fmt.Errorf("find wrap-ups that are over: %w", err)
	}
	type over struct {
		user int64
		call callcenter.ID
	}
	var ended []over
	for rows.Next() {
		var o over
		if err := rows.Scan(&o.user, &o.call); err != nil {
			return fmt.Errorf("find wrap-ups that are over: %w", err)
		}
		ended = append(ended, o)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("find wrap-ups that are over: %w", err)
	}
	for _, o := range ended {
		if err := b.EndWrapUp(ctx, o.user, floor.WrapUp{Call: o.call, At: now, Expired: true}); err != nil {
			return err
		}
	}
	return nil
}
