package view_test

import (
	"context"
	"strconv"
	"testing"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/lead"
	"centralita/crm/line"
	"centralita/crm/view"
	"centralita/internal/fault"
	"centralita/internal/filter"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/realtime"
	livestore "centralita/realtime/store"
)

// world is a firm with Anna, a supervisor, and Boris and Carla, operators of whom
// Boris is in a team.
type world struct {
	t                  *testing.T
	db                 *postgres.DB
	views              *view.Service
	people             *access.Service
	anna, boris, carla access.Actor
	team               int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t)}
	log := audit.NewLog(w.db)
	live := realtime.NewLog(livestore.New(w.db), realtime.NewLocalBus())
	var err error
	if w.people, err = access.New(w.db, log, live, access.Options{}); err != nil {
		t.Fatal(err)
	}
	clients := client.New(w.db, client.Ports{
		Lines: line.New(w.db, log, live), Leads: lead.NewLedger(w.db, log, live), Audit: log, Live: live, CauseText: strconv.Itoa,
	})
	w.views = view.New(w.db, view.Ports{Base: clients, Audit: log, Live: live})
	w.anna, w.boris, w.carla = w.user("anna", access.Supervisor), w.user("boris", access.Operator), w.user("carla", access.Operator)
	region := w.int(`insert into teams (name) values ('Region') returning id`)
	w.team = w.int(`insert into teams (name, parent_id) values ('North', $1) returning id`, region)
	w.int(`insert into team_members (team_id, user_id) values ($1, $2) returning 1`, w.team, w.boris.UserID)
	w.team = region
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

func draft(name, audience string) view.ViewDraft {
	return view.ViewDraft{Name: name, Audience: audience, Columns: []view.ViewColumn{{Key: "name", Width: 200}},
		Query: view.ViewQuery{Filter: filter.Node{Field: "language", Op: "is", Value: "es"}, Sort: "name"}}
}

// names are the views that a has.
func (w *world) names(a access.Actor) (names string) {
	w.t.Helper()
	b, err := w.views.Book(w.as(a))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, v := range b.Items {
		names += v.Name + ";"
	}
	return names
}

func TestViewsAreKeptAndShared(t *testing.T) {
	w := newWorld(t)
	kept := func(a access.Actor, d view.ViewDraft) view.SavedView {
		t.Helper()
		v, err := w.views.Create(w.as(a), d)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	mine := kept(w.boris, draft("Mine", view.Me))
	kept(w.anna, draft("Firm's", view.Firm))
	ofTeam := draft("Team's", view.Team)
	ofTeam.TeamID = &w.team
	shared := kept(w.anna, ofTeam)
	for a, want := range map[*access.Actor]string{&w.anna: "Firm's;Team's;", &w.boris: "Firm's;Mine;Team's;", &w.carla: "Firm's;"} {
		if got := w.names(*a); got != want {
			t.Errorf("%s has %q, want %q", a.Name, got, want)
		}
	}
	if _, err := w.views.Create(w.as(w.boris), draft("For all", view.Firm)); fault.CodeOf(err) != "view_share" {
		t.Errorf("shared by an operator: %v", err)
	}
	if _, err := w.views.Change(w.as(w.carla), mine.ID, 1, draft("Hers", view.Me)); fault.CodeOf(err) != "view_not_found" {
		t.Errorf("somebody else's: %v", err)
	}
	if err := w.views.Remove(w.as(w.boris), shared.ID); fault.KindOf(err) != fault.NotFound && fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a shared one, by who only reads it: %v", err)
	}
	if v, err := w.views.Change(w.as(w.boris), mine.ID, 1, draft("Mine still", view.Me)); err != nil || v.Version != 2 || !v.Editable {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := w.views.Change(w.as(w.boris), mine.ID, 1, draft("Late", view.Me)); fault.CodeOf(err) != "changed_meanwhile" {
		t.Errorf("an old version: %v", err)
	}
	if err := w.views.Prefer(w.as(w.boris), "mine"); err != nil {
		t.Fatal(err)
	}
	if err := w.views.Prefer(w.as(w.boris), "99"); fault.CodeOf(err) != "view_not_found" {
		t.Errorf("one that is not there: %v", err)
	}
	if err := w.views.Remove(w.as(w.boris), mine.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.names(w.boris); got != "Firm's;Team's;" {
		t.Errorf("%q after it is gone", got)
	}
	if _, err := w.views.Restore(w.as(w.boris), mine.ID); err != nil {
		t.Fatal(err)
	}
	b, err := w.views.Book(w.as(w.boris))
	if err != nil || len(b.Items) != 3 || b.Default != "mine" || len(b.Own) != 4 || b.Share != view.Me {
		t.Errorf("%+v %v", b, err)
	}
	if n := w.int(`select count(*) from audit_entries where entity = 'view' and entity_id = $1`, mine.ID); n != 4 {
		t.Errorf("%d lines in the log", n)
	}
}

// What a reader may not see he may not keep a view of either, nor is he offered one.
func TestViewsAskForNothingHidden(t *testing.T) {
	w := newWorld(t)
	w.int(`insert into roles (key, name, grants, fields) values ('clerk', 'Clerk', '{"records": {"client": {"read": "own"}, "view": {"create": "all", "read": "own"}},
		"rights": []}', '{"client.phone": "masked", "client.email": "hidden"}') returning 1`)
	clerk := w.user("clara", "clerk")
	for _, change := range []func(*view.ViewDraft){
		func(d *view.ViewDraft) { d.Query.Filter = filter.Node{Field: "phone", Op: "starts", Value: "+34"} },
		func(d *view.ViewDraft) { d.Query.Filter = filter.Node{Field: "calls", Op: "some"} },
		func(d *view.ViewDraft) { d.Columns = []view.ViewColumn{{Key: "email", Width: 100}} },
	} {
		d := draft("Sly", view.Me)
		change(&d)
		if _, err := w.views.Create(w.as(clerk), d); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%+v: %v", d, err)
		}
	}
	b, err := w.views.Book(w.as(clerk))
	if err != nil || len(b.Own) != 3 {
		t.Errorf("%+v %v", b.Own, err)
	}
}
