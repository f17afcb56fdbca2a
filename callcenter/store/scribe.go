package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"centralita/callcenter"
)

const (
	// A new call, its legs so far and the stretch that it begins with, in one statement.
	beginCall = `
with begun as (insert into calls (id, user_id, client_id, lead_id, interaction_id, phase, ringing_at, answered_at, message_at, ended_at,
                   ended_by, outcome, cause, state, owner, recovered, asterisk_id, uniqueid, direction, line_id,
                   caller_raw, caller_name, dialled, e164, started_at)
values ($1, nullif($2, 0), nullif($3, 0), nullif($4, 0), nullif($5, 0), $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
        $17, nullif($18, ''), $19, nullif($20, 0), $21, $22, $23, $24, $25)),
legs as (insert into call_legs (call_id, channel, kind, user_id, started_at)
select $1, channel, kind, nullif(user_id, 0), $29 from unnest($26::text[], $27::text[], $28::bigint[]) l (channel, kind, user_id))
insert into call_segments (call_id, kind, user_id, started_at) select $1, $30, nullif($31::bigint, 0), $29 where $30 <> ''`
	saveCall = `
update calls set user_id = nullif($2, 0), client_id = coalesce(nullif($3, 0), client_id),
       lead_id = coalesce(lead_id, nullif($4, 0)),
       interaction_id = nullif($5, 0), phase = $6, ringing_at = $7, answered_at = $8, message_at = $9, ended_at = $10,
       ended_by = $11, outcome = $12, cause = $13, state = $14, owner = $15, recovered = $16
where id = $1`
	makeLegs = `
insert into call_legs (call_id, channel, kind, user_id, started_at)
select $1, channel, kind, nullif(user_id, 0), $5 from unnest($2::text[], $3::text[], $4::bigint[]) l (channel, kind, user_id)
on conflict (call_id, channel) do nothing`
	ringLeg   = `update call_legs set ringing_at = coalesce(ringing_at, $3) where call_id = $1 and channel = $2`
	answerLeg = `update call_legs set answered_at = coalesce(answered_at, $3) where call_id = $1 and channel = $2`
	endLeg    = `
update call_legs set ended_at = coalesce(ended_at, $3), result = case when result = '' then $4 else result end,
       cause = case when cause = 0 then $5 else cause end
where call_id = $1 and channel = $2`
	endStretch = `update call_segments set ended_at = $2 where call_id = $1 and ended_at is null`
	newStretch = `
with last as (update call_segments set ended_at = $4 where call_id = $1 and ended_at is null)
insert into call_segments (call_id, kind, user_id, started_at) values ($1, $2, nullif($3, 0), $4)`
	freeAgent = `update agents set call_id = null, idle_since = $3, updated_at = now() where user_id = $1 and call_id = $2`
	showPop   = `
insert into pop_receipts (call_id, user_id, offered_at, sent_at) values ($1, $2, $3, clock_timestamp())
on conflict do nothing`
	wantRecording = `
insert into recordings (call_id, source) values ($1, $2) on conflict (call_id) do nothing`
)

// Scribe writes what became true of calls into the call room's tables. Nothing waits for that: it travels with the
// transaction's next statement or its commit.
type Scribe struct {
	*Books
	now func() time.Time
}

// NewScribe returns the scribe of the books, with its clock.
func NewScribe(books *Books, now func() time.Time) *Scribe { return &Scribe{books, now} }

// Write stores the call and its facts in ctx's transaction.
func (s *Scribe) Write(ctx context.Context, c callcenter.Call, facts []callcenter.Fact) error {
	state, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("save call: %w", err)
	}
	write := func(sql string, args ...any) {
		if err == nil {
			err = s.db.Later(ctx, sql, args, nil)
		}
	}
	columns := []any{c.ID, c.UserID, c.ClientID, c.LeadID, c.InteractionID, c.Phase, orNull(c.RingingAt),
		orNull(c.AnsweredAt), orNull(c.MessageAt), orNull(c.EndedAt), c.EndedBy, c.Outcome, c.Cause, state, s.instance, c.Recovered}
	made, stretch := legsMade(facts), lastStretch(facts)
	if slices.Contains(facts, callcenter.Fact(callcenter.Begun{})) {
		write(beginCall, append(columns, c.AsteriskID, c.Client.Channel, c.Direction, c.Line.ID, c.Caller.Raw,
			c.Caller.Name, c.Dialled, c.Caller.E164, c.StartedAt, made.channels, made.kinds, made.users, s.now(), stretch.Kind, stretch.UserID)...)
	} else {
		write(saveCall, columns...)
		if len(made.channels) > 0 {
			write(makeLegs, c.ID, made.channels, made.kinds, made.users, s.now())
		}
		if stretch.Kind != "" {
			write(newStretch, c.ID, stretch.Kind, stretch.UserID, s.now())
		}
	}
	for _, fact := range facts {
		s.note(write, c, fact)
	}
	if err != nil {
		return fmt.Errorf("save call: %w", err)
	}
	return nil
}

// legColumns are legs by their columns.
type legColumns struct {
	channels, kinds []string
	users           []int64
}

// legsMade returns the legs that were made.
func legsMade(facts []callcenter.Fact) (made legColumns) {
	for _, fact := range facts {
		f, ok := fact.(callcenter.LegMade)
		if !ok {
			continue
		}
		kind := "agent"
		if f.Client {
			kind = "client"
		}
		made.channels, made.kinds, made.users = append(made.channels, f.Leg.Channel), append(made.kinds, kind), append(made.users, f.Leg.UserID)
	}
	return made
}

// lastStretch returns the stretch that the call is in now, if it is in a new one: others that began have lasted no time.
func lastStretch(facts []callcenter.Fact) (last callcenter.Stretch) {
	for _, fact := range facts {
		if f, ok := fact.(callcenter.Stretch); ok {
			last = f
		}
	}
	return last
}

// note writes one fact.
func (s *Scribe) note(write func(sql string, args ...any), c callcenter.Call, fact callcenter.Fact) {
	now := s.now()
	switch f := fact.(type) {
	case callcenter.LegMoved:
		if f.State == callcenter.LegUp {
			write(answerLeg, c.ID, f.Channel, now)
			if f.Channel == c.Client.Channel {
				write(wantRecording, c.ID, f.Channel)
			}
		} else {
			write(ringLeg, c.ID, f.Channel, now)
		}
	case callcenter.LegEnded:
		write(endLeg, c.ID, f.Channel, now, f.Result, f.Cause)
	case callcenter.PopShown:
		write(showPop, c.ID, f.UserID, f.OfferedAt)
	case callcenter.AgentFreed:
		write(freeAgent, f.UserID, c.ID, now)
	case callcenter.WrapUpDue:
		write(beginWrapUp, f.UserID, c.ID, now, orNull(f.Until))
		write(noteWrapUp, c.ID, f.UserID, c.Queue.ID, now)
		write(newState, f.UserID, "wrap_up", "", c.ID, now)
	case callcenter.Unanswered:
		write(setReady, f.UserID, false, callcenter.NoAnswerReason)
		write(newState, f.UserID, "not_ready", callcenter.NoAnswerReason, c.ID, now)
	case callcenter.Closed:
		write(endStretch, c.ID, now)
		if c.Direction == callcenter.In { // recorded from its first moment, whoever had it then
			write(wantRecording, c.ID, c.Client.Channel)
		}
	}
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
