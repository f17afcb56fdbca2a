package export

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/exchange/parcel"
	"centralita/crm/exchange/sheet"
	"centralita/internal/fault"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
)

// How exports are worked on.
const (
	pageRows   = 1000
	slice      = 25 * time.Second // so long a worker goes on before others have a turn
	sweepEvery = 10 * time.Second
	silence    = 15 * time.Second // after which a worker is held for dead
)

// errStale says that another worker has taken over, or that it was cancelled.
var errStale = errors.New("export: not this worker's any more")

// workArgs is the job of going on with an export.
type workArgs struct {
	ExportID int64 `json:"export_id"`
	Turn     int   `json:"turn"`
}

// Kind names the job.
func (workArgs) Kind() string { return "export_work" }

// sweepArgs is the round that appoints workers in place of dead ones, and takes
// files away whose time is over.
type sweepArgs struct{}

// Kind names the job.
func (sweepArgs) Kind() string { return "export_sweep" }

func (s *Service) registerJobs() {
	jobs.Handle(s.ports.Queue, func(ctx context.Context, j *jobs.Job[workArgs]) error {
		return s.work(ctx, j.Args.ExportID, j.Args.Turn)
	})
	jobs.Handle(s.ports.Queue, func(ctx context.Context, _ *jobs.Job[sweepArgs]) error { return s.sweep(ctx) })
	s.ports.Queue.Every(sweepEvery, sweepArgs{})
}

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
	return postgres.Classify(s.store.expire(ctx))
}

// work goes on with an export for a while, in the name of its author.
func (s *Service) work(ctx context.Context, id int64, turn int) error {
	e, err := s.begin(ctx, id, turn)
	if err == nil {
		err = s.name(ctx, &e)
	}
	if err == nil {
		if e.Format == "xlsx" {
			err = s.writeBook(ctx, e)
		} else {
			err = s.writeText(ctx, e)
		}
	}
	if err == nil || errors.Is(err, errStale) {
		return nil
	}
	if k := fault.KindOf(err); k != fault.Invalid && k != fault.NotFound && k != fault.Forbidden {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		now, err2 := s.current(ctx, e)
		if err2 != nil {
			return nil //nolint:nilerr // somebody has ended it meanwhile
		}
		return s.close(ctx, now, Failed, fault.CodeOf(err))
	})
}

// begin notes in the log that clients leave, before any does, and makes the one
// who is none.
func (s *Service) begin(ctx context.Context, id int64, turn int) (e Export, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if e, err = s.store.get(ctx, id, true); err != nil {
			return err
		}
		if e.turn != turn || e.State != Queued && e.State != Running {
			return errStale
		}
		if e.State == Running {
			return nil
		}
		as, err := s.asAuthor(ctx, e)
		if err != nil {
			return err
		}
		if err := s.ports.Audit.Record(as, "client.export", "export", id, nil, e.told()); err != nil {
			return err
		}
		if e.parcel, err = s.parcels.Make(ctx); err != nil {
			return err
		}
		if err := s.hide(as, e); err != nil {
			return err
		}
		return s.store.start(ctx, id, e.parcel)
	})
	return e, err
}

// asAuthor returns ctx with the author as he is now; a fault when he does not
// work here any more.
func (s *Service) asAuthor(ctx context.Context, e Export) (context.Context, error) {
	actor, err := s.ports.People.ActorOf(ctx, e.AuthorID)
	if err != nil {
		return ctx, err
	}
	ctx = access.WithActor(ctx, actor)
	return ctx, access.Allow(ctx, access.ClientsExport)
}

// name learns which columns hold colleagues, and how they are called.
func (s *Service) name(ctx context.Context, e *Export) error {
	as, err := s.asAuthor(ctx, *e)
	if err != nil {
		return err
	}
	fields, err := s.ports.Base.Fields(as)
	if err != nil {
		return err
	}
	users, err := s.ports.People.Users(ctx)
	if err != nil {
		return err
	}
	e.people, e.names = map[string]bool{}, map[int64]string{}
	for _, f := range fields {
		e.people[f.Key] = f.Type == "user"
	}
	for _, u := range users {
		e.names[u.ID] = u.Name
	}
	return nil
}

// current returns the export as it is, locked, if it is still e's worker's.
func (s *Service) current(ctx context.Context, e Export) (Export, error) {
	now, err := s.store.get(ctx, e.ID, true)
	if err == nil && (now.State != Running && now.State != Queued || now.turn != e.turn || now.Position != e.Position) {
		err = errStale
	}
	return now, err
}

// next reads the rows after cursor with the rights that the author has now.
func (s *Service) next(ctx context.Context, e Export) (client.Table, error) {
	as, err := s.asAuthor(ctx, e)
	if err != nil {
		return client.Table{}, err
	}
	w := Wish{Query: e.query, Columns: e.Columns}
	return s.ports.Base.Table(as, w.page(e.cursor, pageRows))
}

// writeText writes CSV; each page is a part of the file, stored with how far the
// export has come.
func (s *Service) writeText(ctx context.Context, e Export) error {
	fake, err := s.store.canary(ctx, e.ID)
	if err != nil {
		return err
	}
	for end := time.Now().Add(slice); ; {
		page, err := s.next(ctx, e)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := writePage(&text, e, page, fake); err != nil {
			return err
		}
		err = s.db.InTx(ctx, func(ctx context.Context) error {
			if _, err := s.current(ctx, e); err != nil {
				return err
			}
			if err := s.store.addPart(ctx, e, page.Next, len(page.Items), text.Bytes()); err != nil {
				return err
			}
			s.changed(ctx, e.ID)
			if page.Next != "" {
				return nil
			}
			return s.finish(ctx, e.ID)
		})
		if err != nil || page.Next == "" {
			return err
		}
		e.cursor, e.Position, e.parts = page.Next, e.Position+len(page.Items), e.parts+1
		if time.Now().After(end) {
			return jobs.Snooze(0)
		}
	}
}

func writePage(w io.Writer, e Export, page client.Table, fake canary) error {
	var out sheet.Writer
	var err error
	if e.Position == 0 {
		if out, err = sheet.NewCSV(w, e.delimiter); err == nil {
			err = out.Write(e.titles)
		}
	} else {
		out = sheet.MoreCSV(w, e.delimiter)
	}
	if err != nil {
		return err
	}
	if err := writeRows(out, e, page, fake); err != nil {
		return err
	}
	return out.Close()
}

// writeBook writes a workbook in one go: it cannot be written in parts. It grows
// beside the database and is stored when it is whole.
func (s *Service) writeBook(ctx context.Context, e Export) error {
	spool, err := parcel.Spool()
	if err != nil {
		return err
	}
	defer spool.Close()
	rows, err := s.fillBook(ctx, e, spool)
	if err != nil {
		return err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.current(ctx, e); err != nil {
			return err
		}
		file := s.parcels.Fill(ctx, e.parcel)
		if _, err := io.Copy(file, spool); err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
		if err := s.store.wrote(ctx, e.ID, rows, file.Size); err != nil {
			return err
		}
		return s.finish(ctx, e.ID)
	})
}

// fillBook writes all rows into a workbook and returns how many there are.
func (s *Service) fillBook(ctx context.Context, e Export, w io.Writer) (rows int, err error) {
	fake, err := s.store.canary(ctx, e.ID)
	if err != nil {
		return 0, err
	}
	book, err := sheet.NewXLSX(w)
	if err != nil {
		return 0, err
	}
	if err := book.Write(e.titles); err != nil {
		return 0, err
	}
	for at := e; ; {
		page, err := s.next(ctx, at)
		if err != nil {
			return 0, err
		}
		if err := writeRows(book, at, page, fake); err != nil {
			return 0, err
		}
		at.cursor, at.Position = page.Next, at.Position+len(page.Items)
		if page.Next == "" {
			return at.Position, book.Close()
		}
		if goOn, err := s.store.beat(ctx, e); err != nil || !goOn {
			return 0, errors.Join(err, errStale)
		}
	}
}

// finish makes the file ready and tells its author.
func (s *Service) finish(ctx context.Context, id int64) error {
	if err := s.store.ready(ctx, id); err != nil {
		return err
	}
	e, err := s.store.get(ctx, id, false)
	if err != nil {
		return err
	}
	s.changed(ctx, id)
	return s.ports.Live.Append(ctx, e.AuthorID, "export.ready", map[string]any{"export_id": id, "rows": e.Position})
}

// Fetch writes the file of a ready export to its author; header is called with
// its name before the first byte, and the log knows of it before that.
func (s *Service) Fetch(ctx context.Context, id int64, header func(name, kind string), w io.Writer) error {
	actor := access.ActorFrom(ctx)
	e, err := s.store.get(ctx, id, false)
	if err != nil {
		return err
	}
	if e.AuthorID != actor.UserID || e.State != Ready || e.parcel == 0 {
		return errNotFound
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.fetched(ctx, id); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "export.download", "export", id, nil, e.told())
	})
	if err != nil {
		return unavailable(err)
	}
	s.changed(ctx, id)
	kind := "text/csv; charset=utf-8"
	if e.Format == "xlsx" {
		kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	header("clients-"+e.CreatedAt.Format("2006-01-02")+"-"+itoa(id)+"."+e.Format, kind)
	return s.parcels.CopyTo(ctx, e.parcel, &watched{ctx: ctx, w: w, service: s, e: e, checked: time.Now()})
}

// watched stops a download when its reader is not to have it any more.
type watched struct {
	ctx     context.Context //nolint:containedctx // an io.Writer has no other way to be given one
	w       io.Writer
	service *Service
	e       Export
	checked time.Time
}

func (g *watched) Write(p []byte) (int, error) {
	if time.Since(g.checked) > time.Second {
		if _, err := g.service.asAuthor(g.ctx, g.e); err != nil {
			return 0, err
		}
		g.checked = time.Now()
	}
	return g.w.Write(p)
}
