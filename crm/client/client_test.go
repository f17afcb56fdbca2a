package client_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"centralita/crm/client"
	"centralita/internal/fault"
)

func TestCreateFromALead(t *testing.T) {
	w := newWorld(t)
	w.exec(`insert into leads (id, line_id, identity, number, source) values (7, 2, 'n:x', '+541149998877', 'call')`)
	w.exec(`insert into calls (id, asterisk_id, direction, phase, started_at, lead_id, state) values (9, 'a', 'in', 'ended', now(), 7, '{}')`)
	w.exec(`insert into interactions (kind, direction, at, lead_id, line_id, ref_id) values ('call', 'in', now(), 7, 2, 9)`)
	status, out := w.ask("POST", "/clients", `{"kind":"person","name":"Vecino","lead_id":7,"contact_points":[{"kind":"phone","raw":"011 4999-8877","label":"home"}]}`)
	if status != 201 {
		t.Fatalf("%d %v", status, out)
	}
	point := out["contact_points"].([]any)[0].(map[string]any)
	if point["value"] != "+541149998877" || point["raw"] != "011 4999-8877" || point["source"] != "lead" || point["display"] != "+54 11 4999-8877" || len(point["readings"].([]any)) < 2 {
		t.Errorf("read under the country of the lead's line: %v", point)
	}
	id := int64(out["id"].(float64))
	if got := w.value(`select count(*) from leads l, calls c, interactions i where l.client_id = $1 and c.client_id = $1 and i.client_id = $1`, id); got != "1" {
		t.Errorf("linked: %s", got)
	}
	if out["open_leads"] != 1.0 || out["last_contact_at"] == nil || out["version"] != 1.0 {
		t.Errorf("%v", out)
	}
	if got := w.value(`select string_agg(action, ',') from audit_entries where entity = 'client' and entity_id = $1 and user_id = 1`, id); got != "client.create" {
		t.Errorf("audit: %s", got)
	}
	if !slices.Contains(w.live.kinds, "client.changed") {
		t.Errorf("signals: %v", w.live.kinds)
	}
}

func TestAChangeNeedsTheVersionItWasMadeOn(t *testing.T) {
	w := newWorld(t)
	c := w.person("Ana")
	path := fmt.Sprintf("/clients/%d", c.ID)
	status, out := w.ask("PATCH", path, `{"version":1,"name":"Ána  María","responsible_id":1,"language":"es","time_zone":"Europe/Madrid","note":"vip"}`)
	if status != 200 || out["name"] != "Ána  María" || out["responsible_name"] != "Anna" || out["version"] != 2.0 || out["note"] != "vip" {
		t.Fatalf("%d %v", status, out)
	}
	if got := w.value(`select name_key from clients where id = $1`, c.ID); got != "ana maria" {
		t.Errorf("name_key = %q", got)
	}
	if status, out := w.ask("PATCH", path, `{"version":1,"name":"Old"}`); status != 409 || out["code"] != "changed_meanwhile" {
		t.Errorf("%d %v", status, out)
	}
	if _, out := w.ask("PATCH", path, `{"version":2,"note":""}`); out["responsible_id"] != 1.0 || out["note"] != "" {
		t.Errorf("an absent field changed: %v", out)
	}
	if _, out := w.ask("PATCH", path, `{"version":3,"responsible_id":null}`); out["responsible_id"] != nil || out["responsible_name"] != "" {
		t.Errorf("null does not clear: %v", out)
	}
}

func TestRefusedClients(t *testing.T) {
	w := newWorld(t)
	c := w.person("Ana", "600111222")
	for body, code := range map[string]string{
		`{"kind":"person","name":" \u200b "}`:                                                                                   "invalid_input",
		`{"kind":"robot","name":"x"}`:                                                                                           "invalid_input",
		`{"kind":"person","name":"` + strings.Repeat("x", 201) + `"}`:                                                           "invalid_input",
		`{"kind":"person","name":"x","responsible_id":99}`:                                                                      "invalid_input",
		`{"kind":"person","name":"x","organisation_id":99}`:                                                                     "invalid_input",
		`{"kind":"person","name":"x","organisation_id":` + fmt.Sprint(c.ID) + `}`:                                               "invalid_input",
		`{"kind":"person","name":"x","time_zone":"../../etc/passwd"}`:                                                           "invalid_input",
		`{"kind":"person","name":"x","id":5}`:                                                                                   "invalid_input",
		`{"kind":"person","name":"x","contact_points":[{"kind":"phone","raw":"alice"}]}`:                                        "number_invalid",
		`{"kind":"person","name":"x","contact_points":[{"kind":"phone","raw":"anonymous"}]}`:                                    "number_invalid",
		`{"kind":"person","name":"x","contact_points":[{"kind":"email","raw":"nobody"}]}`:                                       "email_invalid",
		`{"kind":"person","name":"x","contact_points":[{"kind":"phone","raw":"600111222"},{"kind":"phone","raw":"1&PJSIP/x"}]}`: "number_invalid",
	} {
		if status, out := w.ask("POST", "/clients", body); status != 422 || out["code"] != code {
			t.Errorf("%s: %d %v", body, status, out["code"])
		}
	}
	if got := w.value(`select count(*) from clients`); got != "1" {
		t.Errorf("%s clients: a refused one was stored", got)
	}
	for _, path := range []string{"/clients/999", "/clients/0", "/clients/x", "/clients/999/timeline"} {
		if status, _ := w.ask("GET", path, ""); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestContactPoints(t *testing.T) {
	w := newWorld(t)
	c := w.person("Ana", "600111222", "+34 600 111 222")
	if len(c.ContactPoints) != 1 {
		t.Fatalf("the same number twice: %+v", c.ContactPoints)
	}
	path := fmt.Sprintf("/clients/%d/contact-points", c.ID)
	if status, out := w.ask("POST", path, `{"kind":"phone","raw":"0034600111222"}`); status != 409 || out["code"] != "contact_point_exists" {
		t.Errorf("%d %v", status, out)
	}
	status, out := w.ask("POST", path, `{"kind":"email","raw":"Ana Ruiz <Ana@Example.COM>","label":"work"}`)
	points := out["contact_points"].([]any)
	if status != 200 || len(points) != 2 || points[1].(map[string]any)["value"] != "ana@example.com" {
		t.Fatalf("%d %v", status, out)
	}
	one := fmt.Sprintf("%s/%d", path, c.ContactPoints[0].ID)
	if status, out := w.ask("PATCH", one, `{"raw":"+54 11 4999-8877"}`); status != 200 || out["contact_points"].([]any)[0].(map[string]any)["value"] != "+541149998877" {
		t.Errorf("%d %v", status, out)
	}
	if n := len(w.identify("600111222", "ES").Candidates); n != 0 {
		t.Errorf("the old number still finds %d", n)
	}
	if n := len(w.identify("+541149998877", "ES").Candidates); n != 1 {
		t.Errorf("the new number finds %d", n)
	}
	if status, out := w.ask("DELETE", one, ""); status != 200 || len(out["contact_points"].([]any)) != 1 {
		t.Errorf("%d %v", status, out)
	}
	if status, _ := w.ask("DELETE", one, ""); status != 404 {
		t.Errorf("twice: %d", status)
	}
	other := w.person("Other", "600333444")
	foreign := fmt.Sprintf("%s/%d", path, other.ContactPoints[0].ID)
	if status, _ := w.ask("DELETE", foreign, ""); status != 404 {
		t.Errorf("another client's contact point: %d", status)
	}
	if got := w.value(`select count(*) from contact_readings`); got == "0" || len(w.identify("600333444", "ES").Candidates) != 1 {
		t.Errorf("readings left: %s", got)
	}
}

func TestForeignTextIsStoredAsText(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"Robert'); DROP TABLE clients;--", "<img src=x onerror=alert(1)>", "${jndi:x}", "Иван 😀"} {
		if c := w.person(name); c.Name != name {
			t.Errorf("%q became %q", name, c.Name)
		}
	}
}

func TestContactedOrdersByRecent(t *testing.T) {
	w := newWorld(t)
	a, b := w.person("A", "600111222"), w.person("B")
	w.exec(`update clients set created_at = '2020-01-01'`)
	first := w.person("C").CreatedAt
	for _, at := range []int{10, 5} {
		if err := w.clients.Contacted(w.ctx(), a.ID, "+34600111222", first.AddDate(0, 0, at)); err != nil {
			t.Fatal(err)
		}
	}
	page, err := w.clients.List(w.ctx(), client.Filter{Sort: client.SortRecent, Limit: 10})
	if err != nil || len(page.Items) != 3 || page.Items[0].ID != a.ID || page.Items[2].ID != b.ID || !page.Items[0].LastContactAt.Equal(first.AddDate(0, 0, 10)) {
		t.Errorf("%+v, %v", page.Items, err)
	}
	if got := w.value(`select last_seen_at is not null from contact_points`); got != "true" {
		t.Error("the number was not seen")
	}
}

func TestNothingIsChangedThatCannotBeRecorded(t *testing.T) {
	w := newWorld(t)
	w.exec(`create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$`)
	w.exec(`create trigger refuse before insert on audit_entries for each row execute function refuse()`)
	if _, err := w.clients.Create(w.ctx(), newPerson("X", "600111222")); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("without an audit line: %v", err)
	}
	if got := w.value(`select count(*) from clients`); got != "0" || len(w.live.kinds) != 0 {
		t.Errorf("%s clients, signals %v", got, w.live.kinds)
	}
}
