package app

import (
	"context"
	"fmt"
	"time"

	"centralita/callcenter"
	"centralita/crm/queue"
)

// directRing is how long a person's phone rings for a call that is for him alone.
const directRing = 30 * time.Second

// Place looks up where a call wants to go, from memory.
func (d directory) Place(ctx context.Context, to callcenter.Destination) (callcenter.Place, error) {
	place := callcenter.Place{Destination: to}
	switch to.Kind {
	case callcenter.ToQueue:
		q, err := d.queues.ByID(ctx, to.ID)
		if err != nil {
			return place, err
		}
		if !q.Active {
			return place, fmt.Errorf("queue %d is given up", to.ID)
		}
		skills, err := d.queues.Skills(ctx)
		if err != nil {
			return place, err
		}
		place.Name, place.Queue = q.Name, callQueue(q, skills)
	case callcenter.ToUser:
		place.Name = d.name(to.ID)
		place.Queue = callcenter.Direct(to.ID, place.Name, directRing)
	}
	return place, nil
}

// callQueue is a queue as a call carries it.
func callQueue(q queue.Queue, skills []queue.Skill) callcenter.Queue {
	c := callcenter.Queue{
		ID: q.ID, Version: q.Version, Name: q.Name, Strategy: callcenter.Strategy(q.Strategy), Priority: q.Priority, Weight: q.Weight,
		Ring: seconds(q.RingSeconds), Retry: seconds(q.RetrySeconds), MaxWait: seconds(q.MaxWaitSeconds),
		Sticky: callcenter.Sticky{
			Responsible: q.Sticky.Responsible, Last: q.Sticky.Last, Redial: q.Sticky.Redial, Ring: seconds(q.Sticky.Seconds),
			Days: q.Sticky.Days,
		},
		WrapUp: callcenter.WrapUp{Mode: callcenter.WrapUpMode(q.WrapUpMode), For: seconds(q.WrapUpSeconds), Must: q.WrapUpCode},
	}
	for _, rule := range q.Skills {
		asked := callcenter.SkillRule{Skill: rule.SkillID}
		for _, k := range skills {
			if k.ID == rule.SkillID {
				asked.Name = k.Name
			}
		}
		for _, step := range rule.Steps {
			asked.Steps = append(asked.Steps, callcenter.SkillStep{After: seconds(step.AfterSeconds), Level: step.Level})
		}
		c.Skills = append(c.Skills, asked)
	}
	for _, o := range q.Overflow {
		c.Overflow = append(c.Overflow, callcenter.Overflow{
			When: callcenter.OverflowWhen(o.When), Value: o.Value,
			Then: callcenter.Destination{Kind: callcenter.DestinationKind(o.Then.Kind), ID: o.Then.ID},
		})
	}
	return c
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
