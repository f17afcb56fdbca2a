package api

import (
	"cmp"
	"context"
	"slices"
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
	may   Rights
}

// NewNews returns the scribe.
func NewNews(live Live, names Names, may Rights) *News { return &News{live, names, may} }

// item is one event for one user. data makes its content of the call as he may see it.
type item struct {
	user int64
	kind string
	data func(CallView) any
}

// Write appends the events in ctx's transaction. It is to be the last scribe: the users' streams stay locked until the
// commit, and are taken in ascending order of the users.
func (n *News) Write(ctx context.Context, c callcenter.Call, facts []callcenter.Fact) error {
	items := n.items(c, facts)
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(a.user, b.user) })
	for _, i := range items {
		seen, err := n.may.SeenBy(ctx, i.user, View(c, n.names).asSeenFrom(i.user))
		if err != nil {
			return err
		}
		if err := n.live.Append(ctx, i.user, i.kind, i.data(seen)); err != nil {
			return err
		}
	}
	if slices.Contains(facts, callcenter.Fact(callcenter.Closed{})) {
		n.closed(ctx, c)
	}
	return nil
}

func (n *News) items(c callcenter.Call, facts []callcenter.Fact) []item {
	var items []item
	withdrawn := map[int64]bool{}
	withdraw := func(user int64, offered time.Time, reason callcenter.WithdrawReason) {
		withdrawn[user] = true
		items = append(items, item{user, EventWithdrawn, func(CallView) any { return Withdrawal{int64(c.ID), offered, reason} }})
	}
	for _, fact := range facts {
		switch f := fact.(type) {
		case callcenter.PopShown:
			items = append(items, item{f.UserID, EventRinging, func(v CallView) any { return Pop{v, f.OfferedAt} }})
		case callcenter.PopWithdrawn:
			withdraw(f.UserID, f.OfferedAt, f.Reason)
		case callcenter.SentOn:
			withdraw(f.UserID, time.Time{}, callcenter.Transferred)
		case callcenter.AgentFreed: // of a conversation that goes on without him
			if c.Phase != callcenter.Ended && !withdrawn[f.UserID] {
				withdraw(f.UserID, time.Time{}, callcenter.CallEnded)
			}
		}
	}
	if c.Third.State == callcenter.LegUp {
		items = append(items, item{c.Third.UserID, EventState, func(v CallView) any { return State{v} }})
	}
	if c.UserID != 0 && !c.Unserved() {
		items = append(items, item{c.UserID, EventState, func(v CallView) any { return State{v} }})
	}
	return items
}

func (n *News) closed(ctx context.Context, c callcenter.Call) {
	n.live.Signal(ctx, SignalCalls, map[string]any{"id": c.ID})
	if c.ClientID != 0 {
		n.live.Signal(ctx, SignalTimeline, map[string]any{"client_id": c.ClientID})
	}
}
