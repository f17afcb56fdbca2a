package lead

import (
	"context"
	"errors"
	"fmt"
)

// savepoint runs fn inside ctx's transaction so that a failure of fn, like a
// unique index that somebody else was quicker at, undoes fn alone. fn must not
// begin a transaction.
func (l *Ledger) savepoint(ctx context.Context, fn func(context.Context) error) error {
	conn := l.db.Conn(ctx)
	if _, err := conn.Exec(ctx, "savepoint lead_step"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	if err := fn(ctx); err != nil {
		_, back := conn.Exec(ctx, "rollback to savepoint lead_step")
		return errors.Join(err, back)
	}
	_, err := conn.Exec(ctx, "release savepoint lead_step")
	return err
}
