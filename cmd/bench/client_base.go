package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/line"
	"centralita/crm/queue"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// Who works at the firm that is measured. Agents have desk phones and take the
// calls; seats only look.
const (
	agents   = 12 // of the first line
	veterans = 3  // of the second line, for the backlog
	viewers  = 1  // of the third line, whose pop is painted
	seats    = 28
	password = "a long password of the bench"
	adminsOf = "bench-admin"
)

// The firm's lines, in the order of their IDs.
var lineNumbers = []string{"+34910000001", "+34910000002", "+34910000003"}

// baseVersion changes when what is loaded here does.
const baseVersion = "2"

func agentLogin(i int) string { return fmt.Sprintf("agent%02d", i) }
func seatLogin(i int) string  { return fmt.Sprintf("seat%02d", i) }

// number is the number of client i, counted from 1: a Spanish mobile. Neighbours
// in the base have nothing in common.
func number(i int) string {
	return fmt.Sprintf("+346%08d", (uint64(i)*48271+11)%99999989)
}

// deaf is a line to browsers that nobody is at.
type deaf struct{}

func (deaf) Signal(context.Context, string, any) {}
func (deaf) KickUser(context.Context, int64)     {}
func (deaf) KickSession(context.Context, int64)  {}

// fill loads the firm, its people and n clients into an empty database.
func fill(ctx context.Context, url string, n int) error {
	if err := postgres.Migrate(ctx, url); err != nil {
		return err
	}
	db, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	ids, err := hire(ctx, db)
	if err != nil {
		return fmt.Errorf("people: %w", err)
	}
	return loadClients(ctx, db, n, ids[:agents])
}

// hire adds the people and the lines, and returns the IDs of agents, veterans
// and viewers, in this order.
func hire(ctx context.Context, db *postgres.DB) ([]int64, error) {
	journal := audit.NewLog(db)
	people, err := access.New(db, journal, deaf{}, access.Options{})
	if err != nil {
		return nil, err
	}
	add := func(login, role, kind string) (int64, error) {
		u, err := people.AddUser(ctx, access.NewUser{Login: login, Name: login, Roles: []string{role}, Locale: "en", PhoneKind: kind, Password: password})
		return u.ID, err
	}
	// The bench reads in a second what a person may read in a day.
	if _, err := db.Conn(ctx).Exec(ctx, "update audit_quotas set per_hour = null, per_day = null"); err != nil {
		return nil, err
	}
	if _, err := add(adminsOf, access.Admin, "browser"); err != nil {
		return nil, err
	}
	var ids []int64
	for i := range agents + veterans + viewers {
		id, err := add(agentLogin(i+1), access.Manager, "desk")
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	for i := range seats {
		if _, err := add(seatLogin(i+1), access.Operator, "browser"); err != nil {
			return nil, err
		}
	}
	lines := line.New(db, journal, deaf{})
	members := [][]int64{ids[:agents], ids[agents : agents+veterans], ids[agents+veterans:]}
	queues := queue.New(db, journal, deaf{})
	lines.LeadTo(queues)
	for i, number := range lineNumbers {
		q := queue.Queue{Settings: queue.Defaults()}
		q.Name, q.MaxWaitSeconds = fmt.Sprintf("Queue %d", i+1), 120
		for _, id := range members[i] {
			q.Members = append(q.Members, queue.Member{UserID: id})
		}
		q, err := queues.Create(ctx, q)
		if err != nil {
			return nil, err
		}
		_, err = lines.Create(ctx, line.Line{
			Name: fmt.Sprintf("Line %d", i+1), Number: number, Country: "ES", Language: "en",
			Entry: line.Entry{Kind: "queue", ID: q.ID}, LeadValue: "0", Color: "blue", Active: true,
		})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// batch is how many clients one statement loads.
const batch = 100_000

// loadClients makes n clients with one phone each, as the product would store
// them; every second one is some agent's, and ten times something has passed
// between each and the firm.
func loadClients(ctx context.Context, db *postgres.DB, n int, responsible []int64) error {
	conn, err := pgx.Connect(ctx, db.URL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	sure := phone.Parse(number(1), "ES").Readings[0].Confidence
	for from := 1; from <= n; from += batch {
		progress("clients %d of %d", from-1, n)
		to := min(from+batch-1, n)
		for _, s := range []struct {
			sql  string
			args []any
		}{
			{sqlClients, []any{from, to, responsible}}, {sqlPoints, []any{from, to}},
			{sqlReadings, []any{from, to, sure}}, {sqlHistory, []any{from, to}},
		} {
			if _, err := conn.Exec(ctx, s.sql, s.args...); err != nil {
				return err
			}
		}
	}
	_, err = conn.Exec(ctx, `select setval(pg_get_serial_sequence('clients', 'id'), $1::bigint), setval(pg_get_serial_sequence('contact_points', 'id'), $1::bigint)`, n)
	for _, sql := range []string{"vacuum analyze", "checkpoint"} {
		if err == nil {
			_, err = conn.Exec(ctx, sql)
		}
	}
	return err
}

// sqlNumber is number in SQL.
const sqlNumber = `'+346' || lpad(((i::bigint * 48271 + 11) % 99999989)::text, 8, '0')`

const (
	sqlClients = `
insert into clients (id, kind, name, name_key, responsible_id, created_at)
select i, 'person', name, lower(name), case when i % 2 = 0 then ($3::bigint[])[i / 2 % cardinality($3) + 1] end,
       timestamptz '2026-01-01' - make_interval(secs => i)
from generate_series($1::int, $2::int) i,
lateral (select (array['Ana', 'Luis', 'Carmen', 'Jorge', 'Marta', 'Pablo', 'Elena', 'Ivan', 'Olga', 'Sergey', 'John', 'Mary'])[i % 12 + 1]
       || ' ' || (array['Garcia', 'Lopez', 'Perez', 'Sanchez', 'Romero', 'Ivanova', 'Petrov', 'Smith', 'Jones', 'Torres', 'Ruiz'])[i / 12 % 11 + 1]
       || ' ' || initcap(substr(md5(i::text), 1, 7)) as name) n`
	sqlPoints = `
insert into contact_points (id, client_id, kind, raw, value, digits_tail, source)
select i, i, 'phone', e164, e164, reverse(substr(e164, 2)), 'import'
from generate_series($1::int, $2::int) i, lateral (select ` + sqlNumber + ` as e164) n`
	sqlReadings = `
insert into contact_readings (e164, contact_point_id, client_id, confidence)
select ` + sqlNumber + `, i, i, $3::int from generate_series($1::int, $2::int) i`
	sqlHistory = `
insert into interactions (kind, direction, at, client_id, ref_id)
select (array['email', 'chat', 'form'])[k % 3 + 1], 'in', timestamptz '2026-01-01' - make_interval(secs => i, days => 20 * k), i, i::bigint * 10 + k
from generate_series($1::int, $2::int) i, generate_series(0, 9) k`
)
