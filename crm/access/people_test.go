package access_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/internal/fault"
)

func TestDisabledMeansOut(t *testing.T) {
	h := newHouse(t)
	phones := 0
	h.s.OnPhonesChange(func() { phones++ })
	neighbour := h.open()
	token, me := h.login("operator")
	admin, _ := h.login("admin")
	if _, err := neighbour.Enter(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if w := h.ask(admin, "PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"active":false}`); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if h.ask(token, "GET", "/firm", "").Code != 401 {
		t.Error("still in, in the same process")
	}
	h.clock.advance(2 * time.Second)
	if _, err := neighbour.Enter(t.Context(), token); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("still in after two seconds in another process: %v", err)
	}
	if !slices.Equal(h.live.users, []int64{me.User.ID}) || len(h.live.sessions) != 1 || phones != 1 {
		t.Errorf("kicked %v %v, phones pushed %d times", h.live.users, h.live.sessions, phones)
	}
	all, err := h.s.PhoneAccounts(t.Context())
	if err != nil || len(all) != 4 || all[0].Active || !all[1].Active || all[0].SIPUser == all[1].SIPUser {
		t.Errorf("%+v %v", all, err)
	}
	if w := h.ask("", "POST", "/session", `{"login":"operator","password":"`+password+`"}`); w.Code != 401 {
		t.Errorf("logged in again: %d", w.Code)
	}
}

func TestLostRoleIsLostAtOnce(t *testing.T) {
	h := newHouse(t)
	token, me := h.login("supervisor")
	admin, _ := h.login("admin")
	if w := h.ask(token, "GET", "/audit", ""); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := h.ask(admin, "PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"roles":["operator"]}`); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := h.ask(token, "GET", "/audit", ""); w.Code != 403 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestPasswordChangeEndsSessions(t *testing.T) {
	h := newHouse(t)
	token, me := h.login("operator")
	admin, _ := h.login("admin")
	path := fmt.Sprintf("/users/%d/password", me.User.ID)
	for _, weak := range []string{"short", "operator", strings.Repeat("x", 201)} {
		if w := h.ask(admin, "POST", path, `{"password":"`+weak+`"}`); w.Code != 422 || len(weak) < 200 && strings.Contains(w.Body.String(), `"`+weak+`"`) {
			t.Errorf("%q: %d %s", weak, w.Code, w.Body)
		}
	}
	if w := h.ask(admin, "POST", path, `{"password":"another battery horse"}`); w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if h.ask(token, "GET", "/firm", "").Code != 401 || h.ask(admin, "GET", "/firm", "").Code != 200 {
		t.Error("the wrong sessions ended")
	}
	if _, _, err := h.s.Login(t.Context(), "operator", "another battery horse", ""); err != nil {
		t.Error(err)
	}
}

func TestOnlyAdminsTouchUsersAndTheFirm(t *testing.T) {
	h := newHouse(t)
	_, victim := h.login("admin")
	for _, role := range []string{"operator", "manager", "supervisor"} {
		token, me := h.login(role)
		for _, r := range [][3]string{
			{"POST", "/users", `{"login":"mole","name":"Mole","roles":["admin"],"password":"` + password + `"}`},
			{"PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"roles":["admin"]}`},
			{"PATCH", fmt.Sprintf("/users/%d", victim.User.ID), `{"active":false}`},
			{"POST", fmt.Sprintf("/users/%d/password", victim.User.ID), `{"password":"mine now!!"}`},
			{"PATCH", "/firm", `{"name":"Mine"}`},
		} {
			if w := h.ask(token, r[0], r[1], r[2]); w.Code != 403 {
				t.Errorf("%s %s %s: %d", role, r[0], r[1], w.Code)
			}
		}
		if w := h.ask(token, "PATCH", "/session/preferences", `{"roles":["admin"]}`); w.Code != 422 {
			t.Errorf("preferences take roles: %d", w.Code)
		}
	}
	var changes int
	if err := h.db.Conn(t.Context()).QueryRow(t.Context(), "select count(*) from audit_entries where action in ('change','set_password')").Scan(&changes); err != nil || changes != 0 {
		t.Errorf("refused requests left %d traces, %v", changes, err)
	}
}

func TestAdminsManageUsers(t *testing.T) {
	h := newHouse(t)
	admin, _ := h.login("admin")
	w := h.ask(admin, "POST", "/users", `{"login":"Ann.Lee","name":"Ann Lee","roles":["manager","operator"],"locale":"es","phone_kind":"desk","password":"`+password+`"}`)
	var ann access.User
	if err := json.Unmarshal(w.Body.Bytes(), &ann); err != nil || w.Code != 201 || ann.Login != "ann.lee" || ann.PhoneKind != "desk" || strings.Contains(w.Body.String(), "sip") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for body, want := range map[string]string{
		`{"login":"ANN.LEE","name":"Other","roles":["manager"],"password":"` + password + `"}`:         "login_taken",
		`{"login":"a b","name":"Other","roles":["manager"],"password":"` + password + `"}`:             "invalid_input",
		`{"login":"root2","name":"Other","roles":["root"],"password":"` + password + `"}`:              "invalid_input",
		`{"login":"x","name":"\r\nX-Evil: 1\u0007","roles":["manager"],"password":"` + password + `"}`: "invalid_input",
		`{"login":"x","name":"X","roles":["manager"],"password":"x"}`:                                  "password_weak",
	} {
		if w := h.ask(admin, "POST", "/users", body); code(t, w) != want {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	if w := h.ask(admin, "PATCH", "/users/999999", `{"name":"x"}`); w.Code != 404 {
		t.Errorf("%d", w.Code)
	}
	w = h.ask(admin, "GET", fmt.Sprintf("/audit?entity=user&entity_id=%d", ann.ID), "")
	if s := w.Body.String(); w.Code != 200 || !strings.Contains(s, `"action":"add"`) || strings.Contains(s, "argon2") || strings.Contains(s, password) {
		t.Errorf("%d %s", w.Code, s)
	}
}

func TestTheLastAdminStays(t *testing.T) {
	h := newHouse(t)
	admin, me := h.login("admin")
	path := fmt.Sprintf("/users/%d", me.User.ID)
	for _, body := range []string{`{"active":false}`, `{"roles":["supervisor"]}`} {
		if w := h.ask(admin, "PATCH", path, body); w.Code != 409 || code(t, w) != "last_admin" {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	second, err := h.s.AddUser(t.Context(), access.NewUser{Login: "second", Name: "Second", Roles: []string{"admin"}, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	off := false
	for _, id := range []int64{me.User.ID, second.ID} {
		done.Go(func() {
			if _, err := h.s.ChangeUser(t.Context(), id, access.UserChange{Active: &off}); err != nil && fault.CodeOf(err) != "last_admin" {
				t.Error(err)
			}
		})
	}
	done.Wait()
	var admins int
	if err := h.db.Conn(t.Context()).QueryRow(t.Context(), "select count(*) from users where active and 'admin' = any(roles)").Scan(&admins); err != nil || admins != 1 {
		t.Errorf("%d admins left, %v", admins, err)
	}
}

func TestPreferencesAndFirm(t *testing.T) {
	h := newHouse(t)
	token, _ := h.login("operator")
	h.ask(token, "PATCH", "/session/preferences", `{"theme":"dark","audio":{"speaker":"x"}}`)
	w := h.ask(token, "PATCH", "/session/preferences", `{"locale":"ru","audio":{"speaker":"y"}}`)
	var me access.Me
	if err := json.Unmarshal(w.Body.Bytes(), &me); err != nil || me.User.Locale != "ru" || me.Preferences["theme"] != "dark" ||
		me.Preferences["audio"].(map[string]any)["speaker"] != "y" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := h.ask(token, "PATCH", "/session/preferences", `{"theme":"pink"}`); w.Code != 422 {
		t.Errorf("%d", w.Code)
	}
	admin, _ := h.login("admin")
	w = h.ask(admin, "PATCH", "/firm", `{"time_zone":"America/Mexico_City","allowed_countries":["FR","DE","FR"]}`)
	var f access.Firm
	if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil || f.TimeZone != "America/Mexico_City" || !slices.Equal(f.AllowedCountries, []string{"DE", "FR"}) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, bad := range []string{`{"time_zone":"Mars/Base"}`, `{"time_zone":"../../etc/passwd"}`, `{"country":"es"}`, `{"lead_warn_seconds":9999}`, `{"calls_per_minute":0}`, `{"allowed_countries":["XXX"]}`} {
		if w := h.ask(admin, "PATCH", "/firm", bad); w.Code != 422 {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
}
