package access_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"centralita/crm/access"
	"centralita/internal/web"
)

// read decodes an answer of that status.
func read[T any](t *testing.T, w *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var v T
	if w.Code != status {
		t.Fatalf("%d, want %d: %s", w.Code, status, w.Body)
	}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// secure gives a user a second factor and returns its secret and the recovery codes.
func (h *house) secure(token string) (secret string, codes []string) {
	h.t.Helper()
	e := read[access.Enrolment](h.t, h.ask(token, "POST", "/my/second-factor", "{}"), 200)
	if !strings.HasPrefix(e.Image, "data:image/png;base64,") || !strings.Contains(e.URI, e.Secret) {
		h.t.Errorf("%+v", e)
	}
	if w := h.ask(token, "POST", "/my/second-factor/confirm", `{"code":"000000"}`); code(h.t, w) != "bad_code" {
		h.t.Errorf("%s", w.Body)
	}
	got := read[struct {
		Codes []string `json:"recovery_codes"`
	}](h.t, h.ask(token, "POST", "/my/second-factor/confirm", `{"code":"`+h.code(e.Secret)+`"}`), 200)
	if len(got.Codes) != 10 || len(slices.Compact(slices.Sorted(slices.Values(got.Codes)))) != 10 {
		h.t.Fatalf("%v", got.Codes)
	}
	return e.Secret, got.Codes
}

func (h *house) code(secret string) string {
	h.t.Helper()
	c, err := totp.GenerateCode(secret, h.clock.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *house) enter(login, word, second string) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.ask("", "POST", "/session", fmt.Sprintf(`{"login":%q,"password":%q,"code":%q}`, login, word, second))
}

func TestSecondFactor(t *testing.T) {
	h := newHouse(t)
	token, _ := h.login("operator")
	secret, codes := h.secure(token)
	if w := h.enter("operator", password, ""); w.Code != 401 || code(t, w) != "code_required" || len(w.Result().Cookies()) != 0 {
		t.Errorf("without a code: %d %s", w.Code, w.Body)
	}
	if w := h.enter("operator", "wrong wrong wrong", h.code(secret)); code(t, w) != "bad_credentials" {
		t.Errorf("a right code with a wrong password: %s", w.Body)
	}
	if w := h.enter("operator", password, h.code(secret)); code(t, w) != "bad_code" {
		t.Errorf("the code of the enrolment again: %s", w.Body)
	}
	h.clock.advance(30 * time.Second)
	once := h.code(secret)
	if w := h.enter("operator", password, once); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := h.enter("operator", password, once); code(t, w) != "bad_code" {
		t.Errorf("a code used twice: %s", w.Body)
	}
	if w := h.enter("operator", password, strings.ToUpper(codes[3])); w.Code != 200 {
		t.Errorf("a recovery code: %d %s", w.Code, w.Body)
	}
	if w := h.enter("operator", password, codes[3]); code(t, w) != "bad_code" {
		t.Errorf("a recovery code twice: %s", w.Body)
	}
	var plain int
	if err := h.db.Conn(t.Context()).QueryRow(t.Context(), "select count(*) from recovery_codes where code_hash = $1", []byte(codes[0])).Scan(&plain); err != nil || plain != 0 {
		t.Errorf("codes in the clear: %d, %v", plain, err)
	}
	state := read[struct {
		Enabled bool `json:"enabled"`
		Left    int  `json:"recovery_codes_left"`
	}](t, h.ask(token, "GET", "/my/second-factor", ""), 200)
	if !state.Enabled || state.Left != 9 {
		t.Errorf("%+v", state)
	}
}

func TestOneCodeOpensOneDoor(t *testing.T) {
	h := newHouse(t)
	token, _ := h.login("operator")
	secret, _ := h.secure(token)
	h.clock.advance(30 * time.Second)
	var in atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if h.enter("operator", password, h.code(secret)).Code == 200 {
				in.Add(1)
			}
		})
	}
	all.Wait()
	if in.Load() != 1 {
		t.Errorf("one code let %d in", in.Load())
	}
}

func TestGuessingCodes(t *testing.T) {
	h := newHouse(t)
	token, _ := h.login("operator")
	secret, _ := h.secure(token)
	h.clock.advance(time.Minute)
	for i := range 5 {
		if w := h.enter("operator", password, "123456"); code(t, w) != "bad_code" {
			t.Fatalf("guess %d: %s", i, w.Body)
		}
		h.enter("operator", password, "") // the password alone takes nothing back
		h.clock.advance(2 * time.Second)
	}
	for range 12 { // the pause grows: soon no try is free
		h.enter("operator", password, "123456")
		h.clock.advance(time.Second)
	}
	if w := h.enter("operator", password, h.code(secret)); w.Code != 429 {
		t.Errorf("the right code while blocked: %d %s", w.Code, w.Body)
	}
	h.clock.advance(16 * time.Minute)
	if w := h.enter("operator", password, h.code(secret)); w.Code != 200 {
		t.Errorf("after the wait: %d %s", w.Code, w.Body)
	}
}

func TestALostSecondFactorIsReset(t *testing.T) {
	h := newHouse(t)
	token, me := h.login("supervisor")
	h.secure(token)
	admin, _ := h.login("admin")
	path := fmt.Sprintf("/users/%d/second-factor", me.User.ID)
	if w := h.ask(token, "DELETE", path, ""); w.Code != 403 {
		t.Errorf("by himself: %d", w.Code)
	}
	read[any](t, h.ask(admin, "DELETE", path, ""), 204)
	if w := h.enter("supervisor", password, ""); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	var traces int
	if err := h.db.Conn(t.Context()).QueryRow(t.Context(), "select count(*) from audit_entries where action = 'second_factor.remove' and entity_id = $1", me.User.ID).Scan(&traces); err != nil || traces != 1 {
		t.Errorf("%d traces, %v", traces, err)
	}
}

func TestARoleMayNeedASecondFactor(t *testing.T) {
	h := newHouse(t)
	admin, _ := h.login("admin")
	token, _ := h.login("operator")
	read[any](t, h.ask(admin, "PATCH", "/firm", `{"second_factor_roles":["operator"]}`), 200)
	h.clock.advance(3 * time.Second)
	if w := h.ask(token, "GET", "/users", ""); w.Code != 403 || code(t, w) != "second_factor_setup_required" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if me := read[access.Me](t, h.ask(token, "GET", "/session", ""), 200); me.Due != "second_factor_setup_required" {
		t.Errorf("due: %q", me.Due)
	}
	h.secure(token)
	read[any](t, h.ask(token, "GET", "/users", ""), 200)
}

func TestDangerNeedsAFreshProof(t *testing.T) {
	h := newHouse(t)
	admin, _ := h.login("admin")
	_, me := h.login("operator")
	change := func() *httptest.ResponseRecorder {
		return h.ask(admin, "PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"roles":["manager"]}`)
	}
	h.clock.advance(16 * time.Minute)
	if w := change(); w.Code != 403 || code(t, w) != "proof_required" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := h.ask(admin, "POST", "/session/proof", `{"password":"not the password"}`); w.Code != 422 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := h.ask(admin, "POST", "/session/proof", `{"code":"123456"}`); w.Code != 422 {
		t.Errorf("a code without a second factor: %d %s", w.Code, w.Body)
	}
	if w := change(); w.Code != 403 {
		t.Errorf("after a wrong proof: %d", w.Code)
	}
	read[any](t, h.ask(admin, "POST", "/session/proof", `{"password":"`+password+`"}`), 204)
	read[any](t, change(), 200)
}

func TestPasswords(t *testing.T) {
	h := newHouse(t)
	admin, _ := h.login("admin")
	_, me := h.login("manager")
	other, _ := h.login("manager")
	path := fmt.Sprintf("/users/%d/password", me.User.ID)
	for _, weak := range []string{"elevenchars", "password1234", "Qwerty123456!", "aaaaaaaaaaaaa", "manager likes tea", "пароль123456", "121212121212", "1q2w3e4r5t6y", "iloveyou2024!!"} {
		if w := h.ask(admin, "POST", path, fmt.Sprintf(`{"password":%q}`, weak)); w.Code != 422 || code(t, w) != "password_weak" {
			t.Errorf("%s: %d %s", weak, w.Code, w.Body)
		}
	}
	read[any](t, h.ask(admin, "POST", path, `{"password":"quite a fresh start","must_change":true}`), 204)
	if h.ask(other, "GET", "/firm", "").Code != 401 {
		t.Error("an old session goes on")
	}
	w := h.enter("manager", "quite a fresh start", "")
	mine := w.Result().Cookies()[0].Value
	if got := read[access.Me](t, w, 200); got.Due != "password_change_required" {
		t.Errorf("due %q", got.Due)
	}
	if w := h.ask(mine, "GET", "/users", ""); code(t, w) != "password_change_required" {
		t.Errorf("%s", w.Body)
	}
	for body, want := range map[string]string{
		`{"current":"wrong wrong wrong","password":"a better one of mine"}`:  "bad_credentials",
		`{"current":"quite a fresh start","password":"quite a fresh start"}`: "password_same",
		`{"current":"quite a fresh start","password":"short"}`:               "password_weak",
		`{"current":"quite a fresh start","password":"x","roles":["admin"]}`: "invalid_input",
	} {
		if w := h.ask(mine, "POST", "/my/password", body); code(t, w) != want {
			t.Errorf("%s: %s", body, w.Body)
		}
	}
	w = h.ask(mine, "POST", "/my/password", `{"current":"quite a fresh start","password":"a better one of mine"}`)
	read[any](t, w, 204)
	fresh := w.Result().Cookies()[0].Value
	if h.ask(mine, "GET", "/session", "").Code != 401 || h.ask(fresh, "GET", "/users", "").Code != 200 {
		t.Error("the old cookie still opens, or the new one does not")
	}
}

func (h *house) bearer(secret, method, path, body string) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.ask("", method, path, body, "Authorization: Bearer "+secret)
}

func TestTokens(t *testing.T) {
	h := newHouse(t)
	boss, me := h.login("supervisor")
	add := func(token, body string) *httptest.ResponseRecorder { return h.ask(token, "POST", "/my/tokens", body) }
	for body, status := range map[string]int{
		`{"name":"x","scopes":["users.write"],"expires_in_days":1}`:              422, // not his
		`{"name":"x","scopes":["signed_in"],"expires_in_days":1}`:                422,
		`{"name":"x","scopes":[],"expires_in_days":1}`:                           422,
		`{"name":"x","scopes":["ledger.read"],"expires_in_days":0}`:              422,
		`{"name":"x","scopes":["ledger.read"],"expires_in_days":1,"owner_id":1}`: 422,
	} {
		if w := add(boss, body); w.Code != status {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	made := read[struct {
		Secret string
		Token  access.Token
	}](t, add(boss, `{"name":"Reports","scopes":["settings.read","sessions.manage"],"expires_in_days":30}`), 201)
	if !strings.HasPrefix(made.Secret, "ctl_") || len(made.Secret) != 47 {
		t.Errorf("%q", made.Secret)
	}
	read[any](t, h.bearer(made.Secret, "GET", "/sessions", ""), 200)
	for _, r := range [][2]string{{"GET", "/session"}, {"GET", "/my/tokens"}, {"POST", "/my/tokens"}, {"DELETE", "/session"}, {"POST", "/my/password"}} {
		if w := h.bearer(made.Secret, r[0], r[1], ""); w.Code != 403 || code(t, w) != "not_for_tokens" {
			t.Errorf("%v: %d %s", r, w.Code, w.Body)
		}
	}
	if w := h.bearer(made.Secret, "GET", "/audit", ""); w.Code != 403 {
		t.Errorf("beyond its scopes: %d", w.Code)
	}
	if h.ask(made.Secret, "GET", "/users", "").Code != 401 || h.bearer(boss, "GET", "/users", "").Code != 401 {
		t.Error("a token is a cookie, or a cookie a token")
	}
	if w := h.ask("", "GET", "/my/tokens", ""); w.Code != 401 {
		t.Errorf("%d", w.Code)
	}
	if w := h.ask(boss, "GET", "/my/tokens", ""); strings.Contains(w.Body.String(), made.Secret) || !strings.Contains(w.Body.String(), "Reports") {
		t.Errorf("%s", w.Body)
	}
	admin, _ := h.login("admin")
	// A token is never more than its owner.
	read[any](t, h.ask(admin, "PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"roles":["operator"]}`), 200)
	if w := h.bearer(made.Secret, "GET", "/sessions", ""); w.Code != 403 {
		t.Errorf("more than its owner: %d", w.Code)
	}
	operator, _ := h.login("operator")
	if w := h.ask(operator, "DELETE", fmt.Sprintf("/my/tokens/%d", made.Token.ID), ""); w.Code != 404 {
		t.Errorf("another's token: %d", w.Code)
	}
	read[any](t, h.ask(admin, "DELETE", fmt.Sprintf("/tokens/%d", made.Token.ID), ""), 204)
	if w := h.bearer(made.Secret, "GET", "/users", ""); w.Code != 401 {
		t.Errorf("revoked: %d", w.Code)
	}
}

func TestATokenDiesWithItsOwnerAndItsTime(t *testing.T) {
	h := newHouse(t)
	token, me := h.login("operator")
	make1 := func() string {
		return read[struct{ Secret string }](t, h.ask(token, "POST", "/my/tokens", `{"name":"x","scopes":["clients.read"],"expires_in_days":1}`), 201).Secret
	}
	one := make1()
	read[any](t, h.bearer(one, "GET", "/users", ""), 200)
	h.clock.advance(4 * time.Hour)
	read[any](t, h.bearer(one, "GET", "/users", ""), 200) // programs need not come every hour
	h.clock.advance(21 * time.Hour)
	if w := h.bearer(one, "GET", "/users", ""); w.Code != 401 {
		t.Errorf("after its time: %d", w.Code)
	}
	token, _ = h.login("operator")
	two := make1()
	admin, _ := h.login("admin")
	read[any](t, h.ask(admin, "PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"active":false}`), 200)
	if w := h.bearer(two, "GET", "/users", ""); w.Code != 401 {
		t.Errorf("of a disabled user: %d", w.Code)
	}
	read[any](t, h.ask(admin, "PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"active":true}`), 200)
	if w := h.bearer(two, "GET", "/users", ""); w.Code != 401 {
		t.Errorf("it came back with its owner: %d", w.Code)
	}
}

func TestSessionsAreSeenAndEnded(t *testing.T) {
	h := newHouse(t)
	first, _ := h.login("operator")
	second, me := h.login("operator")
	boss, _ := h.login("supervisor")
	type page struct{ Items []access.Session }
	mine := read[page](t, h.ask(second, "GET", "/my/sessions", ""), 200).Items
	if len(mine) != 2 || !mine[0].Current || mine[1].Current || mine[0].UserID != me.User.ID || mine[0].IP != "192.0.2.1" {
		t.Fatalf("%+v", mine)
	}
	if w := h.ask(first, "GET", "/sessions", ""); w.Code != 403 {
		t.Errorf("everybody's, by an operator: %d", w.Code)
	}
	all := read[page](t, h.ask(boss, "GET", "/sessions", ""), 200).Items
	if len(all) != 3 {
		t.Errorf("%+v", all)
	}
	if w := h.ask(first, "DELETE", fmt.Sprintf("/my/sessions/%d", all[0].ID), ""); w.Code != 404 {
		t.Errorf("another's session: %d", w.Code)
	}
	read[any](t, h.ask(second, "DELETE", fmt.Sprintf("/my/sessions/%d", mine[1].ID), ""), 204)
	if h.ask(first, "GET", "/firm", "").Code != 401 || h.ask(second, "GET", "/firm", "").Code != 200 {
		t.Error("the wrong session ended")
	}
	read[any](t, h.ask(boss, "DELETE", fmt.Sprintf("/users/%d/sessions", me.User.ID), ""), 204)
	if h.ask(second, "GET", "/firm", "").Code != 401 {
		t.Error("ended by a supervisor, and still in")
	}
	var who []int64
	if err := h.db.Conn(t.Context()).QueryRow(t.Context(), "select array_agg(user_id order by id) from audit_entries where action = 'end'").Scan(&who); err != nil || len(who) != 2 || who[0] != me.User.ID || who[1] == me.User.ID {
		t.Errorf("%v %v", who, err)
	}
}

func TestALoginBeginsANewSession(t *testing.T) {
	h := newHouse(t)
	w := h.ask("chosen by somebody else", "POST", "/session", `{"login":"operator","password":"`+password+`"}`)
	if c := w.Result().Cookies(); len(c) != 1 || c[0].Name != web.SessionCookieName || c[0].Value == "chosen by somebody else" {
		t.Errorf("%v", c)
	}
}
