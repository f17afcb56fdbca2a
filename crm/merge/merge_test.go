package merge_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"centralita/crm/access"
	"centralita/crm/field"
	"centralita/crm/lead"
	"centralita/crm/merge"
	"centralita/internal/fault"
)

func TestWhatIsMergedIsOneClient(t *testing.T) {
	w := newWorld(t)
	ana, anna := w.person("Ana García", "600 111 222", "ana@example.com"), w.person("García, Ana", "600111222", "+34 600 333 444")
	early, late := time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	older, younger := w.call(w.lines[0], ana.ID, "+34600111222", early), w.call(w.lines[0], anna.ID, "+34600333444", late)
	other := w.call(w.lines[1], anna.ID, "+34600333444", late)
	rows, err := w.merges.Preview(w.ctx(), w.order(ana.ID, anna.ID, nil))
	w.ok(err)
	if rows["calls"] != 2 || rows["clients"] != 1 {
		t.Errorf("preview: %v", rows)
	}
	w.merge(ana.ID, anna.ID, map[string]merge.Choice{"name": merge.OfLoser})
	got, err := w.clients.Get(w.ctx(), ana.ID)
	w.ok(err)
	if got.Name != "García, Ana" || len(got.ContactPoints) != 3 || got.OpenLeads != 2 || got.Version <= ana.Version {
		t.Errorf("%+v", got)
	}
	if _, err := w.clients.Get(w.ctx(), anna.ID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the merged client is still there: %v", err)
	}
	next, err := w.merges.Successor(w.ctx(), anna.ID)
	w.ok(err)
	if next.ID != ana.ID {
		t.Errorf("successor %d", next.ID)
	}
	for id, want := range map[int64]string{older: "open", younger: "closed", other: "open"} {
		l, err := w.leads.Get(w.ctx(), id)
		w.ok(err)
		if l.State != want || *l.ClientID != ana.ID {
			t.Errorf("lead %d: %s of client %d", id, l.State, *l.ClientID)
		}
	}
	if f := w.call(w.lines[1], ana.ID, "+34600333444", time.Now()); f != other {
		t.Errorf("the next call opened lead %d instead of going on with %d", f, other)
	}
	w.balanced()
}

// What is computed of values that a merge moves is computed anew, both ways.
func TestFormulasFollowTheValues(t *testing.T) {
	w := newWorld(t)
	a, b := w.person("Ana", "600111222"), w.person("Anna", "600333444")
	x, err := w.fields.AddSection(w.ctx(), field.Section{Entity: field.Client, Kind: field.Fields, Title: "Money"}, []field.NewField{
		{Label: "price", Type: field.Number}, {Label: "pieces", Type: field.Number},
	})
	w.ok(err)
	_, err = w.fields.AddField(w.ctx(), x.ID, field.NewField{Label: "total", Type: field.Formula, Options: field.Options{Formula: "price * pieces"}})
	w.ok(err)
	w.ok(w.fields.Set(w.ctx(), a.ID, []field.Change{{FieldID: x.Fields[0].ID, Value: "2"}}))
	w.ok(w.fields.Set(w.ctx(), b.ID, []field.Change{{FieldID: x.Fields[1].ID, Value: "21"}}))
	stored := func() []string {
		return w.texts(`select client_id || '=' || trim_scale(number_value) from client_values v join fields f on f.id = v.field_id where f.key = 'total' order by 1`)
	}
	m := w.merge(a.ID, b.ID, nil)
	if got := stored(); !slices.Equal(got, []string{fmt.Sprintf("%d=42", a.ID)}) {
		t.Errorf("after the merge: %v", got)
	}
	_, err = w.merges.Unmerge(w.ctx(), m.ID)
	w.ok(err)
	if got := stored(); slices.ContainsFunc(got, func(s string) bool { return strings.HasSuffix(s, "=42") }) {
		t.Errorf("taken apart: %v", got)
	}
}

func TestWhatCannotBeMergedIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	a, b := w.person("Ana", "600111222"), w.person("Bea", "600333444")
	stale := w.order(a.ID, b.ID, nil)
	stale.LoserVersion++
	same := w.order(a.ID, a.ID, nil)
	unknown := w.order(a.ID, b.ID, map[string]merge.Choice{"password": merge.OfLoser})
	missing := stale
	missing.LoserID = 999_999
	before := w.base()
	for name, bad := range map[string]struct {
		order merge.Order
		code  string
	}{
		"stale": {stale, "changed_meanwhile"}, "same": {same, "same_client"}, "unknown field": {unknown, "invalid_input"},
		"not there": {missing, "client_not_found"},
	} {
		if _, err := w.merges.Merge(w.ctx(), bad.order); fault.CodeOf(err) != bad.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.id(`insert into calls (asterisk_id, direction, phase, started_at, client_id, state) values ('pbx', 'in', 'talking', now(), $1, '{}') returning id`, b.ID)
	if _, err := w.merges.Merge(w.ctx(), w.order(a.ID, b.ID, nil)); fault.CodeOf(err) != "in_a_call" {
		t.Errorf("on the telephone: %v", err)
	}
	w.exec("delete from calls")
	if diff := cmp.Diff(before, w.base()); diff != "" {
		t.Errorf("a refused merge changed something:\n%s", diff)
	}
}

func TestTakenApartInTheOrderOfMaking(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.person("Ana", "600111222"), w.person("Bea", "600333444"), w.person("Cia", "600555666")
	before := w.base()
	first := w.merge(a.ID, b.ID, nil)
	second := w.merge(a.ID, c.ID, nil)
	if _, err := w.merges.Unmerge(w.ctx(), first.ID); fault.CodeOf(err) != "later_merge" {
		t.Errorf("%v", err)
	}
	for _, m := range []merge.Merge{second, first} {
		_, err := w.merges.Unmerge(w.ctx(), m.ID)
		w.ok(err)
	}
	if _, err := w.merges.Unmerge(w.ctx(), first.ID); fault.CodeOf(err) != "undone_already" {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(before, w.base()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCameSinceFollowsItsNumber(t *testing.T) {
	w := newWorld(t)
	ana, bea := w.person("Ana", "600111222"), w.person("Bea", "600333444")
	shared := w.call(w.lines[0], ana.ID, "+34600111222", time.Now().Add(-time.Hour))
	beas := w.call(w.lines[0], bea.ID, "+34600333444", time.Now().Add(-time.Minute))
	m := w.merge(ana.ID, bea.ID, nil)
	fresh := w.call(w.lines[1], ana.ID, "+34600333444", time.Now())
	_, err := w.leads.Close(w.ctx(), shared, lead.Converted, "")
	w.ok(err)
	_, err = w.merges.Unmerge(w.ctx(), m.ID)
	w.ok(err)
	for id, want := range map[int64]struct {
		client int64
		state  string
	}{shared: {ana.ID, "closed"}, beas: {bea.ID, "open"}, fresh: {bea.ID, "open"}} {
		l, err := w.leads.Get(w.ctx(), id)
		w.ok(err)
		if *l.ClientID != want.client || l.State != want.state {
			t.Errorf("lead %d is %s and client %d's, want %+v", id, l.State, *l.ClientID, want)
		}
	}
	if n := w.id("select count(*) from calls where client_id = $1", bea.ID); n != 2 {
		t.Errorf("%d calls are Bea's", n)
	}
	w.balanced()
}

// TestTheBaseIsWhatItWas merges random clients with random belongings in a random order, takes all of it apart, and
// compares every row of every table.
func TestTheBaseIsWhatItWas(t *testing.T) {
	w := newWorld(t)
	numbers := []string{"600111222", "+34 600 333 444", "0034600555666", "600777888", "ana@example.com", "bea@example.com"}
	rapid.Check(t, func(t *rapid.T) {
		var ids []int64
		for i := range rapid.IntRange(2, 4).Draw(t, "clients") {
			points := rapid.SliceOfNDistinct(rapid.SampledFrom(numbers), 0, 4, rapid.ID[string]).Draw(t, "points")
			ids = append(ids, w.person(fmt.Sprintf("Client %d", i), points...).ID)
		}
		w.belongings(t, ids)
		before := w.base()
		var made []merge.Merge
		left := ids
		for len(left) > 1 && rapid.Bool().Draw(t, "one more") || len(made) == 0 {
			order := rapid.Permutation(left).Draw(t, "order")
			choices := rapid.MapOf(rapid.SampledFrom([]string{"name", "note", "responsible_id", "language"}),
				rapid.SampledFrom([]merge.Choice{merge.OfWinner, merge.OfLoser})).Draw(t, "choices")
			made = append(made, w.merge(order[0], order[1], choices))
			w.balanced()
			if n := w.id("select count(*) from (select 1 from leads where state = 'open' and client_id = $1 group by line_id having count(*) > 1) d", order[0]); n != 0 {
				t.Fatalf("two open leads of one client on one line")
			}
			left = append([]int64{order[0]}, order[2:]...)
		}
		for i := len(made) - 1; i >= 0; i-- {
			if _, err := w.merges.Unmerge(w.ctx(), made[i].ID); err != nil {
				t.Fatal(err)
			}
			w.balanced()
		}
		after := w.base()
		if !maps.Equal(before, after) {
			t.Fatal(cmp.Diff(before, after))
		}
	})
}

// belongings gives the clients something of everything.
func (w *world) belongings(t *rapid.T, ids []int64) {
	at := time.Now().Add(-24 * time.Hour).Truncate(time.Microsecond)
	for _, id := range ids {
		w.exec(`update clients set note = $2, responsible_id = $3, sms_opt_out_at = $4, last_contact_at = $5, position = $6, source_id = $7, archived_at = $8 where id = $1`, id,
			rapid.SampledFrom([]string{"", "loud", "quiet"}).Draw(t, "note"), rapid.SampledFrom([]any{nil, 1}).Draw(t, "responsible"),
			rapid.SampledFrom([]any{nil, at}).Draw(t, "opt-out"), rapid.SampledFrom([]any{nil, at, at.Add(time.Hour)}).Draw(t, "contact"),
			rapid.SampledFrom([]string{"", "buyer"}).Draw(t, "position"), rapid.SampledFrom([]any{nil, w.source}).Draw(t, "source"),
			rapid.SampledFrom([]any{nil, at}).Draw(t, "archived"))
		w.onTheCard(t, id, ids)
		for range rapid.IntRange(0, 3).Draw(t, "calls") {
			at = at.Add(time.Minute)
			l := w.call(rapid.SampledFrom(w.lines).Draw(t, "line"), id, fmt.Sprintf("+3460000%04d", id%10000), at)
			if rapid.IntRange(0, 2).Draw(t, "close") == 0 {
				_, err := w.leads.Close(w.ctx(), l, lead.Converted, "")
				w.ok(err)
			}
		}
		if rapid.Bool().Draw(t, "note written") {
			_, err := w.clients.AddNote(w.ctx(), id, "a note")
			w.ok(err)
		}
		if rapid.Bool().Draw(t, "reminder") {
			w.exec(`insert into reminders (client_id, audience, channel, contact_point_id, text, local_time, time_zone, due_at)
				values ($1, 'client', 'sms', (select min(id) from contact_points where client_id = $1), 'x', '2026-01-01T10:00', 'Europe/Madrid', now())`, id)
			w.exec(`insert into messages (direction, client_id, body, state) values ('out', $1, 'x', 'sent')`, id)
		}
	}
}

// onTheCard gives a client what hangs on a card, in parts the same as others have.
func (w *world) onTheCard(t *rapid.T, id int64, all []int64) {
	for _, tag := range rapid.SliceOfNDistinct(rapid.SampledFrom(w.tags), 0, 2, rapid.ID[int64]).Draw(t, "tags") {
		w.exec(`insert into client_tags (client_id, tag_id) values ($1, $2)`, id, tag)
	}
	if rapid.Bool().Draw(t, "address") {
		w.exec(`insert into client_addresses (client_id, street, city, city_key) values ($1, 'x', 'Madrid', 'madrid')`, id)
		w.exec(`insert into client_consents (client_id, kind, given, how, user_id) values ($1, 'data', true, 'web', 1)`, id)
	}
	for _, other := range rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, 3, rapid.ID[int64]).Draw(t, "relations") {
		if other != id {
			w.exec(`insert into client_relations (client_id, other_id, role) values ($1, $2, $3)`, id, other, rapid.SampledFrom([]string{"", "spouse"}).Draw(t, "role"))
		}
	}
	for _, table := range []string{"client_pins", "client_recents"} {
		if rapid.Bool().Draw(t, table) {
			w.exec(`insert into `+table+` (user_id, client_id) values (1, $1)`, id)
		}
	}
}

func TestWhoMayNotSeeOrChangeThemLearnsNothing(t *testing.T) {
	w := newWorld(t)
	a, b := w.person("Ana García", "600111222"), w.person("García Ana", "600111222")
	w.ok(w.merges.Look(w.ctx()))
	page, err := w.merges.Pairs(w.ctx(), "")
	w.ok(err)
	if len(page.Items) != 1 || page.Items[0].A.ID != a.ID || page.Items[0].B.ID != b.ID || len(page.Items[0].Reasons) != 2 {
		t.Fatalf("%+v", page)
	}
	order, before := w.order(a.ID, b.ID, nil), w.base()
	nobody := access.WithActor(t.Context(), access.Actor{UserID: 1, Roles: []string{"none"}})
	if page, err = w.merges.Pairs(nobody, ""); err != nil || len(page.Items) != 0 {
		t.Errorf("%+v %v", page, err)
	}
	similar, err := w.merges.Similar(nobody, merge.Draft{Name: "Ana García", Phones: []string{"600111222"}, Country: "ES"})
	if err != nil || len(similar) != 0 {
		t.Errorf("%+v %v", similar, err)
	}
	if _, err := w.merges.Merge(nobody, order); fault.CodeOf(err) != "client_not_found" {
		t.Errorf("%v", err)
	}
	keeper := access.WithActor(t.Context(), access.Actor{UserID: 1, Roles: []string{access.Storekeeper}})
	if _, err := w.merges.Merge(keeper, order); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(before, w.base()); diff != "" {
		t.Errorf("a refused merge changed something:\n%s", diff)
	}
}

func TestAWarningWhileAClientIsTyped(t *testing.T) {
	w := newWorld(t)
	ana := w.person("Ana García López", "600111222", "ana@example.com")
	w.person("Bea Ruiz", "600333444")
	for name, d := range map[string]merge.Draft{
		"number": {Phones: []string{"0034 600 11 12 22"}, Country: "ES"}, "email": {Emails: []string{" Ana@Example.com"}}, "name": {Name: "lopez garcia ana"},
	} {
		got, err := w.merges.Similar(w.ctx(), d)
		w.ok(err)
		if len(got) != 1 || got[0].ID != ana.ID || got[0].Reasons[0] != name {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got, err := w.merges.Similar(w.ctx(), merge.Draft{Name: "Zoe"}); err != nil || len(got) != 0 {
		t.Errorf("%+v %v", got, err)
	}
}
