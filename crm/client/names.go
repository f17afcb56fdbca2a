package client

import (
	"context"

	"centralita/crm/access"
	"centralita/internal/postgres"
)

// Mention is a place where a client's name stands beside something that is not his
// card: a lead, a message, a reminder. ID may be nil, for nobody.
type Mention struct {
	ID   *int64
	Name *string
}

// Veil empties the names of those clients whom ctx's actor may not see: that a
// lead is his does not make its client his. It is one query, or none.
func Veil(ctx context.Context, db *postgres.DB, places ...Mention) error {
	if access.ScopeOf(ctx, access.Client, access.Read) == access.All {
		return nil
	}
	var ids []int64
	for _, p := range places {
		if p.ID != nil && *p.Name != "" {
			ids = append(ids, *p.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	readable, err := NewStore(db).readable(ctx, ids)
	if err != nil {
		return err
	}
	seen := map[int64]bool{}
	for _, id := range readable {
		seen[id] = true
	}
	for _, p := range places {
		if p.ID != nil && !seen[*p.ID] {
			*p.Name = ""
		}
	}
	return nil
}
