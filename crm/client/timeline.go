package client

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// Timeline is a page of what passed between a client and the firm, latest first.
type Timeline struct {
	Items []TimelineEntry `json:"items"`
	Next  string          `json:"next"`
}

// sortTimeline names cursors of the timeline.
const sortTimeline = "timeline"

const entryColumns = `i.id, i.kind, i.direction, i.at, i.user_id, coalesce(u.name, ''), i.lead_id, coalesce(l.name, ''), i.ref_id,
	k.direction, k.outcome, k.started_at, k.answered_at, k.ended_at, k.message_at, k.caller_raw, k.dialled, k.e164, k.cause, coalesce(r.state, ''),
	m.body, m.state, m.to_number, m.from_number, m.error, n.text, f.name, f.size_bytes, f.deleted_at is not null`

const entryJoins = `
	left join users u on u.id = i.user_id
	left join lines l on l.id = i.line_id
	left join calls k on i.kind = 'call' and k.id = i.ref_id
	left join recordings r on r.call_id = k.id
	left join messages m on i.kind = 'sms' and m.id = i.ref_id
	left join notes n on i.kind = 'note' and n.id = i.ref_id
	left join files f on i.kind = 'file' and f.id = i.ref_id`

// The page is cut from one index first; what each entry refers to is joined by
// primary key.
const (
	sqlTimeline = `select ` + entryColumns + ` from (select * from interactions i where i.client_id = $1 and i.kind = any($2)
			and (i.at, i.id) < ($3, $4) and %s order by i.at desc, i.id desc limit $5) i` + entryJoins + ` order by i.at desc, i.id desc`
	sqlEntry       = `select ` + entryColumns + ` from interactions i` + entryJoins + ` where i.id = $1`
	sqlResponsible = `select coalesce(responsible_id, 0) from clients where id = $1`
	sqlExists      = `select exists (select from clients where id = $1)`
	sqlInsertNote  = `with n as (insert into notes (client_id, user_id, text) select $1, $2, $3 returning id, created_at)
		insert into interactions (kind, direction, at, client_id, user_id, ref_id)
		select 'note', 'internal', n.created_at, $1, $2, n.id from n returning id`
)

var allKinds = []string{"call", "sms", "note", "file"}

// Timeline returns a page of a client's timeline. No kinds means all of them; an
// unknown client is fault.NotFound.
func (s *Service) Timeline(ctx context.Context, id int64, kinds []string, cursor string, limit int) (Timeline, error) {
	after, err := decode(cursor, sortTimeline)
	if err != nil {
		return Timeline{}, err
	}
	if after == nil {
		after = &position{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	}
	responsible, err := s.store.responsible(ctx, id)
	if err != nil {
		return Timeline{}, err
	}
	if err := Clients.Check(ctx, access.Read, id, responsible); err != nil {
		return Timeline{}, err
	}
	if len(kinds) == 0 {
		kinds = allKinds
	}
	args := []any{id, kinds, after.At, after.ID, limit + 1}
	mine := visible(ctx, kinds, responsible, func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	})
	entries, err := s.entries(ctx, fmt.Sprintf(sqlTimeline, mine), args...)
	if err != nil {
		return Timeline{}, err
	}
	if len(entries) <= limit {
		return Timeline{Items: entries}, nil
	}
	last := entries[limit-1]
	return Timeline{Items: entries[:limit], Next: position{Sort: sortTimeline, At: last.At, ID: last.ID}.encode()}, nil
}

// responsible returns who is responsible for a client, 0 for nobody.
func (s *Store) responsible(ctx context.Context, id int64) (user int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlResponsible, id).Scan(&user)
	if postgres.IsNoRows(err) {
		return 0, errNotFound
	}
	return user, named(err)
}

func (s *Store) exists(ctx context.Context, id int64) error {
	var yes bool
	if err := s.db.Conn(ctx).QueryRow(ctx, sqlExists, id).Scan(&yes); err != nil {
		return named(err)
	}
	if !yes {
		return errNotFound
	}
	return nil
}

// AddNote writes a note of 1 to 10,000 characters on the card and returns its
// entry on the timeline.
func (s *Service) AddNote(ctx context.Context, id int64, text string) (e TimelineEntry, err error) {
	if text = trimNote(text); text == "" {
		return e, fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.text", "required")
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.mayNote(ctx, id); err != nil {
			return err
		}
		var author *int64
		if a := access.ActorFrom(ctx); a.UserID != 0 {
			author = &a.UserID
		}
		var interaction int64
		err := s.db.Conn(ctx).QueryRow(ctx, sqlInsertNote, id, author, text).Scan(&interaction)
		if _, missing := postgres.ForeignKeyViolation(err); missing {
			return errNotFound
		}
		if err != nil {
			return named(err)
		}
		entries, err := s.entries(ctx, sqlEntry, interaction)
		if err != nil {
			return err
		}
		e = entries[0]
		s.ports.Live.Signal(ctx, "timeline.changed", map[string]int64{"client_id": id})
		return s.ports.Audit.Record(ctx, "client.note.add", "client", id, nil, e.Note)
	})
	return e, err
}

// mayNote asks whether ctx's actor may write a note on a client's card.
func (s *Service) mayNote(ctx context.Context, id int64) error {
	if err := s.CanRead(ctx, id); err != nil {
		return err
	}
	return access.Require(ctx, access.Note, access.Create)
}

func (s *Service) entries(ctx context.Context, sql string, args ...any) ([]TimelineEntry, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sql, args...)
	if err != nil {
		return nil, named(err)
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (TimelineEntry, error) {
		e, err := s.scanEntry(row)
		return e.seen(ctx), err
	})
	return entries, named(err)
}

// row holds what an entry may refer to; only one of the four is there.
type row struct {
	ref                              int64
	direction, outcome               *string
	started, answered, ended, left   *time.Time
	caller, dialled, e164            *string
	cause                            *int
	recording                        string
	body, state, to, from, err, note *string
	file                             *string
	size                             *int64
	deleted                          *bool
}

func (s *Service) scanEntry(r pgx.CollectableRow) (e TimelineEntry, err error) {
	var x row
	err = r.Scan(&e.ID, &e.Kind, &e.Direction, &e.At, &e.UserID, &e.UserName, &e.LeadID, &e.LineName, &x.ref,
		&x.direction, &x.outcome, &x.started, &x.answered, &x.ended, &x.left, &x.caller, &x.dialled, &x.e164, &x.cause, &x.recording,
		&x.body, &x.state, &x.to, &x.from, &x.err, &x.note, &x.file, &x.size, &x.deleted)
	if e.Direction == "internal" {
		e.Direction = ""
	}
	switch {
	case x.direction != nil:
		e.Call = x.call(s.ports.CauseText)
	case x.body != nil:
		e.SMS = &EntrySMS{ID: x.ref, Body: *x.body, State: *x.state, To: phone.Display(*x.to), From: phone.Display(*x.from), Error: *x.err}
	case x.note != nil:
		e.Note = &EntryNote{ID: x.ref, Text: *x.note}
	case x.file != nil:
		e.File = &EntryFile{ID: x.ref, Name: *x.file, SizeBytes: *x.size, Deleted: *x.deleted}
	}
	return e, err
}

// call turns the columns into what the card shows.
func (x row) call(causeText func(int) string) *EntryCall {
	c := &EntryCall{
		ID: x.ref, Outcome: *x.outcome, Number: *x.caller, RecordingState: x.recording,
		Voicemail: *x.outcome == "voicemail", CauseText: causeText(*x.cause),
	}
	if *x.direction == "out" {
		c.Number = *x.dialled
	}
	if *x.e164 != "" {
		c.Number = phone.Display(*x.e164)
	}
	waited := x.ended
	if x.answered != nil {
		waited = x.answered
		c.DurationS = seconds(x.answered, x.ended)
	} else if x.left != nil {
		waited = x.left
		c.DurationS = seconds(x.left, x.ended)
	}
	c.WaitS = seconds(x.started, waited)
	return c
}

// seconds between two times, never negative; 0 while one of them is unknown.
func seconds(from, to *time.Time) int {
	if from == nil || to == nil {
		return 0
	}
	return max(0, int(to.Sub(*from)/time.Second))
}
