package client

import (
	"context"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
)

const (
	sqlPin    = `insert into client_pins (user_id, client_id) values ($1, $2) on conflict do nothing`
	sqlUnpin  = `delete from client_pins where user_id = $1 and client_id = $2`
	sqlOpened = `with old as (delete from client_recents r where r.user_id = $1 and r.client_id <> $2 and r.at < (
			select k.at from client_recents k where k.user_id = $1 order by k.at desc offset 49 limit 1))
		insert into client_recents (user_id, client_id) values ($1, $2) on conflict (user_id, client_id) do update set at = now()
		where client_recents.at < now() - interval '10 seconds'`
	sqlPinned = `select o.id, o.kind, o.name from client_pins p join clients o on o.id = p.client_id where p.user_id = $1 and {o} order by p.at, o.id limit 100`
	sqlRecent = `select o.id, o.kind, o.name from client_recents r join clients o on o.id = r.client_id
		where r.user_id = $1 and o.archived_at is null and {o} order by r.at desc limit 12`
)

// AtHand is what a user keeps at hand: whom he pinned, in that order, and whose
// cards he opened last, the latest first.
type AtHand struct {
	Pinned []Named `json:"pinned"`
	Recent []Named `json:"recent"`
}

// AtHand returns what ctx's actor keeps at hand, of whom he may see.
func (s *Service) AtHand(ctx context.Context) (h AtHand, err error) {
	for _, part := range []struct {
		sql  string
		list *[]Named
	}{{sqlPinned, &h.Pinned}, {sqlRecent, &h.Recent}} {
		args := []any{access.ActorFrom(ctx).UserID}
		sql := seeing(ctx, part.sql, &args)
		if *part.list, err = all(ctx, s.store, pgx.RowToStructByPos[Named], sql, args...); err != nil {
			return h, err
		}
	}
	return h, nil
}

// Pin keeps a client, whom he may see, at hand for ctx's actor, or no more. It is
// his own affair: the log does not have it.
func (s *Service) Pin(ctx context.Context, id int64, pinned bool) error {
	if err := s.CanRead(ctx, id); err != nil {
		return err
	}
	sql := sqlUnpin
	if pinned {
		sql = sqlPin
	}
	_, err := s.db.Conn(ctx).Exec(ctx, sql, access.ActorFrom(ctx).UserID, id)
	return named(err)
}

// Opened notes that ctx's actor has a client's card before him; fifty are kept.
func (s *Service) Opened(ctx context.Context, id int64) error {
	user := access.ActorFrom(ctx).UserID
	if user == 0 {
		return nil
	}
	_, err := s.db.Conn(ctx).Exec(ctx, sqlOpened, user, id)
	return named(err)
}
