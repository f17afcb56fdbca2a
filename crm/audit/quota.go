package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// Kind is a sort of looking that is counted, and limited by hour and by day.
type Kind string

// The kinds.
const (
	Cards      Kind = "cards"      // cards of clients and leads
	Numbers    Kind = "numbers"    // masked numbers revealed, or dialled from a card
	Searches   Kind = "searches"   // searches by a number or a name
	Pages      Kind = "pages"      // pages of lists
	Recordings Kind = "recordings" // recordings listened to
	Exports    Kind = "exports"    // files that leave
)

// Kinds are all of them, in the order of the screens.
var Kinds = []Kind{Cards, Numbers, Searches, Pages, Recordings, Exports}

// kindOf says what an action counts as; "" is not counted. The action's last
// word decides, so that a new room's cards are counted like all others.
func kindOf(action string) Kind {
	switch action[strings.LastIndexByte(action, '.')+1:] {
	case "read":
		return Cards
	case "reveal", "dial":
		return Numbers
	case "search":
		return Searches
	case "list":
		return Pages
	case "play":
		return Recordings
	case "export":
		return Exports
	}
	return ""
}

// Quota is how much of a kind a role may look at; nil is without limit. The role
// "" stands for all roles that have no quota of their own.
type Quota struct {
	Role    string `json:"role"`
	Kind    Kind   `json:"kind" enum:"cards,numbers,searches,pages,recordings,exports"`
	PerHour *int   `json:"per_hour" nullable:"true" minimum:"0" maximum:"1000000"`
	PerDay  *int   `json:"per_day" nullable:"true" minimum:"0" maximum:"1000000"`
}

// believed is how long quotas are used before they are read again.
const believed = 2 * time.Second

// quotas are those of all roles, as they were read last.
type quotas struct {
	mu   sync.Mutex
	read time.Time
	zone string
	by   map[string]map[Kind]Quota
}

// limit is what holds for one user; nil is without limit.
type limit struct{ hour, day *int }

// inZone returns the zone in which the firm's days begin.
func (q *quotas) inZone() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.zone
}

// of returns the widest limit that any of roles gives.
func (q *quotas) of(roles []string, kind Kind) limit {
	q.mu.Lock()
	defer q.mu.Unlock()
	var found *limit
	for _, role := range roles {
		if own, ok := q.by[role][kind]; ok {
			found = found.wider(own)
		}
	}
	if found == nil {
		found = found.wider(q.by[""][kind])
	}
	return *found
}

func (l *limit) wider(q Quota) *limit {
	if l == nil {
		return &limit{q.PerHour, q.PerDay}
	}
	return &limit{widest(l.hour, q.PerHour), widest(l.day, q.PerDay)}
}

func widest(a, b *int) *int {
	if a == nil || b == nil {
		return nil
	}
	return new(max(*a, *b))
}

// refresh reads the quotas when they are older than believed.
func (l *Log) refresh(ctx context.Context) error {
	q := &l.quotas
	q.mu.Lock()
	defer q.mu.Unlock()
	if time.Since(q.read) < believed {
		return nil
	}
	all, zone, err := l.readQuotas(ctx)
	if err != nil {
		return err
	}
	q.by, q.zone, q.read = map[string]map[Kind]Quota{}, zone, time.Now()
	for _, each := range all {
		if q.by[each.Role] == nil {
			q.by[each.Role] = map[Kind]Quota{}
		}
		q.by[each.Role][each.Kind] = each
	}
	return nil
}

func (l *Log) readQuotas(ctx context.Context) (all []Quota, zone string, err error) {
	var b pgx.Batch
	b.Queue("select time_zone from firms")
	b.Queue("select role, kind, per_hour, per_day from audit_quotas order by role, kind")
	results := l.db.Conn(ctx).SendBatch(ctx, &b)
	defer func() { err = errors.Join(err, results.Close()) }()
	if err := results.QueryRow().Scan(&zone); err != nil {
		return nil, "", fmt.Errorf("read quotas: %w", err)
	}
	rows, err := results.Query()
	if err == nil {
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Quota])
	}
	if err != nil {
		return nil, "", fmt.Errorf("read quotas: %w", err)
	}
	return all, zone, nil
}

// Quotas returns those of all roles, by role and in the order of Kinds.
func (l *Log) Quotas(ctx context.Context) ([]Quota, error) {
	all, _, err := l.readQuotas(ctx)
	slices.SortStableFunc(all, func(a, b Quota) int {
		if by := strings.Compare(a.Role, b.Role); by != 0 {
			return by
		}
		return slices.Index(Kinds, a.Kind) - slices.Index(Kinds, b.Kind)
	})
	return all, err
}

// SetQuotas writes the quotas given and leaves all others; they hold within two
// seconds.
func (l *Log) SetQuotas(ctx context.Context, given []Quota) ([]Quota, error) {
	var after []Quota
	err := l.db.InTx(ctx, func(ctx context.Context) error {
		before, err := l.Quotas(ctx)
		if err != nil {
			return err
		}
		for _, q := range given {
			_, err := l.db.Conn(ctx).Exec(ctx, `
				insert into audit_quotas (role, kind, per_hour, per_day) values ($1, $2, $3, $4)
				on conflict (role, kind) do update set per_hour = excluded.per_hour, per_day = excluded.per_day`,
				q.Role, q.Kind, q.PerHour, q.PerDay)
			if err != nil {
				return fmt.Errorf("set quota: %w", err)
			}
		}
		if after, err = l.Quotas(ctx); err != nil {
			return err
		}
		postgres.AfterCommit(ctx, l.quotas.forget)
		return l.Record(ctx, "change", "quota", 1, before, after)
	})
	return after, err
}

// forget has the quotas read anew.
func (q *quotas) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.read = time.Time{}
}
