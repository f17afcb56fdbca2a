package bulk_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/bulk"
	"centralita/crm/client"
	"centralita/crm/field"
	"centralita/crm/lead"
	"centralita/crm/line"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/realtime"
	livestore "centralita/realtime/store"
)

const patience = 60 * time.Second // for whatever a busy machine has to do

// world is a firm with a supervisor, Anna, who sees everybody, and Boris and
// Carla, who see and change their own clients alone, on real parts.
type world struct {
	t       testing.TB
	db      *postgres.DB
	queue   *jobs.Queue
	clients *client.Service
	fields  *field.Service
	people  *access.Service
	bulk    *bulk.Service
	anna    access.Actor
	boris   access.Actor
	carla   access.Actor
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t)}
	if err := w.assemble(); err != nil {
		t.Fatal(err)
	}
	w.exec(`insert into lines (name, number, country) values ('Madrid', '+34911234567', 'ES')`)
	w.exec(`insert into roles (key, name, grants, fields) values ('seller', 'Seller', '{"records": {
		"client": {"create": "own", "read": "own", "change": "own"}}, "rights": ["leads.assign"]}', '{}')`)
	w.anna, w.boris, w.carla = w.user("anna", access.Supervisor), w.user("boris", "seller"), w.user("carla", "seller")
	return w
}

// assemble puts the real rooms together, as the server does.
func (w *world) assemble() (err error) {
	live := realtime.NewLog(livestore.New(w.db), realtime.NewLocalBus())
	log := audit.NewLog(w.db)
	if w.queue, err = jobs.New(w.db, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if w.people, err = access.New(w.db, log, live, access.Options{}); err != nil {
		return err
	}
	w.clients = client.New(w.db, client.Ports{
		Lines: line.New(w.db, log, live), Leads: lead.NewLedger(w.db, log, live), Audit: log, Live: live, CauseText: strconv.Itoa,
	})
	w.fields = field.New(w.db, field.Ports{Clients: w.clients, Audit: log, Live: live, Queue: w.queue, Fold: client.Fold})
	w.clients.Extend(w.fields.Conditions)
	w.bulk = bulk.New(w.db, bulk.Ports{
		Queue: w.queue, Base: w.clients, Marks: w.clients, Values: w.fields, People: w.people, Audit: log, Live: live,
	})
	return nil
}

func (w *world) user(login, role string) access.Actor {
	w.t.Helper()
	id := w.int(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ($1, $1, 'x', array[$2], $1, 'x') returning id`, login, role)
	a, err := w.people.ActorOf(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// start has the queue work until the test ends.
func (w *world) start() {
	w.t.Helper()
	if err := w.queue.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := w.queue.Stop(ctx); err != nil {
			w.t.Error(err)
		}
	})
}

func (w *world) as(a access.Actor) context.Context { return access.WithActor(w.t.Context(), a) }

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Conn(w.t.Context()).Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) int(sql string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.db.Conn(w.t.Context()).QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// persons makes n clients of somebody, of nobody for 0, and returns their ids.
func (w *world) persons(n int, owner int64) (ids []int64) {
	w.t.Helper()
	for range n {
		ids = append(ids, w.int(`insert into clients (kind, name, name_key, responsible_id) values ('person', 'Person', 'person', nullif($1::bigint, 0)) returning id`, owner))
	}
	return ids
}

// begin starts a run as a.
func (w *world) begin(a access.Actor, what bulk.BulkWhat, who bulk.BulkWho) bulk.BulkRun {
	w.t.Helper()
	run, err := w.bulk.Start(w.as(a), what, who)
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}

// until waits for a run of a to be in a state, and returns it.
func (w *world) until(a access.Actor, id int64, state bulk.State) bulk.BulkRun {
	w.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		run, err := w.bulk.Get(w.as(a), id)
		if err != nil {
			w.t.Fatal(err)
		}
		if run.State == state {
			return run
		}
		select {
		case <-deadline:
			w.t.Fatalf("the run is %s (%s), not %s", run.State, run.Problem, state)
		case <-tick.C:
		}
	}
}

// undo takes a run of a back and waits for that.
func (w *world) undo(a access.Actor, id int64) bulk.BulkRun {
	w.t.Helper()
	if _, err := w.bulk.Undo(w.as(a), id); err != nil {
		w.t.Fatal(err)
	}
	return w.until(a, id, bulk.Undone)
}

// counts says how many rows of a run had which end.
func counts(r bulk.BulkRun) string {
	return fmt.Sprintf("%d+%d+%d+%d of %d, %d back, %d kept", r.Changed, r.Same, r.Refused, r.Failed, r.Total, r.Undone, r.Kept)
}

func (w *world) counted(r bulk.BulkRun, want string) {
	w.t.Helper()
	if got := counts(r); got != want {
		w.t.Errorf("%s, want %s", got, want)
	}
}

// workerURL names the database for a process that only works, and gets killed.
const workerURL = "CENTRALITA_TEST_BULK_WORKER"

func TestMain(m *testing.M) {
	if url := os.Getenv(workerURL); url != "" {
		if err := workUntilKilled(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		return
	}
	m.Run()
}

// workUntilKilled is a server reduced to its jobs.
func workUntilKilled(url string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	db, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	w := &world{db: db}
	if err := w.assemble(); err != nil {
		return err
	}
	if err := w.queue.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return w.queue.Stop(context.Background())
}
