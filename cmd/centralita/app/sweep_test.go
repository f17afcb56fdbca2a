package app

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"centralita/internal/web"
	"centralita/realtime"
)

// Users of the sweep: one whose role gives nothing, and one who may do all with what is his own, and has one of each.
const (
	nobody = 2001
	hermit = 2002
)

// public are the routes that need no session.
var public = []string{
	"log-in", "openapi", "health", "ready", "metrics", "twilio-status", "twilio-inbound",
}

// everybodys are the routes that need a session and no right: what they tell is for everybody who works here, or they
// ask for the rest themselves.
var everybodys = []string{
	"get-firm", "list-users", "list-roles", "list-teams", "list-deputies", "list-lines", "list-queues", "list-queue-versions", "list-queue-states", "list-skills", "list-reasons", "list-dispositions", "list-presence", "list-exports", "live",
	"add-deputy", "remove-deputy", "why", "get-export",
}

// proven are the routes that ask for a proof, before what cannot be taken back.
var proven = []string{
	"add-role", "change-role", "reset-role", "remove-role", "add-team", "change-team", "remove-team",
	"request-export", "approve-export", "change-export-settings", "set-audit-quotas",
	"add-user", "change-user", "set-password", "reset-second-factor", "add-token",
}

// sweep asks every route there is, and knows whether anything changed.
type sweep struct {
	*firm
	routes  []asked
	schemas map[string]schema
	signals atomic.Int64
}

// asked is a route with the shape of its body; nil without one.
type asked struct {
	web.Route
	body *schema
}

// schema is what the API's document says of a value.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"`
	Enum       []any             `json:"enum"`
	Format     string            `json:"format"`
	Minimum    *float64          `json:"minimum"`
	MinLength  int               `json:"minLength"`
	MinItems   int               `json:"minItems"`
	Required   []string          `json:"required"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
}

// I1 to I3: no route lets in whom it must not, tells of what is not his, or takes what it was not asked for; and a
// refusal changes nothing.
func TestEveryRouteRefuses(t *testing.T) {
	s := newSweep(t)
	t.Run("strangers", s.strangers)
	t.Run("users without any grant", s.grantless)
	t.Run("what is somebody else's", s.others)
	t.Run("what nobody asked for", s.extras)
	t.Run("without a proof", s.unproved)
	t.Run("what cannot be noted", s.unnoted)
}

func newSweep(t *testing.T) *sweep {
	s := &sweep{firm: newFirm(t, 1)}
	s.read()
	s.exec(`insert into roles (key, name, builtin, grants, fields) values ('own_nothing', 'nothing', false, '{"records": {}, "rights": []}', '{}')`)
	own := map[string]map[string]string{}
	for kind, verbs := range kindsOfRecords {
		own[kind] = map[string]string{}
		for _, v := range verbs {
			own[kind][v] = "own"
		}
	}
	s.exec("insert into roles (key, name, builtin, grants, fields) values ('own_own', 'own', false, $1, '{}')",
		map[string]any{"records": own, "rights": []string{"board.read", "leads.assign"}})
	for id, role := range map[int]string{nobody: "own_nothing", hermit: "own_own"} {
		s.exec("insert into users (id, login, name, password_hash, roles, sip_user, sip_password) values ($1, $2, $2, 'x', $3, $2, 'x')", id, role, []string{role})
	}
	s.belongings()
	s.watch()
	t.Cleanup(s.bus.Subscribe(func(realtime.Message) { s.signals.Add(1) }))
	return s
}

// belongings gives the hermit one record of each kind.
func (s *sweep) belongings() {
	s.exec("insert into clients (id, kind, name, name_key, responsible_id) values (7000001, 'person', 'Mine', 'mine', $1)", hermit)
	s.exec("insert into contact_points (id, client_id, kind, raw, value) values (7000001, 7000001, 'phone', '+34600000009', '+34600000009')")
	s.exec("insert into leads (id, identity, number, source, responsible_id) values (7000001, 'u:mine', '+34600000009', 'manual', $1)", hermit)
	s.exec("update leads set responsible_id = 1 where responsible_id is null")
	s.exec("update calls set user_id = 1 where user_id is null")
	s.exec("update messages set user_id = 1 where user_id is null")
	s.exec("insert into exports (id, state, format, query, columns, titles, total, created_by) values (7000001, 'waiting', 'csv', '{}', '{name}', '{Name}', 1, 1)")
	s.exec("insert into client_merges (id, winner_id, loser_id, winner_name, loser_name) values (7000001, $1, 9999, 'a', 'b')", clientsFrom+5)
	s.exec(`insert into segments (id, name, owner_id, filter) values (7000001, 'a', 1, '{}')`)
	s.exec(`insert into views (id, name, owner_id, query, columns) values (7000001, 'a', 1, '{}', '[]')`)
	s.exec(`insert into bulk_runs (id, what, created_by) values (7000001, '{}', 1)`)
	s.exec("insert into import_mappings (id, name, header_key, mapping, policy, created_by) values (7000001, 'a', 'a', '{}', '{}', 1)")
}

// watch has the database note every row that changes, but for what is kept of the asking itself.
func (s *sweep) watch() {
	s.exec(`create table witnessed (what text);
		create function witness() returns trigger language plpgsql as $$ begin
			if tg_op <> 'UPDATE' or old is distinct from new then insert into witnessed values (tg_op || ' ' || tg_table_name); end if;
			return null;
		end $$;
		do $$ declare t text; begin
			for t in select tablename from pg_tables where schemaname = 'public' and tablename not in
				('witnessed', 'audit_entries', 'audit_counts', 'audit_alerts', 'sessions', 'login_attempts', 'goose_db_version', 'servers') loop
				execute format('create trigger witness after insert or update or delete on %I for each row execute function witness()', t);
			end loop;
		end $$`)
}

// unchanged fails when anything changed since it was asked last, or any browser was told so.
func (s *sweep) unchanged(t *testing.T, after string) {
	t.Helper()
	var what string
	s.each("select coalesce(string_agg(distinct what, ', '), '') from witnessed", []any{&what}, func() {})
	if n := s.signals.Swap(0); what != "" || n != 0 {
		t.Errorf("%s: changed %q, told browsers %d times", after, what, n)
	}
	if what != "" {
		s.exec("truncate witnessed")
	}
}

// read learns the routes and the shapes of their bodies.
func (s *sweep) read() {
	text, err := s.web.Router().OpenAPI()
	s.must(err)
	var doc struct {
		Paths map[string]map[string]struct {
			ID   string `json:"operationId"`
			Body struct {
				Content map[string]struct{ Schema schema }
			} `json:"requestBody"`
		}
		Components struct{ Schemas map[string]schema }
	}
	s.must(json.Unmarshal(text, &doc))
	s.schemas = doc.Components.Schemas
	bodies := map[string]*schema{}
	for _, methods := range doc.Paths {
		for _, op := range methods {
			if c, ok := op.Body.Content["application/json"]; ok {
				bodies[op.ID] = &c.Schema
			}
		}
	}
	for _, r := range s.web.Router().Routes() {
		s.routes = append(s.routes, asked{r, bodies[r.ID]})
	}
	if len(s.routes) < 150 || len(bodies) < 60 {
		s.t.Fatalf("%d routes, %d with a body: does this test still see them?", len(s.routes), len(bodies))
	}
}

// where a path's records are: by the part of the path before the parameter.
var from = map[string]int64{
	"clients": clientsFrom + 5, "contact-points": 2 * (clientsFrom + 5), "rows": clientsFrom + 5, "addresses": clientsFrom + 5, "relations": clientsFrom + 5,
	"leads": leadsFrom + 5, "calls": callsFrom + 5, "messages": messagesFrom + 5, "reminders": remindersFrom + 5, "files": filesFrom + 5,
	"imports": importsFrom + 5, "exports": 7000001, "merges": 7000001, "mappings": 7000001, "deputies": 1,
	"segments": 7000001, "views": 7000001, "bulk-runs": 7000001,
}

// missing is an id that no record has.
const missing = 99_000_000

var parameter = regexp.MustCompile(`([a-z-]+)/\{[^}]+\}`)

// path fills in the ids of records that are somebody else's, of records that are not there, or the hermit's own.
func (r asked) path(id func(kind string) int64) string {
	return parameter.ReplaceAllStringFunc(r.Path, func(part string) string {
		kind, _, _ := strings.Cut(part, "/")
		if kind == "roles" {
			return "roles/own_1"
		}
		return kind + "/" + strconv.FormatInt(id(kind), 10)
	})
}

func theirs(kind string) int64 {
	if id, known := from[kind]; known {
		return id
	}
	return 1
}

func gone(string) int64 { return missing }
func mine(string) int64 { return 7000001 }

// given are values that a schema cannot tell.
var given = map[string]any{
	"raw": "600123123", "to": "+34600123123", "number": "+34600123123", "local_time": "2030-01-01T10:00", "starts_at": "2030-01-01T10:00:00Z",
	"ends_at": "2030-01-02T10:00:00Z", "columns": []string{"name"}, "titles": []string{"Name"}, "digits": "1", "country": "ES", "currency": "EUR",
	"audience": "user", "channel": "app", "from": "manager", "street": "Street 1", "login": "somebody", "password": "correct horse battery", "at": "2030-01-01T10:00:00Z", "roles": []string{"operator"},
}

// sample is a value that the schema allows, with what it requires.
func (s *sweep) sample(x schema, name string) any {
	if x.Ref != "" {
		x = s.schemas[x.Ref[strings.LastIndex(x.Ref, "/")+1:]]
	}
	if v, ok := given[name]; ok {
		return v
	}
	if len(x.Enum) > 0 {
		return x.Enum[0]
	}
	kind, _ := x.Type.(string)
	if kinds, several := x.Type.([]any); several {
		kind, _ = kinds[0].(string)
	}
	switch kind {
	case "object":
		out := map[string]any{}
		for _, p := range x.Required {
			out[p] = s.sample(x.Properties[p], p)
		}
		return out
	case "array":
		out := []any{}
		for range x.MinItems {
			out = append(out, s.sample(*x.Items, ""))
		}
		return out
	case "integer", "number":
		return 1
	case "boolean":
		return true
	}
	return "text"
}

// bodyOf is a sample for a route, as a map that may be changed; nil when it has none.
func (s *sweep) bodyOf(r asked) map[string]any {
	if r.body == nil {
		return nil
	}
	out, _ := s.sample(*r.body, "").(map[string]any)
	maps.Copy(out, map[string]map[string]any{
		"set-values":  {"values": []any{map[string]any{"field_id": s.fields["word"], "value": "x"}}},
		"add-address": {"city": "Madrid"}, "change-address": {"city": "Madrid"}, "create-call": {"number": "+34600123123"}, "tag-client": {"tag_id": 1},
	}[r.ID])
	return out
}

// try sends a request without what may be absent.
func (s *sweep) try(token string, r asked, path string, body map[string]any) answer {
	s.t.Helper()
	var in any
	switch {
	case body != nil:
		in = body
	case strings.HasPrefix(r.ID, "upload-"):
		in = []byte("name\nAnna\n")
	}
	return s.send(s.t.Context(), token, r.Method, path, in)
}

func (s *sweep) strangers(t *testing.T) {
	for _, r := range s.routes {
		if r.Permission == web.Public {
			if !slices.Contains(public, r.ID) {
				t.Errorf("%s %s (%s) is open to anybody", r.Method, r.Path, r.ID)
			}
			continue
		}
		for _, token := range []string{"", "made-up"} {
			if a := s.try(token, r, r.path(theirs), s.bodyOf(r)); a.status != http.StatusUnauthorized {
				t.Errorf("%s %s with the token %q: %d %s", r.Method, r.Path, token, a.status, a.body)
			}
		}
		s.unchanged(t, r.ID)
	}
}

func (s *sweep) grantless(t *testing.T) {
	token := s.signIn(nobody)
	for _, r := range s.routes {
		if r.Permission == web.Public || r.Permission == web.Personal {
			continue
		}
		a := s.try(token, r, r.path(theirs), s.bodyOf(r))
		refused := a.status == http.StatusForbidden || a.status == http.StatusNotFound
		switch {
		case r.Permission == web.SignedIn && !slices.Contains(everybodys, r.ID):
			t.Errorf("%s %s (%s) asks for no right", r.Method, r.Path, r.ID)
		case r.Permission != web.SignedIn && a.status != http.StatusForbidden,
			r.Permission == web.SignedIn && r.Method != http.MethodGet && !refused, a.status >= http.StatusInternalServerError:
			t.Errorf("%s %s without a grant: %d %s", r.Method, r.Path, a.status, a.body)
		}
		s.unchanged(t, r.ID)
	}
}

// namesIn are the parts of a body that name a record which may be somebody else's.
var namesIn = map[string]string{
	"client_id": "clients", "organisation_id": "clients", "other_id": "clients", "winner_id": "clients", "loser_id": "clients", "a_id": "clients", "b_id": "clients",
	"lead_id": "leads", "contact_point_id": "contact-points",
}

// others: what is somebody else's is told in the words for what does not exist, in a path and in a body.
func (s *sweep) others(t *testing.T) {
	token, compared := s.signIn(hermit), 0
	compare := func(r asked, what string, ask func(id func(string) int64) answer) {
		there, notThere := ask(theirs), ask(gone)
		compared++
		if there.status < 400 || there.status >= 500 || there.status != notThere.status || plain(there) != plain(notThere) {
			t.Errorf("%s %s with somebody else's %s: %d %s\nand one that is not there: %d %s", r.Method, r.Path, what, there.status, there.body, notThere.status, notThere.body)
		}
		s.unchanged(t, r.ID+" "+what)
	}
	for _, r := range s.routes {
		kind, _, _ := strings.Cut(parameter.FindString(r.Path), "/")
		if _, known := from[kind]; known {
			compare(r, kind, func(id func(string) int64) answer { return s.try(token, r, r.path(id), s.bodyOf(r)) })
		}
		if r.body == nil {
			continue
		}
		x := *r.body
		if x.Ref != "" {
			x = s.schemas[x.Ref[strings.LastIndex(x.Ref, "/")+1:]]
		}
		for _, p := range slices.Sorted(maps.Keys(x.Properties)) {
			if of, is := namesIn[p]; is {
				compare(r, p, func(id func(string) int64) answer {
					body := s.bodyOf(r)
					for q := range body {
						if _, also := namesIn[q]; also {
							body[q] = 7000001
						}
					}
					body[p] = id(of)
					return s.try(token, r, r.path(mine), body)
				})
			}
		}
	}
	if compared < 80 {
		t.Errorf("only %d compared", compared)
	}
}

var ids = regexp.MustCompile(`"request_id":"[^"]*"|[0-9]+`)

// plain is an answer without the ids in it.
func plain(a answer) string { return ids.ReplaceAllString(string(a.body), "N") }

// extras: fields that a route does not know, like an owner or a role, or a known one in capitals, are refused, and
// nothing of the rest happens.
func (s *sweep) extras(t *testing.T) {
	boss := s.signIn(1000)
	for _, r := range s.routes {
		if r.body == nil {
			continue
		}
		for _, extra := range []string{"created_by", "owner_id", "ROLES", "deleted_at"} {
			body := s.bodyOf(r)
			body[extra] = 1
			if a := s.try(boss, r, r.path(theirs), body); a.status != http.StatusUnprocessableEntity {
				t.Errorf("%s %s with %s: %d %s", r.Method, r.Path, extra, a.status, a.body)
			}
		}
		for name, value := range s.bodyOf(r) {
			body := s.bodyOf(r)
			body[strings.ToUpper(name)] = value
			if a := s.try(boss, r, r.path(theirs), body); a.status != http.StatusUnprocessableEntity {
				t.Errorf("%s %s with %s twice: %d %s", r.Method, r.Path, name, a.status, a.body)
			}
		}
		s.unchanged(t, r.ID)
	}
}

// unproved: what cannot be taken back asks for a proof.
func (s *sweep) unproved(t *testing.T) {
	boss := s.signIn(1000)
	s.exec("update sessions set proved_at = now() - interval '1 day' where user_id = 1000")
	for _, r := range s.routes {
		if !slices.Contains(proven, r.ID) {
			continue
		}
		if a := s.try(boss, r, r.path(theirs), s.bodyOf(r)); a.status != http.StatusForbidden || !strings.Contains(string(a.body), "proof_required") {
			t.Errorf("%s %s without a proof: %d %s", r.Method, r.Path, a.status, a.body)
		}
		s.unchanged(t, r.ID)
	}
	for _, id := range proven {
		if !slices.ContainsFunc(s.routes, func(r asked) bool { return r.ID == id }) {
			t.Errorf("there is no route %s", id)
		}
	}
}

// readings are what shows something of clients, with the deed under which the log has it.
var readings = []struct{ path, deed string }{
	{"/clients", "client.list"}, {"/clients/100005", "client.read"}, {"/clients/100005/card", "client.read"}, {"/clients/100005/sheet", "client.sheet.read"},
	{"/clients/100005/timeline", "client.timeline.read"}, {"/clients/100005/history", "client.history.read"}, {"/files/700005/content", "client.file.read"},
	{"/leads", "lead.list"}, {"/leads/200005", "lead.read"}, {"/calls", "call.list"}, {"/messages", "message.list"}, {"/exports", "export.list"},
	{"/duplicates", "duplicates.list"}, {"/calls/300005/audio", "recording.play"}, {"/search?q=zq", "client.search"}, {"/audit", "audit.list"},
}

// unnoted: each reading is in the log before it is answered, and refused while the log cannot be written.
func (s *sweep) unnoted(t *testing.T) {
	boss, n := s.signIn(1000), 0
	s.exec("alter table audit_entries rename to away")
	for _, r := range readings {
		if a := s.ask(boss, http.MethodGet, r.path, nil); a.status < http.StatusInternalServerError || len(s.found(string(a.body))) > 0 {
			t.Errorf("%s while nothing can be noted: %d %.300s", r.path, a.status, a.body)
		}
	}
	s.exec("alter table away rename to audit_entries")
	for _, r := range readings {
		var before int
		s.each("select count(*) from audit_entries where action = '"+r.deed+"' and user_id = 1000", []any{&before}, func() {})
		a := s.ask(boss, http.MethodGet, strings.Replace(r.path, "q=zq", "q=ana", 1), nil) // the same search once more would be one
		s.each("select count(*) from audit_entries where action = '"+r.deed+"' and user_id = 1000", []any{&n}, func() {})
		if a.status != http.StatusOK || n != before+1 {
			t.Errorf("%s: %d, noted %d times as %s", r.path, a.status, n-before, r.deed)
		}
	}
}
