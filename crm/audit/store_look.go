package audit

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// flush writes a batch in one statement and marks the looks that met a quota.
func (l *Log) flush(ctx context.Context, batch []*look) error {
	if err := l.refresh(ctx); err != nil {
		return err
	}
	if free(batch) {
		return l.flushFree(ctx, batch)
	}
	rows, err := l.db.Pool().Query(ctx, l.sqlLooks(), l.columns(batch)...)
	if err != nil {
		return err
	}
	first, n, over, met := false, 0, false, false
	var inHour, inDay *int
	_, err = pgx.ForEachRow(rows, []any{&n, &over, &met, &inHour, &inDay}, func() error {
		k := batch[n-1]
		if !over {
			l.countAhead(k, inHour, inDay)
			return nil
		}
		k.result = errQuota
		first = first || met
		return nil
	})
	if err == nil && first && l.onAlert != nil {
		l.onAlert()
	}
	return err
}

func free(batch []*look) bool {
	for _, k := range batch {
		if !k.free {
			return false
		}
	}
	return true
}

const sqlFreeLooks = "insert into audit_entries (user_id, session_id, action, entity, entity_id, after, ip, request_id)" + `
	select nullif(user_id, 0), nullif(session_id, 0), action, entity, entity_id, detail::jsonb, ip, request_id from ` + sqlGiven

const sqlGiven = `unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[])
	as w (user_id, session_id, action, entity, entity_id, detail, ip, request_id)`

// flushFree writes a batch in which nothing counts.
func (l *Log) flushFree(ctx context.Context, batch []*look) error {
	_, err := l.db.Pool().Exec(ctx, sqlFreeLooks, l.columns(batch)[:8]...)
	return err
}

// columns are the arguments of sqlLooks; the first eight those of sqlFreeLooks.
func (l *Log) columns(batch []*look) []any {
	n := len(batch)
	users, sessions, ids := make([]int64, n), make([]int64, n), make([]int64, n)
	actions, entities, details := make([]string, n), make([]string, n), make([]*string, n)
	ips, requests, kinds, costs := make([]string, n), make([]string, n), make([]string, n), make([]int, n)
	perHour, perDay := make([]*int, n), make([]*int, n)
	for i, k := range batch {
		users[i], sessions[i], actions[i], entities[i], ids[i] = k.entry[0].(int64), k.entry[1].(int64), k.entry[2].(string), k.entry[3].(string), k.entry[4].(int64)
		if text, given := k.entry[5].(string); given {
			details[i] = &text
		}
		ips[i], requests[i], kinds[i] = k.entry[6].(string), k.entry[7].(string), string(k.kind)
		if !k.free {
			costs[i] = k.cost
			limit := l.quotas.of(k.roles, k.kind)
			perHour[i], perDay[i] = limit.hour, limit.day
		}
	}
	return []any{users, sessions, actions, entities, ids, details, ips, requests, kinds, costs, perHour, perDay, l.quotas.inZone()}
}

// sqlLooks counts the looks of a batch, enters those within the quotas, and
// returns the number of each that counts, whether it is over a quota, whether it
// is the first to meet that in its time, which makes an entry and an alert, and
// the counts with it. The counters' rows
// are locked in one order, so batches of several servers do not block each other
// for ever.
func (l *Log) sqlLooks() string {
	exempt := l.exempt
	if exempt == "" {
		exempt = "false"
	}
	return strings.Replace(sqlLooks, "EXEMPT", exempt, 1)
}

var sqlLooks = `
with w as materialized (
	select w.*, case when w.asked > 0 and not (EXEMPT) then w.asked else 0 end as cost
	from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
	            $9::text[], $10::int[], $11::int[], $12::int[]) with ordinality
	     as w (user_id, session_id, action, entity, entity_id, detail, ip, request_id, kind, asked, per_hour, per_day, place)
), hour as (` + sqlCount("hour", "date_trunc('hour', now())", "w where cost > 0") + `
), h as materialized (
	select w.*, ` + sqlReached("hour") + ` as in_hour from w left join hour using (user_id, kind)
), day as (` + sqlCount("day", "date_trunc('day', now(), $13)", "h where cost > 0 and in_hour <= coalesce(per_hour, in_hour)") + `
), d as materialized (
	select h.*, in_hour > per_hour as over_hour,
	       case when in_hour <= coalesce(per_hour, in_hour) then ` + sqlReachedWithin + ` end as in_day
	from h left join day using (user_id, kind)
), v as materialized (
	select d.*, coalesce(over_hour, false) or coalesce(in_day > per_day, false) as over,
	       case when in_hour > per_hour and in_hour - cost <= per_hour then 'hour'
	            when in_day > per_day and in_day - cost <= per_day then 'day' end as met
	from d
), entered as (
	insert into audit_entries (user_id, session_id, action, entity, entity_id, after, ip, request_id)
	select nullif(user_id, 0), nullif(session_id, 0), action, entity, entity_id, detail::jsonb, ip, request_id from v where not over
	union all
	select user_id, nullif(session_id, 0), 'quota.reached', 'user', user_id,
	       jsonb_build_object('kind', kind, 'period', met, 'quota', case met when 'hour' then per_hour else per_day end), ip, request_id
	from v where met is not null
), told as (
	insert into audit_alerts (kind, user_id, period, quota)
	select 'quota.' || kind, user_id, met, case met when 'hour' then per_hour else per_day end from v where met is not null
)
select place::int, over, met is not null, in_hour::int, in_day::int from v where over or cost > 0`

// sqlCount adds up what the rows of from cost.
func sqlCount(period, starts, from string) string {
	return `
	insert into audit_counts as c (user_id, kind, period, starts, n)
	select user_id, kind, '` + period + `', ` + starts + `, sum(cost) from ` + from + `
	group by user_id, kind order by user_id, kind
	on conflict (user_id, kind, period, starts) do update set n = c.n + excluded.n
	returning user_id, kind, n`
}

// sqlReached is where a look stands in the period's count: what the counter
// says, less the looks that come after it in the batch.
func sqlReached(counter string) string {
	return `case when cost > 0 then ` + counter + `.n - sum(cost) over (partition by user_id, kind)
		+ sum(cost) over (partition by user_id, kind order by place) end`
}

const sqlReachedWithin = `day.n - sum(cost) filter (where in_hour <= coalesce(per_hour, in_hour)) over (partition by user_id, kind)
		+ sum(cost) filter (where in_hour <= coalesce(per_hour, in_hour)) over (partition by user_id, kind order by place)`
