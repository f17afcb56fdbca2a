package client

import (
	"context"
	"unicode/utf8"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

const (
	sqlAddRelation = `insert into client_relations (client_id, other_id, role, other_role) select $1, $2, $3, $4
		where not exists (select from client_relations where client_id = $2 and other_id = $1 and role = $4 and other_role = $3)
		on conflict do nothing returning id`
	sqlRelation = `select r.id, o.id, o.kind, o.name, r.role, r.own_role, '', o.archived_at from (
			select id, other_id, other_role as role, role as own_role from client_relations where id = $2 and client_id = $1
			union all select id, client_id, role, other_role from client_relations where id = $2 and other_id = $1) r
		join clients o on o.id = r.other_id`
	sqlRemoveRelation = `delete from client_relations where id = $1`
)

var errNoRelation = fault.New(fault.NotFound, "relation_not_found", "There is no such relation.")

// Relate relates a client, whom ctx's actor may change, to another whom he may
// see. The same once more is fault.Conflict, relation_exists.
func (s *Service) Relate(ctx context.Context, id int64, in NewRelation) (r Relation, err error) {
	bad := fault.New(fault.Invalid, "invalid_input", "Check the marked fields.")
	in.Role, in.OwnRole = phone.Text(in.Role), phone.Text(in.OwnRole)
	switch {
	case in.OtherID == id:
		return r, bad.WithField("body.other_id", "the client himself")
	case utf8.RuneCountInString(in.Role) > 60:
		return r, bad.WithField("body.role", "at most 60 characters")
	case utf8.RuneCountInString(in.OwnRole) > 60:
		return r, bad.WithField("body.own_role", "at most 60 characters")
	}
	err = s.alter(ctx, id, "client.relation.add", func(ctx context.Context) (any, any, error) {
		if err := s.CanRead(ctx, in.OtherID); err != nil {
			return nil, nil, err
		}
		var made int64
		err := s.db.Conn(ctx).QueryRow(ctx, sqlAddRelation, id, in.OtherID, in.OwnRole, in.Role).Scan(&made)
		if postgres.IsNoRows(err) {
			return nil, nil, fault.New(fault.Conflict, "relation_exists", "The two are related like this already.")
		}
		if err != nil {
			return nil, nil, named(err)
		}
		r, err = s.store.relation(ctx, id, made)
		return nil, related(r), s.otherSide(ctx, r, err)
	})
	return r, err
}

// Unrelate takes a relation of a client away and returns what it was.
func (s *Service) Unrelate(ctx context.Context, id, relationID int64) (r Relation, err error) {
	err = s.alter(ctx, id, "client.relation.remove", func(ctx context.Context) (any, any, error) {
		if r, err = s.store.relation(ctx, id, relationID); err != nil {
			return nil, nil, err
		}
		if Clients.CheckID(ctx, s.db, access.Read, r.Other.ID) != nil {
			return nil, nil, errNoRelation
		}
		_, err := s.db.Conn(ctx).Exec(ctx, sqlRemoveRelation, relationID)
		return related(r), nil, s.otherSide(ctx, r, named(err))
	})
	return r, err
}

// otherSide tells the other client's card as well.
func (s *Service) otherSide(ctx context.Context, r Relation, err error) error {
	if err == nil {
		s.ports.Live.Signal(ctx, "client.changed", map[string]int64{"id": r.Other.ID})
	}
	return err
}

// related is a relation as the log keeps it.
func related(r Relation) any {
	return map[string]any{"relation": map[string]any{"client_id": r.Other.ID, "name": r.Other.Name, "role": r.Role, "own_role": r.OwnRole}}
}

func (s *Store) relation(ctx context.Context, id, relationID int64) (r Relation, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, sqlRelation, id, relationID).Scan(&r.ID, &r.Other.ID, &r.Other.Kind, &r.Other.Name, &r.Role, &r.OwnRole, &r.Phone, &r.ArchivedAt)
	if postgres.IsNoRows(err) {
		return r, errNoRelation
	}
	return r, named(err)
}
