package store

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"

	"github.com/jackc/pgx/v5"

	"centralita/callcenter"
	"centralita/callcenter/api"
	"centralita/callcenter/floor"
	"centralita/internal/fault"
)

const callColumns = `id, coalesce(lead_id, 0), coalesce(client_id, 0), state`

func scanCall(row pgx.CollectableRow) (c callcenter.Call, err error) {
	var id callcenter.ID
	var lead, client int64
	if err := row.Scan(&id, &lead, &client, &c); err != nil {
		return c, err
	}
	c.ID, c.LeadID, c.ClientID = id, lead, client
	return c, nil
}

func (b *Books) calls(ctx context.Context, sql string, args ...any) ([]callcenter.Call, error) {
	rows, err := b.db.Conn(ctx).Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read calls: %w", err)
	}
	calls, err := pgx.CollectRows(rows, scanCall)
	if err != nil {
		return nil, fmt.Errorf("read calls: %w", err)
	}
	return calls, nil
}

const oneCall = `select ` + callColumns + ` from calls where id = $1`

// Call returns one stored call.
func (b *Books) Call(ctx context.Context, id callcenter.ID) (callcenter.Call, error) {
	calls, err := b.calls(ctx, oneCall, id)
	if err != nil {
		return callcenter.Call{}, err
	}
	if len(calls) == 0 {
		return callcenter.Call{}, fault.New(fault.NotFound, "call_not_found", "There is no such call.")
	}
	return calls[0], nil
}

const bySwitch = `select ` + callColumns + ` from calls where asterisk_id = $1 and uniqueid = $2`

// BySwitch returns the call that the switch knows by a channel, or floor.ErrNoCall.
func (b *Books) BySwitch(ctx context.Context, asteriskID, channel string) (callcenter.Call, error) {
	calls, err := b.calls(ctx, bySwitch, asteriskID, channel)
	if err != nil {
		return callcenter.Call{}, err
	}
	if len(calls) == 0 {
		return callcenter.Call{}, floor.ErrNoCall
	}
	return calls[0], nil
}

const liveOf = `
select ` + callColumns + ` from calls c
where ended_at is null and phase <> 'fallback'
  and (user_id = $1 or exists (select from agents a where a.user_id = $1 and a.call_id = c.id))
order by id`

// LiveOf returns the live calls of a user, the one that rings at him included, oldest first.
func (b *Books) LiveOf(ctx context.Context, user int64) ([]callcenter.Call, error) {
	return b.calls(ctx, liveOf, user)
}

const unserved = `
select ` + callColumns + ` from calls
where ended_at is null and direction = 'in' and phase in ('arrived', 'waiting', 'ringing') order by id`

// Unserved returns the inbound calls, of all servers, that nobody has taken yet, oldest first.
func (b *Books) Unserved(ctx context.Context) ([]callcenter.Call, error) {
	return b.calls(ctx, unserved)
}

const listCalls = `
select ` + callColumns + ` from calls
where (%s) and ($2 = '' or outcome = $2) and ($3 = 0 or id < $3) and %s
order by id desc limit $4`

// List returns the calls that may be read, newest first, and the cursor of the next page ("" at the end).
func (b *Books) List(ctx context.Context, f api.Filter, readable api.Condition) ([]callcenter.Call, string, error) {
	before := int64(0)
	if f.Cursor != "" {
		var err error
		if before, err = strconv.ParseInt(f.Cursor, 36, 64); err != nil || before < 1 {
			return nil, "", fault.New(fault.Invalid, "bad_cursor", "The page is not known.").WithField("query.cursor", "not a cursor")
		}
	}
	condition, arg := "$1 = 0", int64(0)
	switch {
	case f.LeadID != 0:
		condition, arg = "lead_id = $1", f.LeadID
	case f.ClientID != 0:
		condition, arg = "client_id = $1", f.ClientID
	case f.UserID != 0:
		condition, arg = "user_id = $1", f.UserID
	}
	args := []any{arg, f.Outcome, before, f.Limit + 1}
	allowed := readable(ctx, "calls", func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	})
	calls, err := b.calls(ctx, fmt.Sprintf(listCalls, condition, allowed), args...)
	if err != nil || len(calls) <= f.Limit {
		return calls, "", err
	}
	calls = calls[:f.Limit]
	return calls, strconv.FormatInt(int64(calls[f.Limit-1].ID), 36), nil
}

const traces = `
select t.at, t.verdict, t.chosen_user_id, t.trace, t.queue_id, coalesce(q.settings ->> 'name', ''), t.queue_version, coalesce(t.staffing, '{}')
from call_traces t left join queues q on q.id = t.queue_id where t.call_id = $1 order by t.id`

// Traces returns why routing chose as it did, oldest first.
func (b *Books) Traces(ctx context.Context, id callcenter.ID) ([]api.TraceStep, error) {
	rows, err := b.db.Conn(ctx).Query(ctx, traces, id)
	if err != nil {
		return nil, fmt.Errorf("read traces: %w", err)
	}
	steps, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s api.TraceStep, err error) {
		var considered []byte
		if err = row.Scan(&s.At, &s.Verdict, &s.ChosenUserID, &considered, &s.QueueID, &s.QueueName, &s.QueueVersion, &s.Staffing); err != nil {
			return s, err
		}
		return s, json.Unmarshal(considered, &s.Considered)
	})
	if err != nil {
		return nil, fmt.Errorf("read traces: %w", err)
	}
	return steps, nil
}

const (
	lockNumber  = `select pg_advisory_xact_lock(4711, $1)`
	numberBusy  = `select exists (select from calls where e164 = $1 and ended_at is null)`
	recentCalls = `
select count(*) filter (where user_id = $1), count(*) from calls
where direction = 'out' and started_at > now() - interval '1 minute'`
)

// Admit lets a call out through, or refuses it: too many in the last minute, or the number is in a conversation.
func (b *Books) Admit(ctx context.Context, user int64, e164 string, rules api.Rules) error {
	conn := b.db.Conn(ctx)
	if _, err := conn.Exec(ctx, lockNumber, 0); err != nil {
		return fmt.Errorf("admit call: %w", err)
	}
	var mine, all int
	if err := conn.QueryRow(ctx, recentCalls, user).Scan(&mine, &all); err != nil {
		return fmt.Errorf("admit call: %w", err)
	}
	if mine >= rules.PerUser || all >= rules.Total {
		return fault.New(fault.Limited, "call_cap", "Too many calls in the last minute. Wait a moment.")
	}
	return b.Quiet(ctx, e164)
}

// Quiet refuses while a number is in a conversation. In a transaction it keeps the number for its end.
func (b *Books) Quiet(ctx context.Context, e164 string) error {
	conn := b.db.Conn(ctx)
	hash := fnv.New32a()
	hash.Write([]byte(e164))
	if _, err := conn.Exec(ctx, lockNumber, int32(hash.Sum32())); err != nil {
		return fmt.Errorf("number lock: %w", err)
	}
	var busy bool
	if err := conn.QueryRow(ctx, numberBusy, e164).Scan(&busy); err != nil {
		return fmt.Errorf("number in conversation: %w", err)
	}
	if busy {
		return fault.New(fault.Conflict, "number_busy", "This number is in a conversation right now.")
	}
	return nil
}
