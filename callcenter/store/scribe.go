package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/callcenter"
)

const (
	saveCall = `
update calls set user_id = nullif($2, 0), client_id = coalesce(nullif($3, 0), client_id),
       lead_id = coalesce(lead_id, nullif($4, 0)),
       interaction_id = nullif($5, 0), phase = $6, ringing_at = $7, answered_at = $8, message_at = $9, ended_at = $10,
       ended_by = $11, outcome = $12, cause = $13, state = $14, owner = $15, recovered = $16
where id = $1`
	makeLeg = `
insert into call_legs (call_id, channel, kind, user_id, started_at) values ($1, $2, $3, nullif($4, 0), $5)
on conflict (call_id, channel) do nothing`
	ringLeg   = `update call_legs set ringing_at = coalesce(ringing_at, $3) where call_id = $1 and channel = $2`
	answerLeg = `update call_legs set answered_at = coalesce(answered_at, $3) where call_id = $1 and channel = $2`
	endLeg    = `
update call_legs set ended_at = coalesce(ended_at, $3), result = case when result = '' then $4 else result end,
       cause = case when cause = 0 then $5 else cause end
where call_id = $1 and channel = $2`
	endStretch   = `update call_segments set ended_at = $2 where call_id = $1 and ended_at is null`
	beginStretch = `insert into call_segments (call_id, kind, user_id, started_at) values ($1, $2, nullif($3, 0), $4)`
	freeAgent    = `update agents set call_id = null, idle_since = $3, updated_at = now() where user_id = $1 and call_id = $2`
	showPop      = `
insert into pop_receipts (call_id, user_id, offered_at, sent_at) values ($1, $2, $3, clock_timestamp())
on conflict do nothing`
	wantRecording = `
insert into recordings (call_id, source) values ($1, $2) on conflict (call_id) do nothing`
)

// Scribe writes what became true of calls into the call room's tables, in one round trip.
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
	batch := &pgx.Batch{}
	batch.Queue(saveCall, c.ID, c.UserID, c.ClientID, c.LeadID, c.InteractionID, c.Phase, orNull(c.RingingAt),
		orNull(c.AnsweredAt), orNull(c.MessageAt), orNull(c.EndedAt), c.EndedBy, c.Outcome, c.Cause, state, s.instance, c.Recovered)
	for _, fact := range facts {
		s.queue(batch, c, fact)
	}
	if err := s.db.Conn(ctx).SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("save call: %w", err)
	}
	return nil
}

func (s *Scribe) queue(b *pgx.Batch, c callcenter.Call, fact callcenter.Fact) {
	now := s.now()
	switch f := fact.(type) {
	case callcenter.LegMade:
		kind := "agent"
		if f.Client {
			kind = "client"
		}
		if f.Client && c.Direction == callcenter.In {
			b.Queue(wantRecording, c.ID, f.Leg.Channel)
		}
		b.Queue(makeLeg, c.ID, f.Leg.Channel, kind, f.Leg.UserID, now)
	case callcenter.LegMoved:
		if f.State == callcenter.LegUp {
			b.Queue(answerLeg, c.ID, f.Channel, now)
			if c.Direction == callcenter.Out && f.Channel == c.Client.Channel {
				b.Queue(wantRecording, c.ID, f.Channel)
			}
		} else {
			b.Queue(ringLeg, c.ID, f.Channel, now)
		}
	case callcenter.LegEnded:
		b.Queue(endLeg, c.ID, f.Channel, now, f.Result, f.Cause)
	case callcenter.Stretch:
		b.Queue(endStretch, c.ID, now)
		b.Queue(beginStretch, c.ID, f.Kind, f.UserID, now)
	case callcenter.PopShown:
		b.Queue(showPop, c.ID, f.UserID, f.OfferedAt)
	case callcenter.AgentFreed:
		b.Queue(freeAgent, f.UserID, c.ID, now)
	case callcenter.Closed:
		b.Queue(endStretch, c.ID, now)
	}
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
