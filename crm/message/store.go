package message

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// Store is the SQL of messages. All methods work in ctx's transaction, if any.
type Store struct{ db *postgres.DB }

// NewStore returns the store in db.
func NewStore(db *postgres.DB) *Store { return &Store{db: db} }

// columns are what scan reads, of messages m with its client c, user u and
// lead d.
const columns = `m.id, m.direction, m.client_id, coalesce(c.name, ''), m.lead_id, m.line_id, m.user_id, coalesce(u.name, ''),
	m.from_number, m.to_number, m.body, m.media, m.state, m.error_code, m.error, m.reminder_id, m.resend_of,
	m.created_at, m.sent_at, m.delivered_at, coalesce(m.provider_id, ''), m.attempts, m.intent_at, m.not_after,
	coalesce(m.user_id, d.responsible_id, c.responsible_id, 0)`

const joins = ` left join clients c on c.id = m.client_id left join users u on u.id = m.user_id left join leads d on d.id = m.lead_id `

func scan(row pgx.CollectableRow) (Message, error) {
	var m Message
	err := row.Scan(&m.ID, &m.Direction, &m.ClientID, &m.ClientName, &m.LeadID, &m.LineID, &m.UserID, &m.UserName,
		&m.From, &m.To, &m.Body, &m.Media, &m.State, &m.ErrorCode, &m.Error, &m.ReminderID, &m.ResendOf,
		&m.CreatedAt, &m.SentAt, &m.DeliveredAt, &m.providerID, &m.attempts, &m.intentAt, &m.notAfter, &m.watcherID)
	m.Segments = Segments(m.Body)
	return m, err
}

// one returns the single message of a query; found is false when there is none.
func (s *Store) one(ctx context.Context, sql string, args ...any) (m Message, found bool, err error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sql, args...)
	if err != nil {
		return m, false, err
	}
	m, err = pgx.CollectExactlyOneRow(rows, scan)
	if postgres.IsNoRows(err) {
		return m, false, nil
	}
	return m, err == nil, err
}

// many returns all messages of a query.
func (s *Store) many(ctx context.Context, sql string, args ...any) ([]Message, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// get returns a message, or errNotFound.
func (s *Store) get(ctx context.Context, id int64) (Message, error) {
	m, found, err := s.one(ctx, `select `+columns+` from messages m`+joins+`where m.id = $1`, id)
	if err == nil && !found {
		err = errNotFound
	}
	return m, err
}

// lock returns a message and keeps others from changing it until the transaction ends.
func (s *Store) lock(ctx context.Context, id int64) (Message, error) {
	m, found, err := s.one(ctx, `select `+columns+` from messages m`+joins+`where m.id = $1 for update of m`, id)
	if err == nil && !found {
		err = errNotFound
	}
	return m, err
}

// insert stores a wish and returns its id.
func (s *Store) insert(ctx context.Context, w Wish, from, to string, notAfter time.Time) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `
		insert into messages (direction, client_id, lead_id, line_id, user_id, reminder_id, resend_of, from_number, to_number, body, state, not_after)
		values ('out', nullif($1::bigint, 0), nullif($2::bigint, 0), nullif($3::bigint, 0), nullif($4::bigint, 0),
		        nullif($5::bigint, 0), nullif($6::bigint, 0), $7, $8, $9, 'queued', $10) returning id`,
		w.ClientID, w.LeadID, w.LineID, w.UserID, w.ReminderID, w.ResendOf, from, to, w.Body, notAfter).Scan(&id)
	if err != nil {
		return 0, classifyInsert(err)
	}
	return id, nil
}

func classifyInsert(err error) error {
	if name, ok := postgres.UniqueViolation(err); ok && name == "messages_resend_of_key" {
		return errResent
	}
	if _, ok := postgres.ForeignKeyViolation(err); ok {
		return errReference
	}
	return fmt.Errorf("insert message: %w", err)
}

// intend notes that the message is about to be sent.
func (s *Store) intend(ctx context.Context, id int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `
		update messages set state = 'sending', state_rank = $2, intent_at = clock_timestamp(), attempts = attempts + 1, updated_at = now()
		where id = $1`, id, Sending.rank())
	return err
}

// requeue takes the intent of the given attempt back, unless something came of
// it meanwhile.
func (s *Store) requeue(ctx context.Context, m Message, code, explanation string) (bool, error) {
	tag, err := s.db.Conn(ctx).Exec(ctx, `
		update messages set state = 'queued', state_rank = 0, intent_at = null, error_code = $3, error = $4, updated_at = now()
		where id = $1 and attempts = $2 and state = 'sending'`, m.ID, m.attempts, code, explanation)
	return tag.RowsAffected() == 1, err
}

// sqlAdvance carries an outbound message on to the state $2 of rank $3: the one
// with the carrier's id $4, else the message $1. It knows no message that has
// another id, or knows as much already.
const sqlAdvance = `
	update messages set state = $2, state_rank = $3, provider_id = coalesce(provider_id, nullif($4, '')),
		error_code = $5, error = $6, updated_at = now(),
		sent_at = case when $2 in ('sent', 'delivered') then coalesce(sent_at, now()) else sent_at end,
		delivered_at = case when $2 = 'delivered' then now() else delivered_at end
	where id = coalesce((select id from messages where provider_id = $4), $1)
	  and direction = 'out' and state_rank < $3 and ($4 = '' or provider_id is null or provider_id = $4)`

// advance carries an outbound message on to a state of higher rank. It changes
// nothing, and returns false, when the message knows as much already or belongs
// to another id of the carrier. An empty sid leaves the id as it is.
func (s *Store) advance(ctx context.Context, id int64, to State, sid, code, explanation string) (Message, bool, error) {
	return s.one(ctx, `with m as (`+sqlAdvance+` returning *) select `+columns+` from m`+joins, id, to, to.rank(), sid, code, explanation)
}

// optedOut reports whether the number's owner, or the client, wants no SMS.
func (s *Store) optedOut(ctx context.Context, e164 string, clientID int64) (out bool, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `
		select exists (select from opt_outs where e164 = $1)
		    or exists (select from clients where id = $2 and sms_opt_out_at is not null)`, e164, clientID).Scan(&out)
	return out, err
}

// recent returns how many messages the user has wished for in the last minute.
func (s *Store) recent(ctx context.Context, userID int64) (n int, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `
		select count(*) from messages where user_id = $1 and direction = 'out' and created_at > now() - interval '1 minute'`, userID).Scan(&n)
	return n, err
}

// firm is what the firm's settings say about numbers, names and times.
type firm struct {
	name, zone, country string
	allowed             []string
}

// firm returns the settings; allowed includes the countries of the firm's lines.
func (s *Store) firm(ctx context.Context) (f firm, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `
		select name, time_zone, country,
		       allowed_countries || country || array(select distinct country from lines) from firms where id = 1`).
		Scan(&f.name, &f.zone, &f.country, &f.allowed)
	if postgres.IsNoRows(err) {
		return firm{zone: "UTC", country: "ES", allowed: []string{"ES"}}, nil
	}
	return f, err
}

// senderOf returns the number of a line, or of the first active one for id 0;
// "" when there is none.
func (s *Store) senderOf(ctx context.Context, lineID int64) (number string, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `
		select number from lines where id = $1 or $1 = 0 and active order by id limit 1`, lineID).Scan(&number)
	if postgres.IsNoRows(err) {
		return "", nil
	}
	return number, err
}
