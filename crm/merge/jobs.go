package merge

import (
	"context"
	"time"

	"centralita/internal/jobs"
)

// lookEvery is how often the whole base is looked through for duplicates.
const lookEvery = time.Hour

// lookArgs is the errand of looking for duplicates.
type lookArgs struct{}

// Kind names the job.
func (lookArgs) Kind() string { return "duplicates_look" }

func (s *Service) registerJobs() {
	jobs.Handle(s.ports.Queue, func(ctx context.Context, _ *jobs.Job[lookArgs]) error { return s.Look(ctx) })
	s.ports.Queue.Every(lookEvery, lookArgs{})
}

// LookSoon has the base looked through for duplicates as soon as a worker is free.
func (s *Service) LookSoon(ctx context.Context) error {
	return s.ports.Queue.Insert(ctx, lookArgs{}, &jobs.Opts{Queue: jobs.Heavy})
}
