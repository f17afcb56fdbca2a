package client_test

import (
	"strconv"
	"testing"

	"centralita/crm/client"
)

func (w *world) identify(raw, country string) client.Identity {
	w.t.Helper()
	id, err := w.clients.Identify(w.ctx(), raw, country)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func TestAnyWrittenFormFindsTheClient(t *testing.T) {
	w := newWorld(t)
	ivan := w.person("Иван Петров", "8 (916) 123-45-67")
	ana := w.person("Ana Ruiz", "600 11 12 22")
	diego := w.person("Diego Sosa", "+54 9 11 2345-6789")
	joao := w.person("João", "+55 11 8765-4321")
	lupe := w.person("Lupe", "+52 1 55 1234 5678")
	otto := w.person("Otto", "+49 (0)30/1234567")
	gina := w.person("Gina", "+39 06 1234 5678 ext. 9")
	for _, c := range []struct {
		raw, country string
		want         client.Client
	}{
		{"+79161234567", "ES", ivan}, {"89161234567", "RU", ivan}, {"0079161234567", "ES", ivan}, {"tel:+7-916-123-45-67;ext=12", "ES", ivan},
		{"+34600111222", "AR", ana}, {"600111222", "ES", ana}, {"0034 600/11.12.22", "ES", ana}, {`"Ana" <sip:600111222@192.0.2.1>`, "ES", ana},
		{"+541123456789", "ES", diego}, {"011 15 2345-6789", "AR", diego}, {"1123456789", "AR", diego}, {"005491123456789", "ES", diego},
		{"+5511987654321", "ES", joao}, {"(11) 8765-4321", "BR", joao}, {"+525512345678", "ES", lupe}, {"044 55 1234 5678", "MX", lupe},
		{"+49301234567", "ES", otto}, {"030 1234567", "DE", otto}, {"+390612345678", "ES", gina}, {"+39612345678", "ES", gina},
	} {
		id := w.identify(c.raw, c.country)
		if len(id.Candidates) != 1 || id.Candidates[0].ClientID != c.want.ID {
			t.Errorf("%q in %s: %+v, want %s", c.raw, c.country, id.Candidates, c.want.Name)
		}
	}
	if r := w.identify("+34600111222", "ES").Candidates[0]; r.Reason != "exact" || r.Score < 95 || r.Matched != "+34600111222" {
		t.Errorf("exact match: %+v", r)
	}
	if r := w.identify("600111222", "ES").Candidates[0]; r.Reason != "national" {
		t.Errorf("national match: %+v", r)
	}
	if r := w.identify("89161234567", "RU").Candidates[0]; r.Reason != "trunk_prefix" {
		t.Errorf("trunk match: %+v", r)
	}
}

func TestNobodyIsBehindNoNumber(t *testing.T) {
	w := newWorld(t)
	w.exec(`insert into clients (kind, name, name_key) values ('person', 'No phone', 'no phone')`)
	w.exec(`insert into contact_points (client_id, kind, raw, value) select id, 'messenger', 'anonymous', 'anonymous' from clients`)
	for _, raw := range []string{"", "anonymous", "Unknown", "alice.smith", "Robert'); DROP TABLE calls;--", "100&PJSIP/trunk/0019005551212", "-", "0", "112"} {
		if id := w.identify(raw, "ES"); len(id.Candidates) != 0 || id.E164 != "" || id.Dialable {
			t.Errorf("%q: %+v", raw, id)
		}
	}
}

func TestTheFirmsOwnNumberIsNobody(t *testing.T) {
	w := newWorld(t)
	c := w.person("Ana", "600111222")
	w.exec(`insert into lines (name, number, country) values ('Mobile', '+34600111222', 'ES')`)
	if id := w.identify("600 111 222", "ES"); len(id.Candidates) != 0 || id.E164 != "+34600111222" {
		t.Errorf("own number: %+v", id)
	}
	for name, ask := range map[string][2]string{
		"create": {"/clients", `{"kind":"person","name":"Us","contact_points":[{"kind":"phone","raw":"91 123 45 67"}]}`},
		"add":    {"/clients/" + strconv.FormatInt(c.ID, 10) + "/contact-points", `{"kind":"phone","raw":"+54 11 4123-4567"}`},
	} {
		if status, out := w.ask("POST", ask[0], ask[1]); status != 422 || out["code"] != "own_number" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
}

func TestSharedNumberNamesAllAndNoneForSure(t *testing.T) {
	w := newWorld(t)
	first, second := w.person("First", "+34600111222"), w.person("Second", "600 111 222")
	w.exec(`insert into interactions (kind, direction, at, client_id, user_id, ref_id) values ('call', 'in', now(), $1, 1, 1)`, second.ID)
	w.exec(`insert into leads (identity, client_id, source) values ('c:' || $1::bigint, $1, 'call')`, second.ID)
	id := w.identify("+34600111222", "ES")
	if len(id.Candidates) != 2 {
		t.Fatalf("%+v", id.Candidates)
	}
	// stored with certainty beats stored as read under the firm's country
	if a, b := id.Candidates[0], id.Candidates[1]; a.ClientID != first.ID || b.ClientID != second.ID || a.Score <= b.Score {
		t.Errorf("%+v", id.Candidates)
	}
	third := w.person("Third", "+34600111222")
	w.exec(`insert into interactions (kind, direction, at, client_id, user_id, ref_id) values ('call', 'in', now(), $1, 1, 2)`, third.ID)
	w.exec(`update contact_readings set confidence = 100`)
	id = w.identify("+34600111222", "ES")
	if len(id.Candidates) != 3 || id.Candidates[0].ClientID != third.ID || id.Candidates[1].ClientID != second.ID {
		t.Fatalf("whom we spoke with last comes first: %+v", id.Candidates)
	}
	for i, c := range id.Candidates {
		if c.Reason != "shared" || c.Score >= 95 || i > 0 && c.Score >= id.Candidates[i-1].Score {
			t.Errorf("%+v", c)
		}
	}
	if id.Candidates[1].OpenLeads != 1 || id.LastContact == nil || id.LastContact.UserName != "Anna" || id.LastContact.Kind != "call" {
		t.Errorf("%+v, %+v", id.Candidates[1], id.LastContact)
	}
}

func TestExactEvidenceOutweighsHabits(t *testing.T) {
	w := newWorld(t)
	mobile, fixed := w.person("Mobile", "+54 9 11 2345 6789"), w.person("Fixed", "+54 11 2345 6789")
	for raw, want := range map[string]int64{"+5491123456789": mobile.ID, "+541123456789": fixed.ID} {
		if id := w.identify(raw, "AR"); len(id.Candidates) != 1 || id.Candidates[0].ClientID != want {
			t.Errorf("%s: %+v", raw, id.Candidates)
		}
	}
}

func TestTailOfALocalNumber(t *testing.T) {
	w := newWorld(t)
	c := w.person("Vecino", "+54 11 4999-8877")
	id := w.identify("4999-8877", "AR")
	if len(id.Candidates) != 1 || id.Candidates[0].ClientID != c.ID || id.Candidates[0].Reason != "tail" || id.Candidates[0].Score > 50 {
		t.Errorf("%+v", id.Candidates)
	}
	if id := w.identify("99-8877", "AR"); len(id.Candidates) != 0 {
		t.Errorf("six digits name somebody: %+v", id.Candidates)
	}
}

func TestByNumberOverHTTP(t *testing.T) {
	w := newWorld(t)
	c := w.person("Ana", "600111222")
	for _, query := range []string{"number=600111222", "number=%2B34600111222&country=AR", "number=0034600111222&line_id=2"} {
		status, out := w.ask("GET", "/clients/by-number?"+query, "")
		items, _ := out["items"].([]any)
		if status != 200 || len(items) != 1 || out["e164"] != "+34600111222" || items[0].(map[string]any)["client_id"] != float64(c.ID) {
			t.Errorf("%s: %d %v", query, status, out)
		}
	}
	if status, out := w.ask("GET", "/clients/by-number?number=anonymous", ""); status != 200 || len(out["items"].([]any)) != 0 {
		t.Errorf("%d %v", status, out)
	}
	if status, _ := w.ask("GET", "/clients/by-number?number=1&line_id=77", ""); status != 404 {
		t.Errorf("unknown line: %d", status)
	}
}
