package importing

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"centralita/crm/access"
	"centralita/crm/exchange/parcel"
	"centralita/crm/exchange/sheet"
	"centralita/internal/fault"
	"centralita/internal/jobs"
)

// How imports are worked on.
const (
	batchRows  = 500
	slice      = 25 * time.Second    // so long a worker goes on before others have a turn
	sweepEvery = 10 * time.Second    // between looks for dead workers
	silence    = 15 * time.Second    // after which a worker is held for dead
	keepFiles  = 30 * 24 * time.Hour // for verdicts and another look
)

// errStale says that another worker has taken over, or that somebody has paused
// or cancelled: there is nothing more to do here.
var errStale = errors.New("import: not this worker's any more")

// work goes on with an import for a while, as its author.
func (s *Service) work(ctx context.Context, id int64, turn int) error {
	im, err := s.store.get(ctx, id, false)
	if fault.KindOf(err) == fault.NotFound || err == nil && im.turn != turn {
		return nil
	}
	if err != nil {
		return err
	}
	actor, err := s.ports.People.ActorOf(ctx, im.AuthorID)
	if kind := fault.KindOf(err); err != nil && kind != fault.Unavailable && kind != fault.Internal {
		return s.store.setState(ctx, id, Paused, "author_disabled")
	}
	if err != nil {
		return err
	}
	ctx = access.WithActor(ctx, actor)
	switch im.State {
	case Checking:
		err = s.check(ctx, im)
	case Running:
		err = s.run(ctx, im)
	case Undoing:
		err = s.undo(ctx, im)
	}
	return s.judge(ctx, im, err)
}

// judge ends an import whose file cannot be read; other errors have the job run
// again.
func (s *Service) judge(ctx context.Context, im Import, err error) error {
	if err == nil || errors.Is(err, errStale) {
		return nil
	}
	if k := fault.KindOf(err); k != fault.Invalid && k != fault.NotFound {
		return err
	}
	state := Failed
	if im.State == Checking {
		state = Draft
	}
	return s.end(ctx, im, state, fault.CodeOf(err))
}

// open returns the rows of an import's file behind its header, and what frees
// them.
func (s *Service) open(ctx context.Context, im Import) (sheet.Rows, func(), error) {
	if im.parcel == 0 {
		return nil, nil, errGone
	}
	file, err := s.parcels.Open(ctx, im.parcel)
	if err != nil {
		return nil, nil, err
	}
	rows, err := openRows(file, im.Format)
	if err != nil {
		_ = file.Close()
		return nil, nil, err
	}
	return rows, func() { _, _ = rows.Close(), file.Close() }, nil
}

func openRows(file *parcel.File, f sheet.Format) (sheet.Rows, error) {
	rows, err := sheet.Open(file, file.Size, f)
	if err != nil {
		return nil, err
	}
	if f.Header || f.Kind == sheet.VCard {
		if _, err := rows.Next(); err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.Join(err, rows.Close())
		}
	}
	return rows, nil
}

// next returns up to n more rows; none at the end.
func next(rows sheet.Rows, n int) ([]sheet.Row, error) {
	var some []sheet.Row
	for len(some) < n {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		some = append(some, row)
	}
	return some, nil
}

// count reads the whole file to know how long it is.
func (s *Service) count(ctx context.Context, im *Import) error {
	if im.Total > 0 {
		return nil
	}
	rows, free, err := s.open(ctx, *im)
	if err != nil {
		return err
	}
	defer free()
	for {
		if _, err := rows.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		im.Total++
	}
	return s.store.setTotal(ctx, im.ID, im.Total)
}

// prepare returns what turns rows of an import into records, and them into a plan.
func (s *Service) prepare(ctx context.Context, im Import) (*reader, *planner, error) {
	countries, err := s.ports.Countries.ReadUnder(ctx, im.Policy.Country)
	if err != nil {
		return nil, nil, err
	}
	users, err := s.ports.People.Users(ctx)
	if err != nil {
		return nil, nil, err
	}
	people := map[string]int64{}
	name := func(key string, id int64) {
		if known, taken := people[key]; taken && known != id {
			id = 0
		}
		people[key] = id
	}
	for _, u := range users {
		if u.Active {
			name(strings.ToLower(u.Login), u.ID)
			name(strings.ToLower(u.Name), u.ID)
		}
	}
	r := &reader{
		mapping: im.Mapping, countries: countries, people: people,
		assign: access.ActorFrom(ctx).Has(access.LeadsAssign), author: im.AuthorID,
	}
	p := &planner{base: s.ports.Base, policy: im.Policy, made: func(ctx context.Context, ids []int64) (map[int64]bool, error) {
		return s.store.made(ctx, im.ID, ids)
	}}
	return r, p, nil
}

// readAll understands many rows.
func (r *reader) readAll(rows []sheet.Row) ([]record, []flaw) {
	records, flaws := make([]record, len(rows)), make([]flaw, len(rows))
	for i, row := range rows {
		records[i], flaws[i] = r.read(row)
	}
	return records, flaws
}

// ignored are the targets that do not count for want of a right.
func (r *reader) ignored() []string {
	if r.assign {
		return []string{}
	}
	for _, c := range r.mapping.Columns {
		if c.Target == toResponsible {
			return []string{toResponsible}
		}
	}
	return []string{}
}

// run brings rows in until they are all in or the slice of time is over.
func (s *Service) run(ctx context.Context, im Import) error {
	if err := s.count(ctx, &im); err != nil {
		return err
	}
	r, p, err := s.prepare(ctx, im)
	if err != nil {
		return err
	}
	if im.Position == 0 {
		if err := s.noteIgnored(ctx, im, r); err != nil {
			return err
		}
	}
	rows, free, err := s.open(ctx, im)
	if err != nil {
		return err
	}
	defer free()
	if _, err := next(rows, im.Position); err != nil { // those are in
		return err
	}
	for end := time.Now().Add(slice); ; {
		some, err := next(rows, batchRows)
		if err != nil {
			return err
		}
		if len(some) == 0 {
			return s.end(ctx, im, Done, "")
		}
		if err := s.batch(ctx, &im, p, r, some); err != nil {
			return err
		}
		if time.Now().After(end) {
			return jobs.Snooze(0)
		}
	}
}

// noteIgnored writes down that the file tried what its author may not do.
func (s *Service) noteIgnored(ctx context.Context, im Import, r *reader) error {
	if ignored := r.ignored(); len(ignored) > 0 {
		return s.ports.Audit.Record(ctx, "import.ignored", "import", im.ID, nil, map[string][]string{"targets": ignored})
	}
	return nil
}

// batch brings some rows in, all or none. What fails for a reason that nobody
// foresaw is tried row by row, so that one row cannot hold up the others.
func (s *Service) batch(ctx context.Context, im *Import, p *planner, r *reader, some []sheet.Row) error {
	records, flaws := r.readAll(some)
	err := s.take(ctx, *im, p, records, flaws)
	if err != nil && fault.KindOf(err) == fault.Internal && ctx.Err() == nil && !errors.Is(err, errStale) {
		if len(some) == 1 {
			s.log.WarnContext(ctx, "import row not taken", "import", im.ID, "line", some[0].Line, "error", err)
			err = s.take(ctx, *im, p, records, []flaw{{"unexpected", ""}})
		} else {
			for _, row := range some {
				if err := s.batch(ctx, im, p, r, []sheet.Row{row}); err != nil {
					return err
				}
			}
			return nil
		}
	}
	if err == nil {
		im.Position += len(some)
	}
	return err
}

// take is the transaction of a batch.
func (s *Service) take(ctx context.Context, im Import, p *planner, records []record, flaws []flaw) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		now, err := s.store.get(ctx, im.ID, true)
		if err != nil {
			return err
		}
		if now.State != Running || now.turn != im.turn || now.Position != im.Position {
			return errStale
		}
		b, err := p.plan(ctx, records, flaws)
		if err != nil {
			return err
		}
		if err := b.write(ctx, s.ports.Base); err != nil {
			return err
		}
		if err := s.record(ctx, im.ID, b); err != nil {
			return err
		}
		rows, counts, err := b.rows()
		if err != nil {
			return err
		}
		if err := s.store.addRows(ctx, im.ID, rows); err != nil {
			return err
		}
		s.changed(ctx, im.ID)
		return s.store.advance(ctx, im.ID, len(records), counts)
	})
}

// record writes what a batch has done into the log.
func (s *Service) record(ctx context.Context, importID int64, b *batch) error {
	var made, changed []int64
	var before, fresh, after []any
	for _, t := range append(slices.Clone(b.offices), b.targets...) {
		now := t.snapshot(importID)
		if t.before == nil {
			made, fresh = append(made, t.ID), append(fresh, now)
		} else {
			changed, before, after = append(changed, t.ID), append(before, t.before), append(after, now)
		}
	}
	if len(made) > 0 {
		if err := s.ports.Audit.RecordMany(ctx, "client.create", "client", made, nil, fresh); err != nil {
			return err
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return s.ports.Audit.RecordMany(ctx, "client.update", "client", changed, before, after)
}

// end closes an import and tells its author.
func (s *Service) end(ctx context.Context, im Import, state State, problem string) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		now, err := s.store.get(ctx, im.ID, true)
		if err != nil {
			return err
		}
		if now.turn != im.turn || now.State != im.State {
			return errStale
		}
		if err := s.store.setState(ctx, im.ID, state, problem); err != nil {
			return err
		}
		s.changed(ctx, im.ID)
		if im.State == Checking {
			return nil
		}
		s.ports.Live.Signal(ctx, "clients.changed", nil)
		if err := s.ports.Audit.Record(ctx, "import."+string(state), "import", im.ID, told(im), told(now)); err != nil {
			return err
		}
		return s.ports.Live.Append(ctx, im.AuthorID, "import.ended", map[string]any{
			"import_id": im.ID, "file_name": im.FileName, "state": state, "created": now.Created, "updated": now.Updated,
			"skipped": now.Skipped, "failed": now.Failed, "undone": now.Undone, "kept": now.Kept,
		})
	})
}
