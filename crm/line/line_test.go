package line_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"centralita/crm/line"
	"centralita/internal/fault"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/internal/web"
)

// notebook is an audit log and a line to the browsers that remembers.
type notebook struct{ actions, signals []string }

func (n *notebook) Record(_ context.Context, action, _ string, _ int64, _, _ any) error {
	n.actions = append(n.actions, action)
	return nil
}

func (n *notebook) Signal(_ context.Context, kind string, _ any) { n.signals = append(n.signals, kind) }

func open(t *testing.T) (*line.Service, *postgres.DB, *notebook) {
	t.Helper()
	db, notes := pgtest.New(t), &notebook{}
	return line.New(db, notes, notes), db, notes
}

func create(t *testing.T, s *line.Service, name, number, country string) line.Line {
	t.Helper()
	l, err := s.Create(t.Context(), line.Line{
		Name: name, Number: number, Country: country, Language: "es", Entry: line.Entry{Kind: "voicemail"},
		LeadValue: "120.50", Color: "blue", Active: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestResolveInAnyWrittenForm(t *testing.T) {
	s, _, _ := open(t)
	madrid := create(t, s, "Madrid", "91 123 45 67", "ES")
	baires := create(t, s, "Buenos Aires", "011 4123-4567", "AR")
	inside := create(t, s, "Inside", "1000", "ES")
	if madrid.Number != "+34911234567" || baires.Number != "+541141234567" || inside.Number != "1000" {
		t.Fatalf("kept as %s, %s, %s", madrid.Number, baires.Number, inside.Number)
	}
	for dialled, want := range map[string]int64{
		"+34911234567": madrid.ID, "911234567": madrid.ID, "0034911234567": madrid.ID, "34911234567": madrid.ID, "1234567": madrid.ID,
		"+541141234567": baires.ID, "01141234567": baires.ID, "1141234567": baires.ID, "41234567": baires.ID, "5491141234567": baires.ID,
		"1000": inside.ID, "s": madrid.ID, "": madrid.ID, "+4930123456": madrid.ID, "anything&PJSIP/x": madrid.ID,
	} {
		got, err := s.Resolve(t.Context(), dialled)
		if err != nil || got.ID != want {
			t.Errorf("%q resolves to %d (%v), want %d", dialled, got.ID, err, want)
		}
	}
}

func TestNoActiveLine(t *testing.T) {
	s, _, _ := open(t)
	if _, err := s.Resolve(t.Context(), "1"); fault.CodeOf(err) != "no_line" {
		t.Errorf("no line: %v", err)
	}
	l := create(t, s, "Only", "+34911234567", "ES")
	if _, err := s.Change(t.Context(), l.ID, func(l *line.Line) { l.Active = false }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Resolve(t.Context(), l.Number); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an inactive line answers: %v", err)
	}
}

func TestChangesShowAtOnceAndAreRecorded(t *testing.T) {
	s, _, notes := open(t)
	l := create(t, s, "A", "+34911234567", "ES")
	if _, err := s.Lines(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Change(t.Context(), l.ID, func(l *line.Line) { l.Number, l.LeadValue = "+34910000000", "7" }); err != nil {
		t.Fatal(err)
	}
	got, err := s.ByID(t.Context(), l.ID)
	if err != nil || got.Number != "+34910000000" || got.LeadValue != "7" {
		t.Errorf("read back %+v, %v", got, err)
	}
	if diff := cmp.Diff([]string{"line.create", "line.update"}, notes.actions); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"lines.changed", "lines.changed"}, notes.signals); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	s, _, _ := open(t)
	a, b := create(t, s, "A", "+34911234567", "ES"), create(t, s, "B", "+34910000000", "ES")
	for name, edit := range map[string]struct {
		do   func(*line.Line)
		code string
	}{
		"taken":   {func(l *line.Line) { l.Number = "91 123 45 67" }, "line_number_taken"},
		"hostile": {func(l *line.Line) { l.Number = "1&PJSIP/x" }, "invalid_input"},
		"country": {func(l *line.Line) { l.Country = "XX" }, "invalid_input"},
		"value":   {func(l *line.Line) { l.LeadValue = "1e9" }, "invalid_input"},
		"entry":   {func(l *line.Line) { l.Entry = line.Entry{Kind: "queue", ID: 999} }, "invalid_input"},
		"nowhere": {func(l *line.Line) { l.Entry = line.Entry{Kind: "queue"} }, "invalid_input"},
	} {
		if _, err := s.Change(t.Context(), b.ID, edit.do); fault.CodeOf(err) != edit.code {
			t.Errorf("%s: %v, want %s", name, err, edit.code)
		}
	}
	if _, err := s.Change(t.Context(), a.ID+1000, func(*line.Line) {}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("unknown line: %v", err)
	}
}

func TestCountries(t *testing.T) {
	s, db, _ := open(t)
	if _, err := db.Conn(t.Context()).Exec(t.Context(), `insert into firms (country) values ('MX') on conflict (id) do update set country = 'MX'`); err != nil {
		t.Fatal(err)
	}
	l := create(t, s, "Madrid", "+34911234567", "ES")
	create(t, s, "Sevilla", "+34951234567", "ES")
	got, err := s.Countries(t.Context())
	if diff := cmp.Diff([]string{"MX", "ES"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if c, err := s.Country(t.Context(), l.ID); c != "ES" || err != nil {
		t.Errorf("country of the line %q, %v", c, err)
	}
	if c, err := s.Country(t.Context(), 0); c != "MX" || err != nil {
		t.Errorf("country of the firm %q, %v", c, err)
	}
}

func TestKnownLinesOutliveTheDatabase(t *testing.T) {
	s, db, _ := open(t)
	l := create(t, s, "Madrid", "+34911234567", "ES")
	if _, err := s.Lines(t.Context()); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if got, err := s.Resolve(t.Context(), "911234567"); err != nil || got.ID != l.ID {
		t.Errorf("without a database: %+v, %v", got, err)
	}
}

// anybody lets every token in with every right.
type anybody struct{}

func (anybody) Enter(ctx context.Context, _ string) (context.Context, error) { return ctx, nil }
func (anybody) Allow(context.Context, web.Permission) error                  { return nil }

func TestHTTP(t *testing.T) {
	s, _, _ := open(t)
	srv := web.New(web.Options{Title: "t", Version: "1", Gate: anybody{}})
	line.NewAPI(s).Register(srv.Router())
	ask := func(method, path, body string) (int, map[string]any) {
		req := httptest.NewRequestWithContext(t.Context(), method, "/api"+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: "x"})
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, req)
		out := map[string]any{}
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatalf("%s %s: %s", method, path, w.Body)
		}
		return w.Code, out
	}
	status, made := ask("POST", "/lines", `{"name":"Madrid","number":"91 123 45 67","country":"ES"}`)
	if status != http.StatusCreated || made["number"] != "+34911234567" || made["language"] != "en" || made["active"] != true {
		t.Fatalf("%d %v", status, made)
	}
	if status, out := ask("PATCH", "/lines/1", `{"language":"ru","lead_value":"10.5"}`); status != http.StatusOK || out["language"] != "ru" || out["lead_value"] != "10.5" || out["name"] != "Madrid" {
		t.Errorf("%d %v", status, out)
	}
	if status, out := ask("PATCH", "/lines/1", `{"ring_seconds":1}`); status != http.StatusUnprocessableEntity {
		t.Errorf("%d %v", status, out)
	}
	if status, out := ask("GET", "/lines", ""); status != http.StatusOK || len(out["items"].([]any)) != 1 {
		t.Errorf("%d %v", status, out)
	}
}
