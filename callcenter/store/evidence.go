package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/asterisk/cel"
	"centralita/callcenter"
	"centralita/internal/postgres"
)

const bookmark = `select inode, position from witness_bookmarks where file = $1 for update`

// Bookmark returns how far the event log at file was read; its beginning when it never was.
func (b *Books) Bookmark(ctx context.Context, file string) (cel.Bookmark, error) {
	var inode, position int64
	err := b.db.Conn(ctx).QueryRow(ctx, bookmark, file).Scan(&inode, &position)
	if err != nil && !postgres.IsNoRows(err) {
		return cel.Bookmark{}, fmt.Errorf("read bookmark: %w", err)
	}
	return cel.Bookmark{Inode: uint64(inode), Offset: position}, nil
}

const setBookmark = `
insert into witness_bookmarks (file, inode, position) values ($1, $2, $3)
on conflict (file) do update set inode = excluded.inode, position = excluded.position, updated_at = now()`

// SetBookmark stores how far the event log at file was read.
func (b *Books) SetBookmark(ctx context.Context, file string, mark cel.Bookmark) error {
	if _, err := b.db.Conn(ctx).Exec(ctx, setBookmark, file, int64(mark.Inode), mark.Offset); err != nil {
		return fmt.Errorf("set bookmark: %w", err)
	}
	return nil
}

const (
	noteStart = `
insert into witnessed_calls (asterisk_id, uniqueid, linkedid, caller, caller_name, dialled, started_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (asterisk_id, uniqueid) do nothing`
	noteTouched = `update witnessed_calls set touched_at = now() where asterisk_id = $1 and uniqueid = $2`
	noteAnswer  = `update witnessed_calls set answered_at = coalesce(answered_at, $3), touched_at = now() where asterisk_id = $1 and uniqueid = $2`
	noteHangup  = `update witnessed_calls set cause = $3, by_caller = $4, touched_at = now() where asterisk_id = $1 and uniqueid = $2`
	noteEnd     = `update witnessed_calls set ended_at = coalesce(ended_at, $3), touched_at = now() where asterisk_id = $1 and uniqueid = $2`
	noteAside   = `update witnessed_calls set fallback = true, touched_at = now() where asterisk_id = $1 and uniqueid = $2`
	noteMessage = `update witnessed_calls set message_at = coalesce(message_at, $3), touched_at = now() where asterisk_id = $1 and uniqueid = $2`
)

// Note folds rows of the event log into the evidence, in order.
func (b *Books) Note(ctx context.Context, rows []cel.Row) error {
	batch := &pgx.Batch{}
	for _, r := range rows {
		noteRow(batch, r)
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := b.db.Conn(ctx).SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("note evidence: %w", err)
	}
	return nil
}

func noteRow(b *pgx.Batch, r cel.Row) {
	switch r.Type {
	case cel.ChannelStart:
		b.Queue(noteStart, r.Entity, r.UniqueID, r.LinkedID, r.CallerNumber, r.CallerName, r.Exten, r.Time)
	case cel.Answer:
		b.Queue(noteAnswer, r.Entity, r.UniqueID, r.Time)
	case cel.Hangup:
		b.Queue(noteHangup, r.Entity, r.UniqueID, r.Cause(), r.HungUpBy() == r.Channel)
	case cel.ChannelEnd:
		b.Queue(noteEnd, r.Entity, r.UniqueID, r.Time)
	case cel.UserDefined:
		switch r.UserEvent {
		case cel.Fallback:
			b.Queue(noteAside, r.Entity, r.UniqueID)
		case cel.Voicemail:
			b.Queue(noteMessage, r.Entity, r.UniqueID, r.Time)
		default:
			b.Queue(noteTouched, r.Entity, r.UniqueID)
		}
	}
}

const (
	settleAgreed = `
update witnessed_calls w set settled = true from calls c
where not w.settled and w.ended_at is not null and c.asterisk_id = w.asterisk_id and c.uniqueid = w.uniqueid
  and c.ended_at is not null`
	unsettled = `
select asterisk_id, uniqueid, caller, caller_name, dialled, started_at, answered_at, message_at, ended_at, cause, by_caller
from witnessed_calls where not settled and (fallback or ended_at is not null) and touched_at < now() - $1::interval
order by started_at limit 500`
	settleOne = `update witnessed_calls set settled = true where asterisk_id = $1 and uniqueid = $2`
)

// Unsettled returns evidence the books may not agree with yet, oldest call first.
func (b *Books) Unsettled(ctx context.Context, grace time.Duration) ([]callcenter.Evidence, error) {
	conn := b.db.Conn(ctx)
	if _, err := conn.Exec(ctx, settleAgreed); err != nil {
		return nil, fmt.Errorf("settle evidence: %w", err)
	}
	rows, err := conn.Query(ctx, unsettled, grace)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	evidence, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e callcenter.Evidence, err error) {
		var answered, message, ended *time.Time
		err = row.Scan(&e.AsteriskID, &e.Channel, &e.Number, &e.Name, &e.Dialled, &e.StartedAt, &answered, &message,
			&ended, &e.Cause, &e.ByCaller)
		e.AnsweredAt, e.MessageAt, e.EndedAt = orZero(answered), orZero(message), orZero(ended)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return evidence, nil
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// Settle marks evidence that the books agree with now.
func (b *Books) Settle(ctx context.Context, asteriskID, channel string) error {
	if _, err := b.db.Conn(ctx).Exec(ctx, settleOne, asteriskID, channel); err != nil {
		return fmt.Errorf("settle evidence: %w", err)
	}
	return nil
}
