package app

import (
	"context"
	"strings"
	"time"

	"centralita/callcenter"
	"centralita/crm/audit"
	"centralita/crm/merge"
	"centralita/crm/webhook"
)

// ofClient are the acts in the log of clients that webhooks know by a name of
// their own; others that change a card are client.changed.
var ofClient = map[string]string{
	"client.create": "client.created", "client.delete": "client.deleted", "client.undelete": "client.created",
	"client.merge": "client.merged", "client.unmerge": "client.unmerged",
	"client.export": "", "client.dial": "", "client.reveal": "",
}

// factsOf says what an entry of the log means to programs outside.
func factsOf(act audit.Act) []webhook.Fact {
	kind, known := ofClient[act.Action]
	if !known {
		kind = "client.changed"
	}
	part := strings.HasPrefix(act.Action, "client.file") || strings.HasPrefix(act.Action, "client.note")
	if act.Entity != "client" || kind == "" || part || !strings.HasPrefix(act.Action, "client.") {
		return nil
	}
	facts := make([]webhook.Fact, 0, len(act.IDs))
	for i, id := range act.IDs {
		f := webhook.Fact{Kind: kind, Subject: id, Data: map[string]any{"client_id": id}}
		if m, ok := act.After[i].(merge.Merge); ok {
			if id != m.WinnerID { // both cards have an entry
				continue
			}
			f.Data = map[string]any{"client_id": m.WinnerID, "other_client_id": m.LoserID, "merge_id": m.ID}
		}
		facts = append(facts, f)
	}
	return facts
}

// followFacts has the webhooks told of what the log and the ledger of leads are
// told of, in the same transactions.
func (a *App) followFacts() {
	a.audit.Follow(func(ctx context.Context, act audit.Act) error { return a.webhooks.Emit(ctx, factsOf(act)...) })
	wants := func(ctx context.Context, kind string) bool { return a.webhooks.Wants(ctx, "lead."+kind) }
	a.leads.Follow(wants, func(ctx context.Context, kind string, lead int64) error {
		return a.webhooks.Emit(ctx, webhook.Fact{Kind: "lead." + kind, Subject: lead, Data: map[string]any{"lead_id": lead}})
	})
}

// ended is a scribe: programs outside are told that a call is over.
type ended struct{ webhooks *webhook.Service }

// endedCall is what they are told of it.
type endedCall struct {
	CallID     int64                `json:"call_id"`
	Direction  callcenter.Direction `json:"direction"`
	Outcome    callcenter.Outcome   `json:"outcome"`
	ClientID   int64                `json:"client_id,omitempty"`
	LeadID     int64                `json:"lead_id,omitempty"`
	LineID     int64                `json:"line_id,omitempty"`
	UserID     int64                `json:"user_id,omitempty"`
	StartedAt  time.Time            `json:"started_at"`
	AnsweredAt time.Time            `json:"answered_at,omitzero"`
	EndedAt    time.Time            `json:"ended_at"`
}

// Write tells of the end of a call.
func (e ended) Write(ctx context.Context, c callcenter.Call, facts []callcenter.Fact) error {
	for _, fact := range facts {
		if _, over := fact.(callcenter.Closed); !over {
			continue
		}
		return e.webhooks.Emit(ctx, webhook.Fact{Kind: "call.ended", Subject: int64(c.ID), Data: endedCall{
			int64(c.ID), c.Direction, c.Outcome, c.ClientID, c.LeadID, c.Line.ID, c.UserID, c.StartedAt, c.AnsweredAt, c.EndedAt,
		}})
	}
	return nil
}
