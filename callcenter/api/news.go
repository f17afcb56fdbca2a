package api

import (
	"context"
	"time"

	"centralita/callcenter"
)

// Live carries events to the browsers. Append is durable and numbered, and rides in ctx's transaction; Signal is
// sent after it commits, to everybody, and may be lost.
type Live interface {
	Append(ctx context.Context, user int64, kind string, data any) error
	Signal(ctx context.Context, kind string, data any)
}

// Kinds of live events of the call room.
const (
	EventRinging   = "call.ringing"
	EventWithdrawn = "call.withdrawn"
	EventState     = "call.state"

	SignalPresence = "presence.changed"
	SignalTimeline = "timeline.changed"
	SignalCalls    = "calls.changed"
)

// Pop is the data of EventRinging: show the card of this call, now.
type Pop struct {
	Call      CallView  `json:"call"`
	OfferedAt time.Time `json:"offered_at"`
}

// Withdrawal is the data of EventWithdrawn: take the card away.
type Withdrawal struct {
	CallID    int64                     `json:"call_id"`
	OfferedAt time.Time                 `json:"offered_at"`
	Reason    callcenter.WithdrawReason `json:"reason"`
}

// State is the data of EventState: the present state of the user's own call.
type State struct {
	Call CallView `json:"call"`
}

// News tells the browsers what became true of a call: the pop to the one user whose phone rings, its withdrawal,
// and each state of the conversation to whom it belongs. It is a scribe of the floor.
type News struct {
	live  Live
	names Names
}

// NewNews returns the scribe.
func NewNews(live Live, names Names) *News { return &News{live, names} }

// Write appends the events in ctx's transaction.
func (n *News) Write(ctx context.Context, c callcenter.Call, facts []callcenter.Fact) error {
	withdrawn := map[int64]bool{}
	for _, fact := range facts {
		var err error
		switch f := fact.(type) {
		case callcenter.PopShown:
			err = n.live.Append(ctx, f.UserID, EventRinging, Pop{View(c, n.names), f.OfferedAt})
		case callcenter.PopWithdrawn:
			withdrawn[f.UserID] = true
			err = n.withdraw(ctx, c, f)
		case callcenter.AgentFreed:
			if c.Phase == callcenter.Waiting && !withdrawn[f.UserID] {
				err = n.withdraw(ctx, c, callcenter.PopWithdrawn{UserID: f.UserID, Reason: callcenter.CallEnded})
			}
		case callcenter.Closed:
			n.closed(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	if c.UserID == 0 || c.Phase == callcenter.Ringing {
		return nil
	}
	return n.live.Append(ctx, c.UserID, EventState, State{View(c, n.names)})
}

func (n *News) withdraw(ctx context.Context, c callcenter.Call, f callcenter.PopWithdrawn) error {
	return n.live.Append(ctx, f.UserID, EventWithdrawn, Withdrawal{int64(c.ID), f.OfferedAt, f.Reason})
}

func (n *News) closed(ctx context.Context, c callcenter.Call) {
	n.live.Signal(ctx, SignalCalls, map[string]any{"id": c.ID})
	if c.ClientID != 0 {
		n.live.Signal(ctx, SignalTimeline, map[string]any{"client_id": c.ClientID})
	}
}
