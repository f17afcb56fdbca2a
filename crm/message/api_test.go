package message_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"centralita/crm/access"
	"centralita/crm/message"
	"centralita/internal/twiliosim"
)

// session adds a user with the role and returns his cookie.
func (r *rig) session(role string) string {
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
	return "centralita_session=" + token
}

// ask sends a JSON request and decodes the answer into out, which may be nil.
func (r *rig) ask(cookie, method, path, body string, out any) int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.hooks+"/api"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Cookie", cookie)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		r.t.Error(err)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			r.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
		}
	}
	return res.StatusCode
}

func TestMessagesThroughTheAPI(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	r.start()
	cookie := r.session("operator")
	id := r.newClient("Iván", mobile)
	var m message.Message
	body := `{"client_id":` + strconv.FormatInt(id, 10) + `,"to":"600111222","body":"hola"}`
	if code := r.ask(cookie, "POST", "/messages", body, &m); code != 202 || m.State != message.Queued || m.UserName != "operator" || m.ClientName != "Iván" {
		t.Fatalf("%d %+v", code, m)
	}
	r.untilState(m.ID, "delivered")
	for range 4 {
		r.send("+34600111333", "more")
	}
	seen := map[int64]bool{}
	cursor := ""
	for range 10 {
		var page message.MessageList
		if code := r.ask(cookie, "GET", "/messages?limit=2&cursor="+cursor, "", &page); code != 200 || len(page.Items) > 2 {
			t.Fatalf("%d %+v", code, page)
		}
		for _, m := range page.Items {
			seen[m.ID] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 5 || cursor != "" {
		t.Errorf("%d messages in the pages", len(seen))
	}
	for query, want := range map[string]int{"client_id=" + strconv.FormatInt(id, 10): 1, "direction=in": 0, "state=delivered&client_id=" + strconv.FormatInt(id, 10): 1} {
		var page message.MessageList
		if code := r.ask(cookie, "GET", "/messages?"+query, "", &page); code != 200 || len(page.Items) != want {
			t.Errorf("%s: %d %+v", query, code, page)
		}
	}
	number := strconv.FormatInt(m.ID, 10)
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/messages?cursor=!!", "", 422}, {"GET", "/messages?state=x", "", 422}, {"GET", "/messages?sort=body", "", 422},
		{"POST", "/messages", `{"to":"abc","body":"x"}`, 422}, {"POST", "/messages", `{"to":"600111222","body":""}`, 422},
		{"POST", "/messages", `{"to":"600111222","body":"x","state":"sent"}`, 422},
		{"POST", "/messages/" + number + "/resend", "", 409}, {"POST", "/messages/" + number + "/cancel", "", 409}, {"POST", "/messages/999999/cancel", "", 404},
	} {
		if code := r.ask(cookie, c.method, c.path, c.body, nil); code != c.status {
			t.Errorf("%s %s %s: %d, want %d", c.method, c.path, c.body, code, c.status)
		}
	}
	if code := r.ask("", "GET", "/messages", "", nil); code != 401 {
		t.Errorf("without a session: %d", code)
	}
	if n := r.int(`select count(*) from audit_entries where action = 'message.send' and entity_id = $1 and user_id is not null`, m.ID); n != 1 {
		t.Errorf("%d audit entries", n)
	}
}

func TestTemplatesThroughTheAPI(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	operator, admin := r.session("operator"), r.session("admin")
	id := r.newClient("Iván {firm}", mobile)
	r.exec(`update clients set time_zone = 'America/Bogota' where id = $1`, id)
	const fields = `{"key":"visit","locale":"es","title":"Visita","body":"{client_name}: {date} {time}, {manager}, {firm}"}`
	var made message.Template
	if code := r.ask(operator, "POST", "/message-templates", fields, nil); code != 403 {
		t.Errorf("an operator made a template: %d", code)
	}
	if code := r.ask(admin, "POST", "/message-templates", fields, &made); code != 201 {
		t.Fatalf("%d %+v", code, made)
	}
	path := "/message-templates/" + strconv.FormatInt(made.ID, 10)
	var shown message.TemplatePreview
	if code := r.ask(operator, "POST", path+"/preview", `{"client_id":`+strconv.FormatInt(id, 10)+`,"at":"2026-11-24T15:00:00Z"}`, &shown); code != 200 {
		t.Fatal(code)
	}
	if want := "Iván {firm}: 24/11/2026 10:00, Ana, Acme"; shown.Text != want || shown.Segments != 1 {
		t.Errorf("%+v, want %q", shown, want)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/message-templates", fields, 409}, {"POST", "/message-templates", `{"key":"a"}`, 422},
		{"PATCH", path, `{"body":"{password}"}`, 422}, {"PATCH", path, `{"title":"Otra"}`, 200}, {"PATCH", "/message-templates/9999", `{"title":"x"}`, 404},
		{"POST", path + "/preview", `{"client_id":9999}`, 422}, {"DELETE", path, "", 204}, {"DELETE", path, "", 404},
	} {
		if code := r.ask(admin, c.method, c.path, c.body, nil); code != c.status {
			t.Errorf("%s %s %s: %d, want %d", c.method, c.path, c.body, code, c.status)
		}
	}
	var list message.TemplateList
	if code := r.ask(operator, "GET", "/message-templates", "", &list); code != 200 || len(list.Items) != 9 {
		t.Errorf("%d, %d templates", code, len(list.Items))
	}
}

func TestTheLoopbackPhonesAreShownAndAnswer(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{OutboxURL: loopback})
	cookie := r.session("operator")
	r.start()
	m := r.send(mobile, "look at your phone")
	r.untilState(m.ID, "delivered")
	var box message.Outbox
	if code := r.ask(cookie, "GET", "/message-outbox", "", &box); code != 200 || !box.Loopback || len(box.Items) != 1 || box.Items[0].Body != m.Body {
		t.Errorf("%d %+v", code, box)
	}
	if code := r.ask(cookie, "POST", "/message-outbox/reply", `{"from":"`+mobile+`","to":"`+sender+`","body":"ok"}`, nil); code != 204 {
		t.Errorf("%d", code)
	}
	if n := r.int(`select count(*) from messages where direction = 'in' and body = 'ok'`); n != 1 {
		t.Error("the answer did not come in")
	}
}

func TestTheRealCarrierHasNoPhonesToPlay(t *testing.T) {
	r := newRig(t, twiliosim.Options{}, message.Options{})
	cookie := r.session("operator")
	var box message.Outbox
	if code := r.ask(cookie, "GET", "/message-outbox", "", &box); code != 200 || box.Loopback {
		t.Errorf("%d %+v", code, box)
	}
	if code := r.ask(cookie, "POST", "/message-outbox/reply", `{"from":"`+mobile+`","to":"`+sender+`","body":"hi"}`, nil); code != 409 {
		t.Errorf("%d", code)
	}
}
