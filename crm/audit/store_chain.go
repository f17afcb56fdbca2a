package audit

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// sealLock is the advisory lock of the one who seals.
const sealLock = 0x61756469746c6f67 // "auditlog"

// sealBatch is how many entries are sealed in one transaction.
const sealBatch = 5000

const linkColumns = `e.id, e.at, coalesce(e.user_id, 0), coalesce(e.session_id, 0), e.action, e.entity, e.entity_id,
	e.before::text, e.after::text, e.ip, e.request_id`

// sqlUnsealed are committed entries without a place. They are looked for above
// the settled id alone: below it everything has its place.
const sqlUnsealed = "select " + linkColumns + ` from audit_entries e
	where e.id > (select settled from audit_sealing) and not exists (select from audit_chain c where c.entry_id = e.id)
	order by e.id limit $1`

// Head is the end of the chain: the number of entries in it, and the last hash.
type Head struct {
	Seq  int64
	Hash []byte
}

// head returns the end of the chain.
func head(ctx context.Context, q postgres.Querier) (h Head, err error) {
	err = q.QueryRow(ctx, "select seq, hash from audit_chain order by seq desc limit 1").Scan(&h.Seq, &h.Hash)
	if postgres.IsNoRows(err) {
		return Head{0, origin}, nil
	}
	if err != nil {
		return Head{}, fmt.Errorf("read head: %w", err)
	}
	return h, nil
}

// Seal gives every committed entry its place in the chain and returns how many
// there were. One process seals at a time; where another does, Seal returns 0. An
// entry that is committed late is sealed late: the order is that of becoming
// visible, and within one pass that of ids.
func (l *Log) Seal(ctx context.Context) (sealed int, err error) {
	l.sealing.Lock()
	defer l.sealing.Unlock()
	for {
		n, err := l.sealSome(ctx)
		sealed += n
		if err != nil || n < sealBatch {
			return sealed, err
		}
	}
}

func (l *Log) sealSome(ctx context.Context) (n int, err error) {
	err = l.db.InTx(ctx, func(ctx context.Context) error {
		conn := l.db.Conn(ctx)
		var mine bool
		if err := conn.QueryRow(ctx, "select pg_try_advisory_xact_lock($1)", int64(sealLock)).Scan(&mine); err != nil || !mine {
			return err
		}
		next, settled, err := l.settle(ctx, l.horizon)
		if err != nil {
			return err
		}
		end, err := head(ctx, conn)
		if err != nil {
			return err
		}
		rows, err := conn.Query(ctx, sqlUnsealed, sealBatch)
		if err != nil {
			return fmt.Errorf("read unsealed: %w", err)
		}
		links, err := pgx.CollectRows(rows, scanLink)
		if err != nil {
			return fmt.Errorf("read unsealed: %w", err)
		}
		if err := l.append(ctx, end, links); err != nil {
			return err
		}
		if n = len(links); n == sealBatch {
			return nil
		}
		postgres.AfterCommit(ctx, func() { l.horizon = next })
		_, err = conn.Exec(ctx, "update audit_sealing set settled = $1 where settled < $1", settled)
		return err
	})
	return n, err
}

func scanLink(row pgx.CollectableRow) (k link, err error) {
	err = row.Scan(&k.id, &k.at, &k.user, &k.session, &k.action, &k.entity, &k.entityID, &k.before, &k.after, &k.ip, &k.request)
	return k, err
}

// append puts links at the end of the chain.
func (l *Log) append(ctx context.Context, end Head, links []link) error {
	if len(links) == 0 {
		return nil
	}
	salts := make([]byte, len(links)*saltSize)
	rand.Read(salts)
	seqs, ids := make([]int64, len(links)), make([]int64, len(links))
	each, hashes := make([][]byte, len(links)), make([][]byte, len(links))
	for i := range links {
		k := &links[i]
		k.seq, k.salt = end.Seq+1, salts[i*saltSize:(i+1)*saltSize]
		k.hash = k.follow(end.Hash)
		end = Head{k.seq, k.hash}
		seqs[i], ids[i], each[i], hashes[i] = k.seq, k.id, k.salt, k.hash
	}
	_, err := l.db.Conn(ctx).Exec(ctx, `insert into audit_chain (seq, entry_id, salt, hash)
		select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[])`, seqs, ids, each, hashes)
	if err != nil {
		return fmt.Errorf("append to chain: %w", err)
	}
	return nil
}

// horizon is a moment of the database: the last id given to an entry, and the
// transactions that were open.
type horizon struct {
	at   time.Time
	last int64
	xmax uint64
}

// settleAfter is how old a horizon is at least before ids below it count as
// settled. An insertion takes its id and its transaction's number microseconds
// apart; this bridges them.
const settleAfter = 3 * time.Second

// settle looks at the database's clock of transactions. It returns the horizon
// to remember, and the id below which all transactions are over; 0 for not yet.
func (l *Log) settle(ctx context.Context, old horizon) (next horizon, settled int64, err error) {
	now := horizon{at: time.Now()}
	var xmin uint64
	err = l.db.Conn(ctx).QueryRow(ctx, `
		select (select coalesce(max(id), 0) from audit_entries), pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint
		from pg_current_snapshot() s`).Scan(&now.last, &xmin, &now.xmax)
	switch {
	case err != nil:
		return old, 0, fmt.Errorf("read horizon: %w", err)
	case old.at.IsZero():
		return now, 0, nil
	case now.at.Sub(old.at) < settleAfter || xmin < old.xmax:
		return old, 0, nil
	}
	return now, old.last, nil
}

// lag returns how many entries have no place yet, and since when the oldest waits.
func (l *Log) lag(ctx context.Context) (n int64, oldest *time.Time, err error) {
	err = l.db.Conn(ctx).QueryRow(ctx, `
		select count(*), min(e.at) from audit_entries e
		where e.id > (select settled from audit_sealing) and not exists (select from audit_chain c where c.entry_id = e.id)`).Scan(&n, &oldest)
	return n, oldest, err
}
