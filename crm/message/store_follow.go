package message

import (
	"context"
	"time"
)

// report keeps a report, once, and carries its message on: the one with the
// carrier's id, else the one that the callback was for. It returns false when
// that changed nothing.
func (s *Store) report(ctx context.Context, r Report, to State) (Message, bool, error) {
	return s.one(ctx, `
		with fresh as (
			insert into message_callbacks (provider_id, status, message_id, error_code)
			values ($4, $7, (select id from messages where id = $1), $5) on conflict do nothing returning provider_id),
		m as (`+sqlAdvance+` and exists (select from fresh) returning *)
		select `+columns+` from m`+joins, r.MessageID, to, to.rank(), r.SID, r.ErrorCode, reasonOf(r.ErrorCode), r.Status)
}

// unclaimed returns those of the carrier's ids that no message has, and how many
// other messages like m have no answer yet. Read after the carrier's list, so
// that whatever may be in the list has its intent committed.
func (s *Store) unclaimed(ctx context.Context, m Message, sids []string) (free []string, rivals int, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `
		select array(select sid from unnest($1::text[]) sid where not exists (select from messages where provider_id = sid)),
		       (select count(*) from messages where direction = 'out' and to_number = $2 and body = $3 and id <> $4
		        and provider_id is null and intent_at is not null and state in ('sending', 'unknown'))`,
		sids, m.To, m.Body, m.ID).Scan(&free, &rivals)
	return free, rivals, err
}

// stuck returns messages with an intent older than age and no answer.
func (s *Store) stuck(ctx context.Context, age time.Duration, limit int) ([]Message, error) {
	return s.many(ctx, `select `+columns+` from messages m`+joins+`
		where m.state = 'sending' and m.intent_at < clock_timestamp() - $1::interval order by m.id limit $2`, age, limit)
}

// late returns wishes that wait although their time is over, and locks them.
func (s *Store) late(ctx context.Context, now time.Time, limit int) ([]Message, error) {
	return s.many(ctx, `select `+columns+` from messages m`+joins+`
		where m.state = 'queued' and m.not_after <= $1 order by m.id limit $2 for update of m skip locked`, now, limit)
}

// silent returns messages of the last two days that the carrier took so long ago,
// and that nobody has asked after since.
func (s *Store) silent(ctx context.Context, after time.Duration, limit int) ([]Message, error) {
	return s.many(ctx, `select `+columns+` from messages m`+joins+`
		where m.state in ('accepted', 'sent') and m.direction = 'out' and m.provider_id is not null
		  and m.updated_at < now() - $1::interval and m.created_at > now() - interval '2 days'
		order by m.id limit $2`, after, limit)
}

// asked notes that the carrier was asked after the message just now.
func (s *Store) asked(ctx context.Context, id int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `update messages set updated_at = now() where id = $1`, id)
	return err
}
