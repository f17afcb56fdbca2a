package message

import (
	"context"
	"fmt"

	"centralita/internal/postgres"
)

// receive stores an SMS; fresh is false when it is there already.
func (s *Store) receive(ctx context.Context, in Incoming, r receipt) (id int64, fresh bool, err error) {
	from := r.e164
	if from == "" {
		from = in.From
	}
	err = s.db.Conn(ctx).QueryRow(ctx, `
		insert into messages (direction, client_id, line_id, from_number, to_number, body, media, state, state_rank, provider_id)
		values ('in', nullif($1::bigint, 0), nullif($2::bigint, 0), $3, $4, $5, $6, 'received', $7, $8)
		on conflict (provider_id) do nothing returning id`,
		r.clientID, r.lineID, from, in.To, in.Body, in.Media, Received.rank(), in.SID).Scan(&id)
	if postgres.IsNoRows(err) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("store inbound sms: %w", err)
	}
	return id, true, nil
}

// lineOf returns the line with this number and its country, or 0 and the
// country given.
func (s *Store) lineOf(ctx context.Context, number, country string) (int64, string, error) {
	var id int64
	err := s.db.Conn(ctx).QueryRow(ctx, `select id, country from lines where number = $1`, number).Scan(&id, &country)
	if postgres.IsNoRows(err) {
		return 0, country, nil
	}
	return id, country, err
}

// fileUnder notes the lead of a message, and the client whom the lead knows.
func (s *Store) fileUnder(ctx context.Context, id, leadID int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `
		update messages set lead_id = l.id, client_id = coalesce(messages.client_id, l.client_id)
		from leads l where messages.id = $1 and l.id = $2`, id, leadID)
	return err
}

// optOut notes that a number's owner wants no SMS, and the client with him.
func (s *Store) optOut(ctx context.Context, e164, word string, messageID, clientID int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `
		with client as (update clients set sms_opt_out_at = coalesce(sms_opt_out_at, now()), updated_at = now() where id = $4)
		insert into opt_outs (e164, word, message_id) values ($1, $2, nullif($3::bigint, 0)) on conflict do nothing`, e164, word, messageID, clientID)
	return err
}

// optIn takes that back.
func (s *Store) optIn(ctx context.Context, e164 string, clientID int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `
		with client as (update clients set sms_opt_out_at = null, updated_at = now() where id = $2)
		delete from opt_outs where e164 = $1`, e164, clientID)
	return err
}

// has reports whether a message with the carrier's id is known.
func (s *Store) has(ctx context.Context, sid string) (known bool, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `select exists (select from messages where provider_id = $1)`, sid).Scan(&known)
	return known, err
}
