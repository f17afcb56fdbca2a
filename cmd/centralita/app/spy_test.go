package app

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"centralita/internal/web"
	"centralita/realtime/ws/wstest"
)

// sample are records of a kind, seen and unseen ones.
func (s *spy) sample(kind string, n int) (ids []int64) {
	all := slices.Sorted(maps.Keys(s.o.owners[kind]))
	for range n {
		ids = append(ids, all[s.o.IntN(len(all))])
	}
	return ids
}

// cards opens cards with all that is on them, his own and others'.
func (s *spy) cards() {
	for _, id := range s.sample("client", 25) {
		seen := s.sees("client", id)
		for _, part := range []string{"", "/card", "/timeline?limit=200", "/history", "/sheet", "/files", "/merges", "/successor"} {
			a := s.read("GET", fmt.Sprintf("/clients/%d%s", id, part), nil)
			if part != "/successor" && (a.status == http.StatusOK) != seen {
				s.t.Errorf("user %d opens client %d%s: %d, he may: %v", s.id, id, part, a.status, seen)
			}
		}
	}
	for kind, paths := range map[string][]string{
		"lead": {"/leads/%d"}, "call": {"/calls/%d", "/calls/%d/trace"}, "recording": {"/calls/%d/recording", "/calls/%d/audio"},
		"import": {"/imports/%d", "/imports/%d/rows", "/imports/%d/verdicts", "/imports/%d/preview"}, "file": {"/files/%d/content", "/files/%d/preview"},
	} {
		for _, id := range s.sample(kind, 15) {
			for _, path := range paths {
				a := s.read("GET", fmt.Sprintf(path, id), nil)
				if a.status == http.StatusOK && !s.sees(kind, id) {
					s.t.Errorf("user %d opens "+path+", which is not for him", s.id, id)
				}
			}
		}
	}
	for _, kind := range []string{"client", "lead"} {
		for _, id := range s.sample(kind, 5) {
			s.read("GET", fmt.Sprintf("/why?entity=%s&id=%d&user_id=%d", kind, id, s.id), nil)
		}
	}
	pair := s.sample("client", 2)
	s.read("POST", "/merges/preview", map[string]any{"winner_id": pair[0], "loser_id": pair[1], "winner_version": 1, "loser_version": 1})
}

// guesses types cells that he may not see into everything that searches.
func (s *spy) guesses() {
	markers := slices.Sorted(maps.Keys(s.o.cells))
	for range 60 {
		m := markers[s.o.IntN(len(markers))]
		c := s.o.cells[m]
		s.typed, s.asked = []string{m}, append(s.asked, m)
		found := s.read("GET", "/search?q="+m, nil)
		if !s.may(c) && c.kind == "client" {
			s.mustNotName(found, c, m)
		}
		s.read("GET", "/clients?q="+m, nil)
		if m[0] == '6' {
			s.read("GET", "/clients/by-number?number="+m, nil)
			s.typed = nil
			for _, tail := range []string{m[1:], m[:8]} {
				s.read("GET", "/clients/by-number?number="+tail, nil)
				s.read("GET", "/search?q="+tail, nil)
				s.read("POST", "/clients/similar", map[string]any{"phones": []string{tail}})
			}
			continue
		}
		mail := s.read("POST", "/clients/similar", map[string]any{"name": "some " + m, "emails": []string{m + "@mail.example"}})
		if !s.may(c) && slices.Contains(c.masks, "client.email") && bytes.Contains(mail.body, []byte(`"email"`)) {
			s.t.Errorf("user %d learns whose address %s is: %s", s.id, m, mail.body)
		}
	}
	s.typed = nil
}

// mustNotName: a client is not found by what is hidden of him.
func (s *spy) mustNotName(a answer, c cell, typed string) {
	var found struct {
		Clients []struct {
			ID    int64
			Match struct{ Field string }
		}
	}
	if a.status != http.StatusOK {
		return
	}
	s.o.must(json.Unmarshal(a.body, &found))
	for _, hit := range found.Clients {
		whole := hit.Match.Field == "phone" // by the whole number, which he said himself
		if hit.ID == c.id && hit.Match.Field != "name" && !whole {
			s.t.Errorf("user %d finds client %d by %s (%s)", s.id, c.id, typed, c)
		}
	}
}

// files asks for exports in both formats, waits, and reads them.
func (s *spy) files() {
	columns, _ := s.columns()
	if s.scope("client", "export") == "none" || len(columns) == 0 {
		return
	}
	s.verb = "export"
	defer func() { s.verb = "read" }()
	for _, format := range []string{"csv", "xlsx"} {
		a := s.o.ask(s.token, "POST", "/exports", map[string]any{"columns": columns, "titles": columns, "format": format, "reason": "why not"})
		if a.status != http.StatusCreated {
			continue
		}
		var made struct{ ID int64 }
		s.o.must(json.Unmarshal(a.body, &made))
		s.carry(made.ID, format)
	}
}

func (s *spy) carry(id int64, format string) {
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if a := s.o.ask(s.token, "GET", fmt.Sprintf("/exports/%d", id), nil); bytes.Contains(a.body, []byte(`"ready"`)) {
			break
		} else if bytes.Contains(a.body, []byte(`"failed"`)) {
			s.t.Errorf("user %d: %s", s.id, a.body)
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("export %d is not ready", id)
		}
	}
	a := s.o.ask(s.token, "GET", fmt.Sprintf("/exports/%d/file", id), nil)
	rows := table(s.t, format, a.body)
	if want := len(s.visible("client")) + 2; len(rows) != want { // the titles, and the client who is none
		s.t.Errorf("user %d: %s has %d rows instead of %d", s.id, format, len(rows), want)
	}
	for _, row := range rows {
		for _, value := range row {
			s.compare("export "+format, value)
		}
	}
}

func table(t *testing.T, format string, file []byte) (rows [][]string) {
	t.Helper()
	var err error
	if format == "csv" {
		rows, err = csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))).ReadAll()
	} else {
		var book *excelize.File
		if book, err = excelize.OpenReader(bytes.NewReader(file)); err == nil {
			rows, err = book.GetRows(book.GetSheetName(0))
		}
	}
	if err != nil || len(rows) < 2 {
		t.Errorf("%s of %d bytes: %d rows, %v", format, len(file), len(rows), err)
	}
	return rows
}

// log reads who did what, by every filter.
func (s *spy) log() {
	for _, query := range []string{"", "?only=changes", "?only=looks", "?entity=client", "?entity=lead", "?entity=reminder", "?kind=searches"} {
		if ids, _ := s.pages("GET", "/audit"+query, nil); ids == nil && s.has("audit.read") {
			s.t.Errorf("user %d may not read the log", s.id)
		}
	}
	for _, path := range []string{"/audit/names", "/audit/state", "/audit/readers", "/audit/alerts", "/audit/quotas"} {
		s.read("GET", path, nil)
	}
}

// socket hears everything that was said to him.
func (s *spy) socket(base string) {
	c := wstest.Dial(s.t, base, "/api/live", http.Header{"Cookie": {web.SessionCookieName + "=" + s.token}})
	defer c.Conn.Close()
	var last int64
	s.o.each(fmt.Sprintf("select seq from live_streams where user_id = %d", s.id), []any{&last}, func() {})
	epoch := c.Hello("", 0).Epoch
	if last == 0 {
		return
	}
	c.Conn.Close()
	again := wstest.Dial(s.t, base, "/api/live", http.Header{"Cookie": {web.SessionCookieName + "=" + s.token}})
	defer again.Conn.Close()
	again.Hello(epoch, 0)
	for seq := int64(0); seq < last; {
		f := again.Next()
		s.compareJSON("event "+f.Kind, f.Data)
		seq = max(seq, f.Seq)
	}
}
