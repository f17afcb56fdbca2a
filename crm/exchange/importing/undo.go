package importing

import (
	"context"
	"maps"
	"slices"
	"time"

	"centralita/crm/client"
	"centralita/internal/jobs"
)

// snapshot is what the log says of a client after an import has written it.
func (t *target) snapshot(importID int64) any {
	c := client.Client{
		ID: t.ID, Kind: t.Kind, Name: t.Name, ResponsibleID: t.ResponsibleID, OrganisationID: t.OrganisationID, Note: t.Note,
		Language: t.Language, TimeZone: t.TimeZone, Version: t.Version,
	}
	if t.before != nil {
		c.ContactPoints = append(c.ContactPoints, t.before.ContactPoints...)
	}
	for _, p := range t.Add {
		c.ContactPoints = append(c.ContactPoints, p.Written())
	}
	return struct {
		client.Client
		ImportID int64 `json:"import_id"`
	}{c, importID}
}

// rows are the verdicts of a batch that was written, and how many of each.
func (b *batch) rows() (r rowsOf, counts map[string]int, err error) {
	counts = map[string]int{}
	told := map[*target]bool{}
	for _, o := range b.outcomes {
		counts[o.verdict]++
		clientID, version, cells := o.known, 0, o.cells
		var back *undo
		if t := o.target; t != nil {
			clientID, version, cells = t.ID, t.Version, nil
			if o.verdict == Updated && t.before != nil && !told[t] {
				back = t.undo()
			}
			told[t] = true
		}
		if err := r.add(o.line, o.verdict, o.flaw, clientID, version, back, cells); err != nil {
			return r, nil, err
		}
	}
	for _, t := range b.offices {
		if err := r.add(-b.records[t.row].line, Created, flaw{"employer", ""}, t.ID, t.Version, nil, nil); err != nil {
			return r, nil, err
		}
	}
	return r, counts, nil
}

// undo is what it takes to give the client back what was before.
func (t *target) undo() *undo {
	u := &undo{Fields: t.before.Fields(), Points: [][2]string{}}
	for _, p := range t.Add {
		u.Points = append(u.Points, [2]string{p.Kind(), p.Value()})
	}
	return u
}

// restore gives an updated client back what he was, unless somebody has changed
// him since; version is the one that he has then.
func (s *Service) restore(ctx context.Context, importID int64, row doneRow) (version int, ok bool, err error) {
	if row.Undo == nil { // another row of its batch has it
		return row.Version, true, nil
	}
	found, err := s.ports.Base.FindMany(ctx, client.Keys{Numbers: []string{}, IDs: []int64{row.ClientID}})
	if err != nil {
		return 0, false, err
	}
	now, there := found.Clients[row.ClientID]
	if !there || now.Version != row.Version {
		return 0, false, nil
	}
	back := &client.Bulk{ID: row.ClientID, Fields: row.Undo.Fields}
	if err := s.ports.Base.WriteMany(ctx, []*client.Bulk{back}); err != nil {
		return 0, false, err
	}
	if err := s.ports.Base.RemoveValues(ctx, row.ClientID, row.Undo.Points); err != nil {
		return 0, false, err
	}
	if err := s.store.reversion(ctx, importID, row.ClientID, back.Version); err != nil {
		return 0, false, err
	}
	after := map[string]any{"import_id": importID, "restored": row.Undo}
	return back.Version, true, s.ports.Audit.Record(ctx, "client.update", "client", row.ClientID, now, after)
}

// undo takes rows back, the last one first, until none is left.
func (s *Service) undo(ctx context.Context, im Import) error {
	for end := time.Now().Add(slice); ; {
		left := 0
		err := s.db.InTx(ctx, func(ctx context.Context) error {
			now, err := s.store.get(ctx, im.ID, true)
			if err != nil {
				return err
			}
			if now.State != Undoing || now.turn != im.turn {
				return errStale
			}
			rows, err := s.store.toUndo(ctx, im.ID, batchRows)
			if err != nil {
				return err
			}
			left = len(rows)
			s.changed(ctx, im.ID)
			return s.takeBack(ctx, im.ID, rows)
		})
		switch {
		case err != nil:
			return err
		case left == 0:
			return s.end(ctx, im, Undone, "")
		case time.Now().After(end):
			return jobs.Snooze(0)
		}
	}
}

// takeBack undoes some rows: updates one by one, then what was created.
func (s *Service) takeBack(ctx context.Context, importID int64, rows []doneRow) error {
	var undone, kept []int
	created := map[int64][]int{}
	versions := map[int64]int{}
	for _, row := range rows {
		if row.Verdict == Created {
			created[row.ClientID], versions[row.ClientID] = append(created[row.ClientID], row.Line), row.Version
			continue
		}
		version, ok, err := s.restore(ctx, importID, row)
		if err != nil {
			return err
		}
		if !ok {
			kept = append(kept, row.Line)
			continue
		}
		undone = append(undone, row.Line)
		if row.Undo == nil {
			continue
		}
		for i := range rows {
			if rows[i].ClientID == row.ClientID && rows[i].Line < row.Line {
				rows[i].Version = version
			}
		}
	}
	gone, err := s.ports.Base.DeleteUntouched(ctx, versions)
	if err != nil {
		return err
	}
	for _, id := range gone {
		undone = append(undone, created[id]...)
		delete(created, id)
	}
	for _, id := range slices.Sorted(maps.Keys(created)) {
		kept = append(kept, created[id]...)
	}
	if len(gone) > 0 {
		if err := s.ports.Audit.RecordMany(ctx, "client.delete", "client", gone, nil, nil); err != nil {
			return err
		}
	}
	return s.store.markUndone(ctx, importID, undone, kept)
}
