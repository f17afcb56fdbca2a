package access_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
)

// things is a table of records with owners; the resource over it is a client's.
const things = `create table things (id bigint primary key, owner_id bigint);
	insert into things values (1, 1), (2, 2), (3, 3), (4, 4), (5, null)`

var thing = access.Resource{Entity: access.Client, Owner: "owner_id", Shared: true}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.db.Conn(h.t.Context()).Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatal(err)
	}
}

// visible lists the things that ctx's actor may do v with, by the condition and
// by the check, which must agree.
func (h *house) visible(ctx context.Context, r access.Resource, v access.Verb) []int64 {
	h.t.Helper()
	var args []any
	where := r.Where(ctx, v, "t", func(a any) string { args = append(args, a); return fmt.Sprintf("$%d", len(args)) })
	rows, err := h.db.Conn(ctx).Query(ctx, "select t.id from things t where "+where+" order by t.id", args...)
	if err != nil {
		h.t.Fatal(err)
	}
	listed, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		h.t.Fatal(err)
	}
	for id, owner := range map[int64]int64{1: 1, 2: 2, 3: 3, 4: 4, 5: 0} {
		err := r.Check(ctx, v, id, owner)
		if kind := fault.KindOf(err); err != nil && kind != fault.NotFound && kind != fault.Forbidden {
			h.t.Fatal(err)
		}
		if (err == nil) != slices.Contains(listed, id) {
			h.t.Errorf("thing %d: the list has %v, the check says %v", id, listed, err)
		}
	}
	return listed
}

// as returns ctx of a user, fresh from the database.
func (h *house) as(user int64) context.Context {
	h.t.Helper()
	h.clock.advance(4 * time.Second) // what was believed is believed no more
	ctx, err := h.s.BehalfOf(h.t.Context(), user)
	if err != nil {
		h.t.Fatal(err)
	}
	return ctx
}

// grant gives the operator (user 1) a role with one scope for everything of clients.
func (h *house) grant(scope string) {
	h.exec(`insert into roles (key, name, grants, fields) values ('own', 'Own', $1, '{}') on conflict (key) do update set grants = excluded.grants`,
		fmt.Sprintf(`{"records":{"client":{"read":%q,"change":%q,"delete":%q}},"rights":[]}`, scope, scope, scope))
	h.exec("update users set roles = '{own}' where id = 1")
}

func TestScopes(t *testing.T) {
	h := newHouse(t)
	h.exec(things)
	h.exec(`insert into teams (id, parent_id, name) values (1, null, 'North'), (2, 1, 'Coast'), (3, null, 'South')`)
	h.exec(`insert into team_members values (1, 1), (2, 2), (3, 3)`)
	for scope, want := range map[string][]int64{"none": nil, "own": {1}, "team": {1, 2}, "all": {1, 2, 3, 4, 5}} {
		h.grant(scope)
		if got := h.visible(h.as(1), thing, access.Read); !slices.Equal(got, want) {
			t.Errorf("%s reaches %v, want %v", scope, got, want)
		}
	}
	h.grant("own")
	open := thing
	open.Unowned = true
	if got := h.visible(h.as(1), open, access.Read); !slices.Equal(got, []int64{1, 5}) {
		t.Errorf("with what nobody owns: %v", got)
	}
	if got := h.visible(t.Context(), thing, access.Delete); len(got) != 5 {
		t.Errorf("the system reaches %v", got)
	}
	if _, err := h.s.BehalfOf(t.Context(), 999); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an unknown user acts: %v", err)
	}
}

func TestDeputiesStandInForATime(t *testing.T) {
	h := newHouse(t)
	h.exec(things)
	h.grant("own")
	from := h.clock.Now().Add(time.Hour)
	h.exec("insert into deputies (user_id, deputy_id, starts_at, ends_at) values (3, 1, $1, $2)", from, from.Add(time.Hour))
	for range 3 {
		got := h.visible(h.as(1), thing, access.Change)
		if during := !h.clock.Now().Before(from) && h.clock.Now().Before(from.Add(time.Hour)); slices.Contains(got, 3) != during {
			t.Errorf("at %v: %v", h.clock.Now(), got)
		}
		h.clock.advance(time.Hour)
	}
}

func TestSharesOpenOneRecordForATime(t *testing.T) {
	h := newHouse(t)
	h.exec(things)
	h.grant("own")
	ctx := h.as(1)
	if err := h.s.Share(t.Context(), []access.Record{{Entity: access.Client, ID: 4}}, 1, "call:17", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := h.visible(ctx, thing, access.Change); !slices.Equal(got, []int64{1, 4}) {
		t.Errorf("shared: %v", got)
	}
	if got := h.visible(ctx, thing, access.Delete); !slices.Equal(got, []int64{1}) {
		t.Errorf("a share lets him delete: %v", got)
	}
	if err := thing.Check(ctx, access.Delete, 4, 4); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("readable, not his to delete: %v", err)
	}
	closed := thing
	closed.Shared = false
	if got := h.visible(ctx, closed, access.Read); !slices.Equal(got, []int64{1}) {
		t.Errorf("shares of what cannot be shared: %v", got)
	}
	if err := h.s.EndShares(t.Context(), "call:17", time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := h.visible(ctx, thing, access.Read); !slices.Equal(got, []int64{1}) {
		t.Errorf("after the end: %v", got)
	}
	absent := thing.Check(ctx, access.Delete, 99, 99)
	if hidden := thing.Check(ctx, access.Delete, 4, 4); fault.KindOf(hidden) != fault.NotFound || hidden.Error() != absent.Error() {
		t.Errorf("%v, and of what does not exist %v", hidden, absent)
	}
}

func TestRolesAddUp(t *testing.T) {
	h := newHouse(t)
	h.exec(`insert into roles (key, name, grants, fields) values
		('blind', 'Blind', '{"records":{"client":{"read":"team"}},"rights":["ledger.read"]}', '{"client.phone":"hidden","client.email":"masked"}'),
		('clerk', 'Clerk', '{"records":{"client":{"read":"own"}},"rights":[]}', '{"client.phone":"masked"}'),
		('other', 'Other', '{"records":{"segment":{"read":"all"}},"rights":[]}', '{}')`)
	h.exec("update users set roles = '{blind,clerk,other}' where id = 1")
	ctx := h.as(1)
	if s := access.ScopeOf(ctx, access.Client, access.Read); s != access.Team {
		t.Errorf("the widest scope is %v", s)
	}
	if m := access.FieldMask(ctx, access.PhoneField); m != access.Masked {
		t.Errorf("a role that gives no clients unmasks their numbers: %v", m)
	}
	if m := access.FieldMask(ctx, access.EmailField); m != access.Shown {
		t.Errorf("the least masking is %v", m)
	}
	a := access.ActorFrom(ctx)
	if !a.Has(access.LedgerRead) || !a.Has(access.ClientsRead) || a.Has(access.ClientsWrite) || a.Has(access.CallsUse) || a.Has("no.such") {
		t.Errorf("%+v", a)
	}
	if access.ScopeOf(ctx, "unheard_of", access.Read) != access.None || access.Require(ctx, access.Client, access.Export) == nil {
		t.Error("what nobody gave is there")
	}
}

func TestSideDesksSeeMaskedNumbers(t *testing.T) {
	for _, role := range []string{access.Storekeeper, access.Accountant} {
		ctx := access.WithActor(t.Context(), access.Actor{UserID: 7, Roles: []string{role}})
		mask := access.FieldMask(ctx, access.PhoneField)
		if got := mask.Number("+34600123422"); got != "+34 6•• •• •• 22" || !access.Can(ctx, access.Client, access.Read) || access.Can(ctx, access.Client, access.Change) {
			t.Errorf("%s: %s", role, got)
		}
		if got := access.FieldMask(ctx, access.EmailField).Email("anna@mail.example.com"); got != "a•••@•••.com" {
			t.Errorf("%s: %s", role, got)
		}
	}
	if got := access.Hidden.Number("+34600123422") + access.Hidden.Prose("call +34600123422"); got != "call •••" {
		t.Errorf("hidden: %q", got)
	}
}

func TestNobodyGivesMoreThanHeHas(t *testing.T) {
	h := newHouse(t)
	h.exec(`insert into roles (key, name, grants) values ('steward', 'Steward', '{"records":{"client":{"read":"all"}},"rights":["users.write"]}')`)
	h.exec("update users set roles = '{steward}' where login = 'manager'")
	token, me := h.login("manager")
	_, admin := h.login("admin")
	for _, r := range [][3]string{
		{"PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"roles":["owner"]}`},
		{"PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"roles":["steward","operator"]}`},
		{"PATCH", fmt.Sprintf("/users/%d", admin.User.ID), `{"active":false}`},
		{"POST", fmt.Sprintf("/users/%d/password", admin.User.ID), `{"password":"` + password + `"}`},
		{"POST", "/users", `{"login":"mole","name":"Mole","roles":["admin"],"password":"` + password + `"}`},
	} {
		if w := h.ask(token, r[0], r[1], r[2]); w.Code != 403 || code(t, w) != "more_than_yours" {
			t.Errorf("%s %s: %d %s", r[1], r[2], w.Code, w.Body)
		}
	}
	boss, _ := h.login("admin")
	if w := h.ask(boss, "PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"roles":["owner"]}`); w.Code != 403 || code(t, w) != "more_than_yours" {
		t.Errorf("an administrator makes an owner: %d %s", w.Code, w.Body)
	}
	h.exec("update users set roles = '{owner}' where login = 'admin'")
	boss, _ = h.login("admin")
	if w := h.ask(boss, "PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"roles":["owner","steward"]}`); w.Code != 200 {
		t.Errorf("an owner makes another: %d %s", w.Code, w.Body)
	}
	h.exec("update users set roles = '{steward}' where login = 'manager'")
	if w := h.ask(token, "PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"roles":["no_such"]}`); w.Code != 422 {
		t.Errorf("an unknown role: %d %s", w.Code, w.Body)
	}
	if w := h.ask(token, "PATCH", fmt.Sprintf("/users/%d", me.User.ID), `{"ROLES":["owner"]}`); w.Code != 422 || !strings.Contains(w.Body.String(), "ROLES") {
		t.Errorf("another case of the key: %d %s", w.Code, w.Body)
	}
}
