package reminder

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/postgres"
)

// Store is the SQL of reminders. All methods work in ctx's transaction, if any.
type Store struct{ db *postgres.DB }

// NewStore returns the store in db.
func NewStore(db *postgres.DB) *Store { return &Store{db: db} }

const selection = `
	select r.id, r.client_id, coalesce(c.name, ''), r.lead_id, r.audience, r.user_id, coalesce(u.name, ''), r.channel, r.text,
	       r.local_time, r.time_zone, r.ambiguous, r.due_at, r.state, r.error, r.message_id, coalesce(b.name, ''), r.created_at,
	       r.contact_point_id, r.created_by, r.valid_for_seconds
	from reminders r left join clients c on c.id = r.client_id left join users u on u.id = r.user_id left join users b on b.id = r.created_by `

func scan(row pgx.CollectableRow) (r Reminder, err error) {
	var seconds int
	err = row.Scan(&r.ID, &r.ClientID, &r.ClientName, &r.LeadID, &r.Audience, &r.UserID, &r.UserName, &r.Channel, &r.Text,
		&r.LocalTime, &r.TimeZone, &r.Ambiguous, &r.DueAt, &r.State, &r.Error, &r.MessageID, &r.CreatedByName, &r.CreatedAt,
		&r.contactPointID, &r.createdBy, &seconds)
	r.validFor = time.Duration(seconds) * time.Second
	return r, err
}

func (s *Store) get(ctx context.Context, id int64) (Reminder, error) { return s.one(ctx, id, "") }

// lock returns a reminder and keeps others from moving it until the transaction ends.
func (s *Store) lock(ctx context.Context, id int64) (Reminder, error) {
	return s.one(ctx, id, " for update of r")
}

func (s *Store) one(ctx context.Context, id int64, clause string) (r Reminder, err error) {
	rows, err := s.db.Conn(ctx).Query(ctx, selection+`where r.id = $1`+clause, id)
	if err != nil {
		return r, err
	}
	r, err = pgx.CollectExactlyOneRow(rows, scan)
	if postgres.IsNoRows(err) {
		return r, errNotFound
	}
	return r, err
}

func (s *Store) insert(ctx context.Context, d Draft, due time.Time, ambiguous bool, by int64) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `
		insert into reminders (client_id, lead_id, audience, user_id, channel, contact_point_id, text, local_time, time_zone,
		                       ambiguous, due_at, valid_for_seconds, created_by)
		values (nullif($1::bigint, 0), nullif($2::bigint, 0), $3, nullif($4::bigint, 0), $5, nullif($6::bigint, 0), $7, $8, $9,
		        $10, $11, $12, nullif($13::bigint, 0)) returning id`,
		d.ClientID, d.LeadID, d.Audience, d.UserID, d.Channel, d.ContactPointID, d.Text, d.LocalTime, d.TimeZone,
		ambiguous, due, int(validity/time.Second), by).Scan(&id)
	if _, missing := postgres.ForeignKeyViolation(err); missing {
		return 0, errNoUser
	}
	return id, err
}

// set moves a reminder on.
func (s *Store) set(ctx context.Context, id int64, to State, reason string, messageID int64) error {
	_, err := s.db.Conn(ctx).Exec(ctx, `
		update reminders set state = $2, error = $3, message_id = coalesce(nullif($4::bigint, 0), message_id),
			fired_at = case when $2 = 'fired' then now() else fired_at end, updated_at = now()
		where id = $1`, id, to, reason, messageID)
	if err != nil {
		return fmt.Errorf("move reminder: %w", err)
	}
	return nil
}

// due returns pending reminders whose time has come, the longest overdue first.
func (s *Store) due(ctx context.Context, now time.Time, limit int) ([]int64, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, `select id from reminders where state = 'pending' and due_at <= $1 order by due_at, id limit $2`, now, limit)
	if err != nil {
		return nil, fmt.Errorf("due reminders: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// complete fills the lead's client, the colleague (the actor himself unless
// another is named) and the zone into a draft, and refuses what does not exist.
func (s *Store) complete(ctx context.Context, d *Draft, actor int64) error {
	if d.Audience == ForUser && d.UserID == 0 {
		d.UserID = actor
	}
	if d.Audience == ForClient {
		d.UserID = 0
	}
	var leadOK, clientOK, userOK, pointOK bool
	var clientID int64
	var clientZone, firmZone string
	err := s.db.Conn(ctx).QueryRow(ctx, `
		select $2::bigint = 0 or l.id is not null, $1::bigint = 0 or c.id is not null, $3::bigint = 0 or u.id is not null,
		       $4::bigint = 0 or exists (select from contact_points p where p.id = $4 and p.client_id = c.id),
		       coalesce(c.id, 0), coalesce(c.time_zone, ''), coalesce(f.time_zone, 'UTC')
		from (select 1) one
		left join leads l on l.id = $2
		left join clients c on c.id = coalesce(nullif($1::bigint, 0), l.client_id)
		left join users u on u.id = $3 and u.active
		left join firms f on f.id = 1`, d.ClientID, d.LeadID, d.UserID, d.ContactPointID).
		Scan(&leadOK, &clientOK, &userOK, &pointOK, &clientID, &clientZone, &firmZone)
	if err != nil {
		return fmt.Errorf("complete reminder: %w", err)
	}
	if !leadOK || !clientOK || !userOK || !pointOK || d.Audience == ForUser && d.UserID == 0 || d.Audience == ForClient && clientID == 0 && d.LeadID == 0 {
		return errNoUser
	}
	d.ClientID = clientID
	if d.TimeZone != "" {
		return nil
	}
	if d.TimeZone = firmZone; d.Audience == ForClient && clientZone != "" {
		d.TimeZone = clientZone
	}
	return nil
}

// number returns where an SMS to the client goes: the contact point, if it is
// the client's, else his first phone, else the number of the lead.
func (s *Store) number(ctx context.Context, clientID, leadID, pointID int64) (number string, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `
		select coalesce(
			(select value from contact_points where id = $3 and client_id = $1 and kind = 'phone'),
			case when $3::bigint = 0 then (select value from contact_points where client_id = $1 and kind = 'phone' order by id limit 1) end,
			case when $3::bigint = 0 then (select nullif(number, '') from leads where id = $2) end, '')`, clientID, leadID, pointID).Scan(&number)
	if err == nil && number == "" {
		err = errNoNumber
	}
	return number, err
}

// mobile returns where an SMS to a colleague goes.
func (s *Store) mobile(ctx context.Context, user int64) (number string, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `select coalesce((select mobile from users where id = $1 and active), '')`, user).Scan(&number)
	if err == nil && number == "" {
		err = errNoMobile
	}
	return number, err
}

// Filter narrows a list; zero values do not. Mine is a user: his own reminders,
// and those to clients that he made. After is where the last page ended.
type Filter struct {
	ClientID, Mine int64
	State          string
	After          position
	Limit          int
}

// list returns reminders, the latest due first.
func (s *Store) list(ctx context.Context, f Filter) ([]Reminder, error) {
	conditions, args := []string{"true"}, []any{}
	add := func(condition string, values ...any) {
		places := make([]any, len(values))
		for i, v := range values {
			args = append(args, v)
			places[i] = len(args)
		}
		conditions = append(conditions, fmt.Sprintf(condition, places...))
	}
	conditions[0] = Reminders.Where(ctx, access.Read, "r", func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	})
	if f.ClientID != 0 {
		add("r.client_id = $%d", f.ClientID)
	}
	if f.Mine != 0 {
		add("(r.user_id = $%[1]d or r.audience = 'client' and r.created_by = $%[1]d)", f.Mine)
	}
	if f.State != "" {
		add("r.state = $%d", f.State)
	}
	if f.After.ID != 0 {
		add("(r.due_at, r.id) < ($%d, $%d)", f.After.Due, f.After.ID)
	}
	args = append(args, f.Limit)
	rows, err := s.db.Conn(ctx).Query(ctx, selection+`where `+strings.Join(conditions, " and ")+
		fmt.Sprintf(` order by r.due_at desc, r.id desc limit $%d`, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list reminders: %w", err)
	}
	return pgx.CollectRows(rows, scan)
}
