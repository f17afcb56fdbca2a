package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"centralita/crm/access"
	"centralita/internal/postgres"
	"centralita/internal/web"
)

// Log writes and reads the entries. Safe for concurrent use.
type Log struct {
	db      *postgres.DB
	looks   looker
	quotas  quotas
	exempt  string
	onAlert func()
	follow  func(ctx context.Context, a Act) error

	sealing sync.Mutex
	horizon horizon // guarded by sealing
}

// NewLog returns the log kept in db.
func NewLog(db *postgres.DB) *Log { return &Log{db: db} }

// Act is what Record and RecordMany have written: one entry for each id, After
// being nil or what was given for it.
type Act struct {
	Action, Entity string
	IDs            []int64
	After          []any
}

// Follow has fn called after each Record and RecordMany, in the same transaction;
// its error is theirs. Call it before the log is used.
func (l *Log) Follow(fn func(ctx context.Context, a Act) error) { l.follow = fn }

func (l *Log) followed(ctx context.Context, action, entity string, ids []int64, after []any) error {
	if l.follow == nil {
		return nil
	}
	if after == nil {
		after = make([]any, len(ids))
	}
	return l.follow(ctx, Act{action, entity, ids, after})
}

const entryColumns = "user_id, session_id, action, entity, entity_id, before, after, ip, request_id"

const insertEntry = "insert into audit_entries (" + entryColumns + `)
	values (nullif($1::bigint, 0), nullif($2::bigint, 0), $3, $4, $9, $5, $6, $7, $8)`

// Record writes an entry in ctx's transaction, or at once when there is none.
// The actor, his address and the request come from ctx. before and after are
// marshalled to JSON; nil stays empty. On an error the act must not happen.
func (l *Log) Record(ctx context.Context, action, entity string, id int64, before, after any) error {
	args, err := arguments(ctx, action, entity, before, after)
	if err != nil {
		return err
	}
	if _, err := l.db.Conn(ctx).Exec(ctx, insertEntry, append(args, id)...); err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return l.followed(ctx, action, entity, []int64{id}, []any{after})
}

// Clause returns the insertion of an entry to be a part of a larger statement,
// for acts that are one round trip. from is a constant piece of SQL that yields
// rows with the column id, one entry each; it must never hold input. The
// clause's own parameters are numbered from first on, in the order of args.
func (l *Log) Clause(ctx context.Context, action, entity, from string, first int, before, after any) (sql string, args []any, err error) {
	if args, err = arguments(ctx, action, entity, before, after); err != nil {
		return "", nil, err
	}
	numbers := make([]any, len(args), len(args)+1)
	for i := range numbers {
		numbers[i] = first + i
	}
	return fmt.Sprintf("insert into audit_entries ("+entryColumns+`)
	select nullif($%d::bigint, 0), nullif($%d::bigint, 0), $%d, $%d, id, $%d::jsonb, $%d::jsonb, $%d, $%d from %s`,
		append(numbers, from)...), args, nil
}

func arguments(ctx context.Context, action, entity string, before, after any) ([]any, error) {
	old, err := document(before)
	if err != nil {
		return nil, fmt.Errorf("audit %s: %w", action, err)
	}
	fresh, err := document(after)
	if err != nil {
		return nil, fmt.Errorf("audit %s: %w", action, err)
	}
	actor, request := access.ActorFrom(ctx), web.RequestFrom(ctx)
	return []any{actor.UserID, actor.SessionID, action, entity, old, fresh, request.ClientIP, request.ID}, nil
}

// document is v as JSON text for a jsonb column, which takes no NUL; nothing stays SQL's null.
func document(v any) (any, error) {
	if v == nil {
		return v, nil
	}
	text, err := json.Marshal(v)
	return strings.ReplaceAll(string(text), `\u0000`, `\ufffd`), err
}
