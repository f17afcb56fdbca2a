package access_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/internal/fault"
)

func TestEveryBuiltinRoleIsInTheTable(t *testing.T) {
	h := newHouse(t)
	roles, err := h.s.Roles(t.Context())
	if err != nil || len(roles) != 7 || roles[len(roles)-1].Key != access.Owner {
		t.Fatalf("%v %v", roles, err)
	}
	for _, r := range roles {
		if !r.Builtin || r.Edited || len(r.Records) == 0 {
			t.Errorf("%+v", r)
		}
	}
}

func TestTheFirmMakesItsOwnRoles(t *testing.T) {
	h := newHouse(t)
	admin, _ := h.login("admin")
	var made access.Role
	w := h.ask(admin, "POST", "/roles", `{"name":"Night shift","from":"operator"}`)
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 201 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	path := "/roles/" + made.Key
	if w := h.ask(admin, "PATCH", path, `{"records":{"client":{"read":"own","change":"own"}},"fields":{"client.phone":"masked"},"rights":[]}`); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := h.ask(admin, "PATCH", "/users/1", fmt.Sprintf(`{"roles":[%q]}`, made.Key)); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	ctx := h.as(1)
	if access.ScopeOf(ctx, access.Client, access.Read) != access.Own || access.Can(ctx, access.Client, access.Create) ||
		access.ScopeOf(ctx, access.Lead, access.Read) != access.All || access.FieldMask(ctx, access.PhoneField) != access.Masked {
		t.Error("the role does not give what it says")
	}
	_, me := h.login("operator")
	if me.Fields[access.PhoneField] != access.Masked {
		t.Errorf("his browser is not told: %v", me.Fields)
	}
	for _, r := range [][3]string{
		{"DELETE", path, ""}, {"DELETE", "/roles/operator", ""}, {"PATCH", "/roles/owner", `{"rights":[]}`},
	} {
		if w := h.ask(admin, r[0], r[1], r[2]); w.Code != 409 && w.Code != 403 {
			t.Errorf("%v: %d %s", r, w.Code, w.Body)
		}
	}
	for _, body := range []string{`{"records":{"moon":{"read":"all"}}}`, `{"records":{"client":{"eat":"all"}}}`, `{"records":{"client":{"read":"most"}}}`,
		`{"rights":["root"]}`, `{"fields":{"user.password":"shown"}}`, `{"key":"owner"}`} {
		if w := h.ask(admin, "PATCH", path, body); w.Code != 422 {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	if n := h.count("select count(*) from audit_entries where entity = 'role'"); n != 2 {
		t.Errorf("%d entries of roles in the log", n)
	}
}

func (h *house) count(sql string, args ...any) (n int) {
	h.t.Helper()
	if err := h.db.Conn(h.t.Context()).QueryRow(h.t.Context(), sql, args...).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestNobodyLocksTheFirmOut(t *testing.T) {
	h := newHouse(t)
	admin, _ := h.login("admin")
	if w := h.ask(admin, "PATCH", "/roles/admin", `{"rights":["settings.read"]}`); w.Code != 409 || code(t, w) != "last_admin" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := h.ask(admin, "GET", "/roles", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"users.write"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := h.ask(admin, "PATCH", "/roles/supervisor", `{"rights":["board.read"]}`); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := h.ask(admin, "POST", "/roles/supervisor/reset", ""); w.Code != 200 || strings.Contains(w.Body.String(), `"edited":true`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestTeamsAreATree(t *testing.T) {
	h := newHouse(t)
	admin, _ := h.login("admin")
	for i, body := range []string{`{"name":"Spain"}`, `{"name":"Madrid","parent_id":1,"member_ids":[2,2,3]}`} {
		if w := h.ask(admin, "POST", "/teams", body); w.Code != 201 {
			t.Fatalf("%d: %d %s", i, w.Code, w.Body)
		}
	}
	for body, want := range map[string]int{
		`{"name":"Spain","parent_id":2}`: 422, `{"name":"Spain","parent_id":1}`: 422, `{"name":"Spain","parent_id":99}`: 422,
		`{"name":"Spain","member_ids":[99]}`: 422, `{"name":" "}`: 422, `{"name":"Spain","member_ids":[1]}`: 200,
	} {
		if w := h.ask(admin, "PUT", "/teams/1", body); w.Code != want {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	if w := h.ask(admin, "DELETE", "/teams/1", ""); w.Code != 409 {
		t.Errorf("a branch with teams went: %d", w.Code)
	}
	if w := h.ask(admin, "DELETE", "/teams/2", ""); w.Code != 204 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	operator, _ := h.login("operator")
	if w := h.ask(operator, "PUT", "/teams/1", `{"name":"Mine","member_ids":[1,2,3]}`); w.Code != 403 {
		t.Errorf("an operator moves people: %d", w.Code)
	}
}

func TestEverybodyNamesHisOwnDeputyOnly(t *testing.T) {
	h := newHouse(t)
	operator, me := h.login("operator")
	body := func(user, deputy int64, from, until time.Duration) string {
		now := h.clock.Now()
		return fmt.Sprintf(`{"user_id":%d,"deputy_id":%d,"starts_at":%q,"ends_at":%q}`, user, deputy,
			now.Add(from).Format(time.RFC3339), now.Add(until).Format(time.RFC3339))
	}
	for b, want := range map[string]int{
		body(me.User.ID, 2, 0, time.Hour): 201, body(2, me.User.ID, 0, time.Hour): 403, body(me.User.ID, me.User.ID, 0, time.Hour): 422,
		body(me.User.ID, 2, time.Hour, 0): 422, body(me.User.ID, 99, 0, time.Hour): 422, body(me.User.ID, 2, 0, 9000*time.Hour): 422,
	} {
		if w := h.ask(operator, "POST", "/deputies", b); w.Code != want {
			t.Errorf("%s: %d %s", b, w.Code, w.Body)
		}
	}
	one := fmt.Sprintf("/deputies/%d", h.count("select id from deputies"))
	manager, _ := h.login("manager")
	if w := h.ask(manager, "DELETE", one, ""); w.Code != 404 {
		t.Errorf("the deputy ends it: %d", w.Code)
	}
	if w := h.ask(operator, "DELETE", one, ""); w.Code != 204 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestWhyTellsEveryReason(t *testing.T) {
	h := newHouse(t)
	h.exec(things)
	owned := thing
	owned.Table = "things"
	h.exec(`insert into teams (id, parent_id, name) values (1, null, 'North'), (2, 1, 'Coast')`)
	h.exec(`insert into team_members values (1, 1), (2, 3)`)
	h.exec("insert into deputies (user_id, deputy_id, starts_at, ends_at) values (4, 1, $1, $2)", h.clock.Now(), h.clock.Now().Add(time.Hour))
	if err := h.s.Share(t.Context(), []access.Record{{Entity: access.Client, ID: 2}}, 1, "call:17", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for scope, want := range map[string]map[int64]string{
		"own":  {1: "own", 2: "share", 3: "none", 4: "deputy", 5: "none"},
		"team": {1: "own", 2: "share", 3: "team", 4: "deputy", 5: "none"},
		"none": {1: "none"}, "all": {5: "scope_all"},
	} {
		h.grant(scope)
		h.as(1)
		for id, kind := range want {
			why, err := h.s.Explain(t.Context(), owned, id, 1)
			if err != nil || why.Reasons[len(why.Reasons)-1].Kind != kind || why.May[access.Read] != (kind != "none") {
				t.Errorf("%s, thing %d: %+v %v", scope, id, why, err)
			}
		}
	}
	h.grant("own")
	if _, err := h.s.Explain(h.as(1), owned, 3, 2); fault.KindOf(err) != fault.NotFound {
		t.Errorf("who may not see it learns of it: %v", err)
	}
}
