package client

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/phone"
)

// candidate is what a look-up shows of the client c with the responsible u. The
// latest interaction and the open leads are read for the few found alone; an
// open lead of a client has him as its identity, by which it is found.
const candidate = `c.id, c.name, c.kind, c.responsible_id, coalesce(u.name, ''), x.at, coalesce(x.kind, ''), coalesce(w.name, ''), w.id,
	(select count(*) from leads d where d.client_id = c.id and d.identity = 'c:' || c.id and d.state = 'open')`

const candidateJoins = `
	join clients c on c.id = f.client_id
	left join users u on u.id = c.responsible_id
	left join lateral (select i.at, i.kind, i.user_id from interactions i
		where i.client_id = c.id and i.kind <> 'note' order by i.at desc, i.id desc limit 1) x on true
	left join users w on w.id = x.user_id`

// A look-up names six readings one by one, not as an array: of a list of known
// length the server keeps the plan instead of planning anew, which takes it
// five times as long as the look-up itself.
const (
	sqlByReading = `select ` + candidate + `, f.e164, f.confidence, f.value = f.e164
		from (select r.client_id, r.e164, r.confidence, p.value from contact_readings r join contact_points p on p.id = r.contact_point_id
			where r.e164 in ($1, $2, $3, $4, $5, $6) and not exists (select from lines where number = $1)
			order by r.confidence desc, r.client_id limit 50) f` + candidateJoins
	sqlByTail = `select ` + candidate + `, f.value, 0, false
		from (select p.client_id, p.value from contact_points p
			where p.kind = 'phone' and p.digits_tail >= $1 and p.digits_tail < $1 || ':'
			and not exists (select from lines where number = $2) order by p.digits_tail limit 20) f` + candidateJoins
)

// byReading finds the clients of whom a contact point may mean what n may mean.
func (s *Store) byReading(ctx context.Context, n phone.Number) ([]match, error) {
	e164 := [6]any{}
	for i := range e164 {
		e164[i] = n.E164
		if i < len(n.Readings) {
			e164[i] = n.Readings[i].E164
		}
	}
	return s.matches(ctx, sqlByReading, e164[:]...)
}

// byTail finds the clients with a number that ends with digits.
func (s *Store) byTail(ctx context.Context, n phone.Number, digits string) ([]match, error) {
	return s.matches(ctx, sqlByTail, reversed(digits), n.E164)
}

func (s *Store) matches(ctx context.Context, sql string, args ...any) ([]match, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("identify: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanMatch)
	if err != nil {
		return nil, fmt.Errorf("identify: %w", err)
	}
	return found, nil
}

func scanMatch(row pgx.CollectableRow) (m match, err error) {
	var (
		at         *time.Time
		kind, name string
	)
	err = row.Scan(&m.ClientID, &m.Name, &m.Kind, &m.ResponsibleID, &m.ResponsibleName, &at, &kind, &name, &m.LastUserID, &m.OpenLeads,
		&m.Matched, &m.stored, &m.first)
	if at != nil {
		m.LastContactAt, m.last = at, &Contact{At: *at, Kind: kind, UserName: name}
	}
	return m, err
}

// reversed returns the digits back to front, as digits_tail keeps them.
func reversed(digits string) string {
	b := []byte(digits)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
