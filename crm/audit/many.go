package audit

import (
	"context"
	"fmt"
)

const insertMany = "insert into audit_entries (" + entryColumns + `)
	select nullif($1::bigint, 0), nullif($2::bigint, 0), $3, $4, a.id, a.before::jsonb, a.after::jsonb, $5, $6
	from unnest($7::bigint[], $8::text[], $9::text[]) as a (id, before, after)`

// RecordMany is Record for many things of a kind at once, in one round trip: the
// i-th before and after belong to the i-th id. before and after may be nil, when
// there is none for any.
func (l *Log) RecordMany(ctx context.Context, action, entity string, ids []int64, before, after []any) error {
	args, err := arguments(ctx, action, entity, nil, nil)
	if err != nil {
		return err
	}
	old, err := documents(before, len(ids))
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	fresh, err := documents(after, len(ids))
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	user, session, ip, request := args[0], args[1], args[6], args[7]
	if _, err := l.db.Conn(ctx).Exec(ctx, insertMany, user, session, action, entity, ip, request, ids, old, fresh); err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return l.followed(ctx, action, entity, ids, after)
}

// documents are n values as JSON texts; those that are not there stay SQL's null.
func documents(values []any, n int) ([]*string, error) {
	texts := make([]*string, n)
	for i, v := range values {
		d, err := document(v)
		if err != nil {
			return nil, err
		}
		if text, ok := d.(string); ok {
			texts[i] = &text
		}
	}
	return texts, nil
}
