package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/routing"
	"centralita/internal/web"
)

// QueueState is a queue at this moment.
type QueueState struct {
	QueueID      int64      `json:"queue_id"`
	Waiting      int        `json:"waiting" doc:"Callers for whom no phone rings"`
	Ringing      int        `json:"ringing" doc:"Callers for whom a phone rings"`
	WaitingSince *time.Time `json:"waiting_since,omitempty" doc:"When the one came who has waited longest"`
	In           int        `json:"in" doc:"Members whose phone is registered"`
	Ready        int        `json:"ready" doc:"Of these, who want calls"`
	Free         int        `json:"free" doc:"Of these, who could take one now"`
}

// QueueStates is every queue that has members or callers.
type QueueStates struct {
	Items []QueueState `json:"items"`
}

// QueueStatesOutput is every queue at this moment.
type QueueStatesOutput struct {
	Body QueueStates
}

func (a *API) registerQueues(r *web.Router) {
	web.Handle(r, web.Op{Method: "GET", Path: "/queues/now", ID: "list-queue-states", Tag: "queues",
		Summary: "Who waits in which queue, and who is there for them", Permission: web.SignedIn}, a.queues)
}

func (a *API) queues(ctx context.Context, _ *struct{}) (*QueueStatesOutput, error) {
	calls, err := a.read.Unserved(ctx)
	if err != nil {
		return nil, err
	}
	return &QueueStatesOutput{QueueStates{queueStates(calls, a.floor.Agents())}}, nil
}

// queueStates counts callers and agents by queue, ordered by queue. Calls come oldest first.
func queueStates(calls []callcenter.Call, agents []routing.Agent) []QueueState {
	by := map[int64]*QueueState{}
	of := func(queue int64) *QueueState {
		if by[queue] == nil {
			by[queue] = &QueueState{QueueID: queue}
		}
		return by[queue]
	}
	for _, c := range calls {
		if c.Queue.ID == 0 {
			continue
		}
		s := of(c.Queue.ID)
		if c.Phase == callcenter.Ringing {
			s.Ringing++
			continue
		}
		s.Waiting++
		if s.WaitingSince == nil {
			s.WaitingSince = moment(c.QueuedAt)
		}
	}
	for _, agent := range agents {
		for queue := range agent.Queues {
			s := of(queue)
			if !agent.Registered {
				continue
			}
			s.In++
			if agent.Ready {
				s.Ready++
			}
			if agent.Free() {
				s.Free++
			}
		}
	}
	list := make([]QueueState, 0, len(by))
	for _, s := range by {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b QueueState) int { return cmp.Compare(a.QueueID, b.QueueID) })
	return list
}
