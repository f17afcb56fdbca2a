package queue_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"centralita/crm/queue"
	"centralita/internal/fault"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// notebook is an audit log and a line to the browsers that remembers.
type notebook struct{ actions, signals []string }

func (n *notebook) Record(_ context.Context, action, _ string, _ int64, _, _ any) error {
	n.actions = append(n.actions, action)
	return nil
}

func (n *notebook) Signal(_ context.Context, kind string, _ any) { n.signals = append(n.signals, kind) }

func open(t *testing.T) (*queue.Service, *postgres.DB, *notebook, []int64) {
	t.Helper()
	db, notes := pgtest.New(t), &notebook{}
	var users []int64
	for _, login := range []string{"ana", "boris"} {
		var id int64
		if err := db.Conn(t.Context()).QueryRow(t.Context(), `insert into users (login, name, password_hash, roles, phone_kind, sip_user, sip_password)
			values ($1, $1, '', '{operator}', 'desk', $1, 'x') returning id`, login).Scan(&id); err != nil {
			t.Fatal(err)
		}
		users = append(users, id)
	}
	return queue.New(db, notes, notes), db, notes, users
}

func create(t *testing.T, s *queue.Service, name string, members ...int64) queue.Queue {
	t.Helper()
	q := queue.Queue{Settings: queue.Defaults(), Members: []queue.Member{}}
	q.Name = name
	for _, m := range members {
		q.Members = append(q.Members, queue.Member{UserID: m})
	}
	q, err := s.Create(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestEveryChangeIsAVersion(t *testing.T) {
	s, _, notes, users := open(t)
	q := create(t, s, "Sales", users...)
	changed, err := s.Change(t.Context(), q.ID, func(q *queue.Queue) {
		q.Strategy, q.Members = "linear", []queue.Member{{UserID: users[1], Penalty: 3}, {UserID: users[0]}}
	})
	if err != nil || changed.Version != 2 {
		t.Fatalf("version %d, %v", changed.Version, err)
	}
	got, err := s.ByID(t.Context(), q.ID)
	if diff := cmp.Diff(changed, got); err != nil || diff != "" {
		t.Errorf("not known at once: %v %s", err, diff)
	}
	versions, err := s.Versions(t.Context(), q.ID)
	if err != nil || len(versions) != 2 {
		t.Fatalf("%d versions, %v", len(versions), err)
	}
	if versions[0].Strategy != "linear" || versions[1].Strategy != "longest_idle" || len(versions[1].Members) != 2 || versions[0].Members[0].Penalty != 3 {
		t.Errorf("%+v", versions)
	}
	if diff := cmp.Diff([]string{"queue.create", "queue.update"}, notes.actions); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"queues.changed", "queues.changed"}, notes.signals); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	s, db, _, users := open(t)
	a, b := create(t, s, "A"), create(t, s, "B", users[0])
	to := func(kind string, id int64) func(*queue.Queue) {
		return func(q *queue.Queue) {
			q.Overflow = []queue.Overflow{{When: "nobody_in", Then: queue.Place{Kind: kind, ID: id}}}
		}
	}
	for name, test := range map[string]struct {
		edit func(*queue.Queue)
		code string
	}{
		"no name":             {func(q *queue.Queue) { q.Name = " " }, "invalid_input"},
		"unknown member":      {func(q *queue.Queue) { q.Members = []queue.Member{{UserID: 999}} }, "invalid_input"},
		"a member twice":      {func(q *queue.Queue) { q.Members = []queue.Member{{UserID: users[0]}, {UserID: users[0]}} }, "invalid_input"},
		"overflow to itself":  {to("queue", b.ID), "invalid_input"},
		"overflow to nothing": {to("queue", 999), "invalid_input"},
		"overflow to nobody":  {to("user", 999), "invalid_input"},
		"overflow without id": {to("queue", 0), "invalid_input"},
		"later than the end": {func(q *queue.Queue) {
			q.Overflow = []queue.Overflow{{When: "wait", Value: q.MaxWaitSeconds, Then: queue.Place{Kind: "voicemail"}}}
		}, "invalid_input"},
		"steps out of order": {func(q *queue.Queue) {
			q.Skills = []queue.SkillRule{{SkillID: 1, Steps: []queue.SkillStep{{AfterSeconds: 9}, {AfterSeconds: 3}}}}
		}, "invalid_input"},
		"timed without a time": {func(q *queue.Queue) { q.WrapUpMode = "timed" }, "invalid_input"},
	} {
		if _, err := s.Change(t.Context(), b.ID, test.edit); fault.CodeOf(err) != test.code {
			t.Errorf("%s: %v, want %s", name, err, test.code)
		}
	}
	if got, _ := s.ByID(t.Context(), b.ID); got.Version != 1 {
		t.Errorf("what was refused is version %d", got.Version)
	}
	if _, err := s.Change(t.Context(), b.ID, to("queue", a.ID)); err != nil {
		t.Fatal(err)
	}
	close := func(q *queue.Queue) { q.Active = false }
	if _, err := s.Change(t.Context(), a.ID, close); fault.CodeOf(err) != "queue_in_use" {
		t.Errorf("given up while another leads there: %v", err)
	}
	if _, err := db.Conn(t.Context()).Exec(t.Context(), `insert into lines (name, number, country, entry_kind, entry_id) values ('L', '1', 'ES', 'queue', $1)`, b.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Change(t.Context(), b.ID, close); fault.CodeOf(err) != "queue_in_use" {
		t.Errorf("given up while a line leads there: %v", err)
	}
}

func TestSkills(t *testing.T) {
	s, _, _, users := open(t)
	english, err := s.SaveSkill(t.Context(), queue.Skill{Name: "English", Levels: []queue.Level{{UserID: users[0], Level: 70}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveSkill(t.Context(), queue.Skill{Name: "English", Levels: []queue.Level{}}); fault.CodeOf(err) != "skill_exists" {
		t.Errorf("twice: %v", err)
	}
	english.Levels = []queue.Level{{UserID: users[1], Level: 40}}
	if _, err := s.SaveSkill(t.Context(), english); err != nil {
		t.Fatal(err)
	}
	skills, err := s.Skills(t.Context())
	if diff := cmp.Diff([]queue.Skill{english}, skills); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	q := create(t, s, "A")
	asks := func(rules ...queue.SkillRule) func(*queue.Queue) {
		return func(q *queue.Queue) { q.Skills = append([]queue.SkillRule{}, rules...) }
	}
	if _, err := s.Change(t.Context(), q.ID, asks(queue.SkillRule{SkillID: english.ID, Steps: []queue.SkillStep{{Level: 40}}})); err != nil {
		t.Fatal(err)
	}
	if err := s.ForgetSkill(t.Context(), english.ID); fault.CodeOf(err) != "skill_in_use" {
		t.Errorf("removed while a queue asks for it: %v", err)
	}
	if _, err := s.Change(t.Context(), q.ID, asks()); err != nil {
		t.Fatal(err)
	}
	if err := s.ForgetSkill(t.Context(), english.ID); err != nil {
		t.Error(err)
	}
}
