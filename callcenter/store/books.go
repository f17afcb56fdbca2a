// Package store keeps the call room's tables: calls with their legs, stretches and traces, the agents, and the
// servers that own calls. Each method works in its context's transaction when there is one.
package store

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/callcenter"
	"centralita/callcenter/floor"
	"centralita/callcenter/routing"
	"centralita/internal/postgres"
)

// deadAfter is how long a server may be silent before its calls are taken over.
const deadAfter = 3 * time.Second

// Books stores calls for one server.
type Books struct {
	db       *postgres.DB
	instance string

	talked talked

	mu   sync.Mutex
	free []callcenter.ID // IDs that no call has yet
}

// New returns the books of the server named instance.
func New(db *postgres.DB, instance string) *Books {
	return &Books{db: db, instance: instance}
}

// InTx runs fn in one transaction; floor.ErrKnown when it would have stored a call that is stored already,
// floor.ErrOccupied when it would have reserved an agent whom a live call has.
func (b *Books) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	err := b.db.InTx(ctx, fn)
	if index, twice := postgres.UniqueViolation(err); twice && index == "calls_switch" {
		return floor.ErrKnown
	}
	if rule, refused := postgres.CheckViolation(err); refused && rule == "agents_taken" {
		return floor.ErrOccupied
	}
	return err
}

// numbers is how many IDs are taken at a time.
const numbers = 50

const takeNumbers = `select nextval(pg_get_serial_sequence('calls', 'id')) from generate_series(1, $1::int)`

// Number returns an ID that no call has; a caller need not wait for the database to choose one.
func (b *Books) Number(ctx context.Context) (callcenter.ID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.free) == 0 {
		rows, err := b.db.Conn(ctx).Query(ctx, takeNumbers, numbers)
		if err != nil {
			return 0, fmt.Errorf("number call: %w", err)
		}
		if b.free, err = pgx.CollectRows(rows, pgx.RowTo[callcenter.ID]); err != nil {
			return 0, fmt.Errorf("number call: %w", err)
		}
	}
	id := b.free[0]
	b.free = b.free[1:]
	return id, nil
}

const reserve = `
insert into agents (user_id, call_id, idle_since) values ($1, $2, now())
on conflict (user_id) do update set updated_at = now(), call_id = case
    when agents.call_id is null or agents.call_id in ($2, $3)
      or exists (select from calls where id = agents.call_id and ended_at is not null) then $2 else 0 end`

// Reserve takes the user for the call, also from the call from, whose end is on its way. It travels with the
// transaction's next statement; when a call has him that is not known to be over, that one fails (the table lets
// nobody be reserved for 0), and InTx says floor.ErrOccupied.
func (b *Books) Reserve(ctx context.Context, user int64, call, from callcenter.ID) error {
	if err := b.db.Later(ctx, reserve, []any{user, call, from}, nil); err != nil {
		return fmt.Errorf("reserve agent: %w", err)
	}
	return nil
}

const traceCall = `
insert into call_traces (call_id, lead_id, at, chosen_user_id, verdict, trace, queue_id, queue_version, staffing)
values ($1, nullif($2, 0), $3, nullif($4, 0), $5, $6, nullif($7, 0), nullif($8, 0), $9)`

// Trace stores why routing chose as it did.
func (b *Books) Trace(ctx context.Context, c callcenter.Call, d routing.Decision, at time.Time) error {
	considered, err := json.Marshal(d.Considered)
	if err != nil {
		return fmt.Errorf("trace call: %w", err)
	}
	err = b.db.Later(ctx, traceCall, []any{c.ID, c.LeadID, at, d.Choice.UserID, d.Choice.Verdict, considered,
		d.Queue, d.Version, d.Choice.Staffing}, nil)
	if err != nil {
		return fmt.Errorf("trace call: %w", err)
	}
	return nil
}

const takeOver = `
update calls set owner = $1
where ended_at is null and phase <> 'fallback' and asterisk_id = $2
  and (owner = $1 or owner not in (select instance from servers where seen_at > now() - $3::interval))
returning id, lead_id, client_id, state`

// TakeOver returns the live calls of this server and of dead ones, oldest first, and makes them this server's.
func (b *Books) TakeOver(ctx context.Context, asteriskID string) ([]callcenter.Call, error) {
	rows, err := b.db.Conn(ctx).Query(ctx, takeOver, b.instance, asteriskID, deadAfter)
	if err != nil {
		return nil, fmt.Errorf("take over calls: %w", err)
	}
	calls, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (callcenter.Call, error) {
		var c callcenter.Call
		var id callcenter.ID
		var lead, client *int64
		if err := row.Scan(&id, &lead, &client, &c); err != nil {
			return c, err
		}
		c.ID, c.LeadID, c.ClientID = id, deref(lead), deref(client)
		return c, nil
	})
	if err != nil {
		return nil, fmt.Errorf("take over calls: %w", err)
	}
	return calls, nil
}

// Live returns those of the calls that are not over.
func (b *Books) Live(ctx context.Context, calls []callcenter.ID) ([]callcenter.ID, error) {
	rows, err := b.db.Conn(ctx).Query(ctx, `select id from calls where id = any($1) and ended_at is null`, calls)
	if err != nil {
		return nil, fmt.Errorf("find live calls: %w", err)
	}
	live, err := pgx.CollectRows(rows, pgx.RowTo[callcenter.ID])
	if err != nil {
		return nil, fmt.Errorf("find live calls: %w", err)
	}
	return live, nil
}

func deref(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}

// Leave says that this server is going: its calls may be taken over at once.
func (b *Books) Leave(ctx context.Context) error {
	if _, err := b.db.Conn(ctx).Exec(ctx, `delete from servers where instance = $1`, b.instance); err != nil {
		return fmt.Errorf("server leaves: %w", err)
	}
	return nil
}

const beat = `
insert into servers (instance) values ($1) on conflict (instance) do update set seen_at = now()`

// Beat says that this server lives. To be called at least every second.
func (b *Books) Beat(ctx context.Context) error {
	if _, err := b.db.Conn(ctx).Exec(ctx, beat, b.instance); err != nil {
		return fmt.Errorf("server heartbeat: %w", err)
	}
	return nil
}
