package bulk

import (
	"cmp"
	"context"
	"slices"

	"centralita/crm/client"
	"centralita/crm/field"
	"centralita/internal/fault"
)

// changedSince is why a row stays: somebody has changed what the run had set.
const changedSince = "changed_since"

// undo takes back what a run has done to some rows, unless somebody has changed
// it since or ctx's actor may not change the client any more, and notes which.
func (s *Service) undo(ctx context.Context, run BulkRun, rows []BulkRow, why error) error {
	refused := ""
	if why != nil {
		refused = fault.CodeOf(why)
	}
	for i := range rows {
		stays := false
		rows[i].Undone, rows[i].Code = &stays, cmp.Or(refused, changedSince)
	}
	if refused != "" {
		return nil
	}
	mine, err := s.within(ctx, rows)
	if err != nil {
		return err
	}
	switch w := run.What; {
	case w.Kind == ToResponsible || w.Kind == ToField && fieldID(w.Field) == 0:
		return s.writeBack(ctx, run, rows, mine)
	case w.Kind == ToField:
		return s.setBack(ctx, w, rows, mine)
	case w.Kind == AddTag || w.Kind == RemoveTag:
		return s.tagBack(ctx, w, rows, mine)
	default:
		for i := range rows {
			if _, ok := mine[rows[i].ClientID]; !ok {
				continue
			}
			changed, err := s.archiveOne(ctx, rows[i].ClientID, run.What.Kind != Archive)
			if err != nil {
				return err
			}
			rows[i].took(changed)
		}
	}
	return nil
}

// took notes whether a row was taken back.
func (r *BulkRow) took(back bool) {
	if back {
		r.Undone, r.Code = &back, ""
	}
}

func (s *Service) writeBack(ctx context.Context, run BulkRun, rows []BulkRow, mine map[int64]client.Client) error {
	var writes []*client.Bulk
	for i := range rows {
		c, ok := mine[rows[i].ClientID]
		f := c.Fields()
		if !ok || held(run.What, f) != rows[i].After {
			continue
		}
		put(run.What, &f, rows[i].Before)
		writes = append(writes, &client.Bulk{ID: c.ID, Fields: f})
		rows[i].took(true)
	}
	return s.keep(ctx, run, writes, mine)
}

func (s *Service) setBack(ctx context.Context, w BulkWhat, rows []BulkRow, mine map[int64]client.Client) error {
	id := fieldID(w.Field)
	now, err := s.exact(ctx, id, mine)
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if _, ok := mine[r.ClientID]; !ok || now[r.ClientID] != r.After {
			continue
		}
		if err := s.ports.Values.Set(ctx, r.ClientID, []field.Change{{FieldID: id, Value: r.Before, Was: &r.After}}); err != nil {
			return err
		}
		r.took(true)
	}
	return nil
}

func (s *Service) tagBack(ctx context.Context, w BulkWhat, rows []BulkRow, mine map[int64]client.Client) error {
	do := s.ports.Marks.RemoveTag
	if w.Kind == RemoveTag {
		do = s.ports.Marks.AddTag
	}
	changed, err := do(ctx, w.TagID, idsOf(mine))
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].took(slices.Contains(changed, rows[i].ClientID))
	}
	return nil
}
