package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/internal/fault"
)

// unplugged has no browser connected.
type unplugged struct{}

func (unplugged) Signal(context.Context, string, any) {}
func (unplugged) KickUser(context.Context, int64)     {}
func (unplugged) KickSession(context.Context, int64)  {}

// clerk is a user who may do everything with clients of his own, and nothing with
// those of others.
func (w *world) clerk() access.Actor {
	w.t.Helper()
	w.exec(`insert into roles (key, name, grants) values ('clerk', 'Clerk',
		'{"records": {"client": {"create": "own", "read": "own", "change": "own", "delete": "own"}}, "rights": ["settings.write"]}')`)
	w.exec(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ('bob', 'Bob', 'x', '{clerk}', 'b1', 'x')`)
	people, err := access.New(w.db, audit.NewLog(w.db), unplugged{}, access.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	a, err := people.ActorOf(w.t.Context(), 2)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// must asks and fails the test unless the answer has this status.
func (w *world) must(status int, method, path, body string) map[string]any {
	w.t.Helper()
	got, out := w.ask(method, path, body)
	if got != status {
		w.t.Fatalf("%s %s %s: %d %v", method, path, body, got, out)
	}
	return out
}

// card is what the first look shows.
func (w *world) card(id int64) (c client.Card) {
	w.t.Helper()
	text, err := json.Marshal(w.must(200, "GET", fmt.Sprintf("/clients/%d/card", id), ""))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// logged are the changes of a client, the oldest first.
func (w *world) logged(id int64) string {
	return w.value(`select coalesce(string_agg(action, ' ' order by id), '') from audit_entries where entity = 'client' and entity_id = $1 and action not like '%.read'`, id)
}

func TestACardHasEverythingInOneCall(t *testing.T) {
	w := newWorld(t)
	acme, err := w.clients.Create(w.ctx(), client.NewClient{Fields: client.Fields{Kind: "organisation", Name: "Acme"}})
	if err != nil {
		t.Fatal(err)
	}
	ana, eva := w.person("Ana", "600111222"), w.person("Eva", "600333444")
	path := fmt.Sprintf("/clients/%d", ana.ID)
	source := w.must(201, "POST", "/client-sources", `{"name": "Fair"}`)
	if again := w.must(201, "POST", "/client-sources", `{"name": " fair "}`); again["id"] != source["id"] {
		t.Errorf("%v, %v", source, again)
	}
	w.must(200, "PATCH", path, fmt.Sprintf(`{"version": 1, "organisation_id": %d, "position": "Buyer", "source_id": %v}`, acme.ID, source["id"]))
	w.must(422, "PATCH", path, `{"version": 2, "source_id": 99}`)
	w.must(422, "POST", path+"/addresses", `{"kind": "home", "label": "only a label"}`)
	home := w.must(201, "POST", path+"/addresses", `{"kind": "home", "street": "Calle Mayor 1", "postal_code": "28013", "city": "Málaga", "country": "ES"}`)
	w.must(200, "PUT", path+fmt.Sprintf("/addresses/%v", home["id"]), `{"kind": "work", "street": "Calle Mayor 2", "city": "Málaga", "country": "ES"}`)
	w.must(201, "POST", path+"/tags", `{"name": "VIP", "color": "violet"}`)
	w.must(201, "POST", path+"/tags", `{"name": "vip"}`)
	w.must(422, "POST", path+"/tags", `{}`)
	w.must(404, "POST", path+"/tags", `{"tag_id": 99}`)
	w.must(201, "POST", path+"/consents", `{"kind": "sms", "given": true, "how": "spoken"}`)
	w.must(201, "POST", path+"/consents", `{"kind": "sms", "given": false, "how": "call", "note": "enough"}`)
	w.must(422, "POST", path+"/consents", `{"kind": "fax", "given": true, "how": "call"}`)
	w.exec(`update clients set sms_opt_out_at = '2026-01-01' where id = $1`, ana.ID)
	w.must(201, "POST", path+"/relations", fmt.Sprintf(`{"other_id": %d, "role": "wife", "own_role": "husband"}`, eva.ID))
	w.must(409, "POST", fmt.Sprintf("/clients/%d/relations", eva.ID), fmt.Sprintf(`{"other_id": %d, "role": "husband", "own_role": "wife"}`, ana.ID))
	w.must(422, "POST", path+"/relations", fmt.Sprintf(`{"other_id": %d}`, ana.ID))
	w.must(404, "POST", path+"/relations", `{"other_id": 99}`)

	c := w.card(ana.ID)
	if c.Client.Position != "Buyer" || c.Client.SourceName != "Fair" || c.Organisation == nil || c.Organisation.Name != "Acme" || c.Client.SMSOptOutAt == nil {
		t.Errorf("%+v", c)
	}
	want := client.NewAddress{Kind: "work", Street: "Calle Mayor 2", City: "Málaga", Country: "ES"}
	if len(c.Addresses) != 1 || c.Addresses[0].NewAddress != want {
		t.Errorf("%+v", c.Addresses)
	}
	if len(c.Tags) != 1 || c.Tags[0].Name != "VIP" || c.Tags[0].Color != "violet" {
		t.Errorf("%+v", c.Tags)
	}
	if len(c.Consents) != 2 || c.Consents[0].Given || c.Consents[0].Note != "enough" || c.Consents[1].UserName != "Anna" || !c.Consents[1].Given {
		t.Errorf("%+v", c.Consents)
	}
	if len(c.Relations) != 1 || c.Relations[0].Other.Name != "Eva" || c.Relations[0].Role != "wife" || c.Relations[0].OwnRole != "husband" || c.Relations[0].Phone != "+34 600 33 34 44" {
		t.Errorf("%+v", c.Relations)
	}
	if r := w.card(eva.ID).Relations; len(r) != 1 || r[0].Other.Name != "Ana" || r[0].Role != "husband" || r[0].OwnRole != "wife" {
		t.Errorf("from the other side: %+v", r)
	}
	if p := w.card(acme.ID).People; len(p) != 1 || p[0].Name != "Ana" || p[0].Position != "Buyer" {
		t.Errorf("%+v", p)
	}
	if got := w.logged(ana.ID); got != "client.create client.update client.address.add client.address.update client.tag.add client.consent.add client.consent.add client.relation.add" {
		t.Errorf("logged: %s", got)
	}
	if n := w.value(`select count(*) from audit_entries where action = 'client.read' and entity_id = $1`, ana.ID); n != "1" {
		t.Errorf("%s looks for one call", n)
	}
	for filter, names := range map[string]string{
		`{"field": "city", "op": "is", "value": "malaga"}`:    "Ana",
		`{"field": "city", "op": "starts", "value": "MÁ"}`:    "Ana",
		`{"field": "country", "op": "is", "value": "es"}`:     "Ana",
		`{"field": "tags", "op": "is", "value": [1]}`:         "Ana",
		`{"field": "tags", "op": "empty"}`:                    "Acme Eva",
		`{"field": "source", "op": "is", "value": [1]}`:       "Ana",
		`{"field": "position", "op": "is", "value": "buyer"}`: "Ana",
		`{"field": "country", "op": "filled"}`:                "Ana",
	} {
		if got, _ := w.table(`{"sort": "name", "columns": ["tags", "city", "country", "source", "position", "archived"], "filter": ` + filter + `}`); strings.Join(got, " ") != names {
			t.Errorf("%s: %v", filter, got)
		}
	}
	w.must(200, "DELETE", path+fmt.Sprintf("/addresses/%v", home["id"]), "")
	w.must(404, "DELETE", path+fmt.Sprintf("/addresses/%v", home["id"]), "")
	w.must(200, "DELETE", fmt.Sprintf("/clients/%d/relations/%d", eva.ID, c.Relations[0].ID), "")
	if c = w.card(ana.ID); len(c.Addresses) != 0 || len(c.Relations) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestTagsGoToManyAtOnce(t *testing.T) {
	w := newWorld(t)
	var ids []int64
	for _, name := range []string{"Ana", "Eva", "Mia"} {
		ids = append(ids, w.person(name).ID)
	}
	vip, err := w.clients.MakeTag(w.ctx(), "VIP", "")
	if err != nil {
		t.Fatal(err)
	}
	step := func(f func(context.Context, int64, []int64) ([]int64, error), ctx context.Context, to []int64, want ...int64) {
		t.Helper()
		got, err := f(ctx, vip.ID, to)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
	}
	bob := access.WithActor(t.Context(), w.clerk())
	w.exec(`update clients set responsible_id = 2 where id = $1`, ids[2])
	step(w.clients.AddTag, w.ctx(), ids[:2], ids[:2]...)
	step(w.clients.AddTag, bob, ids, ids[2])
	step(w.clients.AddTag, w.ctx(), ids)
	step(w.clients.RemoveTag, bob, ids, ids[2])
	step(w.clients.RemoveTag, w.ctx(), append(ids, 99), ids[:2]...)
	if got := w.logged(ids[2]); got != "client.create client.tag.add client.tag.remove" {
		t.Error(got)
	}
	step(w.clients.AddTag, w.ctx(), ids, ids...)
	name := "vip gold"
	if _, err := w.clients.ChangeTag(w.ctx(), vip.ID, &name, nil); err != nil {
		t.Error(err)
	}
	if _, err := w.clients.MakeTag(w.ctx(), "Debtor", "orange"); err != nil {
		t.Error(err)
	}
	taken := "DEBTOR"
	if _, err := w.clients.ChangeTag(w.ctx(), vip.ID, &taken, nil); fault.CodeOf(err) != "tag_taken" {
		t.Error(err)
	}
	if err := w.clients.DropTag(w.ctx(), vip.ID); err != nil || len(w.card(ids[0]).Tags) != 0 {
		t.Error(err)
	}
}

// everything are all rows that a refused request must leave alone.
func (w *world) everything() string {
	var parts []string
	for _, table := range []string{
		"clients", "contact_points", "client_addresses", "client_tags", "tags", "client_consents", "client_relations", "client_pins", "client_recents", "client_deletions",
	} {
		parts = append(parts, table+": "+w.value("select coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text), '[]') from "+table+" t"))
	}
	return strings.Join(parts, "\n")
}

func TestWhoMayNotSeeAClientLearnsAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	ana, eva := w.person("Ana", "600111222"), w.person("Eva", "600333444")
	path := fmt.Sprintf("/clients/%d", ana.ID)
	home := w.must(201, "POST", path+"/addresses", `{"kind": "home", "city": "Madrid"}`)
	relation := w.must(201, "POST", path+"/relations", fmt.Sprintf(`{"other_id": %d, "role": "wife"}`, eva.ID))
	w.must(201, "POST", path+"/tags", `{"name": "VIP"}`)
	w.as = w.clerk()
	w.exec(`update clients set responsible_id = 2 where id = $1`, eva.ID)
	before := w.everything()
	for _, try := range [][3]string{
		{"GET", path + "/card"}, {"PUT", path + "/pin"}, {"DELETE", path + "/pin"},
		{"POST", path + "/addresses", `{"kind": "home", "city": "Rome"}`}, {"PUT", path + fmt.Sprintf("/addresses/%v", home["id"]), `{"kind": "home", "city": "Rome"}`},
		{"DELETE", path + fmt.Sprintf("/addresses/%v", home["id"])}, {"POST", path + "/consents", `{"kind": "sms", "given": true, "how": "call"}`},
		{"POST", path + "/relations", fmt.Sprintf(`{"other_id": %d}`, eva.ID)}, {"POST", fmt.Sprintf("/clients/%d/relations", eva.ID), fmt.Sprintf(`{"other_id": %d}`, ana.ID)},
		{"DELETE", path + fmt.Sprintf("/relations/%v", relation["id"])}, {"DELETE", fmt.Sprintf("/clients/%d/relations/%v", eva.ID, relation["id"])},
		{"POST", path + "/tags", `{"name": "New"}`}, {"DELETE", path + "/tags/1"}, {"POST", path + "/archive"}, {"POST", path + "/restore"}, {"DELETE", path},
	} {
		w.must(404, try[0], try[1], try[2])
	}
	if diff := cmp.Diff(before, w.everything()); diff != "" {
		t.Errorf("a refused request changed something:\n%s", diff)
	}
	if c := w.card(eva.ID); len(c.Relations) != 0 {
		t.Errorf("a relation tells of somebody who may not be seen: %+v", c.Relations)
	}
	w.as = access.Actor{UserID: 1, Roles: []string{access.Storekeeper}}
	if c := w.card(ana.ID); len(c.Relations) != 1 || !c.Relations[0].Masked || strings.Contains(c.Relations[0].Phone, "333") {
		t.Errorf("%+v", c.Relations)
	}
	w.must(403, "POST", path+"/archive", "")
	w.must(403, "DELETE", path, "")
}

func TestArchivedClientsAreOutOfTheWayAndKnownAllTheSame(t *testing.T) {
	w := newWorld(t)
	ana, eva := w.person("Ana", "600111222"), w.person("Eva", "600333444")
	for _, c := range []client.Client{ana, eva} {
		w.must(204, "PUT", fmt.Sprintf("/clients/%d/pin", c.ID), "")
		w.card(c.ID)
	}
	path := fmt.Sprintf("/clients/%d", ana.ID)
	if out := w.must(200, "POST", path+"/archive", ""); out["archived_at"] == nil {
		t.Error(out)
	}
	w.must(200, "POST", path+"/archive", "")
	if got, _ := w.table(`{"sort": "name"}`); strings.Join(got, " ") != "Eva" {
		t.Errorf("table: %v", got)
	}
	if items := w.must(200, "GET", "/clients", "")["items"].([]any); len(items) != 1 {
		t.Errorf("list: %v", items)
	}
	if got := w.finds("ana") + w.finds("600111222"); got != "" {
		t.Errorf("search: %s", got)
	}
	for filter, names := range map[string]string{`{"field": "archived", "op": "yes"}`: "Ana", `{"any": [{"field": "archived", "op": "yes"}, {"field": "archived", "op": "no"}]}`: "Ana Eva"} {
		if got, _ := w.table(`{"sort": "name", "filter": ` + filter + `}`); strings.Join(got, " ") != names {
			t.Errorf("%s: %v", filter, got)
		}
	}
	id, err := w.clients.Identify(w.ctx(), "600111222", "ES")
	if err != nil || len(id.Candidates) != 1 || id.Candidates[0].ClientID != ana.ID {
		t.Errorf("%+v, %v", id, err)
	}
	hand := w.must(200, "GET", "/clients/at-hand", "")
	if len(hand["pinned"].([]any)) != 2 || len(hand["recent"].([]any)) != 1 {
		t.Errorf("%v", hand)
	}
	if c := w.card(ana.ID); !c.Pinned || c.Client.ArchivedAt == nil {
		t.Errorf("%+v", c)
	}
	w.must(200, "POST", path+"/restore", "")
	w.must(204, "DELETE", path+"/pin", "")
	if got, _ := w.table(`{"sort": "name"}`); strings.Join(got, " ") != "Ana Eva" || w.logged(ana.ID) != "client.create client.archive client.restore" {
		t.Errorf("%v %s", got, w.logged(ana.ID))
	}
}

func TestADeletedClientComesBackWhole(t *testing.T) {
	w := newWorld(t)
	ana, eva := w.person("Ana", "600111222"), w.person("Eva", "600333444")
	path := fmt.Sprintf("/clients/%d", ana.ID)
	w.must(201, "POST", path+"/addresses", `{"kind": "home", "city": "Madrid"}`)
	w.must(201, "POST", path+"/relations", fmt.Sprintf(`{"other_id": %d}`, eva.ID))
	w.must(201, "POST", path+"/tags", `{"name": "VIP"}`)
	w.must(201, "POST", path+"/tags", `{"name": "Passing"}`)
	w.must(201, "POST", path+"/consents", `{"kind": "data", "given": true, "how": "web"}`)
	before := w.card(ana.ID)
	w.must(204, "DELETE", path, "")
	w.must(404, "GET", path, "")
	if r := w.card(eva.ID).Relations; len(r) != 0 {
		t.Errorf("%+v", r)
	}
	if err := w.clients.DropTag(w.ctx(), 2); err != nil {
		t.Fatal(err)
	}
	w.must(200, "POST", path+"/restore", "")
	after := w.card(ana.ID)
	before.Tags = slices.DeleteFunc(before.Tags, func(t client.Tag) bool { return t.Name == "Passing" })
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	if id, err := w.clients.Identify(w.ctx(), "600111222", "ES"); err != nil || len(id.Candidates) != 1 {
		t.Errorf("%+v, %v", id, err)
	}
	w.must(201, "POST", path+"/notes", `{"text": "x"}`)
	if out := w.must(409, "DELETE", path, ""); out["code"] != "client_in_use" {
		t.Error(out)
	}
	w.exec(`insert into reminders (client_id, audience, channel, text, local_time, time_zone, due_at) values ($1, 'user', 'app', 'x', '2026-01-01T10:00', 'Europe/Madrid', now())`, eva.ID)
	w.must(409, "DELETE", fmt.Sprintf("/clients/%d", eva.ID), "")
	w.must(404, "POST", "/clients/99/restore", "")
}
