package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

var errNone = fault.New(fault.NotFound, "webhook_not_found", "There is no such webhook.")

// store is the tables of the room.
type store struct{ db *postgres.DB }

const hookColumns = `w.id, w.name, w.url, w.events, w.state, w.created_at, w.failing_since,
	(select count(*)::int from (select from webhook_deliveries d where d.webhook_id = w.id and d.state = 'waiting' limit 1000) x)`

func (s store) list(ctx context.Context) ([]Webhook, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, "select "+hookColumns+" from webhooks w order by w.id")
	if err != nil {
		return nil, fmt.Errorf("read webhooks: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Webhook])
}

// get reads a webhook, and with lock keeps others from changing it.
func (s store) get(ctx context.Context, id int64, lock bool) (Webhook, error) {
	sql := "select " + hookColumns + " from webhooks w where w.id = $1"
	if lock {
		sql += " for update of w"
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sql, id)
	if err != nil {
		return Webhook{}, fmt.Errorf("read webhook: %w", err)
	}
	w, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Webhook])
	if errors.Is(err, pgx.ErrNoRows) {
		return w, errNone
	}
	return w, err
}

func (s store) add(ctx context.Context, d Draft, secret []byte, user int64) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `insert into webhooks (name, url, events, state, secret, created_by)
		select $1, $2, $3, $4, $5, nullif($6::bigint, 0) where (select count(*) from webhooks) < $7 returning id`,
		d.Name, d.URL, d.Events, d.State, secret, user, mostHooks).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fault.New(fault.Conflict, "too_many_webhooks", "There are 20 webhooks. Remove one that is not used any more.")
	}
	return id, err
}

func (s store) change(ctx context.Context, id int64, d Draft) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `update webhooks set name = $2, url = $3, events = $4, state = $5, updated_at = now(),
		failing_since = case when state = 'disabled' and $5 = 'active' then null else failing_since end where id = $1`,
		id, d.Name, d.URL, d.Events, d.State)
	return err
}

func (s store) setSecret(ctx context.Context, id int64, secret []byte) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "update webhooks set secret = $2, updated_at = now() where id = $1", id, secret)
	return err
}

func (s store) remove(ctx context.Context, id int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "delete from webhooks where id = $1", id)
	return err
}

// wanted are the kinds that some active webhook wants.
func (s store) wanted(ctx context.Context) (map[string]bool, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, "select distinct unnest(events) from webhooks where state = 'active'")
	if err != nil {
		return nil, fmt.Errorf("read wanted kinds: %w", err)
	}
	kinds, err := pgx.CollectRows(rows, pgx.RowTo[string])
	wanted := make(map[string]bool, len(kinds))
	for _, k := range kinds {
		wanted[k] = true
	}
	return wanted, err
}

const sqlEnqueue = `
with made as (
	insert into webhook_deliveries (webhook_id, event_id, kind, subject, body)
	select w.id, f.event_id, f.kind, f.subject, f.body
	from unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) as f (event_id, kind, subject, body)
	join webhooks w on w.state = 'active' and w.events @> array[f.kind]
	returning webhook_id
)
select distinct webhook_id from made`

// enqueue writes a delivery for each fact and each webhook that wants it, and
// returns those webhooks.
func (s store) enqueue(ctx context.Context, facts []Fact, at time.Time) ([]int64, error) {
	var ids, kinds, bodies []string
	var subjects []int64
	for _, f := range facts {
		body, err := bodyOf(f, at)
		if err != nil {
			return nil, err
		}
		ids, kinds, subjects, bodies = append(ids, newEventID()), append(kinds, f.Kind), append(subjects, f.Subject), append(bodies, body)
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sqlEnqueue, ids, kinds, subjects, bodies)
	if err != nil {
		return nil, fmt.Errorf("enqueue facts: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

func bodyOf(f Fact, at time.Time) (string, error) {
	data, err := json.Marshal(f.Data)
	if err != nil {
		return "", fmt.Errorf("fact %s: %w", f.Kind, err)
	}
	text, err := json.Marshal(envelope{f.Kind, at, data})
	return string(text), err
}

// take has the caller alone make the deliveries of a webhook, for a minute.
func (s store) take(ctx context.Context, webhook int64) (bool, error) {
	tag, err := s.db.Conn(ctx).Exec(ctx, `update webhooks set pumping_until = now() + interval '1 minute'
		where id = $1 and state = 'active' and (pumping_until is null or pumping_until < now())`, webhook)
	return tag.RowsAffected() == 1, err
}

func (s store) release(ctx context.Context, webhook int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "update webhooks set pumping_until = null where id = $1", webhook)
	return err
}

// due are the active webhooks with deliveries to be made now, or just the one
// given if it is one.
func (s store) due(ctx context.Context, webhook int64) ([]int64, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, `select w.id from webhooks w where w.state = 'active' and ($1 = 0 or w.id = $1)
		and exists (select from webhook_deliveries d where d.webhook_id = w.id and d.state = 'waiting' and d.next_at <= now())`, webhook)
	if err != nil {
		return nil, fmt.Errorf("find due deliveries: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

const sqlNext = `
update webhook_deliveries d set attempts = d.attempts + 1, last_at = now(), next_at = now() + interval '1 minute'
from webhooks w
where w.id = d.webhook_id and w.state = 'active' and d.id = (
	select id from webhook_deliveries where webhook_id = $1 and state = 'waiting' and next_at <= now()
	order by next_at, id limit 1 for update skip locked)
returning d.id, d.webhook_id, d.attempts, w.url, w.secret, d.event_id, d.kind, d.body`

// next begins an attempt at the delivery that is due first. Should this server
// die, it is due again in a minute.
func (s store) next(ctx context.Context, webhook int64) (p parcel, ok bool, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlNext, webhook).
		Scan(&p.id, &p.webhook, &p.attempts, &p.url, &p.secret, &p.eventID, &p.kind, &p.body)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, false, nil
	}
	return p, err == nil, err
}

func (s store) done(ctx context.Context, p parcel, o outcome) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `update webhook_deliveries set state = 'done', next_at = null, status = $2, took_ms = $3, answer = $4, problem = $5
		where id = $1`, p.id, o.status, o.took.Milliseconds(), o.answer, o.problem)
	if err == nil {
		_, err = s.db.Conn(ctx).Exec(ctx, "update webhooks set failing_since = null where id = $1 and failing_since is not null", p.webhook)
	}
	return err
}

// missed notes an attempt that failed; without next it was the last.
func (s store) missed(ctx context.Context, p parcel, o outcome, next *time.Time) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `update webhook_deliveries set state = case when $2::timestamptz is null then 'failed' else 'waiting' end,
		next_at = $2, status = $3, took_ms = $4, answer = $5, problem = $6 where id = $1`,
		p.id, next, o.status, o.took.Milliseconds(), o.answer, o.problem)
	if err == nil && p.kind != testKind {
		_, err = s.db.Conn(ctx).Exec(ctx, "update webhooks set failing_since = now() where id = $1 and failing_since is null", p.webhook)
	}
	return err
}

// disable disables a webhook that has failed since before the time given, or at
// once with a zero one; false when there was nothing to do.
func (s store) disable(ctx context.Context, id int64, before time.Time) (bool, error) {
	tag, err := s.db.Conn(ctx).Exec(ctx, `update webhooks set state = 'disabled', updated_at = now()
		where id = $1 and state = 'active' and ($2::timestamptz is null or failing_since < $2)`, id, nilTime(before))
	return tag.RowsAffected() == 1, err
}

func nilTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

const deliveryColumns = `id, webhook_id, event_id, kind, subject, state, attempts, created_at, next_at, last_at, status, took_ms, answer, problem, body, replay_of`

func (s store) deliveries(ctx context.Context, webhook, before int64, limit int) ([]Delivery, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, "select "+deliveryColumns+` from webhook_deliveries
		where webhook_id = $1 and ($2 = 0 or id < $2) order by id desc limit $3`, webhook, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Delivery])
}

func (s store) delivery(ctx context.Context, id int64) (Delivery, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, "select "+deliveryColumns+" from webhook_deliveries where id = $1", id)
	if err != nil {
		return Delivery{}, fmt.Errorf("read delivery: %w", err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Delivery])
	if errors.Is(err, pgx.ErrNoRows) {
		return d, fault.New(fault.NotFound, "delivery_not_found", "There is no such delivery any more.")
	}
	return d, err
}

// again writes a delivery that is to be made now; one of a replay has the
// event's own id.
func (s store) again(ctx context.Context, webhook int64, eventID string, f Fact, body string, replay *int64) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `insert into webhook_deliveries (webhook_id, event_id, kind, subject, body, replay_of)
		values ($1, $2, $3, $4, $5, $6) returning id`, webhook, eventID, f.Kind, f.Subject, body, replay).Scan(&id)
	return id, err
}

func (s store) prune(ctx context.Context) error {
	_, err := s.db.Conn(ctx).Exec(ctx, "delete from webhook_deliveries where created_at < now() - make_interval(secs => $1)", keepFor.Seconds())
	return err
}
