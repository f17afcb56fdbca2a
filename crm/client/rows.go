package client

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const sqlRows = "select " + rowColumns + " from unnest($1::bigint[]) f (id)" + rowJoins

// Rows returns clients as lists show them, by id; those that are not there are left out.
func (s *Service) Rows(ctx context.Context, ids []int64) (map[int64]ClientRow, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlRows, ids)
	if err != nil {
		return nil, named(err)
	}
	found := map[int64]ClientRow{}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r ClientRow, err error) {
		r, err = scanRow(row, new(string), new(time.Time))
		found[r.ID] = r
		return r, err
	})
	return found, named(err)
}
