// Package webhook tells other programs what happened: an administrator registers
// an address and the sorts of facts that are wanted, and each such fact is posted
// there, signed, until it is taken or a day is over.
//
// A fact becomes rows of webhook_deliveries in the transaction that makes it
// true, so it is told exactly when it happened; it may be told more than once,
// under the same id, and in no promised order. Bodies hold ids and a few words of
// ours, nothing that a mask could hide: who wants more asks the API, which knows
// the rights of the one who asks. No request ever goes to an address inside.
//
// The room never knows what the facts are about: rooms below and above are joined
// with it in cmd/centralita.
package webhook

import (
	"encoding/json"
	"time"
)

// Kinds are the sorts of facts that can be wanted, in the order in which they are
// shown.
var Kinds = []string{
	"client.created", "client.changed", "client.deleted", "client.merged", "client.unmerged",
	"lead.opened", "lead.closed", "lead.reopened", "call.ended", "message.received",
}

// testKind is the sort of a delivery that somebody asked for to try an address.
const testKind = "webhook.test"

// State says whether a webhook is told anything.
type State string

// The states. A paused webhook misses what happens meanwhile; so does a disabled
// one, which failed for too long and waits for a person.
const (
	Active   State = "active"
	Paused   State = "paused"
	Disabled State = "disabled"
)

// Webhook is an address that is told of facts. Its secret is shown once.
type Webhook struct {
	ID           int64      `json:"id"`
	Name         string     `json:"name"`
	URL          string     `json:"url"`
	Events       []string   `json:"events"`
	State        State      `json:"state" enum:"active,paused,disabled"`
	CreatedAt    time.Time  `json:"created_at"`
	FailingSince *time.Time `json:"failing_since,omitempty" doc:"absent: the last delivery was taken"`
	Waiting      int        `json:"waiting" doc:"deliveries that are still to be made, 1000 at most"`
}

// Draft is what a person says of a webhook.
type Draft struct {
	Name   string
	URL    string
	Events []string
	State  State // Active or Paused
}

// DeliveryState says how far a delivery has come.
type DeliveryState string

// The states of a delivery.
const (
	Waiting DeliveryState = "waiting"
	Done    DeliveryState = "done"
	Failed  DeliveryState = "failed"
)

// Delivery is a fact on its way to a webhook, and the last attempt.
type Delivery struct {
	ID        int64         `json:"id"`
	WebhookID int64         `json:"webhook_id"`
	EventID   string        `json:"event_id" doc:"the header webhook-id: the same in every attempt and replay"`
	Kind      string        `json:"kind"`
	Subject   int64         `json:"subject" doc:"id of the client, lead, call or message; 0 for a test"`
	State     DeliveryState `json:"state" enum:"waiting,done,failed"`
	Attempts  int           `json:"attempts"`
	CreatedAt time.Time     `json:"created_at"`
	NextAt    *time.Time    `json:"next_at,omitempty" doc:"when it is tried again"`
	LastAt    *time.Time    `json:"last_at,omitempty"`
	Status    int           `json:"status" doc:"what the receiver answered; 0: nothing"`
	TookMS    int           `json:"took_ms"`
	Answer    string        `json:"answer" doc:"its beginning"`
	Problem   string        `json:"problem" doc:"why there was no answer"`
	Body      string        `json:"body"`
	ReplayOf  *int64        `json:"replay_of,omitempty"`
}

// Fact is something that happened. Data are ids and words of ours only.
type Fact struct {
	Kind    string
	Subject int64
	Data    any
}

// envelope is the body of a delivery.
type envelope struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// pauses are the waits after the first failed attempt, the second, and so on:
// about a day in all.
var pauses = []time.Duration{
	10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 10 * time.Hour,
}

const (
	patience   = 3 * 24 * time.Hour  // a webhook that fails for longer is disabled
	keepFor    = 14 * 24 * time.Hour // deliveries stay in the log
	mostHooks  = 20
	answerKept = 1000 // characters of an answer
	answerRead = 64 << 10
	timeLimit  = 10 * time.Second
)
