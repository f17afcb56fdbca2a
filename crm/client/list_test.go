package client_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"centralita/crm/client"
)

func (w *world) names(f client.Filter) string {
	w.t.Helper()
	if f.Limit == 0 {
		f.Limit = 50
	}
	page, err := w.clients.List(w.ctx(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, r := range page.Items {
		names = append(names, r.Name)
	}
	return strings.Join(names, ",")
}

func TestSearchByNameAndByNumber(t *testing.T) {
	w := newWorld(t)
	w.person("Ángela Ñúñez", "600 11 12 22")
	w.person("Пётр Ёлкин", "8 916 123-45-67")
	w.person("Diego Sosa", "+54 9 11 2345-6789")
	w.person("O'Brien & Co. 100%", "+49 30 1234567")
	for q, want := range map[string]string{
		"angela": "Ángela Ñúñez", "NUÑEZ": "Ángela Ñúñez", "nunez ang": "Ángela Ñúñez", "пет": "Пётр Ёлкин", "ЕЛКИН": "Пётр Ёлкин", "o'br": "O'Brien & Co. 100%",
		"an": "Ángela Ñúñez", "n": "", "zzz": "", "%": "", "_": "", "100%": "O'Brien & Co. 100%",
		"600111222": "Ángela Ñúñez", "+34 600 111 222": "Ángela Ñúñez", "600 1": "Ángela Ñúñez", "+3460": "Ángela Ñúñez", "1222": "Ángela Ñúñez",
		"89161234567": "Пётр Ёлкин", "+7916": "Пётр Ёлкин", "45-67": "O'Brien & Co. 100%,Пётр Ёлкин", "345-67": "O'Brien & Co. 100%,Пётр Ёлкин", "123-45-67": "O'Brien & Co. 100%,Пётр Ёлкин", "6-123-45-67": "Пётр Ёлкин", "(011) 15 2345": "", "11 2345 6789": "Diego Sosa", "6789": "Diego Sosa",
		"030 1234567": "", "301234567": "O'Brien & Co. 100%", "00493012": "O'Brien & Co. 100%", "+++": "",
	} {
		if got := w.names(client.Filter{Query: q}); got != want {
			t.Errorf("%q finds %q, want %q", q, got, want)
		}
	}
}

func TestPagesHoldEveryRowOnce(t *testing.T) {
	w := newWorld(t)
	w.exec(`insert into clients (kind, name, name_key, last_contact_at, created_at)
		select 'person', 'N' || i % 5, 'n' || i % 5, case when i % 3 = 0 then timestamptz '2026-01-01' + i % 4 * interval '1 hour' end, '2026-01-01' from generate_series(1, 53) i`)
	for _, sort := range []string{"name", "recent"} {
		seen, cursor, pages := map[float64]bool{}, "", 0
		for {
			status, out := w.ask("GET", "/clients?limit=10&sort="+sort+"&cursor="+url.QueryEscape(cursor), "")
			if status != 200 {
				t.Fatalf("%d %v", status, out)
			}
			if total, has := out["total"]; has != (cursor == "") || has && total != 53.0 {
				t.Errorf("total %v on page %d", out["total"], pages)
			}
			for _, item := range out["items"].([]any) {
				id := item.(map[string]any)["id"].(float64)
				if seen[id] {
					t.Fatalf("%s: %v twice", sort, id)
				}
				seen[id] = true
			}
			pages++
			if cursor = out["next"].(string); cursor == "" {
				break
			}
		}
		if len(seen) != 53 || pages != 6 {
			t.Errorf("%s: %d rows on %d pages", sort, len(seen), pages)
		}
	}
	for _, query := range []string{"cursor=abc", "cursor=eyJzIjoicmVjZW50In0", "sort=phone", "sort=name%3Bselect%20pg_sleep(5)--", "limit=201", "limit=0", "kind=robot"} {
		if status, _ := w.ask("GET", "/clients?"+query, ""); status != 422 {
			t.Errorf("%s: %d", query, status)
		}
	}
}

func TestRowsAndFilters(t *testing.T) {
	w := newWorld(t)
	c := w.person("Ana", "600111222", "+54 11 4999-8877")
	w.person("Zoe")
	w.exec(`update clients set responsible_id = 1 where id = $1`, c.ID)
	w.exec(`insert into leads (identity, client_id, source) values ('x', $1, 'call')`, c.ID)
	page, err := w.clients.List(w.ctx(), client.Filter{ResponsibleID: 1, Kind: "person", Limit: 5})
	if err != nil {
		t.Fatal(err)
	}
	one := int64(1)
	want := []client.ClientRow{{
		ID: c.ID, Kind: "person", Name: "Ana", ResponsibleID: &one, ResponsibleName: "Anna", PrimaryPhone: "+34 600 11 12 22",
		Phones: []string{"+34 600 11 12 22", "+54 11 4999-8877"}, OpenLeads: 1,
	}}
	if diff := cmp.Diff(want, page.Items); diff != "" {
		t.Error(diff)
	}
	if got := w.names(client.Filter{Kind: "organisation"}); got != "" {
		t.Errorf("organisations: %s", got)
	}
}

func TestSearchBox(t *testing.T) {
	w := newWorld(t)
	for i := range 12 {
		w.person(fmt.Sprintf("Ana %02d", i))
	}
	w.exec(`insert into leads (line_id, identity, number, caller_name, source) values (1, 'n:1', '+34600999888', 'Anabel', 'call'), (2, 'n:2', '+34600111222', '', 'call')`)
	w.exec(`insert into leads (identity, number, caller_name, source, state, closing, closed_at) values ('n:3', '+34600999888', 'Anabel', 'call', 'closed', 'spam', now())`)
	for q, want := range map[string][2]int{"ana": {8, 1}, "600999888": {0, 1}, "+34600": {0, 2}, "": {0, 0}, "'; drop table leads;--": {0, 0}, "' & | ! :* \\": {0, 0}, "(ana)": {8, 0}} {
		status, out := w.ask("GET", "/search?q="+url.QueryEscape(q), "")
		if status != 200 || len(out["clients"].([]any)) != want[0] || len(out["leads"].([]any)) != want[1] {
			t.Errorf("%q: %d %v", q, status, out)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"  Ángela   ÑÚÑEZ ": "angela nunez", "Ёлкин, Пётр": "елкин петр", "Straße": "strasse", "Łódź": "lodz", "A/B (C)": "a b c", "": "", "...": "...",
	} {
		if got := client.Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
	if n := len(client.Fold(strings.Repeat("ы", 5000))); n > 700 {
		t.Errorf("a key of %d bytes", n)
	}
}
