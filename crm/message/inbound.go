package message

import (
	"context"
	"errors"
	"fmt"
	"time"

	"centralita/crm/lead"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// maxMedia is how many attachments are counted.
const maxMedia = 10

var errNoSID = errors.New("message: inbound SMS without an id")

// Incoming is an SMS from outside. Its attachments are counted and never
// fetched: the address of one may lead anywhere.
type Incoming struct {
	SID, From, To, Body string
	Media               int
}

// Receive stores an SMS, once per SID, together with its lead: the contact opens
// one or continues the one that is open. A word like STOP binds in the same
// transaction. Whoever is responsible for the client is told.
func (s *Service) Receive(ctx context.Context, in Incoming) error {
	if in.SID == "" || len(in.SID) > maxSID {
		return errNoSID
	}
	in.Body = capped(in.Body)
	in.From, in.To = phone.Text(in.From), phone.Text(in.To)
	return s.db.InTx(ctx, func(ctx context.Context) error {
		r, err := s.receipt(ctx, in)
		if err != nil {
			return err
		}
		id, fresh, err := s.store.receive(ctx, in, r)
		if err != nil || !fresh {
			return err
		}
		return s.enter(ctx, id, in, r)
	})
}

// receipt is what is known of an SMS when it comes.
type receipt struct {
	lineID, clientID, responsibleID int64
	e164                            string // "" when the sender is no number
}

// receipt finds the line that was written to and the client who wrote.
func (s *Service) receipt(ctx context.Context, in Incoming) (r receipt, err error) {
	f, err := s.store.firm(ctx)
	if err != nil {
		return r, err
	}
	country := f.country
	if r.lineID, country, err = s.store.lineOf(ctx, in.To, country); err != nil {
		return r, err
	}
	if n := phone.Parse(in.From, country); n.Kind == phone.KindNumber {
		r.e164 = n.E164
	}
	r.clientID, r.responsibleID, err = s.clientOf(ctx, in.From, country)
	return r, err
}

// enter files a stored SMS with its lead, heeds its words and tells of it.
func (s *Service) enter(ctx context.Context, id int64, in Incoming, r receipt) error {
	c := lead.Contact{
		Source: "sms", LineID: r.lineID, ClientID: r.clientID, E164: r.e164, Raw: in.From, MessageID: id, At: time.Now(), ResponsibleID: r.responsibleID,
	}
	if r.e164 == "" {
		c.UniqueKey = in.SID
	}
	m, err := s.file(ctx, id, c)
	if err != nil {
		return err
	}
	if err := s.heed(ctx, id, in, r); err != nil {
		return err
	}
	s.signal(ctx, m)
	if m.watcherID == 0 {
		return nil
	}
	return s.ports.Live.Append(ctx, m.watcherID, "message.in", map[string]any{"message": m})
}

// heed obeys a message that is one of the words.
func (s *Service) heed(ctx context.Context, id int64, in Incoming, r receipt) error {
	switch {
	case r.e164 == "":
		return nil
	case IsStop(in.Body):
		return s.store.optOut(ctx, r.e164, word(in.Body), id, r.clientID)
	case IsStart(in.Body):
		return s.store.optIn(ctx, r.e164, r.clientID)
	}
	return nil
}

// capped cleans a foreign text and bounds it.
func capped(body string) string {
	r := []rune(cleanBody(body))
	return string(r[:min(len(r), maxBody)])
}

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
