package client

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/postgres"
)

const (
	sqlManyByNumber = `select distinct r.e164, r.client_id from contact_readings r join contact_points p on p.id = r.contact_point_id
		where r.e164 = any($1) and (r.confidence >= $2 or p.value = r.e164)`
	sqlManyByEmail = `select value, client_id from contact_points where kind = 'email' and value = any($1)`
	sqlManyOwn     = `select number from lines where number = any($1)`
	sqlManyPoints  = `select client_id, kind, raw, value, label from contact_points where client_id = any($1) order by id`
	sqlManyIDs     = `select nextval(pg_get_serial_sequence('clients', 'id')) from generate_series(1, $1)`
	sqlInsertMany  = `insert into clients (id, kind, name, name_key, responsible_id, organisation_id, note, language, time_zone, position, source_id, created_by)
		select v.*, nullif($12::bigint, 0) from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
			$7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[]) v`
	sqlUpdateMany = `update clients c set kind = v.kind, name = v.name, name_key = v.key, responsible_id = v.responsible,
			organisation_id = v.organisation, note = v.note, language = v.language, time_zone = v.zone,
			position = v.position, source_id = v.source, version = c.version + 1, updated_at = now()
		from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[])
			as v (id, kind, name, key, responsible, organisation, note, language, zone, position, source)
		where c.id = v.id returning c.id, c.version`
	sqlAddManyPoints = `with p as (insert into contact_points (client_id, kind, raw, value, digits_tail, label, source)
			select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
			on conflict (client_id, kind, value) do nothing returning id, client_id, kind, value)
		insert into contact_readings (e164, contact_point_id, client_id, confidence)
		select r.e164, p.id, p.client_id, r.confidence
		from unnest($8::bigint[], $9::text[], $10::text[], $11::smallint[]) as r (client_id, value, e164, confidence)
		join p on p.client_id = r.client_id and p.value = r.value and p.kind = 'phone'`
	sqlOrganisations = `select name_key, min(id) from clients where kind = 'organisation' and name_key = any($1) group by name_key`
	sqlUntouched     = `select c.id from clients c join unnest($1::bigint[], $2::int[]) v (id, version) on v.id = c.id and v.version = c.version
		where c.last_contact_at is null and not exists (select from interactions i where i.client_id = c.id)
			and not exists (select from leads l where l.client_id = c.id) and not exists (select from notes n where n.client_id = c.id)
			and not exists (select from contact_points p where p.client_id = c.id and p.source <> 'import')
			and not exists (select from audit_entries a where a.entity = 'client' and a.entity_id = c.id and a.request_id <> ''
				and a.action !~ '\.(read|reveal|dial|search|list|play|export)$')
			and not exists (select from clients m where m.organisation_id = c.id and m.id <> all($1))
		order by c.organisation_id nulls last, c.id for update of c`
	sqlUnknown     = `select not exists (select from contact_readings where e164 = $1) and not exists (select from lines where number = $1)`
	sqlDelete      = `delete from clients where id = $1`
	sqlRemoveValue = `delete from contact_points where client_id = $1 and kind = $2 and value = $3 and source = 'import'`
)

// manyKnown goes on with whose clients may be written, and in which order they are
// locked.
const manyKnown = `select c.id, c.kind, c.name, c.responsible_id, c.organisation_id, c.note, c.language, c.time_zone, c.position,
	c.source_id, c.version from clients c where c.id = any($1) and `

func (s *Store) findMany(ctx context.Context, k Keys) (f FoundMany, err error) {
	f.Own = map[string]bool{}
	if f.ByNumber, err = s.byKey(ctx, sqlManyByNumber, k.Numbers, sure); err != nil {
		return f, err
	}
	if f.ByEmail, err = s.byKey(ctx, sqlManyByEmail, k.Emails); err != nil {
		return f, err
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sqlManyOwn, k.Numbers)
	if err != nil {
		return f, named(err)
	}
	own, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return f, named(err)
	}
	for _, n := range own {
		f.Own[n] = true
	}
	ids := map[int64]bool{}
	for _, id := range k.IDs {
		ids[id] = true
	}
	for _, index := range []map[string][]int64{f.ByNumber, f.ByEmail} {
		for _, found := range index {
			for _, id := range found {
				ids[id] = true
			}
		}
	}
	f.Clients, err = s.known(ctx, slices.Sorted(maps.Keys(ids)))
	return f, err
}

func (s *Store) byKey(ctx context.Context, sql string, keys []string, more ...any) (map[string][]int64, error) {
	found := map[string][]int64{}
	if len(keys) == 0 {
		return found, nil
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sql, append([]any{keys}, more...)...)
	if err != nil {
		return nil, named(err)
	}
	var key string
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&key, &id}, func() error {
		found[key] = append(found[key], id)
		return nil
	})
	return found, named(err)
}

// known reads many clients with their contact points.
func (s *Store) known(ctx context.Context, ids []int64) (map[int64]Client, error) {
	found := map[int64]Client{}
	if len(ids) == 0 {
		return found, nil
	}
	args := []any{ids}
	mine := Clients.Where(ctx, access.Change, "c", func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	})
	rows, err := s.db.Conn(ctx).Query(ctx, manyKnown+mine+" order by c.id for update", args...)
	if err != nil {
		return nil, named(err)
	}
	var c Client
	_, err = pgx.ForEachRow(rows, []any{
		&c.ID, &c.Kind, &c.Name, &c.ResponsibleID, &c.OrganisationID, &c.Note, &c.Language, &c.TimeZone, &c.Position,
		&c.SourceID, &c.Version,
	}, func() error {
		found[c.ID] = c
		c = Client{}
		return nil
	})
	if err != nil {
		return nil, named(err)
	}
	if rows, err = s.db.Conn(ctx).Query(ctx, sqlManyPoints, ids); err != nil {
		return nil, named(err)
	}
	var id int64
	var p ContactPoint
	_, err = pgx.ForEachRow(rows, []any{&id, &p.Kind, &p.Raw, &p.Value, &p.Label}, func() error {
		if c, ok := found[id]; ok {
			c.ContactPoints = append(c.ContactPoints, p)
			found[id] = c
		}
		return nil
	})
	return found, named(err)
}

// columns are many clients as the arrays of an insert or update.
func columns(all []*Bulk) []any {
	n := len(all)
	ids, kinds, names, keys := make([]int64, n), make([]string, n), make([]string, n), make([]string, n)
	notes, languages, zones, positions := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	responsible, organisation, sources := make([]*int64, n), make([]*int64, n), make([]*int64, n)
	for i, b := range all {
		ids[i], kinds[i], names[i], keys[i] = b.ID, b.Kind, b.Name, Fold(b.Name)
		responsible[i], organisation[i] = b.ResponsibleID, b.OrganisationID
		notes[i], languages[i], zones[i] = b.Note, b.Language, b.TimeZone
		positions[i], sources[i] = b.Position, b.SourceID
	}
	return []any{ids, kinds, names, keys, responsible, organisation, notes, languages, zones, positions, sources}
}

func (s *Store) insertMany(ctx context.Context, all []*Bulk) error {
	if len(all) == 0 {
		return nil
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sqlManyIDs, len(all))
	if err != nil {
		return named(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return named(err)
	}
	for i, b := range all {
		b.ID, b.Version = ids[i], 1
	}
	_, err = s.db.Conn(ctx).Exec(ctx, sqlInsertMany, append(columns(all), access.ActorFrom(ctx).UserID)...)
	return named(err)
}

func (s *Store) updateMany(ctx context.Context, all []*Bulk) error {
	if len(all) == 0 {
		return nil
	}
	byID := map[int64]*Bulk{}
	for _, b := range all {
		byID[b.ID] = b
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sqlUpdateMany, columns(all)...)
	if err != nil {
		return named(err)
	}
	var id int64
	var version int
	_, err = pgx.ForEachRow(rows, []any{&id, &version}, func() error {
		byID[id].Version = version
		return nil
	})
	return named(err)
}

// addManyPoints stores the contact points of many clients with their readings.
func (s *Store) addManyPoints(ctx context.Context, all []*Bulk) error {
	var ids, of []int64
	var kinds, raws, values, tails, labels, sources, readOf, e164 []string
	var confidence []int16
	for _, b := range all {
		for _, p := range b.Add {
			ids, kinds, raws, values = append(ids, b.ID), append(kinds, p.kind), append(raws, p.raw), append(values, p.value)
			tails, labels, sources = append(tails, p.tail), append(labels, p.label), append(sources, p.source)
			for i, e := range p.e164 {
				of, readOf, e164, confidence = append(of, b.ID), append(readOf, p.value), append(e164, e), append(confidence, p.confidence[i])
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := s.db.Conn(ctx).Exec(ctx, sqlAddManyPoints, ids, kinds, raws, values, tails, labels, sources, of, readOf, e164, confidence)
	return named(err)
}

func (s *Store) organisationsByName(ctx context.Context, names []string) (map[string]int64, error) {
	found := map[string]int64{}
	if len(names) == 0 {
		return found, nil
	}
	rows, err := s.db.Conn(ctx).Query(ctx, sqlOrganisations, names)
	if err != nil {
		return nil, named(err)
	}
	var key string
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&key, &id}, func() error {
		found[key] = id
		return nil
	})
	return found, named(err)
}

// deleteUntouched removes one by one, each behind a savepoint: what another room
// refers to stays.
func (s *Store) deleteUntouched(ctx context.Context, versions map[int64]int) ([]int64, error) {
	tx, ok := postgres.Tx(ctx)
	if !ok {
		return nil, fmt.Errorf("client: deleteUntouched outside of a transaction")
	}
	ids := slices.Sorted(maps.Keys(versions))
	expected := make([]int, len(ids))
	for i, id := range ids {
		expected[i] = versions[id]
	}
	rows, err := tx.Query(ctx, sqlUntouched, ids, expected)
	if err != nil {
		return nil, named(err)
	}
	free, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, named(err)
	}
	var gone []int64
	for _, id := range free {
		err := pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error {
			_, err := inner.Exec(ctx, sqlDelete, id)
			return err
		})
		if _, referred := postgres.ForeignKeyViolation(err); referred {
			continue
		}
		if err != nil {
			return nil, named(err)
		}
		gone = append(gone, id)
	}
	return gone, nil
}

func (s *Store) unknown(ctx context.Context, number string) (yes bool, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlUnknown, number).Scan(&yes)
	return yes, named(err)
}

func (s *Store) removeValue(ctx context.Context, id int64, kind, value string) error {
	_, err := s.db.Conn(ctx).Exec(ctx, sqlRemoveValue, id, kind, value)
	return named(err)
}
