package callcenter

import (
	"fmt"
	"slices"
	"time"
)

// ID names a call for its whole life. It is positive, and zero before the call is stored.
type ID int64

// Direction says who called whom.
type Direction string

// The two directions of a call.
const (
	In  Direction = "in"  // a client called one of the firm's lines
	Out Direction = "out" // a user of ours called a number
)

// Phase is where a call stands.
type Phase string

// The phases of a call. An inbound call goes from Arrived over Waiting and Ringing to Talking or Message, an
// outbound one from CallingAgent over Dialling and FarRinging to Talking; both may lapse into Rejoining, and
// every call comes to Ended. Fallback is a call that Asterisk's dialplan serves because no server took it.
const (
	Arrived      Phase = "arrived"
	Waiting      Phase = "waiting"
	Ringing      Phase = "ringing"
	Talking      Phase = "talking"
	Rejoining    Phase = "rejoining"
	Message      Phase = "message"
	CallingAgent Phase = "calling_agent"
	Dialling     Phase = "dialling"
	FarRinging   Phase = "far_ringing"
	Fallback     Phase = "fallback"
	Ended        Phase = "ended"
)

// Party is who ended a call.
type Party string

// The parties that can end a call. PBX is the switch itself: it died, or dropped the channel.
const (
	ByClient Party = "client"
	ByAgent  Party = "agent"
	BySystem Party = "system"
	ByPBX    Party = "pbx"
)

// Outcome is what became of a call.
type Outcome string

// The outcomes. Answered means a person of ours and the client were connected for a second or more: a queue,
// a prompt or a voicemail answering is not an answer.
const (
	Answered    Outcome = "answered"
	Missed      Outcome = "missed"       // inbound: nobody could take it, and no message was left
	Voicemail   Outcome = "voicemail"    // inbound: the caller left a message
	Abandoned   Outcome = "abandoned"    // inbound: the caller gave up waiting
	Busy        Outcome = "busy"         // outbound
	NoAnswer    Outcome = "no_answer"    // outbound
	WrongNumber Outcome = "wrong_number" // outbound: the number does not exist
	Unreachable Outcome = "unreachable"  // outbound: no route, out of service, congestion
	Declined    Outcome = "declined"     // outbound: the client refused the call
	Cancelled   Outcome = "cancelled"    // outbound: our user gave up before an answer
	Failed      Outcome = "failed"       // our own side failed: the user's phone, the switch
)

// LegState is how far a leg has come.
type LegState string

// The states of a leg. The empty state is a leg that does not exist.
const (
	LegNone    LegState = ""
	LegDialled LegState = "dialled"
	LegRinging LegState = "ringing"
	LegUp      LegState = "up"
)

// Leg is one channel of a call.
type Leg struct {
	Channel   string    `json:"channel,omitempty"`
	UserID    int64     `json:"user_id,omitempty"`  // the agent; 0 for the client's leg
	Endpoint  string    `json:"endpoint,omitempty"` // the agent's SIP user
	State     LegState  `json:"state,omitempty"`
	OfferedAt time.Time `json:"offered_at,omitzero"`
	Quiet     bool      `json:"quiet,omitempty"` // answers by itself (click-to-call, rejoin): nobody is asked
}

// Line is the business line of a call, as far as the call needs it.
type Line struct {
	ID       int64       `json:"id"`
	Name     string      `json:"name"`
	Number   string      `json:"number"`
	Country  string      `json:"country"`
	Color    string      `json:"color"`
	Language string      `json:"language"`
	Entry    Destination `json:"entry"` // where its callers go first
}

// Caller is the far party: what the network claimed, and the best reading of it.
type Caller struct {
	Raw  string `json:"raw"`
	Name string `json:"name"`
	E164 string `json:"e164"` // empty when the number cannot be read as one
}

// Call is one telephone conversation with a client. It is a value: Apply works on a copy.
type Call struct {
	ID            ID        `json:"id"`
	AsteriskID    string    `json:"asterisk_id"`
	Direction     Direction `json:"direction"`
	Phase         Phase     `json:"phase"`
	Line          Line      `json:"line"`
	Caller        Caller    `json:"caller"`
	Identity      Identity  `json:"identity"`
	Dialled       string    `json:"dialled"`
	ClientID      int64     `json:"client_id,omitempty"`
	LeadID        int64     `json:"lead_id,omitempty"`
	InteractionID int64     `json:"interaction_id,omitempty"`
	ResponsibleID int64     `json:"responsible_id,omitempty"`
	UserID        int64     `json:"user_id,omitempty"` // who talks or talked; for an outbound call, who called

	Client Leg     `json:"client"`
	Agent  Leg     `json:"agent"`
	Legs   int     `json:"legs"`            // legs made so far; numbers the next one
	Tried  []int64 `json:"tried,omitempty"` // who was offered the call and did not take it

	Others   []Leg    `json:"others,omitempty"`  // rung beside Agent, while nobody has picked up
	Third    Leg      `json:"third,omitzero"`    // a colleague whom Agent consults, or who is in the conversation too
	Transfer Transfer `json:"transfer,omitzero"` // who sent the call on, or is about to

	Queue    Queue        `json:"queue,omitzero"`     // as it was when the call entered it
	QueuedAt time.Time    `json:"queued_at,omitzero"` // when that was
	Entering bool         `json:"entering,omitempty"` // routing has not answered for it in this queue yet
	RetryAt  time.Time    `json:"retry_at,omitzero"`  // when those who did not take it are asked again
	Next     *Destination `json:"next,omitempty"`     // where it wants to go: to be looked up and told by Reached
	NextWhy  OverflowWhen `json:"next_why,omitempty"` // the overflow that sends it there
	Path     []Visit      `json:"path,omitempty"`     // where it has been
	Familiar Familiar     `json:"familiar,omitzero"`  // who of ours knows the caller

	Mixed bool `json:"mixed,omitempty"` // its bridge mixes sound anew: more than one phone of ours has been in it

	Held  bool `json:"held,omitempty"`
	Muted bool `json:"muted,omitempty"`

	StartedAt  time.Time `json:"started_at"`
	RingingAt  time.Time `json:"ringing_at,omitzero"`
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	MessageAt  time.Time `json:"message_at,omitzero"`
	EndedAt    time.Time `json:"ended_at,omitzero"`
	WaitUntil  time.Time `json:"wait_until,omitzero"` // when a waiting caller is asked for a message
	Deadline   time.Time `json:"deadline,omitzero"`   // when the phase's patience ends; zero when it has none

	Recovered bool `json:"recovered,omitempty"` // found in the switch's evidence after the fact

	Outcome Outcome `json:"outcome,omitempty"`
	EndedBy Party   `json:"ended_by,omitempty"`
	Cause   int     `json:"cause,omitempty"` // Q.850 cause of the leg that ended the call
}

// Patience of the phases that no line configures.
const (
	PhonePatience   = 15 * time.Second  // our own phone that should answer by itself
	FarPatience     = 60 * time.Second  // the client's phone on an outbound call
	RejoinPatience  = 20 * time.Second  // an agent whose browser vanished in a conversation
	AcceptPatience  = 4 * time.Second   // the same, when the conversation had hardly begun
	MessagePatience = 120 * time.Second // a caller leaving a message
	// HumanTouch is how long a person must have been connected for a call to count as answered.
	HumanTouch = time.Second
	// MessageFloor is how long a caller must stay after being asked for a message for it to count as one:
	// the prompt itself takes the first seconds.
	MessageFloor = 8 * time.Second
)

// Over reports whether the call has ended or left our hands.
func (c Call) Over() bool { return c.Phase == Ended || c.Phase == Fallback }

// Bridge is the identity of the call's mixing bridge.
func (c Call) Bridge() string {
	if c.Mixed {
		return fmt.Sprintf("br-%d-m", c.ID)
	}
	return fmt.Sprintf("br-%d", c.ID)
}

// NeedsAgent reports whether the call waits for routing to name somebody.
func (c Call) NeedsAgent() bool {
	return (c.Phase == Waiting || c.Phase == Arrived) && c.Next == nil
}

// Familiar are people who had to do with a caller before. Zero is nobody.
type Familiar struct {
	Last   int64 `json:"last,omitempty"`   // who spoke with him last
	Redial int64 `json:"redial,omitempty"` // who had him when he was lost a moment ago
}

// Unserved reports whether nobody of ours talks with the client, and somebody should or could not: he waits, rings or
// leaves a message.
func (c Call) Unserved() bool {
	return c.Phase == Arrived || c.Phase == Waiting || c.Phase == Ringing || c.Phase == Message
}

// Waited is how long the call has been in its queue.
func (c Call) Waited(now time.Time) time.Duration {
	if c.QueuedAt.IsZero() {
		return 0
	}
	return now.Sub(c.QueuedAt)
}

// Rings reports whether the call rings at the user's phone.
func (c Call) Rings(user int64) bool {
	if user != 0 && c.Third.UserID == user {
		return c.Third.State != LegUp
	}
	return c.Phase == Ringing && slices.Contains(c.Askeds(), user)
}

// Askeds returns the users who have the call, or whose phones ring for it, the first one first.
func (c Call) Askeds() []int64 {
	var users []int64
	if c.Agent.UserID != 0 {
		users = append(users, c.Agent.UserID)
	}
	for _, leg := range c.Others {
		users = append(users, leg.UserID)
	}
	if c.Third.UserID != 0 {
		users = append(users, c.Third.UserID)
	}
	return users
}

// clone returns a copy that shares nothing changeable with c.
func (c Call) clone() Call {
	c.Tried = slices.Clone(c.Tried)
	c.Others = slices.Clone(c.Others)
	c.Path = slices.Clone(c.Path)
	return c
}

func (c *Call) nextLeg(prefix string) string {
	c.Legs++
	return fmt.Sprintf("%s-%d-%d", prefix, c.ID, c.Legs)
}
