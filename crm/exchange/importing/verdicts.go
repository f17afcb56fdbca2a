package importing

import (
	"context"
	"slices"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/exchange/sheet"
)

// Verdicts returns what became of rows after a line of an import that ctx's actor
// may see, and the names of the columns.
func (s *Service) Verdicts(ctx context.Context, id int64, after int, verdict string, limit int) (header []string, rows []Verdict, err error) {
	im, err := s.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if rows, err = s.store.rows(ctx, id, after, verdict, limit); err != nil {
		return nil, nil, err
	}
	places := make([]client.Mention, len(rows))
	for i := range rows {
		places[i] = client.Mention{ID: rows[i].ClientID, Name: &rows[i].ClientName}
	}
	return im.header(), rows, client.Veil(ctx, s.db, places...)
}

func (im Import) header() []string {
	names := make([]string, len(im.Mapping.Columns))
	for i, c := range im.Mapping.Columns {
		names[i] = c.Header
	}
	return names
}

// MayDownload asks whether ctx's actor may take the verdicts along, and writes
// into the log that he does; nothing may leave unless it returns nil.
func (s *Service) MayDownload(ctx context.Context, id int64) error {
	im, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	return s.ports.Audit.Record(ctx, "import.download", "import", im.ID, nil, nil)
}

// Download writes the verdicts to out: place, verdict, reason, client, and the
// cells of rows that were not taken, under the names of their columns, so that
// they can be put right and brought again.
func (s *Service) Download(ctx context.Context, id int64, verdict string, out sheet.Writer) error {
	if !slices.Contains([]string{Created, Updated, Skipped, RowFailed}, verdict) {
		verdict = ""
	}
	for after, header := 0, true; ; header = false {
		names, rows, err := s.Verdicts(ctx, id, after, verdict, batchRows)
		if err != nil {
			return err
		}
		if header {
			if err := out.Write(append([]string{"line", "verdict", "reason", "field", "client id"}, names...)); err != nil {
				return err
			}
		}
		for _, row := range rows {
			known := ""
			if row.ClientID != nil {
				known = itoa(int(*row.ClientID))
			}
			if err := out.Write(append([]string{itoa(row.Line), row.Verdict, row.Code, row.Field, known}, row.Cells...)); err != nil {
				return err
			}
			after = row.Line
		}
		if len(rows) < batchRows {
			return out.Close()
		}
	}
}

// Saved returns the mappings that are kept.
func (s *Service) Saved(ctx context.Context) ([]Saved, error) { return s.store.saved(ctx) }

// mappings are whose saved ones may be forgotten: all who import use them.
var mappings = access.Resource{Entity: access.Import, Owner: "created_by", Table: "import_mappings", Missing: errNoMapping}

// Forget removes a saved mapping.
func (s *Service) Forget(ctx context.Context, id int64) error {
	if err := mappings.CheckID(ctx, s.db, access.Delete, id); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		name, err := s.store.forget(ctx, id)
		if err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "import.mapping.forget", "import_mapping", id, map[string]string{"name": name}, nil)
	})
}
