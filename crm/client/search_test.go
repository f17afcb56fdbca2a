package client_test

import (
	"net/url"
	"strings"
	"testing"

	"centralita/crm/access"
	"centralita/crm/client"
)

// finds returns the names that a search finds, each with its reason.
func (w *world) finds(q string) string {
	w.t.Helper()
	found, err := w.clients.Search(w.ctx(), q, false)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, hit := range found.Clients {
		out = append(out, strings.TrimSuffix(hit.Name+"/"+hit.Match.Field+"/"+hit.Match.Sort, "/"))
	}
	return strings.Join(out, ",")
}

func TestSearchFindsAnybody(t *testing.T) {
	w := newWorld(t)
	w.person("Сергей Щукин", "8 916 123-45-67")
	w.person("José Pérez García", "600 11 12 22")
	w.person("Yuri Gagarin")
	w.person("Ana Maria Gutiérrez", "+54 9 11 2345-6789")
	mail, err := w.clients.Create(w.ctx(), client.NewClient{Fields: client.Fields{Kind: "organisation", Name: "Casa Clara"}, ContactPoints: []client.NewPoint{{Kind: "email", Raw: "Ventas@casa-clara.example"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.clients.AddNote(w.ctx(), mail.ID, "Quiere reforma integral del baño"); err != nil {
		t.Fatal(err)
	}
	if more, err := w.clients.LearnNames(w.ctx()); err != nil || more {
		t.Fatal(more, err)
	}
	for q, want := range map[string]string{
		"serg":            "Сергей Щукин/name/sound",
		"shchukin sergei": "Сергей Щукин/name/sound", "щукин": "Сергей Щукин/name/exact", "СЕРГЕЙ ЩУКИН": "Сергей Щукин/name/exact", "xxerez": "",
		"перес": "José Pérez García/name/sound", "garcia jos": "José Pérez García/name/start", "garcai": "José Pérez García/name/slip",
		"Юрий": "Yuri Gagarin/name/sound", "gagarni yuri": "Yuri Gagarin/name/slip", "gutierez": "Ana Maria Gutiérrez/name/sound",
		"ventas@casa": "Casa Clara/email", "casa-clara.ex": "Casa Clara/email", "reforma bano": "Casa Clara/note", "rform": "",
		"1222": "José Pérez García/phone", "8 (916) 123 45 67": "Сергей Щукин/phone", "+7916": "Сергей Щукин/phone", "11 15 2345 6789": "Ana Maria Gutiérrez/phone", "2345-6789": "Ana Maria Gutiérrez/phone",
		"a": "", "": "", "'": "", "ana:* | jose": "",
	} {
		if got := w.finds(q); got != want {
			t.Errorf("%q finds %q, want %q", q, got, want)
		}
	}
}

func TestSearchStaysWithinRights(t *testing.T) {
	w := newWorld(t)
	c := w.person("Ana Pérez", "600 11 12 22")
	if _, err := w.clients.AddPoint(w.ctx(), c.ID, client.NewPoint{Kind: "email", Raw: "ana@example.com"}); err != nil {
		t.Fatal(err)
	}
	// A storekeeper sees names, and numbers in part.
	keeper := access.WithActor(t.Context(), access.Actor{UserID: 1, Roles: []string{access.Storekeeper}})
	for q, want := range map[string]int{"ana": 1, "600 11 12 22": 1, "+34600111222": 1, "1222": 0, "+3460": 0, "600 11 12 2": 0, "ana@exa": 0, "@example.com": 0} {
		found, err := w.clients.Search(keeper, q, false)
		if err != nil || len(found.Clients) != want {
			t.Errorf("%q finds %d, want %d: %v", q, len(found.Clients), want, err)
		}
		for _, hit := range found.Clients {
			if strings.Contains(strings.Join(strings.Fields(hit.Match.Text), ""), "1112") {
				t.Errorf("%q leaks %q", q, hit.Match.Text)
			}
		}
	}
	// Somebody of no role finds nothing at all.
	nobody := access.WithActor(t.Context(), access.Actor{UserID: 1, Roles: []string{"none"}})
	if found, err := w.clients.Search(nobody, "ana", false); err != nil || len(found.Clients) != 0 {
		t.Errorf("%v %v", found, err)
	}
}

func TestAMaskedFieldIsNoOracleInLists(t *testing.T) {
	w := newWorld(t)
	w.person("Ana", "600111222")
	w.as = access.Actor{UserID: 1, Roles: []string{access.Storekeeper}}
	for _, body := range []string{
		`{"filter":{"field":"phone","op":"starts","value":"+346"}}`, `{"filter":{"none":[{"field":"email","op":"filled"}]}}`,
		`{"filter":{"field":"calls","op":"some"}}`, `{"filter":{"field":"open_leads","op":"some"}}`, `{"columns":["open_leads"]}`,
	} {
		for _, path := range []string{"/clients/table", "/clients/count"} {
			if path == "/clients/count" && strings.Contains(body, "columns") {
				continue
			}
			if status, out := w.ask("POST", path, body); status != 403 {
				t.Errorf("%s %s: %d %v", path, body, status, out)
			}
		}
	}
	status, out := w.ask("POST", "/clients/table", `{"columns":["phone"]}`)
	if status != 200 {
		t.Fatal(status, out)
	}
	if cell := out["items"].([]any)[0].(map[string]any)["cells"].(map[string]any)["phone"].([]any)[0]; cell != "+34 6•• ••• •22" && cell != "+34 6•• •• •• 22" {
		t.Errorf("shown as %v", cell)
	}
	if status, out := w.ask("GET", "/search?q="+url.QueryEscape("1112"), ""); status != 200 || len(out["clients"].([]any)) != 0 {
		t.Errorf("%d %v", status, out)
	}
}
