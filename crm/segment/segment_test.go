package segment_test

import (
	"context"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/lead"
	"centralita/crm/line"
	"centralita/crm/segment"
	"centralita/internal/fault"
	"centralita/internal/filter"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/realtime"
	livestore "centralita/realtime/store"
)

// world is a firm with Anna, a supervisor, and Boris, who sees his own clients
// alone and no number.
type world struct {
	t           *testing.T
	db          *postgres.DB
	segments    *segment.Service
	people      *access.Service
	anna, boris access.Actor
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t)}
	live := realtime.NewLog(livestore.New(w.db), realtime.NewLocalBus())
	log := audit.NewLog(w.db)
	queue, err := jobs.New(w.db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if w.people, err = access.New(w.db, log, live, access.Options{}); err != nil {
		t.Fatal(err)
	}
	clients := client.New(w.db, client.Ports{
		Lines: line.New(w.db, log, live), Leads: lead.NewLedger(w.db, log, live), Audit: log, Live: live, CauseText: strconv.Itoa,
	})
	w.segments = segment.New(w.db, segment.Ports{Base: clients, People: w.people, Audit: log, Live: live, Queue: queue})
	w.int(`insert into roles (key, name, grants, fields) values ('seller', 'Seller', '{"records": {"client": {"read": "own"}, "call": {"read": "all"},
		"segment": {"create": "all", "read": "all", "change": "own"}}, "rights": []}', '{"client.phone": "masked"}') returning 1`)
	w.anna, w.boris = w.user("anna", access.Supervisor), w.user("boris", "seller")
	if err := queue.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := queue.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) int(sql string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.db.Conn(w.t.Context()).QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
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

func (w *world) as(a access.Actor) context.Context { return access.WithActor(w.t.Context(), a) }

// person makes a client with two calls, the later one some days ago.
func (w *world) person(name string, owner int64, days int) int64 {
	w.t.Helper()
	id := w.int(`insert into clients (kind, name, name_key, responsible_id, language) values ('person', $1, lower($1), $2, 'es') returning id`, name, owner)
	w.int(`insert into contact_points (client_id, kind, raw, value, digits_tail) values ($1, 'phone', '600111222', '+34600111222', '222111006') returning id`, id)
	for i := range 2 {
		w.int(`insert into calls (asterisk_id, uniqueid, direction, phase, started_at, ended_at, e164, client_id, state)
			values ('pbx', $1, 'in', 'ended', now() - make_interval(days => $2), now(), '', $3, '{}') returning id`, name+strconv.Itoa(i), days+i, id)
	}
	return id
}

func TestASegmentShowsWhatItsReaderMaySee(t *testing.T) {
	w := newWorld(t)
	ana, his := w.person("Ana", w.anna.UserID, 1), w.person("Berta", w.boris.UserID, 2)
	w.person("Old", w.anna.UserID, 90)
	where := filter.Node{All: []filter.Node{
		{Field: "calls", Op: "some", Value: map[string]any{"count": 2.0, "days": 30.0}},
		{Any: []filter.Node{{Field: "language", Op: "is", Value: "es"}, {Field: "name", Op: "is", Value: "Nobody"}}},
		{None: []filter.Node{{Field: "phone", Op: "empty"}}},
	}}
	g, err := w.segments.Create(w.as(w.anna), segment.SegmentDraft{Name: "Callers", Filter: where})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("who sees all counts all, and the day is kept", func(t *testing.T) {
		if n, err := w.segments.Count(w.as(w.anna), g.ID); err != nil || n != 2 {
			t.Errorf("%d %v", n, err)
		}
		if n := w.counted(g.ID); n != 2 {
			t.Errorf("%d on record", n)
		}
	})
	t.Run("why somebody is in it", func(t *testing.T) {
		e, err := w.segments.Explain(w.as(w.anna), g.ID, ana)
		if err != nil || !e.Holds || len(e.Reasons) != 4 {
			t.Fatalf("%+v %v", e, err)
		}
		calls, _ := e.Reasons[0].Has.(map[string]any)
		if calls["count"] != 2.0 || calls["last"] == nil || e.Reasons[1].Has != "es" || e.Reasons[2].Holds || e.Reasons[3].Holds {
			t.Errorf("%+v", e.Reasons)
		}
	})
	t.Run("who is masked is refused, and is told nothing by counting", func(t *testing.T) {
		if _, err := w.segments.Count(w.as(w.boris), g.ID); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("counted: %v", err)
		}
		if _, err := w.segments.Explain(w.as(w.boris), g.ID, his); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("explained: %v", err)
		}
		if seen, err := w.segments.Get(w.as(w.boris), g.ID); err != nil || seen.Usable || seen.Editable || len(seen.History) != 0 {
			t.Errorf("%+v %v", seen, err)
		}
	})
	t.Run("who sees his own counts his own", func(t *testing.T) {
		changed, err := w.segments.Change(w.as(w.anna), g.ID, g.Version, segment.SegmentDraft{Name: "Callers", Filter: where.All[0]})
		if err != nil || len(changed.History) != 0 {
			t.Fatalf("%+v %v", changed, err)
		}
		if n, err := w.segments.Count(w.as(w.boris), g.ID); err != nil || n != 1 {
			t.Errorf("%d %v", n, err)
		}
		if _, err := w.segments.Explain(w.as(w.boris), g.ID, ana); fault.KindOf(err) != fault.NotFound {
			t.Errorf("hers explained: %v", err)
		}
		w.counted(g.ID)
		if seen, err := w.segments.Get(w.as(w.boris), g.ID); err != nil || !seen.Usable || len(seen.History) != 0 {
			t.Errorf("%+v %v", seen, err)
		}
		if _, err := w.segments.Change(w.as(w.boris), g.ID, changed.Version, segment.SegmentDraft{Name: "His", Filter: where.All[0]}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("changed by a reader: %v", err)
		}
	})
	t.Run("it goes and comes back", func(t *testing.T) {
		if err := w.segments.Remove(w.as(w.anna), g.ID); err != nil {
			t.Fatal(err)
		}
		if all, err := w.segments.List(w.as(w.anna)); err != nil || len(all) != 0 {
			t.Errorf("%+v %v", all, err)
		}
		if back, err := w.segments.Restore(w.as(w.anna), g.ID); err != nil || back.Name != "Callers" {
			t.Errorf("%+v %v", back, err)
		}
	})
}

// counted waits until a segment is counted, and returns how many there were.
func (w *world) counted(id int64) int64 {
	w.t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for w.int(`select count(*) from segment_counts where segment_id = $1`, id) == 0 {
		select {
		case <-deadline:
			w.t.Fatal("it is not counted")
		case <-tick.C:
		}
	}
	return w.int(`select count from segment_counts where segment_id = $1 order by day desc limit 1`, id)
}
