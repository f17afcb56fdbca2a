package lead

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// What became of a call is told by the call's own room, in the transaction that
// makes it true. Each is one statement and counts once, however often told. A
// lead that was a duplicate passes it on to the lead that goes on for it.

// sqlTell writes the entry, and only if it is new changes the lead.
const sqlTell = `
with e as (
	insert into lead_entries (lead_id, at, kind, user_id, call_id, detail)
	select coalesce(duplicate_of, id), $2::timestamptz, $3, nullif($4::bigint, 0), nullif($5::bigint, 0), jsonb_build_object('outcome', $6::text)
	from leads where id = $1
	on conflict do nothing
	returning lead_id
)
update leads set updated_at = now(), {set}
from e where leads.id = e.lead_id
returning leads.id, leads.client_id, leads.state, coalesce(leads.closing, '')`

const (
	talked = `last_outcome = 'answered', touched_at = least(touched_at, $2), responsible_id = coalesce(responsible_id, nullif($4, 0)),
		resolved_by = case when missed_at is not null and resolved_at is null then '{by}' else resolved_by end,
		resolved_at = case when missed_at is not null and resolved_at is null then $2 else resolved_at end`
	missed = `last_outcome = $6, last_contact_at = greatest(last_contact_at, $2),
		missed_at = case when missed_at is null or resolved_at is not null then $2 else missed_at end,
		resolved_at = null, resolved_by = ''`
)

var (
	sqlAnswered  = strings.Replace(sqlSpokenTo, "{rest}", strings.TrimPrefix(tell("answered_at = greatest(answered_at, $2), "+strings.Replace(talked, "{by}", "client", 1)), "\nwith "), 1)
	sqlReached   = tell("reached_at = greatest(reached_at, $2), " + strings.Replace(talked, "{by}", "dial", 1))
	sqlMissed    = tell(missed)
	sqlAttempted = tell(`attempts = attempts + 1, last_attempt_at = greatest(last_attempt_at, $2), touched_at = least(touched_at, $2),
		lease_call_id = case when lease_user_id = $4 then $5 else lease_call_id end`)
	sqlUnreached = tell("last_outcome = $6")
)

// sqlSpokenTo has the card's timeline name who answered, too.
const sqlSpokenTo = `
with i as (
	update interactions set user_id = $4 where kind = 'call' and ref_id = $5 and user_id is null and $4 <> 0
), {rest}`

func tell(set string) string { return strings.Replace(sqlTell, "{set}", set, 1) }

// told is what a told lead is like afterwards.
type told struct {
	id      int64
	client  *int64
	state   string
	closing Closing
}

// tellLead runs one of the statements above; ok is false when it was known.
func (l *Ledger) tellLead(ctx context.Context, sql, kind string, lead, call, user int64, at time.Time, outcome string) (t told, ok bool, err error) {
	err = l.db.Conn(ctx).QueryRow(ctx, sql, lead, at, kind, user, call, outcome).Scan(&t.id, &t.client, &t.state, &t.closing)
	if errors.Is(err, pgx.ErrNoRows) {
		return told{}, false, nil
	}
	if err != nil {
		return told{}, false, fmt.Errorf("lead %s: %w", kind, err)
	}
	l.changed(ctx, t.id, t.client)
	return t, true, nil
}

// Answered says that a person of ours spoke with the caller of an inbound call.
// Who had no responsible gets that person.
func (l *Ledger) Answered(ctx context.Context, lead, call, user int64, at time.Time) error {
	_, _, err := l.tellLead(ctx, sqlAnswered, "answered", lead, call, user, at, "answered")
	return err
}

// Missed says that an inbound call ended without anybody speaking to the
// caller; outcome is the call's ("missed", "abandoned"). A lead that was closed
// while the call waited is opened again, unless it was closed as spam or as a
// wrong number: nobody is lost because somebody tidied up.
func (l *Ledger) Missed(ctx context.Context, lead, call int64, at time.Time, outcome string) error {
	return l.miss(ctx, "missed", lead, call, at, outcome)
}

// Voicemail says that the caller was missed and left a message.
func (l *Ledger) Voicemail(ctx context.Context, lead, call int64, at time.Time) error {
	return l.miss(ctx, "voicemail", lead, call, at, "voicemail")
}

func (l *Ledger) miss(ctx context.Context, kind string, lead, call int64, at time.Time, outcome string) error {
	return l.db.InTx(ctx, func(ctx context.Context) error {
		t, ok, err := l.tellLead(ctx, sqlMissed, kind, lead, call, 0, at, outcome)
		if err != nil || !ok || t.state == "open" || t.closing == Spam || t.closing == WrongNumber {
			return err
		}
		err = l.savepoint(ctx, func(ctx context.Context) error { return l.reopen(ctx, t.id, t.closing, "missed while closed", 0) })
		if _, taken := postgres.UniqueViolation(err); taken {
			slog.DebugContext(ctx, "a newer lead is open", "lead", t.id)
			return nil
		}
		return err
	})
}

// Attempted says that user began to dial the lead.
func (l *Ledger) Attempted(ctx context.Context, lead, call, user int64, at time.Time) error {
	_, _, err := l.tellLead(ctx, sqlAttempted, "attempt", lead, call, user, at, "")
	return err
}

// Reached says that a call we made was answered by the far side.
func (l *Ledger) Reached(ctx context.Context, lead, call, user int64, at time.Time) error {
	_, _, err := l.tellLead(ctx, sqlReached, "reached", lead, call, user, at, "answered")
	return err
}

// Unreached says that a call we made came to nothing; outcome is the call's
// ("busy", "no_answer", "wrong_number", "unreachable", "declined", "failed", "cancelled").
func (l *Ledger) Unreached(ctx context.Context, lead, call, user int64, at time.Time, outcome string) error {
	_, _, err := l.tellLead(ctx, sqlUnreached, "unreached", lead, call, user, at, outcome)
	return err
}
