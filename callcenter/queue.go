package callcenter

import (
	"fmt"
	"time"
)

// DestinationKind says what sort of place a call can go to.
type DestinationKind string

// The kinds of destinations.
const (
	ToQueue     DestinationKind = "queue"     // the people of a queue; ID names it
	ToUser      DestinationKind = "user"      // one person; ID names him
	ToVoicemail DestinationKind = "voicemail" // the caller is asked for a message
	ToHangup    DestinationKind = "hangup"    // the caller is sent away
)

// Destination is where a call goes next.
type Destination struct {
	Kind DestinationKind `json:"kind" enum:"queue,user,voicemail,hangup"`
	ID   int64           `json:"id,omitempty" minimum:"0"`
}

// Strategy says who of a queue's free people is asked first.
type Strategy string

// The strategies of a queue.
const (
	LongestIdle Strategy = "longest_idle" // who has been free for longest
	FewestCalls Strategy = "fewest_calls" // who has had the fewest calls today
	RoundRobin  Strategy = "round_robin"  // who was asked longest ago
	Random      Strategy = "random"       // anybody, differently for each call
	RingAll     Strategy = "ring_all"     // all at once: the first to pick up has the call
	Linear      Strategy = "linear"       // always in the order of the list
)

// Queue is what the settings of a queue were when a call entered it: a change of them does not touch the call.
// Who its members are is not part of it.
type Queue struct {
	ID       int64         `json:"id"`
	Version  int           `json:"version"`
	Name     string        `json:"name"`
	Strategy Strategy      `json:"strategy"`
	Priority int           `json:"priority,omitempty"` // minutes of waiting that its callers are given in advance
	Weight   int           `json:"weight,omitempty"`   // a second of waiting counts as so many hundredths; 0 is 100
	Ring     time.Duration `json:"ring"`               // how long one member's phone rings
	Retry    time.Duration `json:"retry,omitempty"`    // pause after which those who did not take it are asked again; 0: never
	MaxWait  time.Duration `json:"max_wait"`
	Sticky   Sticky        `json:"sticky,omitzero"`
	Skills   []SkillRule   `json:"skills,omitempty"`
	Overflow []Overflow    `json:"overflow,omitempty"` // in order; the first that applies is taken
	WrapUp   WrapUp        `json:"wrap_up,omitzero"`
	Only     int64         `json:"only,omitempty"` // the one person it is for, instead of members
}

// Sticky says who is asked before the queue's own people.
type Sticky struct {
	Responsible bool          `json:"responsible,omitempty"` // the client's responsible
	Last        bool          `json:"last,omitempty"`        // who spoke with him last
	Redial      bool          `json:"redial,omitempty"`      // who had him when the connection was lost a moment ago
	Ring        time.Duration `json:"ring,omitempty"`        // how long their phone rings
	Days        int           `json:"days,omitempty"`        // how long ago Last may have been; 0: ever
}

// SkillRule asks for a skill, the less of it the longer the caller waits.
type SkillRule struct {
	Skill int64       `json:"skill"`
	Name  string      `json:"name"`
	Steps []SkillStep `json:"steps"` // by time; before the first nothing is asked
}

// SkillStep is the level (0 to 100) that is asked from After of waiting on; 0 lets anybody.
type SkillStep struct {
	After time.Duration `json:"after"`
	Level int           `json:"level"`
}

// Level is what the rule asks for after so long a wait.
func (r SkillRule) Level(waited time.Duration) int {
	level := 0
	for _, s := range r.Steps {
		if waited >= s.After {
			level = s.Level
		}
	}
	return level
}

// OverflowWhen is a condition on which a caller does not stay in a queue.
type OverflowWhen string

// The conditions.
const (
	WhenWait     OverflowWhen = "wait"      // he has waited for Value seconds
	WhenLength   OverflowWhen = "length"    // Value callers or more are before him when he comes
	WhenNobodyIn OverflowWhen = "nobody_in" // nobody's phone is registered
	WhenNotReady OverflowWhen = "not_ready" // nobody wants calls
	WhenReturned OverflowWhen = "returned"  // nobody took a transferred call: no rule, but the way back
)

// Overflow sends callers elsewhere.
type Overflow struct {
	When  OverflowWhen `json:"when" enum:"wait,length,nobody_in,not_ready"`
	Value int          `json:"value,omitempty" minimum:"0" maximum:"86400"`
	Then  Destination  `json:"then"`
}

// WrapUpMode says how the work after a conversation ends.
type WrapUpMode string

// The modes of wrap-up.
const (
	NoWrapUp    WrapUpMode = "none"
	TimedWrapUp WrapUpMode = "timed"      // at the latest when its time is over
	UntilDone   WrapUpMode = "until_done" // when the agent says so
)

// WrapUp is the work after a conversation.
type WrapUp struct {
	Mode WrapUpMode    `json:"mode,omitempty"`
	For  time.Duration `json:"for,omitempty"`  // of TimedWrapUp
	Must bool          `json:"must,omitempty"` // a disposition must be chosen
}

// Place is a destination that has been looked up.
type Place struct {
	Destination
	Name  string
	Queue Queue // of ToQueue; of ToUser a queue of that one person
}

// Visit is one place that a call has been to.
type Visit struct {
	Destination
	Name string       `json:"name,omitempty"`
	Why  OverflowWhen `json:"why,omitempty"` // the overflow that sent it there; empty for its first place
	At   time.Time    `json:"at"`
}

// Direct is the queue of a call that is for one person alone.
func Direct(user int64, name string, ring time.Duration) Queue {
	return Queue{Name: name, Strategy: Linear, Ring: ring, MaxWait: ring, Sticky: Sticky{Ring: ring}, Only: user}
}

// Staffing is how a queue is staffed at a moment.
type Staffing struct {
	Ahead int `json:"ahead"` // callers before this one
	In    int `json:"in"`    // members whose phone is registered
	Ready int `json:"ready"` // of these, who want calls, busy or not
}

// maxVisits ends a caller's way through overflows that lead back to one another.
const maxVisits = 8

// reached puts the call where it wanted to go.
func (s *step) reached(p Place) {
	if s.Next == nil || s.Over() {
		return
	}
	visit := Visit{Destination: p.Destination, Name: p.Name, Why: s.NextWhy, At: s.now}
	s.Next, s.NextWhy = nil, ""
	s.Path = append(s.Path, visit)
	s.changed = true
	switch p.Kind {
	case ToQueue, ToUser:
		s.recall(p.Queue.Sticky.Days)
		s.joinQueue(p.Queue)
		s.QueuedAt, s.Tried, s.RetryAt = s.now, nil, time.Time{}
		s.WaitUntil, s.Entering = s.now.Add(s.Queue.MaxWait), true
		s.lookAgain()
	case ToHangup:
		s.end(s.unservedOutcome(), BySystem, CauseBusy)
	default:
		s.askMessage()
	}
}

// joinQueue puts the call under other settings. Who takes it alone works for the queue that it came from.
func (s *step) joinQueue(q Queue) {
	if q.Only != 0 {
		q.WrapUp = s.Queue.WrapUp
	}
	s.Queue = q
}

// recall keeps in mind who spoke with the caller last, if that is not too long ago.
func (s *step) recall(days int) {
	client, ok := s.Identity.Client()
	if !ok || client.LastContactAt == nil || client.LastUserID == 0 {
		return
	}
	if days == 0 || s.now.Sub(*client.LastContactAt) <= time.Duration(days)*24*time.Hour {
		s.Familiar.Last = client.LastUserID
	}
}

// unservedOutcome is that of a caller whom the system sends away.
func (s *step) unservedOutcome() Outcome {
	if !s.AnsweredAt.IsZero() {
		return s.talkOutcome()
	}
	return Missed
}

// overflows sends the call elsewhere if a rule of its queue says so. Staffing is that of the moment.
func (s *step) overflows(now Staffing, entering bool) bool {
	if len(s.Path) >= maxVisits {
		return false
	}
	for _, rule := range s.Queue.Overflow {
		if s.applies(rule, now, entering) {
			then := rule.Then
			s.Next, s.NextWhy, s.changed = &then, rule.When, true
			return true
		}
	}
	return false
}

func (s *step) applies(rule Overflow, now Staffing, entering bool) bool {
	switch rule.When {
	case WhenWait:
		return s.now.Sub(s.QueuedAt) >= time.Duration(rule.Value)*time.Second
	case WhenLength:
		return entering && now.Ahead >= rule.Value
	case WhenNobodyIn:
		return now.In == 0
	case WhenNotReady:
		return now.Ready == 0
	}
	return false
}

// glance is how often a waiting call looks whether its queue is still staffed.
const glance = 5 * time.Second

// lookAgain sets the moment at which a waiting call is to be looked at, whatever happens before: somebody may be asked
// who was not skilled enough until now, or again, or an overflow is due.
func (s *step) lookAgain() {
	s.Deadline = s.WaitUntil
	sooner := func(at time.Time) {
		if at.After(s.now) && at.Before(s.Deadline) {
			s.Deadline = at
		}
	}
	sooner(s.RetryAt)
	for _, rule := range s.Queue.Skills {
		for _, step := range rule.Steps {
			sooner(s.QueuedAt.Add(step.After))
		}
	}
	for _, rule := range s.Queue.Overflow {
		switch rule.When {
		case WhenWait:
			sooner(s.QueuedAt.Add(time.Duration(rule.Value) * time.Second))
		case WhenNobodyIn, WhenNotReady:
			sooner(s.now.Add(glance))
		}
	}
}

// String names the destination for logs.
func (d Destination) String() string {
	if d.ID == 0 {
		return string(d.Kind)
	}
	return fmt.Sprintf("%s %d", d.Kind, d.ID)
}
