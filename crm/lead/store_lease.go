package lead

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// LeaseTime is how long a lease lasts that nobody renews.
const LeaseTime = 2 * time.Minute

// leaseEnd is when the lease of the lead l ends: when its time is over, and not
// before two minutes after the end of the call that is made under it. The call
// itself keeps the lease alive, and a call always ends, whoever dies.
const leaseEnd = `greatest(l.lease_until,
	(select coalesce(k.ended_at, now()) + interval '2 minutes' from calls k where k.id = l.lease_call_id))`

// sqlLease takes the lease, or renews it, and writes an entry for a new one.
const sqlLease = `
with old as (
	select id, lease_user_id = $2 and ` + leaseEnd + ` > now() as held from leads l where id = $1 for no key update
), t as (
	update leads l set lease_user_id = $2, lease_until = now() + make_interval(secs => $3), updated_at = now(),
	       lease_call_id = case when old.held then lease_call_id end
	from old where l.id = old.id and state = 'open'
	  and (lease_user_id is null or lease_user_id = $2 or ` + leaseEnd + ` <= now())
	returning l.id, l.client_id, coalesce(old.held, false) as held
), e as (
	insert into lead_entries (lead_id, kind, user_id, detail)
	select id, 'leased', $2, jsonb_build_object('seconds', $3::float8) from t where not held
)
select client_id, held from t`

// Lease gives user the only right to work an open lead for ttl; the holder
// renews it by asking again. Of two who ask at once one gets it; the other is
// refused with kind Conflict and code leased, which names the holder.
func (l *Ledger) Lease(ctx context.Context, id, user int64, ttl time.Duration) error {
	var client *int64
	var held bool
	if err := Leads.CheckID(ctx, l.db, access.Change, id); err != nil {
		return err
	}
	err := l.db.Conn(ctx).QueryRow(ctx, sqlLease, id, user, ttl.Seconds()).Scan(&client, &held)
	if err == nil {
		if !held {
			l.changed(ctx, id, nil)
		}
		return nil
	}
	if !postgres.IsNoRows(err) {
		return fmt.Errorf("lease lead: %w", err)
	}
	lead, err := l.get(ctx, id)
	if err != nil {
		return err
	}
	if err := lead.mayWork(user); err != nil {
		return err
	}
	return fault.New(fault.Conflict, "leased", "Somebody else was quicker.")
}

// Renew prolongs a lease that user holds, even one that has run out, unless
// somebody else has it by now: kind Conflict, code lease_lost.
func (l *Ledger) Renew(ctx context.Context, id, user int64, ttl time.Duration) error {
	tag, err := l.db.Conn(ctx).Exec(ctx, `
		update leads set lease_until = greatest(lease_until, now() + make_interval(secs => $3))
		where id = $1 and lease_user_id = $2 and state = 'open'`, id, user, ttl.Seconds())
	if err != nil {
		return fmt.Errorf("renew lease: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.New(fault.Conflict, "lease_lost", "You are not working on this lead any more.")
	}
	return nil
}

// sqlRelease gives back the leases that match {which}, and writes it down.
const sqlRelease = `
with old as (
	select id, lease_user_id from leads l where {which} order by id for no key update
), t as (
	update leads set lease_user_id = null, lease_until = null, lease_call_id = null, updated_at = now()
	from old where leads.id = old.id returning leads.id, old.lease_user_id as user_id
), e as (
	insert into lead_entries (lead_id, kind, user_id, detail)
	select id, 'released', user_id, jsonb_build_object('why', $1::text) from t
)
select id from t`

func (l *Ledger) release(ctx context.Context, why, which string, args ...any) (int, error) {
	rows, err := l.db.Conn(ctx).Query(ctx, strings.Replace(sqlRelease, "{which}", which, 1), append([]any{why}, args...)...)
	if err != nil {
		return 0, fmt.Errorf("release lease: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, fmt.Errorf("release lease: %w", err)
	}
	for _, id := range ids {
		l.changed(ctx, id, nil)
	}
	return len(ids), nil
}

// Release gives user's lease of a lead back. It is no error to hold none.
func (l *Ledger) Release(ctx context.Context, id, user int64) error {
	_, err := l.release(ctx, "given back", "id = $2 and lease_user_id = $3", id, user)
	return err
}

// ReleaseUser gives back all leases of a user whose last browser is gone, but
// for leads that he is on the phone with: those end with the call.
func (l *Ledger) ReleaseUser(ctx context.Context, user int64) error {
	_, err := l.release(ctx, "browser gone", `lease_user_id = $2
		and not exists (select 1 from calls k where k.id = l.lease_call_id and k.ended_at is null)`, user)
	return err
}

// ReleaseExpired clears leases that have run out and returns how many. They
// have no effect any more as it is; this tells the boards.
func (l *Ledger) ReleaseExpired(ctx context.Context) (int, error) {
	return l.release(ctx, "ran out", "lease_user_id is not null and "+leaseEnd+" <= now()")
}

// Take leases an open lead to user for LeaseTime, as Lease does, unless its
// number is in a conversation with somebody else at this moment: kind Conflict,
// code number_busy.
func (l *Ledger) Take(ctx context.Context, id, user int64) (Lead, error) {
	var lead Lead
	err := l.db.InTx(ctx, func(ctx context.Context) error {
		if err := Leads.CheckID(ctx, l.db, access.Change, id); err != nil {
			return err
		}
		var busy bool
		err := l.db.Conn(ctx).QueryRow(ctx, `
			select exists (select 1 from calls k join leads l on l.id = $1
			               where k.e164 = l.number and k.e164 <> '' and k.ended_at is null and k.user_id is distinct from $2)`, id, user).Scan(&busy)
		if err != nil {
			return fmt.Errorf("lease lead: %w", err)
		}
		if busy {
			return fault.New(fault.Conflict, "number_busy", "This number is on the phone with us right now.")
		}
		if err := l.Lease(ctx, id, user, LeaseTime); err != nil {
			return err
		}
		lead, err = l.get(ctx, id)
		return err
	})
	return l.shown(ctx, lead, err)
}
