package app

import (
	"context"
	"errors"
	"time"

	"centralita/internal/jobs"
)

// keepEvents is how long a browser may be away and still be told event by event what it has missed.
const keepEvents = 72 * time.Hour

// upkeep is the errand that removes what nobody needs any more: events that were delivered long ago, dead sessions, the
// contents of files deleted for good.
type upkeep struct{}

// Kind names the job.
func (upkeep) Kind() string { return "upkeep" }

// learnNames is the errand that keeps the words that a slip of the finger is compared with.
type learnNames struct{}

// Kind names the job.
func (learnNames) Kind() string { return "learn_names" }

func (a *App) scheduleUpkeep() {
	jobs.Handle(a.queue, func(ctx context.Context, _ *jobs.Job[learnNames]) error {
		more, err := a.clients.LearnNames(ctx)
		if err == nil && more {
			return jobs.Snooze(0)
		}
		return err
	})
	a.queue.Every(time.Minute, learnNames{})
	jobs.Handle(a.queue, func(ctx context.Context, _ *jobs.Job[upkeep]) error {
		_, err := a.live.Prune(ctx, keepEvents)
		return errors.Join(err, a.people.Prune(ctx), a.files.Prune(ctx, a.now()), a.audit.Prune(ctx), a.answers.Prune(ctx))
	})
	a.queue.Every(time.Hour, upkeep{})
}

const installation = `select installation::text from firms`

// channel is the Redis channel of this installation: its servers share it, and no others do.
func (a *App) channel(ctx context.Context) (string, error) {
	var id string
	if err := a.db.Conn(ctx).QueryRow(ctx, installation).Scan(&id); err != nil {
		return "", err
	}
	return "centralita-" + id, nil
}
