package importing_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/exchange/importing"
	"centralita/crm/lead"
	"centralita/crm/line"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/realtime"
	livestore "centralita/realtime/store"
)

const patience = 60 * time.Second // for whatever a busy machine has to do

// world is a firm in Madrid with a supervisor and an operator, on real parts.
type world struct {
	t       testing.TB
	db      *postgres.DB
	queue   *jobs.Queue
	clients *client.Service
	imports *importing.Service
	people  *access.Service
	anna    access.Actor // may import
	boris   access.Actor // so may he
	ada     access.Actor // admin
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t)}
	if err := w.assemble(); err != nil {
		t.Fatal(err)
	}
	w.exec(`insert into lines (name, number, country) values ('Madrid', '+34911234567', 'ES')`)
	w.exec(`insert into roles (key, name, grants) values ('importer', 'Importer', '{"records": {
		"client": {"create": "all", "read": "all", "change": "all"}, "import": {"create": "own", "read": "own", "change": "own", "delete": "own"}},
		"rights": ["leads.assign"]}')`)
	w.anna, w.boris, w.ada = w.user("anna", "Anna Ruiz", "importer"), w.user("boris", "Boris", "importer"), w.user("ada", "Ada", access.Admin)
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
	w.imports = importing.New(w.db, importing.Ports{
		Queue: w.queue, Base: w.clients, Countries: w.clients, People: w.people, Audit: log, Live: live,
	})
	return nil
}

func (w *world) user(login, name, role string) access.Actor {
	w.t.Helper()
	id := w.int(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ($1, $2, 'x', array[$3], $1, 'x') returning id`, login, name, role)
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

func (w *world) text(sql string, args ...any) (s string) {
	w.t.Helper()
	if err := w.db.Conn(w.t.Context()).QueryRow(w.t.Context(), "select coalesce(("+sql+")::text, '')", args...).Scan(&s); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return s
}

func (w *world) upload(name, data string) importing.Import {
	w.t.Helper()
	im, err := w.imports.Upload(w.as(w.anna), name, strings.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	return im
}

func (w *world) policy(im importing.Import, change func(*importing.Policy)) importing.Import {
	w.t.Helper()
	p := im.Policy
	change(&p)
	im, err := w.imports.Edit(w.as(w.anna), im.ID, importing.ImportEdit{Policy: &p})
	if err != nil {
		w.t.Fatal(err)
	}
	return im
}

// until waits for an import to be in a state and returns it.
func (w *world) until(id int64, state importing.State) importing.Import {
	w.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		im, err := w.imports.Get(w.as(w.ada), id)
		if err != nil {
			w.t.Fatal(err)
		}
		if im.State == state {
			return im
		}
		select {
		case <-deadline:
			w.t.Fatalf("import is %s (%s), not %s", im.State, im.Problem, state)
		case <-tick.C:
		}
	}
}

// run brings data in as anna and returns the finished import and its verdicts.
func (w *world) run(im importing.Import) (importing.Import, []importing.Verdict) {
	w.t.Helper()
	if _, err := w.imports.Run(w.as(w.anna), im.ID); err != nil {
		w.t.Fatal(err)
	}
	im = w.until(im.ID, importing.Done)
	_, rows, err := w.imports.Verdicts(w.as(w.anna), im.ID, 0, "", 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return im, rows
}

// verdicts writes them as 2:created 3:failed/number_lossy …
func verdicts(rows []importing.Verdict) string {
	var all []string
	for _, r := range rows {
		one := fmt.Sprintf("%d:%s", r.Line, r.Verdict)
		if r.Code != "" {
			one += "/" + r.Code
		}
		all = append(all, one)
	}
	return strings.Join(all, " ")
}

// counts says how many rows of an import had which end.
func counts(im importing.Import) string {
	return fmt.Sprintf("%d+%d+%d+%d of %d", im.Created, im.Updated, im.Skipped, im.Failed, im.Total)
}
