package field_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/field"
	"centralita/internal/web"
)

// gate lets somebody of a role in; his own roles mask fields by id.
type gate struct{ role string }

func (g gate) Enter(ctx context.Context, _ string) (context.Context, error) {
	return access.WithActor(ctx, access.Actor{UserID: 1, Name: "Anna", Roles: []string{g.role}}), nil
}
func (gate) Allow(ctx context.Context, p web.Permission) error { return access.Allow(ctx, p) }

func (w *world) ask(role, method, path, body string) (int, map[string]any) {
	w.t.Helper()
	s := web.New(web.Options{Title: "t", Version: "1", Gate: gate{role}, Logger: slog.New(slog.DiscardHandler)})
	field.NewAPI(w.fields).Register(s.Router())
	req := httptest.NewRequestWithContext(w.t.Context(), method, "/api"+path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: "x"})
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, req)
	out := map[string]any{}
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
			w.t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
		}
	}
	return rec.Code, out
}

// clerk signs somebody in whose role masks some fields.
func (w *world) clerk(fields string) context.Context {
	w.t.Helper()
	w.exec(`insert into roles (key, name, grants, fields) values ('clerk', 'Clerk', '{"records": {"client": {"read": "all", "change": "all"}}, "rights": []}', $1::text::jsonb)`, fields)
	return w.signIn()
}

// signIn lets Cleo in, who is a clerk.
func (w *world) signIn() context.Context {
	w.t.Helper()
	people, err := access.New(w.db, audit.NewLog(w.db), nobody{}, access.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := people.AddUser(w.t.Context(), access.NewUser{Login: "cleo", Name: "Cleo", Roles: []string{"clerk"}, Password: "correct horse battery"}); err != nil {
		w.t.Fatal(err)
	}
	token, _, err := people.Login(w.t.Context(), "cleo", "correct horse battery", "")
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, err := people.Enter(w.t.Context(), token)
	return must(w, ctx, err)
}

type nobody struct{}

func (nobody) Signal(context.Context, string, any) {}
func (nobody) KickUser(context.Context, int64)     {}
func (nobody) KickSession(context.Context, int64)  {}

func TestWhoMayDoWhat(t *testing.T) {
	w := newWorld(t)
	d := w.dictionary("Colours", "Red")
	x := w.section(field.Fields, "Own", text("Text"))
	for _, c := range []struct {
		role, method, path, body string
		want                     int
	}{
		{access.Operator, "POST", "/sections", `{"kind":"fields","title":"Mine"}`, 403},
		{access.Supervisor, "PATCH", fmt.Sprintf("/sections/%d", x.ID), `{"archived":true}`, 403},
		{access.Manager, "PATCH", fmt.Sprintf("/fields/%d", x.Fields[0].ID), `{"label":"B"}`, 403},
		{access.Manager, "GET", "/sections/all", "", 403},
		{access.Operator, "GET", "/sections", "", 200},
		{access.Operator, "POST", fmt.Sprintf("/dictionaries/%d/terms", d.ID), `{"label":"Green"}`, 201},
		{access.Operator, "POST", "/dictionaries", `{"name":"Sizes"}`, 403},
		{access.Operator, "PATCH", "/clients/1/values", fmt.Sprintf(`{"values":[{"field_id":%d,"value":"a"}]}`, x.Fields[0].ID), 200},
		{access.Operator, "PATCH", "/clients/2/values", fmt.Sprintf(`{"values":[{"field_id":%d,"value":"a"}]}`, x.Fields[0].ID), 404},
		{access.Operator, "GET", "/clients/2/sheet", "", 404},
		{access.Accountant, "PATCH", "/clients/1/values", fmt.Sprintf(`{"values":[{"field_id":%d,"value":"b"}]}`, x.Fields[0].ID), 403},
		{access.Admin, "POST", "/sections", `{"kind":"fields","title":"New","fields":[{"label":"A","type":"number"}]}`, 201},
		{access.Admin, "POST", "/sections", `{"kind":"fields","title":" "}`, 422},
		{access.Admin, "POST", "/sections", `{"kind":"fields","title":"X","fields":[{"label":"A","type":"formula","options":{"formula":"1 +"}}]}`, 422},
		{access.Admin, "POST", "/fields/formula", `{"section_id":0,"formula":"text + 1"}`, 200},
	} {
		if status, out := w.ask(c.role, c.method, c.path, c.body); status != c.want {
			t.Errorf("%s %s %s: %d %v, want %d", c.role, c.method, c.path, status, out, c.want)
		}
	}
	if v := w.holds()[of(x.Fields[0])].Value; v != "a" {
		t.Errorf("a refused change was made: %q", v)
	}
	_, out := w.ask(access.Admin, "POST", "/fields/formula", `{"section_id":0,"formula":"text * 2"}`)
	if at, ok := out["error"].(map[string]any); !ok || at["code"] != "types" {
		t.Errorf("%v", out)
	}
}

// What a role may not see of a field leaves by no door, and it may not write
// there either.
func TestMaskedFieldsStayMasked(t *testing.T) {
	w := newWorld(t)
	x := w.section(field.Fields, "Own", text("Secret"), text("Half"), text("Open"), formula("Copy", `half + "!"`), formula("Copy of it", "copy + copy"))
	for _, f := range x.Fields[:3] {
		if err := w.set(f, "value of "+f.Label); err != nil {
			t.Fatal(err)
		}
	}
	ctx := w.clerk(fmt.Sprintf(`{"%s": "hidden", "%s": "masked"}`, field.KeyOf(x.Fields[0].ID), field.KeyOf(x.Fields[1].ID)))
	sheet, err := w.fields.Sheet(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	defs, err := w.fields.Defs(ctx, field.Client)
	if err != nil {
		t.Fatal(err)
	}
	many, err := w.fields.Values(ctx, []int64{1}, []int64{x.Fields[0].ID, x.Fields[1].ID, x.Fields[2].ID, x.Fields[3].ID, x.Fields[4].ID})
	if err != nil {
		t.Fatal(err)
	}
	told, err := json.Marshal([]any{sheet, defs, many})
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"value of Secret", "value of Half", `"Secret"`} {
		if strings.Contains(string(told), leak) {
			t.Errorf("%q has left: %s", leak, told)
		}
	}
	if !strings.Contains(string(told), "value of Open") || !strings.Contains(string(told), `"hidden":true`) {
		t.Errorf("told: %s", told)
	}
	change := func(f field.Field) error {
		return w.fields.Set(ctx, 1, []field.Change{{FieldID: x.Fields[2].ID, Value: "x"}, {FieldID: f.ID, Value: "x"}})
	}
	w.refused(change(x.Fields[0]), "field_not_found")
	w.refused(change(x.Fields[1]), "field_forbidden")
	if v := w.holds()[of(x.Fields[2])].Value; v != "value of Open" {
		t.Errorf("a refused change was half made: %q", v)
	}
	for _, key := range []string{field.KeyOf(x.Fields[1].ID), field.KeyOf(x.Fields[4].ID)} {
		if _, err := w.lists().Table(ctx, client.TableQuery{Where: is(key, "starts", "value"), Limit: 10}); err == nil {
			t.Errorf("%s can be guessed by narrowing", key)
		}
	}
}

// Who may not see a record sees that there is one, and cannot put another in its place.
func TestReferencesAskForRights(t *testing.T) {
	w := newWorld(t)
	x := w.section(field.Fields, "Own", field.NewField{Label: "Partner", Type: field.Reference, Options: field.Options{Refers: "client"}})
	if err := w.set(x.Fields[0], "3"); err != nil {
		t.Fatal(err)
	}
	w.exec(`insert into roles (key, name, grants) values ('clerk', 'Clerk', '{"records": {"client": {"read": "own", "change": "own"}}, "rights": []}')`)
	ctx := w.signIn()
	sheet, err := w.fields.Sheet(ctx, 1)
	if err != nil || len(sheet.Values) != 1 || !sheet.Values[0].Hidden || sheet.Values[0].Label != "" || sheet.Values[0].Value != "" {
		t.Errorf("%+v, %v", sheet.Values, err)
	}
	w.refused(w.fields.Set(ctx, 1, []field.Change{{FieldID: x.Fields[0].ID, Value: ""}}), "field_forbidden")
	w.refused(w.fields.Set(ctx, 1, []field.Change{{FieldID: x.Fields[0].ID, Value: "1"}}), "reference_invalid")
	if v := w.holds()[of(x.Fields[0])]; v.Label != "Acme" {
		t.Errorf("%+v", v)
	}
}
