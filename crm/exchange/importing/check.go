package importing

import (
	"context"
	"time"
)

// check foresees what an import would do, as far as it gets in its time.
func (s *Service) check(ctx context.Context, im Import) error {
	if err := s.count(ctx, &im); err != nil {
		return err
	}
	r, p, err := s.prepare(ctx, im)
	if err != nil {
		return err
	}
	p.ghosts = map[string]bool{}
	rows, free, err := s.open(ctx, im)
	if err != nil {
		return err
	}
	defer free()
	report := Report{Codes: map[string]int{}, Samples: []Verdict{}, Ignored: r.ignored()}
	for end := time.Now().Add(slice); time.Now().Before(end); {
		some, err := next(rows, batchRows)
		if err != nil {
			return err
		}
		if len(some) == 0 {
			break
		}
		records, flaws := r.readAll(some)
		b, err := p.plan(ctx, records, flaws)
		if err != nil {
			return err
		}
		report.take(b)
		goOn, err := s.store.beat(ctx, im, report.Total)
		if err != nil || !goOn {
			return err
		}
		s.changed(ctx, im.ID)
	}
	if err := s.store.report(ctx, im, report); err != nil {
		return err
	}
	s.changed(ctx, im.ID)
	return nil
}

// take adds what a batch would do.
func (r *Report) take(b *batch) {
	counts := map[string]*int{Created: &r.Created, Updated: &r.Updated, Skipped: &r.Skipped, RowFailed: &r.Failed}
	for _, o := range b.outcomes {
		n := counts[o.verdict]
		r.Total++
		if *n++; o.code != "" {
			r.Codes[o.code]++
		}
		if *n <= verdictMost {
			r.Samples = append(r.Samples, o.sample())
		}
	}
}

func (o outcome) sample() Verdict {
	v := Verdict{Line: o.line, Verdict: o.verdict, Code: o.code, Field: o.field, Cells: make([]string, min(len(o.cells), 20))}
	for i := range v.Cells {
		v.Cells[i] = shortened(o.cells[i])
	}
	if o.target != nil {
		v.ClientName = o.target.Name
	}
	if o.known != 0 {
		v.ClientID = &o.known
	}
	return v
}
