package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// Alert is something that those who answer for the log must see: a user who met a
// quota (kind quota.KIND), or the log itself (log.changed). It is open until one
// of them has seen it.
type Alert struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	UserID   *int64    `json:"user_id,omitempty"`
	UserName string    `json:"user_name"`
	Period   string    `json:"period" enum:",hour,day"`
	Quota    int       `json:"quota"`
	Detail   string    `json:"detail"`
}

// Alerts returns the open ones, newest first, a screenful at most.
func (l *Log) Alerts(ctx context.Context) ([]Alert, error) {
	rows, err := l.db.Conn(ctx).Query(ctx, `
		select a.id, a.at, a.kind, a.user_id, coalesce(u.name, ''), a.period, a.quota, a.detail
		from audit_alerts a left join users u on u.id = a.user_id where a.seen_at is null order by a.id desc limit 100`)
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Alert])
}

// See closes an alert.
func (l *Log) See(ctx context.Context, id int64) error {
	return l.db.InTx(ctx, func(ctx context.Context) error {
		tag, err := l.db.Conn(ctx).Exec(ctx, "update audit_alerts set seen_by = nullif($2::bigint, 0), seen_at = now() where id = $1 and seen_at is null",
			id, access.ActorFrom(ctx).UserID)
		if err != nil {
			return fmt.Errorf("see alert: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.NotFound, "not_found", "There is nothing here.")
		}
		return l.Record(ctx, "alert.seen", "alert", id, nil, nil)
	})
}

// Alarm opens an alert of another room's in ctx's transaction, unless the same is
// open already, and has those who answer for the log told after the commit.
func (l *Log) Alarm(ctx context.Context, kind, detail string) error {
	if err := l.alert(ctx, kind, detail); err != nil {
		return err
	}
	if l.onAlert != nil {
		postgres.AfterCommit(ctx, l.onAlert)
	}
	return nil
}

// alert opens an alert, unless the same is open already.
func (l *Log) alert(ctx context.Context, kind, detail string) error {
	_, err := l.db.Conn(ctx).Exec(ctx, `insert into audit_alerts (kind, detail)
		select $1, $2 where not exists (select from audit_alerts where kind = $1 and detail = $2 and seen_at is null)`, kind, detail)
	if err != nil {
		return fmt.Errorf("alert: %w", err)
	}
	return nil
}
