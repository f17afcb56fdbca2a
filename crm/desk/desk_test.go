package desk_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"centralita/crm/desk"
	"centralita/internal/fault"
	"centralita/internal/postgres/pgtest"
)

// notebook is an audit log and a line to the browsers that remembers.
type notebook struct{ actions, signals []string }

func (n *notebook) Record(_ context.Context, action, _ string, _ int64, _, _ any) error {
	n.actions = append(n.actions, action)
	return nil
}

func (n *notebook) Signal(_ context.Context, kind string, _ any) { n.signals = append(n.signals, kind) }

func TestReasonsKeepTheirCodes(t *testing.T) {
	notes := &notebook{}
	s := desk.New(pgtest.New(t), notes, notes)
	before, err := s.Reasons(t.Context())
	if err != nil || len(before) != 5 || before[0].Code != "break" || before[0].LimitMinutes != 15 {
		t.Fatalf("%v, %v", before, err)
	}
	list := []desk.PauseReason{{Code: "own_1", Name: " Gym ", LimitMinutes: 45, Active: true}, before[1]}
	if err := s.SetReasons(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	after, err := s.Reasons(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	offered := map[string]string{}
	for _, r := range after {
		if r.Active {
			offered[r.Code] = r.Name
		}
	}
	if diff := cmp.Diff(map[string]string{"own_1": "Gym", "lunch": ""}, offered); diff != "" {
		t.Error(diff)
	}
	if len(after) != 6 {
		t.Errorf("what was said once must keep its name: %v", after)
	}
	for _, bad := range []string{"no_answer", "Gym!", ""} {
		if err := s.SetReasons(t.Context(), []desk.PauseReason{{Code: bad}}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if diff := cmp.Diff([]string{"desk.reasons"}, notes.actions); diff != "" {
		t.Error(diff)
	}
}

func TestDispositionsAreRetiredNotForgotten(t *testing.T) {
	notes := &notebook{}
	s := desk.New(pgtest.New(t), notes, notes)
	if err := s.SetDispositions(t.Context(), []desk.Disposition{{Name: "Sold", Active: true}, {Name: "Later", Active: true}}); err != nil {
		t.Fatal(err)
	}
	list, err := s.Dispositions(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != "Sold" {
		t.Fatalf("%v, %v", list, err)
	}
	list[1].Name = "Call again"
	if err := s.SetDispositions(t.Context(), list[1:]); err != nil {
		t.Fatal(err)
	}
	again, err := s.Dispositions(t.Context())
	if err != nil || len(again) != 2 {
		t.Fatalf("%v, %v", again, err)
	}
	active := map[string]bool{}
	for _, d := range again {
		active[d.Name] = d.Active
	}
	if diff := cmp.Diff(map[string]bool{"Sold": false, "Call again": true}, active); diff != "" {
		t.Error(diff)
	}
	queue := int64(999)
	for name, d := range map[string]desk.Disposition{"no name": {Name: " "}, "no such queue": {Name: "X", QueueID: &queue}} {
		if err := s.SetDispositions(t.Context(), []desk.Disposition{d}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
