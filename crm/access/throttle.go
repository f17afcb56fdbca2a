package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// tries is the record of logins that failed, or have not ended yet, for one
// account or one address.
type tries struct {
	key          string
	failures     int
	blockedUntil time.Time
	updatedAt    time.Time
}

// limit says how many tries are free, and how the wait grows after them.
type limit struct {
	free    int
	longest time.Duration
}

var (
	accountLimit = limit{free: 5, longest: time.Minute}
	addressLimit = limit{free: 20, longest: 15 * time.Minute}
	codeLimit    = limit{free: 5, longest: 15 * time.Minute}
)

// forgetAfter is how long a failure counts.
const forgetAfter = 15 * time.Minute

// take counts one more try at now and reports whether it may go on. The try is
// counted before the password is looked at, so that parallel ones cannot pass.
func (l limit) take(t *tries, now time.Time) bool {
	if now.Before(t.blockedUntil) {
		return false
	}
	if now.Sub(t.updatedAt) > forgetAfter {
		t.failures = 0
	}
	t.failures++
	t.updatedAt = now
	if over := t.failures - l.free; over >= 0 {
		t.blockedUntil = now.Add(min(l.longest, time.Second<<min(over, 20)))
	}
	return true
}

// limitOf tells accounts, addresses and second factors apart by their key.
func limitOf(key string) limit {
	switch {
	case strings.HasPrefix(key, "a:"):
		return accountLimit
	case strings.HasPrefix(key, "c:"):
		return codeLimit
	}
	return addressLimit
}

// codeKey counts the guesses at a user's second factor.
func codeKey(user int64) string { return "c:" + strconv.FormatInt(user, 10) }

func accountKey(login string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(login)))
	return "a:" + hex.EncodeToString(sum[:16])
}

// addressKey counts IPv6 by its /64: a household or an office has that many.
func addressKey(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return "i:unknown"
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return "i:" + p.String()
		}
	}
	return "i:" + addr.String()
}

// throttle keeps the tries in PostgreSQL: all processes share them, a restart
// forgets none, and without the database nobody gets in.
type throttle struct {
	db  *postgres.DB
	now func() time.Time
}

// take counts a try for the account and the address and commits that before it
// returns. It fails with kind Limited when either has to wait.
func (t throttle) take(ctx context.Context, keys ...string) error {
	refused := false
	err := t.db.InTx(ctx, func(ctx context.Context) error {
		refused = false
		all, err := t.lock(ctx, keys)
		if err != nil {
			return err
		}
		for i := range all {
			if !limitOf(all[i].key).take(&all[i], t.now()) {
				refused = true
			}
		}
		if refused {
			return nil
		}
		return t.save(ctx, all)
	})
	if err != nil {
		return fmt.Errorf("throttle: %w", err)
	}
	if refused {
		return fault.New(fault.Limited, "too_many_attempts", "Too many attempts. Wait a little and try again.")
	}
	return nil
}

func (t throttle) lock(ctx context.Context, keys []string) ([]tries, error) {
	conn := t.db.Conn(ctx)
	_, err := conn.Exec(ctx, `
		insert into login_attempts (key, failures, blocked_until, updated_at)
		select k, 0, '-infinity', $2 from unnest($1::text[]) k order by k
		on conflict (key) do nothing`, keys, t.now())
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, `
		select key, failures, case when isfinite(blocked_until) then blocked_until else updated_at end, updated_at
		from login_attempts where key = any($1) order by key for update`, keys)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (t tries, err error) {
		err = row.Scan(&t.key, &t.failures, &t.blockedUntil, &t.updatedAt)
		return t, err
	})
}

func (t throttle) save(ctx context.Context, all []tries) error {
	for _, one := range all {
		_, err := t.db.Conn(ctx).Exec(ctx,
			"update login_attempts set failures = $2, blocked_until = $3, updated_at = $4 where key = $1",
			one.key, one.failures, one.blockedUntil, one.updatedAt)
		if err != nil {
			return err
		}
	}
	return nil
}

// forgive takes the try back after a right password: the account starts anew,
// the address loses this one only, so that one good account opens no flood.
func (t throttle) forgive(ctx context.Context, account, address string) error {
	_, err := t.db.Conn(ctx).Exec(ctx, `
		update login_attempts
		set failures = case when key = $1 then 0 else greatest(failures - 1, 0) end,
		    blocked_until = case when key = $1 then '-infinity' else blocked_until end
		where key in ($1, $2)`, account, address)
	if err != nil {
		return fmt.Errorf("throttle: %w", err)
	}
	return nil
}

// forget has a key start anew.
func (t throttle) forget(ctx context.Context, key string) error {
	if _, err := t.db.Conn(ctx).Exec(ctx, "delete from login_attempts where key = $1", key); err != nil {
		return fmt.Errorf("throttle: %w", err)
	}
	return nil
}

// giveBack takes one try back after a right password that is only half of a
// login: what was wrong before stays counted.
func (t throttle) giveBack(ctx context.Context, account, address string) error {
	_, err := t.db.Conn(ctx).Exec(ctx, `
		update login_attempts
		set failures = greatest(failures - 1, 0), blocked_until = case when key = $1 then '-infinity' else blocked_until end
		where key in ($1, $2)`, account, address)
	if err != nil {
		return fmt.Errorf("throttle: %w", err)
	}
	return nil
}
