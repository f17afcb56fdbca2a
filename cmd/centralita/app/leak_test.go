package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// comparisons is how many cells the test of P19 compares at least.
const comparisons = 1_000_000

// spies is how many of the people read at least; more do until there are enough comparisons.
const spies = 7

// spy reads as one user all there is to be read, and compares every cell.
type spy struct {
	*viewer
	t     *testing.T
	cells int
	typed []string          // markers that he just typed himself
	asked []string          // all that he has typed: the log tells him so
	shown map[string]int    // cells that were rightly seen, by kind
	leaks map[string]string // an example of each sort
}

// numbers, and what was typed, make many examples of one sort.
var numbers = regexp.MustCompile(`\?.*|[0-9]+`)

// P19: of a random firm nobody takes out what he may not see, by whatever way.
func TestNobodyTakesOutWhatHeMayNotSee(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	f := newFirm(t, seed)
	f.must(f.queue.Start(context.WithoutCancel(t.Context())))
	defer func() { f.must(f.queue.Stop(context.WithoutCancel(t.Context()))) }()
	f.work()
	o := newOracle(f)
	live := httptest.NewServer(f.handler)
	defer live.Close()
	go f.hub.Run(t.Context())
	cells, shown, leaks := 0, map[string]int{}, map[string]string{}
	for i, id := range f.users {
		if i >= spies && cells >= comparisons {
			break
		}
		s := &spy{viewer: o.viewer(id), t: t, shown: shown, leaks: leaks}
		s.lists()
		s.cards()
		s.guesses()
		s.files()
		s.log()
		s.socket(live.URL)
		cells += s.cells
	}
	for _, example := range leaks {
		t.Error(example)
	}
	t.Logf("%d cells compared, %d sorts of leaks; seen: %v", cells, len(leaks), shown)
	if cells < comparisons {
		t.Errorf("only %d cells compared", cells)
	}
	for _, kind := range slices.Sorted(maps.Keys(ownersOf)) {
		if shown[kind] == 0 {
			t.Errorf("nobody saw any %s: the test is blind to it", kind)
		}
	}
}

// read asks for an answer and compares all that is in it.
func (s *spy) read(method, path string, in any) answer {
	s.t.Helper()
	a := s.o.ask(s.token, method, path, in)
	if a.status >= 500 {
		s.t.Errorf("user %d: %s %s: %d %s", s.id, method, path, a.status, a.body)
	}
	for _, values := range a.header {
		for _, v := range values {
			s.compare(method+" "+path, v)
		}
	}
	if strings.Contains(a.header.Get("Content-Type"), "json") {
		s.compareJSON(method+" "+path, a.body)
	} else {
		s.compare(method+" "+path, string(a.body))
	}
	return a
}

// compareJSON compares every value of a document.
func (s *spy) compareJSON(where string, document []byte) {
	s.t.Helper()
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return
		}
		switch v := token.(type) {
		case string:
			s.compare(where, v)
		case json.Number:
			s.compare(where, v.String())
		case bool, nil:
			s.cells++
		}
	}
}

// compare looks for cells in a value that are not for him.
func (s *spy) compare(where, value string) {
	s.t.Helper()
	s.cells++
	for _, m := range s.o.found(value) {
		c := s.o.cells[m]
		if s.may(c) || strings.HasPrefix(where, "event reminder") && c.kind == "reminder" && s.reminded(c) {
			s.shown[c.kind]++
		} else if !slices.Contains(s.typed, m) && !(strings.HasPrefix(where, "GET /audit") && slices.Contains(s.asked, m)) && !s.office(c) {
			s.leaks[fmt.Sprintf("%s: %s %v", numbers.ReplaceAllString(where, "N"), c.kind, c.masks)] = fmt.Sprintf("user %d: %s shows %s (%s) in %q", s.id, where, m, c, value)
		}
	}
}

// office reports whether a cell is the name of an organisation that he may read, in a file: it is what the card of a
// person of it shows.
func (s *spy) office(c cell) bool {
	if s.verb != "export" || c.kind != "client" || c.masks != nil || c.id >= clientsFrom+records/10 {
		return false
	}
	reader := *s.viewer
	reader.verb = "read"
	return reader.may(c)
}

// reminded reports whether a reminder is for himself, whatever his role says of the list.
func (s *spy) reminded(c cell) bool {
	return slices.Contains(s.o.owners["reminder"][c.id].users, s.id) && (c.masks == nil || s.clear(c.masks[0]))
}

// page is what lists have in common.
type page struct {
	Items []struct{ ID int64 }
	Next  string
	Total *int
	Count *int
}

// pages reads a list to its end and returns the ids, nil when it is refused.
func (s *spy) pages(method, path string, in map[string]any) (ids map[int64]bool, total *int) {
	s.t.Helper()
	for cursor := ""; ; {
		at := path
		if in != nil {
			in["cursor"] = cursor
		} else if cursor != "" {
			at += map[bool]string{true: "&", false: "?"}[strings.Contains(at, "?")] + "cursor=" + url.QueryEscape(cursor)
		}
		var body any
		if in != nil {
			body = in
		}
		a := s.read(method, at, body)
		if a.status != http.StatusOK {
			return nil, nil
		}
		var p page
		if err := json.Unmarshal(a.body, &p); err != nil {
			s.t.Fatalf("%s: %v", at, err)
		}
		if ids == nil {
			ids, total = map[int64]bool{}, p.Total
		}
		for _, i := range p.Items {
			ids[i.ID] = true
		}
		if cursor = p.Next; cursor == "" {
			return ids, total
		}
	}
}

// whole reads a list that must hold all that he may see of a kind and no more.
func (s *spy) whole(kind, method, path string, in map[string]any) {
	s.t.Helper()
	ids, total := s.pages(method, path, in)
	want := s.visible(kind)
	refused := ids == nil && (kind != "import" || s.scope("import", "create") != "none")
	if ids != nil && !maps.Equal(ids, want) || refused && s.scope(kind, "read") != "none" {
		s.t.Errorf("user %d: %s %s has %d records (refused: %v), he may see %d", s.id, method, path, len(ids), ids == nil, len(want))
	}
	if total != nil && *total != len(want) {
		s.t.Errorf("user %d: %s counts %d, he may see %d", s.id, path, *total, len(want))
	}
}

// lists reads every list, in every order, with all its columns.
func (s *spy) lists() {
	s.whole("client", "GET", "/clients?limit=200", nil)
	s.whole("lead", "GET", "/leads", nil)
	s.whole("call", "GET", "/calls?limit=200", nil)
	s.whole("message", "GET", "/messages?limit=200", nil)
	s.whole("import", "GET", "/imports?limit=200", nil)
	s.reminders()
	columns, sorts := s.columns()
	for i, sort := range sorts {
		s.whole("client", "POST", "/clients/table", map[string]any{"columns": columns, "sort": sort, "desc": i%2 == 0, "limit": 200})
	}
	var n page
	if a := s.read("POST", "/clients/count", map[string]any{"exact": true}); a.status == http.StatusOK {
		s.o.must(json.Unmarshal(a.body, &n))
		if want := len(s.visible("client")); *n.Count != want {
			s.t.Errorf("user %d counts %d clients, he may see %d", s.id, *n.Count, want)
		}
	}
	for _, path := range []string{
		"/clients/at-hand", "/segments", "/views", "/bulk-runs", "/tags", "/client-sources", "/duplicates", "/leads/board", "/leads?state=open", "/leads?state=closed", "/calls/current", "/exports", "/exports?all=true", "/presence",
		"/users", "/roles", "/teams", "/deputies", "/lines", "/queues", "/queues/1/versions", "/queues/now", "/skills", "/desk/reasons", "/desk/dispositions", "/firm", "/session", "/sections", "/sections/all", "/dictionaries", "/message-templates",
		"/message-outbox", "/imports/mappings", "/export-canaries", "/system/health", "/sessions", "/tokens", "/my/sessions", "/my/tokens",
	} {
		s.read("GET", path, nil)
	}
	s.hiddenFields(columns, sorts)
}

// reminders are the list of a right that has no reading of its own.
func (s *spy) reminders() {
	ids, _ := s.pages("GET", "/reminders?limit=200", nil)
	for id := range ids {
		if !s.sees("reminder", id) {
			s.t.Errorf("user %d is shown reminder %d", s.id, id)
		}
	}
	s.pages("GET", "/reminders?mine=true&limit=200", nil)
}

// columns are those of a table that he is offered, and what it can be sorted by.
func (s *spy) columns() (columns, sorts []string) {
	var offered struct {
		Items []struct {
			Key              string
			Sortable, Column bool
		}
	}
	if a := s.read("GET", "/clients/fields", nil); a.status != http.StatusOK {
		return nil, []string{""}
	} else if err := json.Unmarshal(a.body, &offered); err != nil {
		s.t.Fatal(err)
	}
	for _, f := range offered.Items {
		if f.Column {
			columns = append(columns, f.Key)
		}
		if f.Sortable {
			sorts = append(sorts, f.Key)
		}
	}
	return columns, sorts
}

// hiddenFields: what he does not see in clear tells him nothing by its order, nor
// by what is left when it is asked for.
func (s *spy) hiddenFields(columns, sorts []string) {
	fields := map[string]string{"phone": "client.phone", "email": "client.email", "note": "client.note"}
	for _, label := range []string{"word", "sum", "day", "item"} {
		key := fmt.Sprintf("custom.%d", s.o.firm.fields[label])
		fields[key] = key
	}
	for key, right := range fields {
		if s.clear(right) {
			continue
		}
		if slices.Contains(sorts, key) {
			s.t.Errorf("user %d may sort by %s", s.id, key)
		}
		for _, in := range []map[string]any{
			{"sort": key}, {"filter": map[string]any{"field": key, "op": "filled"}},
			{"filter": map[string]any{"none": []any{map[string]any{"field": key, "op": "empty"}}}},
		} {
			for _, path := range []string{"/clients/table", "/clients/count"} {
				if path == "/clients/count" && in["sort"] != nil {
					continue
				}
				if a := s.read("POST", path, in); a.status != http.StatusForbidden {
					s.t.Errorf("user %d asks %s with %v: %d %s", s.id, path, in, a.status, a.body)
				}
			}
		}
	}
	for _, key := range columns {
		if s.masksAll(key) {
			s.t.Errorf("user %d is offered the hidden column %s", s.id, key)
		}
	}
}

func (s *spy) clear(right string) bool { return s.viewer.shown(right) }

func (s *spy) masksAll(key string) bool {
	return strings.HasPrefix(key, "custom.") && !slices.ContainsFunc(s.roles, func(r role) bool { return r.fields[key] != "hidden" })
}

// work has the owner do some work, so that there is something in the log, and on
// the way to browsers.
func (f *firm) work() {
	boss := f.signIn(1000)
	do := func(method, path string, in any) answer {
		a := f.ask(boss, method, path, in)
		if a.status >= 300 {
			f.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
		}
		return a
	}
	for i := range int64(12) {
		id := clientsFrom + i*23
		card, at := cell{kind: "client", id: id}, fmt.Sprintf("/clients/%d", id)
		do("PATCH", at, map[string]any{"version": 1, "name": f.mark(card), "note": f.prose(cell{"client", id, []string{"client.note"}})})
		do("POST", at+"/contact-points", map[string]any{"kind": "phone", "raw": f.number(card), "label": "new"})
		do("PATCH", at+"/values", map[string]any{"values": []any{map[string]any{"field_id": f.fields["word"], "value": f.mark(f.custom(id, "word"))}}})
		do("POST", "/reminders", map[string]any{"client_id": id, "audience": "user", "user_id": f.anybody(), "channel": "app", "text": f.prose(cell{kind: "reminder", id: f.next("reminders")}), "local_time": "2030-01-01T10:00"})
		letter := cell{kind: "message", id: f.next("messages")}
		do("POST", "/messages", map[string]any{"client_id": id, "to": f.number(letter), "body": f.prose(letter)})
		do("GET", "/search?q="+f.mark(card), nil)
		lead := leadsFrom + i*23
		do("PATCH", fmt.Sprintf("/leads/%d", lead), map[string]any{"note": f.prose(cell{kind: "lead", id: lead})})
		do("PATCH", fmt.Sprintf("/files/%d", filesFrom+i*23), map[string]any{"name": f.mark(cell{kind: "file", id: filesFrom + i*23})})
		do("POST", at+"/relations", map[string]any{"other_id": id + 1, "role": f.mark(card)})
		do("POST", at+"/notes", map[string]any{"text": f.prose(cell{"note", f.next("notes"), []string{"client.note"}})})
	}
}

// next is the id that the next record of a table will have.
func (f *firm) next(table string) (id int64) {
	f.each("select nextval(pg_get_serial_sequence('"+table+"', 'id'))", []any{&id}, func() {})
	return id + 1
}
