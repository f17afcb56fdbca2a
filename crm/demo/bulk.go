package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	book "centralita/crm/client"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// chunk is how many clients are made before they are sent.
const chunk = 10_000

// rebuildFrom is the number of clients from which indexes are made anew instead
// of being kept up to date row by row.
const rebuildFrom = 20_000

// columns of the three tables that are copied.
var (
	clientColumns = []string{"id", "kind", "name", "name_key", "responsible_id", "note", "language", "time_zone", "last_contact_at", "created_at"}
	pointColumns  = []string{"id", "client_id", "kind", "raw", "value", "digits_tail", "label", "source", "created_at"}
	readColumns   = []string{"e164", "contact_point_id", "client_id", "confidence"}
)

// Clients adds the made-up clients from up to, but without, to: numbers 0, 1, …
// as often as asked, each with its readings, so that any look-up finds them. The
// responsibles are dealt to managers; with none they are nobody's. It runs in
// ctx's transaction and owns the client tables until it ends.
func Clients(ctx context.Context, db *postgres.DB, now time.Time, from, to int, managers []int64) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		tx, _ := postgres.Tx(ctx)
		if _, err := tx.Exec(ctx, "lock table clients, contact_points, contact_readings in share row exclusive mode"); err != nil {
			return fmt.Errorf("lock clients: %w", err)
		}
		restore, err := dropIndexes(ctx, tx, to-from)
		if err != nil {
			return err
		}
		m := maker{now: now, managers: managers}
		if err := tx.QueryRow(ctx, sqlLastIDs).Scan(&m.client, &m.point); err != nil {
			return fmt.Errorf("last ids: %w", err)
		}
		if err := m.copyAll(ctx, tx, from, to); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlSetIDs, m.client, m.point); err != nil {
			return fmt.Errorf("set ids: %w", err)
		}
		return restore()
	})
}

// Fill adds made-up clients to whatever base there is, see Clients, deals them to
// its managers, and has the planner learn what there is then.
func Fill(ctx context.Context, db *postgres.DB, now time.Time, from, to int) error {
	found, err := db.Conn(ctx).Query(ctx, `select id from users where active and 'manager' = any(roles) order by id`)
	if err != nil {
		return fmt.Errorf("managers: %w", err)
	}
	managers, err := pgx.CollectRows(found, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("managers: %w", err)
	}
	if err := Clients(ctx, db, now, from, to, managers); err != nil {
		return err
	}
	_, err = db.Conn(ctx).Exec(ctx, "vacuum analyze clients, contact_points, contact_readings")
	return err
}

// rows are those of a chunk of clients.
type rows struct{ clients, points, numbers [][]any }

// maker turns made-up clients into rows.
type maker struct {
	now           time.Time
	managers      []int64
	client, point int64 // the last ids given
}

// copyAll sends one chunk while the next one is made.
func (m *maker) copyAll(ctx context.Context, tx pgx.Tx, from, to int) error {
	ctx, cancel := context.WithCancel(ctx)
	chunks := make(chan rows)
	done := make(chan struct{})
	defer func() { cancel(); <-done }()
	go func() {
		defer close(done)
		defer close(chunks)
		for i := from; i < to; i += chunk {
			select {
			case chunks <- m.rows(i, min(i+chunk, to)):
			case <-ctx.Done():
				return
			}
		}
	}()
	for c := range chunks {
		if err := c.send(ctx, tx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

const (
	sqlLastIDs = `select (select coalesce(max(id), 0) from clients), (select coalesce(max(id), 0) from contact_points)`
	sqlSetIDs  = `select setval(pg_get_serial_sequence('clients', 'id'), greatest($1::bigint, 1)),
		setval(pg_get_serial_sequence('contact_points', 'id'), greatest($2::bigint, 1))`
)

func (m *maker) rows(from, to int) (out rows) {
	for i := from; i < to; i++ {
		m.add(&out, i)
	}
	return out
}

func (m *maker) add(out *rows, i int) {
	c := client(i)
	m.client++
	created := m.now.Add(-c.age)
	var responsible, last any
	if c.responsible >= 0 && len(m.managers) > 0 {
		responsible = m.managers[c.responsible%len(m.managers)]
	}
	if i%4 != 3 {
		last = created.Add(c.age * time.Duration(i%97) / 97)
	}
	out.clients = append(out.clients, []any{m.client, c.kind, c.name, book.Fold(c.name), responsible, c.note, c.language, c.zone, last, created})
	for n, raw := range c.phones {
		m.addPhone(out, raw, c.country, []string{"mobile", "work"}[n%2], created)
	}
	if c.email != "" {
		m.point++
		out.points = append(out.points, []any{m.point, m.client, "email", c.email, c.email, "", "", "manual", created})
	}
}

func (m *maker) addPhone(out *rows, raw, country, label string, created time.Time) {
	w, ok := book.WritePhone(raw, country, "ES", "AR")
	if !ok {
		return
	}
	m.point++
	out.points = append(out.points, []any{m.point, m.client, "phone", phone.Text(raw), w.Value, w.Tail, label, "manual", created})
	for _, r := range w.Readings {
		out.numbers = append(out.numbers, []any{r.E164, m.point, m.client, int16(r.Confidence)})
	}
}

func (r rows) send(ctx context.Context, tx pgx.Tx) error {
	for _, t := range []struct {
		name    string
		columns []string
		rows    [][]any
	}{{"clients", clientColumns, r.clients}, {"contact_points", pointColumns, r.points}, {"contact_readings", readColumns, r.numbers}} {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
			return fmt.Errorf("copy %s: %w", t.name, err)
		}
	}
	return nil
}

// sqlKeys are the references of the copied tables and the key that is no id's,
// sqlIndexes the indexes that no key depends on: what to drop, how to make it.
const (
	sqlKeys = `select 'alter table ' || conrelid::regclass || ' drop constraint ' || quote_ident(conname),
			'alter table ' || conrelid::regclass || ' add constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid)
		from pg_constraint where conrelid in ('clients'::regclass, 'contact_points'::regclass, 'contact_readings'::regclass)
		and (contype = 'f' or contype = 'p' and conrelid = 'contact_readings'::regclass) order by contype desc, conname`
	sqlIndexes = `select 'drop index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid) from pg_index i
		where i.indrelid in ('clients'::regclass, 'contact_points'::regclass, 'contact_readings'::regclass)
		and not exists (select from pg_constraint c where c.conindid = i.indexrelid) order by 1`
)

// dropIndexes drops what is quicker made anew for n clients; restore makes it.
// All of it is a part of the transaction.
func dropIndexes(ctx context.Context, tx pgx.Tx, n int) (restore func() error, err error) {
	if n < rebuildFrom {
		return func() error { return nil }, nil
	}
	made := []string{"set local maintenance_work_mem = '256MB'"}
	for _, sql := range []string{sqlKeys, sqlIndexes} {
		rows, err := tx.Query(ctx, sql)
		if err != nil {
			return nil, fmt.Errorf("indexes: %w", err)
		}
		type index struct{ Drop, Make string }
		indexes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
		if err != nil {
			return nil, fmt.Errorf("indexes: %w", err)
		}
		for _, i := range indexes {
			if _, err := tx.Exec(ctx, i.Drop); err != nil {
				return nil, fmt.Errorf("%s: %w", i.Drop, err)
			}
			made = append(made, i.Make)
		}
	}
	return func() error {
		for _, sql := range made {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	}, nil
}
