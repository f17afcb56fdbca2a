package client

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/phone"
)

const (
	sqlCardEmployer = `select o.id, o.kind, o.name from clients o where o.id = (select organisation_id from clients where id = $1) and {o}`
	sqlAddresses    = `select id, kind, label, street, postal_code, city, region, coalesce(country, '') from client_addresses where client_id = $1 order by id`
	sqlTagsOf       = `select g.id, g.name, g.color from client_tags t join tags g on g.id = t.tag_id where t.client_id = $1 order by lower(g.name)`
	sqlConsents     = `select c.id, c.at, coalesce(u.name, ''), c.kind, c.given, c.how, c.note from client_consents c left join users u on u.id = c.user_id
		where c.client_id = $1 order by c.at desc, c.id desc limit 200`
	sqlRelations = `select r.id, o.id, o.kind, o.name, r.role, r.own_role, coalesce(p.value, ''), o.archived_at from (
			select id, other_id, other_role as role, role as own_role from client_relations where client_id = $1
			union all select id, client_id, role, other_role from client_relations where other_id = $1) r
		join clients o on o.id = r.other_id left join lateral ` + firstPhone + ` p on true where {o} order by r.id limit 500`
	sqlPeople = `select o.id, o.kind, o.name, o.position, coalesce(p.value, ''), o.archived_at from clients o
		left join lateral ` + firstPhone + ` p on true where o.organisation_id = $1 and {o} order by o.archived_at nulls first, o.name_key, o.id limit 500`
	sqlCardCounts = `select (select count(*) from leads d where d.client_id = $1 and {leads}),
		(select count(*) from files f where f.client_id = $1 and f.ready_at is not null and f.deleted_at is null and {files}),
		exists (select from client_pins where client_id = $1 and user_id = $2)`
)

// fileRights is who may see which file of a client, as the room of files has it.
var fileRights = access.Resource{Entity: access.File, Owner: "user_id", Client: "client_id"}

const firstPhone = `(select value from contact_points where client_id = o.id and kind = 'phone' order by id limit 1)`

// seeing puts the rights of ctx's actor into a statement: {o} stands for what he
// may read of the client o, {leads} of the lead d, {files} of the file f.
func seeing(ctx context.Context, sql string, args *[]any) string {
	bind := func(v any) string {
		*args = append(*args, v)
		return fmt.Sprintf("$%d", len(*args))
	}
	if strings.Contains(sql, "{o}") {
		sql = strings.ReplaceAll(sql, "{o}", Clients.Where(ctx, access.Read, "o", bind))
	}
	if strings.Contains(sql, "{leads}") {
		sql = strings.ReplaceAll(sql, "{leads}", leadRights.Where(ctx, access.Read, "d", bind))
	}
	if strings.Contains(sql, "{files}") {
		sql = strings.ReplaceAll(sql, "{files}", fileRights.Where(ctx, access.Read, "f", bind))
	}
	return sql
}

// card reads what there is besides the client himself, in one round trip.
func (s *Store) card(ctx context.Context, c *Card) error {
	var b pgx.Batch
	queue := func(sql string, read func(rows pgx.Rows) error, args ...any) {
		args = append([]any{c.Client.ID}, args...)
		sql = seeing(ctx, sql, &args)
		b.Queue(sql, args...).Query(read)
	}
	queue(sqlCardEmployer, func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Named])
		if len(found) > 0 {
			c.Organisation = &found[0]
		}
		return err
	})
	queue(sqlAddresses, into(&c.Addresses, scanAddress))
	queue(sqlTagsOf, into(&c.Tags, pgx.RowToStructByPos[Tag]))
	queue(sqlConsents, into(&c.Consents, func(row pgx.CollectableRow) (Consent, error) { return scanConsent(ctx, row) }))
	queue(sqlRelations, into(&c.Relations, func(row pgx.CollectableRow) (Relation, error) { return scanRelation(ctx, row) }))
	queue(sqlPeople, into(&c.People, func(row pgx.CollectableRow) (Colleague, error) { return scanColleague(ctx, row) }))
	queue(sqlCardCounts, func(rows pgx.Rows) error {
		for rows.Next() {
			if err := rows.Scan(&c.Counts.Leads, &c.Counts.Files, &c.Pinned); err != nil {
				return err
			}
		}
		return rows.Err()
	}, access.ActorFrom(ctx).UserID)
	return named(s.db.Conn(ctx).SendBatch(ctx, &b).Close())
}

// into collects rows as a list that is never nil.
func into[T any](list *[]T, scan pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, scan)
		return err
	}
}

func scanAddress(row pgx.CollectableRow) (a Address, err error) {
	return a, row.Scan(&a.ID, &a.Kind, &a.Label, &a.Street, &a.PostalCode, &a.City, &a.Region, &a.Country)
}

func scanConsent(ctx context.Context, row pgx.CollectableRow) (c Consent, err error) {
	err = row.Scan(&c.ID, &c.At, &c.UserName, &c.Kind, &c.Given, &c.How, &c.Note)
	c.Note = access.FieldMask(ctx, access.PhoneField).Prose(c.Note)
	return c, err
}

func scanRelation(ctx context.Context, row pgx.CollectableRow) (r Relation, err error) {
	err = row.Scan(&r.ID, &r.Other.ID, &r.Other.Kind, &r.Other.Name, &r.Role, &r.OwnRole, &r.Phone, &r.ArchivedAt)
	r.Phone, r.Masked = seenNumber(ctx, phone.Display(r.Phone))
	return r, err
}

func scanColleague(ctx context.Context, row pgx.CollectableRow) (c Colleague, err error) {
	err = row.Scan(&c.ID, &c.Kind, &c.Name, &c.Position, &c.Phone, &c.ArchivedAt)
	c.Phone, c.Masked = seenNumber(ctx, phone.Display(c.Phone))
	return c, err
}
