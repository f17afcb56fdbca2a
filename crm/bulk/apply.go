package bulk

import (
	"context"
	"slices"
	"strconv"

	"centralita/crm/client"
	"centralita/crm/field"
	"centralita/internal/fault"
)

// apply does a run's work to some rows and sets their verdicts.
func (s *Service) apply(ctx context.Context, run BulkRun, rows []BulkRow, why error) error {
	if why != nil {
		for i := range rows {
			rows[i].Verdict, rows[i].Code = verdictOf(why)
		}
		return nil
	}
	mine, err := s.within(ctx, rows)
	if err != nil {
		return err
	}
	switch w := run.What; {
	case w.Kind == ToResponsible || w.Kind == ToField && fieldID(w.Field) == 0:
		return s.write(ctx, run, rows, mine)
	case w.Kind == ToField:
		return s.set(ctx, w, rows, mine)
	case w.Kind == AddTag || w.Kind == RemoveTag:
		return s.tag(ctx, w, rows, mine)
	default:
		return s.archive(ctx, w.Kind == Archive, rows, mine)
	}
}

// verdictOf names what an error makes of a row.
func verdictOf(err error) (verdict, code string) {
	switch fault.KindOf(err) {
	case fault.Forbidden, fault.NotFound:
		return Refused, fault.CodeOf(err)
	case fault.Internal:
		return RowFailed, "unexpected"
	}
	return RowFailed, fault.CodeOf(err)
}

// within returns those of the rows' clients whom ctx's actor may change, locked,
// and refuses the others.
func (s *Service) within(ctx context.Context, rows []BulkRow) (map[int64]client.Client, error) {
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ClientID
	}
	found, err := s.ports.Base.FindMany(ctx, client.Keys{Numbers: []string{}, IDs: ids})
	if err != nil {
		return nil, err
	}
	if len(found.Clients) == len(rows) {
		return found.Clients, nil
	}
	seen, err := s.ports.Base.Rows(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, r := range rows {
		if _, mine := found.Clients[r.ClientID]; mine {
			continue
		}
		rows[i].Verdict, rows[i].Code = Refused, "client_not_found"
		if _, readable := seen[r.ClientID]; readable {
			rows[i].Code = "forbidden"
		}
	}
	return found.Clients, nil
}

// held is what a client has in a field that is written by write.
func held(w BulkWhat, f client.Fields) string {
	if w.Kind == ToField {
		return f.Language
	}
	if f.ResponsibleID == nil {
		return ""
	}
	return strconv.FormatInt(*f.ResponsibleID, 10)
}

// put gives a client the value that held has named.
func put(w BulkWhat, f *client.Fields, value string) {
	if w.Kind == ToField {
		f.Language = value
		return
	}
	f.ResponsibleID = nil
	if id, err := strconv.ParseInt(value, 10, 64); err == nil {
		f.ResponsibleID = &id
	}
}

// write changes fields of clients themselves, many in one go.
func (s *Service) write(ctx context.Context, run BulkRun, rows []BulkRow, mine map[int64]client.Client) error {
	var writes []*client.Bulk
	for i := range rows {
		r := &rows[i]
		c, ok := mine[r.ClientID]
		if !ok {
			continue
		}
		f := c.Fields()
		r.Before, r.After = held(run.What, f), run.What.Value
		if run.What.Kind == ToResponsible {
			r.After = ""
			if to := run.target(r.N); to != 0 {
				r.After = strconv.FormatInt(to, 10)
			}
		}
		if r.Verdict = Same; r.Before != r.After {
			r.Verdict = Changed
			put(run.What, &f, r.After)
			writes = append(writes, &client.Bulk{ID: c.ID, Fields: f})
		}
	}
	return s.keep(ctx, run, writes, mine)
}

// keep writes clients and what the log says of them.
func (s *Service) keep(ctx context.Context, run BulkRun, writes []*client.Bulk, mine map[int64]client.Client) error {
	if len(writes) == 0 {
		return nil
	}
	if err := s.ports.Base.WriteMany(ctx, writes); err != nil {
		return err
	}
	var ids []int64
	var before, after []any
	for _, w := range writes {
		was := mine[w.ID]
		now := was
		now.ResponsibleID, now.Language, now.Version = w.ResponsibleID, w.Language, w.Version
		ids, before = append(ids, w.ID), append(before, was)
		after = append(after, struct {
			client.Client
			BulkRunID int64 `json:"bulk_run_id"`
		}{now, run.ID})
	}
	return s.ports.Audit.RecordMany(ctx, "client.update", "client", ids, before, after)
}

// exact returns what a field of the firm's own holds for many clients.
func (s *Service) exact(ctx context.Context, id int64, clients map[int64]client.Client) (map[int64]string, error) {
	ids := make([]int64, 0, len(clients))
	for c := range clients {
		ids = append(ids, c)
	}
	found, err := s.ports.Values.Values(ctx, ids, []int64{id})
	if err != nil {
		return nil, err
	}
	values := map[int64]string{}
	for c, all := range found {
		for _, v := range all {
			values[c] = v.Value
		}
	}
	return values, nil
}

// set changes a field of the firm's own.
func (s *Service) set(ctx context.Context, w BulkWhat, rows []BulkRow, mine map[int64]client.Client) error {
	id := fieldID(w.Field)
	before, err := s.exact(ctx, id, mine)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if _, ok := mine[r.ClientID]; ok {
			if err := s.ports.Values.Set(ctx, r.ClientID, []field.Change{{FieldID: id, Value: w.Value}}); err != nil {
				return err
			}
		}
	}
	after, err := s.exact(ctx, id, mine)
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if _, ok := mine[r.ClientID]; !ok {
			continue
		}
		r.Before, r.After, r.Verdict = before[r.ClientID], after[r.ClientID], Changed
		if r.Before == r.After {
			r.Verdict = Same
		}
	}
	return nil
}

// tag puts a tag on clients, or takes it from them.
func (s *Service) tag(ctx context.Context, w BulkWhat, rows []BulkRow, mine map[int64]client.Client) error {
	do := s.ports.Marks.AddTag
	if w.Kind == RemoveTag {
		do = s.ports.Marks.RemoveTag
	}
	changed, err := do(ctx, w.TagID, idsOf(mine))
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if _, ok := mine[r.ClientID]; !ok {
			continue
		}
		if r.Verdict = Same; slices.Contains(changed, r.ClientID) {
			r.Verdict = Changed
		}
	}
	return nil
}

func idsOf(clients map[int64]client.Client) []int64 {
	ids := make([]int64, 0, len(clients))
	for id := range clients {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// archive takes clients out of the lists, or puts them back.
func (s *Service) archive(ctx context.Context, away bool, rows []BulkRow, mine map[int64]client.Client) error {
	for i := range rows {
		r := &rows[i]
		if _, ok := mine[r.ClientID]; !ok {
			continue
		}
		changed, err := s.archiveOne(ctx, r.ClientID, away)
		if err != nil {
			return err
		}
		if r.Verdict = Same; changed {
			r.Verdict = Changed
		}
	}
	return nil
}

// archiveOne reports whether that was a change.
func (s *Service) archiveOne(ctx context.Context, id int64, away bool) (bool, error) {
	c, err := s.ports.Marks.Get(ctx, id)
	if err != nil || (c.ArchivedAt != nil) == away {
		return false, err
	}
	_, err = s.ports.Marks.Archive(ctx, id, away)
	return err == nil, err
}
