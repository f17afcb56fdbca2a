package importing

import (
	"context"

	"centralita/crm/access"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
)

// Check has a dry run say what the import would do.
func (s *Service) Check(ctx context.Context, id int64) (Import, error) {
	return s.move(ctx, id, "", func(ctx context.Context, im *Import) error {
		if im.State != Draft {
			return errBusy
		}
		if err := im.Mapping.check(); err != nil {
			return err
		}
		return s.begin(ctx, im, Checking)
	})
}

// Run begins an import, or goes on with one that was paused.
func (s *Service) Run(ctx context.Context, id int64) (Import, error) {
	return s.move(ctx, id, "import.run", func(ctx context.Context, im *Import) error {
		if im.State != Draft && im.State != Paused {
			return errBusy
		}
		if err := im.Mapping.check(); err != nil {
			return err
		}
		if im.State == Draft && im.Policy.SaveAs != "" {
			if err := s.store.saveMapping(ctx, *im); err != nil {
				return err
			}
		}
		return s.begin(ctx, im, Running)
	})
}

// Pause stops an import after the batch it is at; Run goes on.
func (s *Service) Pause(ctx context.Context, id int64) (Import, error) {
	return s.move(ctx, id, "import.pause", func(ctx context.Context, im *Import) error {
		if im.State != Running {
			return errBusy
		}
		return s.store.setState(ctx, id, Paused, "")
	})
}

// Cancel ends an import after the batch it is at. What it has made stays, until
// it is undone. A dry run that is cancelled is a draft again.
func (s *Service) Cancel(ctx context.Context, id int64) (Import, error) {
	return s.move(ctx, id, "import.cancel", func(ctx context.Context, im *Import) error {
		switch im.State {
		case Checking:
			return s.store.setState(ctx, id, Draft, "")
		case Running, Paused:
			return s.store.setState(ctx, id, Cancelled, "")
		default:
			return errBusy
		}
	})
}

// Undo takes back what an import has made, as far as nobody has worked with it.
func (s *Service) Undo(ctx context.Context, id int64) (Import, error) {
	return s.move(ctx, id, "import.undo", func(ctx context.Context, im *Import) error {
		if im.State != Done && im.State != Cancelled && im.State != Failed {
			return errBusy
		}
		return s.begin(ctx, im, Undoing)
	})
}

// Discard removes a draft with its file.
func (s *Service) Discard(ctx context.Context, id int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		im, err := s.store.get(ctx, id, true)
		if err != nil {
			return err
		}
		if err := Imports.Check(ctx, access.Delete, id, im.AuthorID); err != nil {
			return err
		}
		if im.State != Draft {
			return errBusy
		}
		if err := s.store.remove(ctx, id); err != nil {
			return err
		}
		s.changed(ctx, id)
		if err := s.parcels.Remove(ctx, im.parcel); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "import.discard", "import", id, told(im), nil)
	})
}

// begin appoints a worker.
func (s *Service) begin(ctx context.Context, im *Import, state State) error {
	if im.parcel == 0 && state != Undoing {
		return errGone
	}
	turn, err := s.store.begin(ctx, im.ID, state)
	if err != nil {
		return err
	}
	return s.ports.Queue.Insert(ctx, workArgs{im.ID, turn}, nil)
}

// workArgs is the job of going on with an import.
type workArgs struct {
	ImportID int64 `json:"import_id"`
	Turn     int   `json:"turn"`
}

// Kind names the job.
func (workArgs) Kind() string { return "import_work" }

// sweepArgs is the round that appoints workers in place of dead ones, and
// removes files that nobody needs any more.
type sweepArgs struct{}

// Kind names the job.
func (sweepArgs) Kind() string { return "import_sweep" }

func (s *Service) registerJobs() {
	jobs.Handle(s.ports.Queue, func(ctx context.Context, j *jobs.Job[workArgs]) error {
		return s.work(ctx, j.Args.ImportID, j.Args.Turn)
	})
	jobs.Handle(s.ports.Queue, func(ctx context.Context, _ *jobs.Job[sweepArgs]) error { return s.sweep(ctx) })
	s.ports.Queue.Every(sweepEvery, sweepArgs{})
}

// sweep appoints workers where none has given a sign of life.
func (s *Service) sweep(ctx context.Context) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		turns, err := s.store.abandoned(ctx, silence)
		if err != nil {
			return err
		}
		for id, turn := range turns {
			if err := s.ports.Queue.Insert(ctx, workArgs{id, turn}, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return postgres.Classify(s.store.dropOldFiles(ctx, keepFiles))
}
