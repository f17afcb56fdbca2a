package client

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
)

// Rows returns those of the clients that ctx's actor may see, as lists show them, by id.
func (s *Service) Rows(ctx context.Context, ids []int64) (map[int64]ClientRow, error) {
	readable, err := s.store.readable(ctx, ids)
	if err != nil {
		return nil, err
	}
	return s.store.rowsOf(ctx, readable)
}

// readable are those of the clients that ctx's actor may see.
func (s *Store) readable(ctx context.Context, ids []int64) ([]int64, error) {
	args := []any{ids}
	may := Clients.Where(ctx, access.Read, "c", func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	})
	rows, err := s.db.Conn(ctx).Query(ctx, "select c.id from clients c where c.id = any($1) and "+may, args...)
	if err != nil {
		return nil, named(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return found, named(err)
}
