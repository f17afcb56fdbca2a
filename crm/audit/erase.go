package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const sqlErasable = "select " + linkColumns + `, c.seq, c.salt from audit_entries e join audit_chain c on c.entry_id = e.id
	where e.entity = $1 and e.entity_id = $2 and c.salt is not null order by e.id`

// Erase takes out of the log what was before and after in every entry about a
// thing, and from which address; who did what and when stays. The chain holds: the
// digest of what is gone stays in it, and its key is destroyed. The erasure is an
// entry itself. It returns how many entries lost their texts.
func (l *Log) Erase(ctx context.Context, entity string, id int64, reason string) (n int, err error) {
	if reason == "" {
		return 0, errors.New("say why this is erased")
	}
	if _, err := l.Seal(ctx); err != nil {
		return 0, err
	}
	err = l.db.InTx(ctx, func(ctx context.Context) error {
		rows, err := l.db.Conn(ctx).Query(ctx, sqlErasable, entity, id)
		if err != nil {
			return fmt.Errorf("erase: %w", err)
		}
		links, err := pgx.CollectRows(rows, scanSalted)
		if err != nil {
			return fmt.Errorf("erase: %w", err)
		}
		if n = len(links); n == 0 {
			return nil
		}
		ids, err := l.forget(ctx, links)
		if err != nil {
			return fmt.Errorf("erase: %w", err)
		}
		return l.Record(ctx, "audit.erase", entity, id, nil, map[string]any{"entries": ids, "reason": reason})
	})
	return n, err
}

func scanSalted(row pgx.CollectableRow) (k link, err error) {
	err = row.Scan(&k.id, &k.at, &k.user, &k.session, &k.action, &k.entity, &k.entityID, &k.before, &k.after, &k.ip, &k.request, &k.seq, &k.salt)
	return k, err
}

// forget puts the digests of links in the place of their salts and empties their texts.
func (l *Log) forget(ctx context.Context, links []link) ([]int64, error) {
	ids, digests := make([]int64, len(links)), make([][]byte, len(links))
	for i := range links {
		ids[i], digests[i] = links[i].id, links[i].seal()
	}
	conn := l.db.Conn(ctx)
	if _, err := conn.Exec(ctx, "set local centralita.erasing = 'yes'"); err != nil {
		return nil, err
	}
	_, err := conn.Exec(ctx, `update audit_chain c set salt = null, digest = g.digest
		from unnest($1::bigint[], $2::bytea[]) g (id, digest) where c.entry_id = g.id`, ids, digests)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "update audit_entries set before = null, after = null, ip = '' where id = any($1)", ids); err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "set local centralita.erasing = 'no'")
	return ids, err
}
