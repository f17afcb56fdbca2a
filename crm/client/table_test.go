package client_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"centralita/crm/client"
	"centralita/internal/filter"
)

// table asks for a table and returns the names in it.
func (w *world) table(body string) (names []string, next string) {
	w.t.Helper()
	status, out := w.ask("POST", "/clients/table", body)
	if status != 200 {
		w.t.Fatalf("%s: %d %v", body, status, out)
	}
	for _, item := range out["items"].([]any) {
		names = append(names, item.(map[string]any)["name"].(string))
	}
	return names, out["next"].(string)
}

// sample is a value that an operator of a field takes.
func sample(f client.FieldInfo, op string) any {
	switch {
	case op == "empty" || op == "filled" || op == "yes" || op == "no":
		return nil
	case op == "last" || op == "not_last" || op == "next":
		return 30
	case op == "between" && f.Type == "date":
		return []any{"2026-01-01", "2026-12-31"}
	case f.Type == "date":
		return "2026-05-05"
	case f.Type == "choice":
		return f.Choices
	case f.Type == "user":
		return []any{"me", 1}
	case f.Type == "ref":
		return []any{1}
	case f.Type == "events" && len(f.Kinds) > 0:
		return map[string]any{"count": 2, "days": 30, "kind": f.Kinds[0]}
	case f.Type == "events":
		return map[string]any{"days": 30}
	}
	return "ana"
}

func TestEveryFieldWithEveryOperatorRuns(t *testing.T) {
	w := newWorld(t)
	ana := w.person("Ana", "600111222")
	fields, err := w.clients.Fields(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, f := range fields {
		for _, op := range f.Operators {
			body, err := json.Marshal(map[string]any{"filter": filter.Node{Field: f.Key, Op: op, Value: sample(f, op)}})
			if err != nil {
				t.Fatal(err)
			}
			names, _ := w.table(string(body))
			status, out := w.ask("POST", fmt.Sprintf("/clients/%d/explain", ana.ID), string(body))
			if status != 200 || out["holds"] != (len(names) == 1) {
				t.Errorf("%s: the list has %v, and the reason is %d %v", body, names, status, out)
			}
			tried++
		}
		if f.Column {
			w.table(`{"columns":["` + f.Key + `"]}`)
		}
		for _, kind := range f.Kinds {
			w.table(fmt.Sprintf(`{"filter":{"field":%q,"op":"fewer","value":{"kind":%q}}}`, f.Key, kind))
		}
	}
	if tried < 75 {
		t.Errorf("only %d tried", tried)
	}
}

func TestATableIsPagedByAnySort(t *testing.T) {
	w := newWorld(t)
	w.exec(`insert into clients (kind, name, name_key, language, last_contact_at, created_at, responsible_id)
		select (array['person', 'organisation'])[i % 2 + 1], 'N' || i % 5, 'n' || i % 5, (array['', 'en', 'ru'])[i % 3 + 1],
		case when i % 3 = 0 then timestamptz '2026-01-01' + i % 4 * interval '1 microsecond' end, '2026-01-01', case when i % 2 = 0 then 1 end from generate_series(1, 53) i`)
	fields, err := w.clients.Fields(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		if !f.Sortable {
			continue
		}
		for _, desc := range []bool{false, true} {
			seen, cursor := 0, ""
			for pages := 0; pages == 0 || cursor != ""; pages++ {
				var names []string
				names, cursor = w.table(fmt.Sprintf(`{"sort":%q,"desc":%t,"limit":10,"cursor":%q}`, f.Key, desc, cursor))
				seen += len(names)
				if pages > 6 {
					t.Fatalf("%s: pages without end", f.Key)
				}
			}
			if seen != 53 {
				t.Errorf("by %s, %t: %d rows", f.Key, desc, seen)
			}
		}
	}
}

func TestATableShowsWhatIsAskedFor(t *testing.T) {
	w := newWorld(t)
	c := w.person("Ana", "600111222")
	w.exec(`update clients set responsible_id = 1, language = 'es' where id = $1`, c.ID)
	w.exec(`insert into leads (identity, client_id, source) values ('x', $1, 'call')`, c.ID)
	status, out := w.ask("POST", "/clients/table", `{"columns":["phone","responsible","language","open_leads","last_contact"],
		"filter":{"all":[{"field":"responsible","op":"is","value":"me"},{"field":"open_leads","op":"some"},{"any":[{"field":"language","op":"is","value":"es"},{"field":"name","op":"starts","value":"zz"}]}]}}`)
	if status != 200 {
		t.Fatal(status, out)
	}
	want := map[string]any{"phone": []any{"+34 600 11 12 22"}, "responsible": 1.0, "language": "es", "open_leads": 1.0, "last_contact": nil}
	if diff := cmp.Diff(want, out["items"].([]any)[0].(map[string]any)["cells"]); diff != "" {
		t.Error(diff)
	}
	if status, out := w.ask("POST", "/clients/count", `{"filter":{"field":"phone","op":"starts","value":"+34 600 11"}}`); status != 200 || out["count"] != 1.0 || out["more"] != false {
		t.Errorf("%d %v", status, out)
	}
}

// What is asked for by name is one of the list, or refused before the database
// hears of it: rows 55 to 57 of the hostile inputs.
func TestHostileListsAreRefused(t *testing.T) {
	w := newWorld(t)
	w.person("Ana", "600111222")
	const sleep = `(select pg_sleep(10))`
	for _, body := range []string{
		`{"sort":"phone;select pg_sleep(10)--"}`, `{"sort":"password_hash"}`, `{"sort":"name desc,` + sleep + `"}`, `{"sort":"phone"}`, `{"desc":"desc,` + sleep + `"}`,
		`{"columns":["name","` + sleep + `"]}`, `{"columns":["password_hash"]}`, `{"columns":["calls"]}`,
		`{"filter":{"field":"u.password_hash","op":"starts","value":"$"}}`, `{"filter":{"field":"name","op":"is","value":"x"},"extra":1}`,
		`{"filter":{"field":"name","op":"` + sleep + `","value":"x"}}`, `{"filter":{"field":"created","op":"on","value":"2026-01-01'||` + sleep + `||'"}}`,
		`{"filter":{"field":"language","op":"is","value":["en","` + sleep + `"]}}`, `{"filter":{"field":"calls","op":"some","value":{"kind":"` + sleep + `"}}}`,
		`{"cursor":"` + sleep + `"}`, `{"limit":201}`, `{"limit":-1}`, `{"filter":[]}`, `{"filter":{"all":{}}}`,
	} {
		began := time.Now()
		status, out := w.ask("POST", "/clients/table", body)
		if status != 422 && status != 400 {
			t.Errorf("%s: %d %v", body, status, out)
		}
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("%s took %v: it was run", body, took)
		}
	}
	for _, position := range []string{`{"s":"created","k":"yesterday'||pg_sleep(10)","i":1}`, `{"s":"created","k":"292277026596-01-01","i":1}`, `x`} {
		forged := base64.RawURLEncoding.EncodeToString([]byte(position))
		if status, out := w.ask("POST", "/clients/table", `{"sort":"created","cursor":"`+forged+`"}`); status != 422 {
			t.Errorf("%s: %d %v", position, status, out)
		}
	}
	_, next := w.table(`{"limit":1,"sort":"name"}`)
	if next != "" {
		t.Fatal("one row has no next page")
	}
	w.person("Berta")
	_, next = w.table(`{"limit":1,"sort":"name"}`)
	if status, _ := w.ask("POST", "/clients/table", `{"limit":1,"sort":"created","cursor":"`+next+`"}`); status != 422 {
		t.Errorf("a cursor of another sort: %d", status)
	}
}
