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

// Store is the SQL of the client base.
type Store struct{ db *postgres.DB }

// NewStore returns a store on db.
func NewStore(db *postgres.DB) *Store { return &Store{db: db} }

const (
	sqlGet = `select c.id, c.kind, c.name, c.responsible_id, coalesce(u.name, ''), c.organisation_id, c.position, c.source_id,
			coalesce(s.name, ''), c.archived_at, c.note, c.language, c.time_zone, c.sms_opt_out_at, c.version, greatest(c.last_contact_at,
				(select i.at from interactions i where i.client_id = c.id and i.kind <> 'note' order by i.at desc, i.id desc limit 1)), c.created_at,
			(select count(*) from leads d where d.client_id = c.id and d.state = 'open')
		from clients c left join users u on u.id = c.responsible_id left join client_sources s on s.id = c.source_id where c.id = $1`
	sqlPoints = `select p.id, p.kind, p.raw, p.value, p.label, p.source, p.last_seen_at,
			array(select r.e164 from contact_readings r where r.contact_point_id = p.id order by r.confidence desc, r.e164),
			array(select r.confidence from contact_readings r where r.contact_point_id = p.id order by r.confidence desc, r.e164)
		from contact_points p where p.client_id = $1 order by p.id`
	sqlLock   = `select id from clients where id = $1 for update`
	sqlInsert = `insert into clients (kind, name, name_key, responsible_id, organisation_id, note, language, time_zone, position, source_id, created_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id`
	sqlUpdate = `update clients set kind = $2, name = $3, name_key = $4, responsible_id = $5, organisation_id = $6, note = $7, language = $8,
		time_zone = $9, position = $10, source_id = $11, version = version + 1, updated_at = now() where id = $1`
	sqlIsOrganisation = `select exists (select from clients where id = $1 and kind = 'organisation')`
	sqlOwn            = `select exists (select from lines where number = any($1))`
	sqlAddPoint       = `with p as (insert into contact_points (client_id, kind, raw, value, digits_tail, label, source)
			values ($1, $2, $3, $4, $5, $6, $7) returning id)
		insert into contact_readings (e164, contact_point_id, client_id, confidence)
		select r.e164, p.id, $1, r.confidence from p, unnest($8::text[], $9::smallint[]) as r (e164, confidence)`
	sqlPoint  = `select kind, raw, label, source from contact_points where id = $2 and client_id = $1`
	sqlNumber = `select p.value, p.client_id, coalesce(c.responsible_id, 0) from contact_points p join clients c on c.id = p.client_id
		where p.id = $1 and p.kind = 'phone'`
	sqlUpdatePoint = `with p as (update contact_points set raw = $3, value = $4, digits_tail = $5, label = $6 where id = $2 and client_id = $1 returning id)
		insert into contact_readings (e164, contact_point_id, client_id, confidence)
		select r.e164, p.id, $1, r.confidence from p, unnest($7::text[], $8::smallint[]) as r (e164, confidence)`
	sqlForgetReadings = `delete from contact_readings where contact_point_id = $1`
	sqlRemovePoint    = `delete from contact_points where id = $2 and client_id = $1`
	sqlLineOfLead     = `select coalesce(line_id, 0) from leads where id = $1`
	sqlContacted      = `with p as (update contact_points p set last_seen_at = greatest(p.last_seen_at, $3) from contact_readings r
			where r.client_id = $1 and r.e164 = $2 and p.id = r.contact_point_id)
		update clients set last_contact_at = $3 where id = $1 and (last_contact_at is null or last_contact_at < $3)`
)

// get reads a client with its contact points in one round trip.
func (s *Store) get(ctx context.Context, id int64) (c Client, err error) {
	var b pgx.Batch
	b.Queue(sqlGet, id)
	b.Queue(sqlPoints, id)
	results := s.db.Conn(ctx).SendBatch(ctx, &b)
	defer func() {
		if closing := results.Close(); err == nil && closing != nil {
			err = fmt.Errorf("read client: %w", closing)
		}
	}()
	err = results.QueryRow().Scan(&c.ID, &c.Kind, &c.Name, &c.ResponsibleID, &c.ResponsibleName, &c.OrganisationID, &c.Position,
		&c.SourceID, &c.SourceName, &c.ArchivedAt, &c.Note, &c.Language, &c.TimeZone, &c.SMSOptOutAt, &c.Version, &c.LastContactAt, &c.CreatedAt, &c.OpenLeads)
	if postgres.IsNoRows(err) {
		return c, errNotFound
	}
	if err != nil {
		return c, fmt.Errorf("read client: %w", err)
	}
	rows, err := results.Query()
	if err != nil {
		return c, fmt.Errorf("read contact points: %w", err)
	}
	c.ContactPoints, err = pgx.CollectRows(rows, scanPoint)
	return c, err
}

func scanPoint(row pgx.CollectableRow) (p ContactPoint, err error) {
	var (
		e164       []string
		confidence []int16
	)
	err = row.Scan(&p.ID, &p.Kind, &p.Raw, &p.Value, &p.Label, &p.Source, &p.LastSeenAt, &e164, &confidence)
	p.Readings = make([]Reading, len(e164))
	for i, e := range e164 {
		p.Readings[i] = Reading{E164: e, Confidence: int(confidence[i])}
	}
	p.Display = phone.Display(p.Value)
	return p, err
}

// lock keeps others from changing the client until ctx's transaction ends.
func (s *Store) lock(ctx context.Context, id int64) error {
	err := s.db.Conn(ctx).QueryRow(ctx, sqlLock, id).Scan(&id)
	if postgres.IsNoRows(err) {
		return errNotFound
	}
	return named(err)
}

// insert stores a client without contact points and returns its id.
func (s *Store) insert(ctx context.Context, f Fields) (id int64, err error) {
	if err := s.organisation(ctx, f); err != nil {
		return 0, err
	}
	var author *int64
	if a := access.ActorFrom(ctx); a.UserID != 0 {
		author = &a.UserID
	}
	err = s.db.Conn(ctx).QueryRow(ctx, sqlInsert, f.Kind, f.Name, Fold(f.Name), f.ResponsibleID, f.OrganisationID, f.Note, f.Language,
		f.TimeZone, f.Position, f.SourceID, author).Scan(&id)
	return id, named(err)
}

// update writes f and raises the version.
func (s *Store) update(ctx context.Context, id int64, f Fields) error {
	if f.OrganisationID != nil && *f.OrganisationID == id {
		return errOrganisation
	}
	if err := s.organisation(ctx, f); err != nil {
		return err
	}
	_, err := s.db.Conn(ctx).Exec(ctx, sqlUpdate, id, f.Kind, f.Name, Fold(f.Name), f.ResponsibleID, f.OrganisationID, f.Note, f.Language, f.TimeZone,
		f.Position, f.SourceID)
	return named(err)
}

var errOrganisation = fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.organisation_id", "not an organisation")

// organisation refuses an employer that is none.
func (s *Store) organisation(ctx context.Context, f Fields) error {
	if f.OrganisationID == nil {
		return nil
	}
	var yes bool
	if err := s.db.Conn(ctx).QueryRow(ctx, sqlIsOrganisation, *f.OrganisationID).Scan(&yes); err != nil {
		return named(err)
	}
	if !yes || Clients.CheckID(ctx, s.db, access.Read, *f.OrganisationID) != nil {
		return errOrganisation
	}
	return nil
}

// addPoints stores contact points with their readings in one round trip.
func (s *Store) addPoints(ctx context.Context, id int64, points []point) error {
	if len(points) == 0 {
		return nil
	}
	if err := s.notOwn(ctx, points...); err != nil {
		return err
	}
	var b pgx.Batch
	for _, p := range points {
		b.Queue(sqlAddPoint, id, p.kind, p.raw, p.value, p.tail, p.label, p.source, p.e164, p.confidence)
	}
	return named(s.db.Conn(ctx).SendBatch(ctx, &b).Close())
}

// notOwn refuses the firm's own numbers.
func (s *Store) notOwn(ctx context.Context, points ...point) error {
	var numbers []string
	for _, p := range points {
		if p.kind == "phone" {
			numbers = append(numbers, p.value)
		}
	}
	var own bool
	if err := s.db.Conn(ctx).QueryRow(ctx, sqlOwn, numbers).Scan(&own); err != nil {
		return named(err)
	}
	if own {
		return fault.New(fault.Invalid, "own_number", "This is the firm's own number: it belongs to no client.").WithField("body.raw", "the firm's own number")
	}
	return nil
}

// storedPoint is what may be changed of a contact point.
type storedPoint struct {
	NewPoint
	source string
}

func (s *Store) point(ctx context.Context, id, pointID int64) (p storedPoint, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlPoint, id, pointID).Scan(&p.Kind, &p.Raw, &p.Label, &p.source)
	if postgres.IsNoRows(err) {
		return p, errNoPoint
	}
	return p, named(err)
}

var errNoPoint = fault.New(fault.NotFound, "contact_point_not_found", "There is no such contact point.")

// number returns the number of a contact point, its client and who is responsible
// for him.
func (s *Store) number(ctx context.Context, pointID int64) (number string, client, responsible int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlNumber, pointID).Scan(&number, &client, &responsible)
	if postgres.IsNoRows(err) {
		return "", 0, 0, errNoPoint
	}
	return number, client, responsible, named(err)
}

func (s *Store) updatePoint(ctx context.Context, id, pointID int64, p point) error {
	if err := s.notOwn(ctx, p); err != nil {
		return err
	}
	conn := s.db.Conn(ctx)
	if _, err := conn.Exec(ctx, sqlForgetReadings, pointID); err != nil {
		return named(err)
	}
	_, err := conn.Exec(ctx, sqlUpdatePoint, id, pointID, p.raw, p.value, p.tail, p.label, p.e164, p.confidence)
	return named(err)
}

func (s *Store) removePoint(ctx context.Context, id, pointID int64) error {
	tag, err := s.db.Conn(ctx).Exec(ctx, sqlRemovePoint, id, pointID)
	if err == nil && tag.RowsAffected() == 0 {
		return errNoPoint
	}
	return named(err)
}

// lineOfLead returns the line of a lead, 0 when it has none or there is no such lead.
func (s *Store) lineOfLead(ctx context.Context, leadID int64) (line int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlLineOfLead, leadID).Scan(&line)
	if postgres.IsNoRows(err) {
		return 0, nil
	}
	return line, named(err)
}

func (s *Store) contacted(ctx context.Context, id int64, e164 string, at time.Time) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlContacted, id, e164, at)
	return named(err)
}
