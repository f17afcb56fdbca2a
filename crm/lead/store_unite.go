package lead

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/postgres"
)

// United is what Unite did on one line: of two open leads the younger was closed as the duplicate of the older. The
// images are the rows as they were; Stamp is when the one that went on was last changed by it.
type United struct {
	Kept        int64           `json:"kept"`
	Closed      int64           `json:"closed"`
	KeptImage   json.RawMessage `json:"kept_image"`
	ClosedImage json.RawMessage `json:"closed_image"`
	Duplicates  []int64         `json:"duplicates"`
	Stamp       time.Time       `json:"stamp"`
}

const sqlBothOpen = `
select a.id, b.id, a.opened_at > b.opened_at
from leads a join leads b on coalesce(a.line_id, 0) = coalesce(b.line_id, 0) and b.state = 'open' and b.identity = $2
where a.state = 'open' and a.identity = $1 order by a.id for update`

// Unite has one lead go on where two clients who turned out to be one have an
// open lead each on the same line. Divide takes it back. It runs in ctx's
// transaction, and leaves it to the caller whose the leads are.
func (l *Ledger) Unite(ctx context.Context, from, into int64) ([]United, error) {
	rows, err := l.db.Conn(ctx).Query(ctx, sqlBothOpen, clientIdentity(from), clientIdentity(into))
	if err != nil {
		return nil, fmt.Errorf("find open leads of both: %w", err)
	}
	united := []United{}
	var a, b int64
	var younger bool
	_, err = pgx.ForEachRow(rows, []any{&a, &b, &younger}, func() error {
		u := United{Kept: a, Closed: b}
		if younger {
			u = United{Kept: b, Closed: a}
		}
		united = append(united, u)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find open leads of both: %w", err)
	}
	for i := range united {
		if err := l.unite(ctx, &united[i], into); err != nil {
			return nil, err
		}
	}
	return united, nil
}

const (
	sqlImages = `
select (select to_jsonb(k) from leads k where k.id = $1), (select to_jsonb(c) from leads c where c.id = $2),
       array(select d.id from leads d where d.duplicate_of = $2 order by d.id)`
	sqlStamp = `select updated_at from leads where id = $1`
)

func (l *Ledger) unite(ctx context.Context, u *United, client int64) error {
	conn := l.db.Conn(ctx)
	if err := conn.QueryRow(ctx, sqlImages, u.Kept, u.Closed).Scan(&u.KeptImage, &u.ClosedImage, &u.Duplicates); err != nil {
		return fmt.Errorf("read leads: %w", err)
	}
	if err := l.merge(ctx, u.Closed, u.Kept, clientIdentity(client)); err != nil {
		return err
	}
	return conn.QueryRow(ctx, sqlStamp, u.Kept).Scan(&u.Stamp)
}

// Divide takes Unite back, in ctx's transaction: the duplicate is open again,
// with the balance kept by an entry in its journal, and the lead that went on is
// what it was. Where that one was worked on since, it keeps what came of it and
// loses what was counted for the other; a duplicate whose place was taken by a
// newer open lead stays closed as the duplicate of that one.
func (l *Ledger) Divide(ctx context.Context, united []United) error {
	for _, u := range united {
		if err := l.divide(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

const (
	sqlDuplicatesBack = `update leads set duplicate_of = $1 where id = any($2) and duplicate_of = $3`
	// sqlSubtract takes out of a lead that was worked on since what Unite had added to it.
	sqlSubtract = `
update leads set contacts = greatest(1, contacts - ($2::jsonb->>'contacts')::int), attempts = greatest(0, attempts - ($2::jsonb->>'attempts')::int),
	opened_at = ($3::jsonb->>'opened_at')::timestamptz, updated_at = now() where id = $1`
	sqlStillDuplicate = `select state = 'closed' and closing = 'duplicate' and duplicate_of = $2 from leads where id = $1 for update`
	sqlTakenBy        = `
select o.id from leads o, jsonb_populate_record(null::leads, $2::jsonb) c
where o.state = 'open' and o.identity = c.identity and coalesce(o.line_id, 0) = coalesce(c.line_id, 0) and o.id <> $1`
	sqlDuplicateOf = `
update leads set duplicate_of = $2, identity = $3::jsonb->>'identity', updated_at = now() where id = $1`
)

func (l *Ledger) divide(ctx context.Context, u United) error {
	conn := l.db.Conn(ctx)
	var still bool
	if err := conn.QueryRow(ctx, sqlStillDuplicate, u.Closed, u.Kept).Scan(&still); err != nil {
		return fmt.Errorf("divide leads: %w", err)
	}
	if !still { // somebody decided otherwise since
		return nil
	}
	if _, err := conn.Exec(ctx, sqlDuplicatesBack, u.Closed, u.Duplicates, u.Kept); err != nil {
		return fmt.Errorf("divide leads: %w", err)
	}
	if err := l.keptBack(ctx, u); err != nil {
		return err
	}
	var taken int64
	err := conn.QueryRow(ctx, sqlTakenBy, u.Closed, u.ClosedImage).Scan(&taken)
	switch {
	case err == nil:
		_, err = conn.Exec(ctx, sqlDuplicateOf, u.Closed, taken, u.ClosedImage)
	case errors.Is(err, pgx.ErrNoRows):
		err = l.reopenAs(ctx, u)
	}
	if err != nil {
		return fmt.Errorf("divide leads: %w", err)
	}
	l.changed(ctx, u.Kept, nil)
	l.changed(ctx, u.Closed, nil)
	return nil
}

// keptBack makes the lead that went on what it was.
func (l *Ledger) keptBack(ctx context.Context, u United) error {
	var stamp time.Time
	if err := l.db.Conn(ctx).QueryRow(ctx, sqlStamp+" for update", u.Kept).Scan(&stamp); err != nil {
		return fmt.Errorf("divide leads: %w", err)
	}
	if stamp.Equal(u.Stamp) {
		return l.become(ctx, u.Kept, u.KeptImage)
	}
	if _, err := l.db.Conn(ctx).Exec(ctx, sqlSubtract, u.Kept, u.ClosedImage, u.KeptImage); err != nil {
		return fmt.Errorf("divide leads: %w", err)
	}
	return nil
}

// reopenAs opens the duplicate again as it was.
func (l *Ledger) reopenAs(ctx context.Context, u United) error {
	if err := l.become(ctx, u.Closed, u.ClosedImage); err != nil {
		return err
	}
	_, err := l.db.Conn(ctx).Exec(ctx, sqlReopenedEntry, u.Closed, access.ActorFrom(ctx).UserID, Duplicate, "the two clients are not one")
	if err != nil {
		return err
	}
	return l.followed(ctx, "reopened", u.Closed)
}

// sqlLeadColumns are all but the id, to write an image back.
const sqlLeadColumns = `
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = 'leads'::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attname <> 'id'`

// become writes the image of a lead over it. A lease it had is over.
func (l *Ledger) become(ctx context.Context, id int64, image json.RawMessage) error {
	var columns string
	if err := l.db.Conn(ctx).QueryRow(ctx, sqlLeadColumns).Scan(&columns); err != nil {
		return fmt.Errorf("read columns: %w", err)
	}
	_, err := l.db.Conn(ctx).Exec(ctx, "update leads l set ("+columns+") = (select "+columns+
		" from jsonb_populate_record(l, $2::jsonb)) where id = $1", id, image)
	return postgres.Classify(err)
}
