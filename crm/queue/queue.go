// Package queue keeps the firm's queues: who answers their callers, in which
// order, after which waits, and where callers go whom nobody can take. Every
// change of a queue is a version of it, kept with who made it, so that the
// figures of a day can be explained by the settings of that day.
//
// Look-ups during a call are answered from memory, as package kept does. It
// knows nothing of calls in progress.
package queue

import (
	"fmt"
	"slices"

	"centralita/internal/fault"
	"centralita/internal/phone"
)

// Queue is a queue with its members, the first asked first where the strategy
// is linear. Version counts its changes from 1.
type Queue struct {
	ID      int64    `json:"id"`
	Version int      `json:"version"`
	Active  bool     `json:"active"`
	Members []Member `json:"members"`
	Settings
}

// Member is a person of a queue. Those with less penalty are asked first.
type Member struct {
	UserID  int64 `json:"user_id" minimum:"1"`
	Penalty int   `json:"penalty,omitempty" minimum:"0" maximum:"100"`
}

// Settings are how a queue works. Seconds are bounded as the schema says.
type Settings struct {
	Name           string      `json:"name" maxLength:"100"`
	Strategy       string      `json:"strategy" enum:"longest_idle,fewest_calls,round_robin,random,ring_all,linear"`
	Priority       int         `json:"priority" minimum:"0" maximum:"60" doc:"Minutes of waiting that its callers are given in advance of those of other queues"`
	Weight         int         `json:"weight" minimum:"10" maximum:"1000" doc:"How fast waiting counts: 100 is a second for a second"`
	RingSeconds    int         `json:"ring_seconds" minimum:"3" maximum:"120"`
	RetrySeconds   int         `json:"retry_seconds" minimum:"0" maximum:"600" doc:"After this pause those who did not take the call are asked again; 0: never"`
	MaxWaitSeconds int         `json:"max_wait_seconds" minimum:"5" maximum:"7200"`
	Sticky         Sticky      `json:"sticky"`
	Skills         []SkillRule `json:"skills" maxItems:"10"`
	Overflow       []Overflow  `json:"overflow" maxItems:"10"`
	WrapUpMode     string      `json:"wrap_up_mode" enum:"none,timed,until_done"`
	WrapUpSeconds  int         `json:"wrap_up_seconds" minimum:"0" maximum:"1800"`
	WrapUpCode     bool        `json:"wrap_up_code" doc:"A disposition must be chosen to end it"`
	ServiceSeconds int         `json:"service_seconds" minimum:"1" maximum:"600" doc:"Within this time calls should be answered"`
	ServicePercent int         `json:"service_percent" minimum:"1" maximum:"100" doc:"So many of them"`
}

// Sticky says who is asked before the members, and how long their phone rings.
type Sticky struct {
	Responsible bool `json:"responsible" doc:"The client's responsible"`
	Last        bool `json:"last" doc:"Who spoke with him last, within the days given"`
	Redial      bool `json:"redial" doc:"Who had him when the connection was lost, within five minutes"`
	Seconds     int  `json:"seconds" minimum:"3" maximum:"120"`
	Days        int  `json:"days" minimum:"0" maximum:"3650"`
}

// SkillRule asks for a skill, the less of it the longer a caller waits.
type SkillRule struct {
	SkillID int64       `json:"skill_id" minimum:"1"`
	Steps   []SkillStep `json:"steps" minItems:"1" maxItems:"10"`
}

// SkillStep is the level that is asked after a wait; 0 lets anybody.
type SkillStep struct {
	AfterSeconds int `json:"after_seconds" minimum:"0" maximum:"7200"`
	Level        int `json:"level" minimum:"0" maximum:"100"`
}

// Overflow sends callers elsewhere on a condition.
type Overflow struct {
	When  string `json:"when" enum:"wait,length,nobody_in,not_ready"`
	Value int    `json:"value,omitempty" minimum:"0" maximum:"86400" doc:"Seconds of waiting, or callers before him"`
	Then  Place  `json:"then"`
}

// Place is where a caller goes. ID names the queue or the user; the others have
// none.
type Place struct {
	Kind string `json:"kind" enum:"queue,user,voicemail,hangup"`
	ID   int64  `json:"id,omitempty" minimum:"0"`
}

// Defaults are the settings of a new queue that are not given.
func Defaults() Settings {
	return Settings{
		Strategy: "longest_idle", Weight: 100, RingSeconds: 20, RetrySeconds: 10, MaxWaitSeconds: 180,
		Sticky: Sticky{Responsible: true, Last: true, Redial: true, Seconds: 15, Days: 30},
		Skills: []SkillRule{}, Overflow: []Overflow{}, WrapUpMode: "none", ServiceSeconds: 20, ServicePercent: 80,
	}
}

// check normalises q and refuses what no queue can be.
func (q *Queue) check() error {
	q.Name = phone.Text(q.Name)
	bad := fault.New(fault.Invalid, "invalid_input", "Check the marked fields.")
	if q.Name == "" || len(q.Name) > 100 {
		bad = bad.WithField("body.name", "1 to 100 characters")
	}
	if q.WrapUpMode == "timed" && q.WrapUpSeconds < 5 {
		bad = bad.WithField("body.wrap_up_seconds", "at least 5 seconds")
	}
	for i, rule := range q.Skills {
		rising := slices.IsSortedFunc(rule.Steps, func(a, b SkillStep) int { return a.AfterSeconds - b.AfterSeconds })
		if !rising || slices.ContainsFunc(q.Skills[:i], func(r SkillRule) bool { return r.SkillID == rule.SkillID }) {
			bad = bad.WithField(fmt.Sprintf("body.skills.%d", i), "each skill once, its steps in the order of time")
		}
	}
	for i, o := range q.Overflow {
		if needsID := o.Then.Kind == "queue" || o.Then.Kind == "user"; needsID != (o.Then.ID != 0) || o.Then == (Place{"queue", q.ID}) {
			bad = bad.WithField(fmt.Sprintf("body.overflow.%d.then", i), "choose another place")
		}
		if o.When == "wait" && (o.Value < 1 || o.Value >= q.MaxWaitSeconds) {
			bad = bad.WithField(fmt.Sprintf("body.overflow.%d.value", i), "less than the longest wait")
		}
	}
	for i, m := range q.Members {
		if slices.ContainsFunc(q.Members[:i], func(o Member) bool { return o.UserID == m.UserID }) {
			bad = bad.WithField(fmt.Sprintf("body.members.%d", i), "is there already")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}
