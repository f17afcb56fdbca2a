package reminder_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/reminder"
	"centralita/internal/web"
)

// face is the HTTP face of the rig with the session of a user of a role.
func (r *rig) face(role string) func(method, path, body string, out any) int {
	r.t.Helper()
	const password = "a long enough passphrase"
	if _, err := r.access.AddUser(r.t.Context(), access.NewUser{
		Login: role, Name: role, Roles: []string{role}, Locale: "en", PhoneKind: "browser", Password: password,
	}); err != nil {
		r.t.Fatal(err)
	}
	token, _, err := r.access.Login(r.t.Context(), role, password, "")
	if err != nil {
		r.t.Fatal(err)
	}
	server := web.New(web.Options{Title: "Test", Version: "1", Gate: r.access, Logger: slog.New(slog.DiscardHandler)})
	reminder.NewAPI(r.service).Register(server.Router())
	return func(method, path, body string, out any) int {
		r.t.Helper()
		req := httptest.NewRequestWithContext(r.t.Context(), method, "/api"+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: token})
		w := httptest.NewRecorder()
		server.Handler().ServeHTTP(w, req)
		if out != nil {
			if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
				r.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
			}
		}
		return w.Code
	}
}

func TestRemindersThroughTheAPI(t *testing.T) {
	r := newRig(t)
	ask := r.face("operator")
	id := strconv.FormatInt(r.client, 10)
	var made reminder.Reminder
	body := `{"client_id":` + id + `,"audience":"client","channel":"sms","text":"hola","local_time":"2027-03-01T10:00"}`
	if code := ask("POST", "/reminders", body, &made); code != 201 || made.ClientName != "Iván" || made.CreatedByName != "operator" {
		t.Fatalf("%d %+v", code, made)
	}
	for i := range 4 {
		mine := `{"audience":"user","channel":"app","text":"mine","local_time":"2027-0` + strconv.Itoa(i/2+3) + `-05T10:00","time_zone":"Asia/Tokyo"}`
		if code := ask("POST", "/reminders", mine, nil); code != 201 {
			t.Fatal(code)
		}
	}
	r.create(r.toSelf("of somebody else", "2027-03-01T10:00"))
	var due []time.Time
	cursor := ""
	for range 10 {
		var page reminder.ReminderList
		if code := ask("GET", "/reminders?mine=true&limit=2&cursor="+cursor, "", &page); code != 200 {
			t.Fatal(code)
		}
		for _, it := range page.Items {
			due = append(due, it.DueAt)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(due) != 5 {
		t.Errorf("%d reminders are mine", len(due))
	}
	for i := range due[1:] {
		if due[i].Before(due[i+1]) {
			t.Errorf("out of order: %v", due)
		}
	}
	path := "/reminders/" + strconv.FormatInt(made.ID, 10)
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/reminders?client_id=" + id + "&state=pending", "", 200}, {"GET", "/reminders?cursor=x.y", "", 422}, {"GET", "/reminders?state=x", "", 422},
		{"POST", "/reminders", strings.Replace(body, "hola", "", 1), 422}, {"POST", "/reminders", strings.Replace(body, "sms", "fax", 1), 422},
		{"POST", "/reminders", strings.Replace(body, "10:00", "25:00", 1), 422},
		{"DELETE", path, "", 200}, {"DELETE", path, "", 409}, {"POST", path + "/done", "", 409}, {"DELETE", "/reminders/99999", "", 404},
	} {
		if code := ask(c.method, c.path, c.body, nil); code != c.status {
			t.Errorf("%s %s %s: %d, want %d", c.method, c.path, c.body, code, c.status)
		}
	}
	if n := r.int(`select count(*) from audit_entries where entity = 'reminder' and entity_id = $1`, made.ID); n != 2 {
		t.Errorf("%d audit entries", n)
	}
}
