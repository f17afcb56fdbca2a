package app

import (
	"slices"
	"strings"
)

// oracle says who may see what. It reads the tables itself and asks nobody else.
type oracle struct {
	*firm
	owners map[string]map[int64]owned // by kind and id
	shares map[share]bool
}

// owned is to whom a record belongs: users, and users of its client.
type owned struct {
	client  int64
	users   []int64
	nobodys bool // and may therefore be seen by all who work with its kind
}

type share struct {
	user int64
	kind string
	id   int64
}

// viewer is a user as the oracle sees him.
type viewer struct {
	o         *oracle
	id        int64
	token     string
	roles     []role
	own, team map[int64]bool
	verb      string
}

type role struct {
	Records map[string]map[string]string
	Rights  []string
	fields  map[string]string
}

// owners of the kinds: id, client, and two columns of users.
var ownersOf = map[string]string{
	"client":    "select id, 0::bigint, responsible_id, null::bigint from clients",
	"lead":      "select id, 0::bigint, responsible_id, null::bigint from leads",
	"call":      "select id, coalesce(client_id, 0), user_id, null::bigint from calls",
	"recording": "select id, coalesce(client_id, 0), user_id, null::bigint from calls",
	"message":   "select id, coalesce(client_id, 0), user_id, null::bigint from messages",
	"reminder":  "select id, coalesce(client_id, 0), user_id, created_by from reminders",
	"note":      "select id, client_id, user_id, null::bigint from notes",
	"file":      "select id, client_id, user_id, null::bigint from files",
	"segment":   "select id, 0::bigint, owner_id, null::bigint from segments",
	"import":    "select id, 0::bigint, created_by, null::bigint from imports",
}

// unowned are the kinds of which somebody has to work on what is nobody's.
var unowned = []string{"lead", "call", "recording", "message"}

func newOracle(f *firm) *oracle {
	o := &oracle{firm: f, owners: map[string]map[int64]owned{}, shares: map[share]bool{}}
	for kind, sql := range ownersOf {
		o.owners[kind] = map[int64]owned{}
		var id, client int64
		var a, b *int64
		o.each(sql, []any{&id, &client, &a, &b}, func() {
			w := owned{client: client}
			for _, u := range []*int64{a, b} {
				if u != nil {
					w.users = append(w.users, *u)
				}
			}
			o.owners[kind][id] = w
		})
	}
	for _, kind := range unowned {
		for id, w := range o.owners[kind] {
			w.nobodys = len(w.users) == 0 && len(o.owners["client"][w.client].users) == 0
			o.owners[kind][id] = w
		}
	}
	var s share
	o.each("select user_id, entity, entity_id from record_shares where until > now()", []any{&s.user, &s.kind, &s.id}, func() { o.shares[s] = true })
	return o
}

// viewer reads what a user is.
func (o *oracle) viewer(id int64) *viewer {
	v := &viewer{o: o, id: id, token: o.tokens[id], own: map[int64]bool{id: true}, team: map[int64]bool{}, verb: "read"}
	var r role
	var user, deputy, parent, other int64
	o.each("select d.user_id, d.deputy_id from deputies d where now() between d.starts_at and d.ends_at", []any{&user, &deputy}, func() {
		if deputy == id {
			v.own[user] = true
		}
	})
	mine, above := map[int64]bool{}, map[int64]int64{}
	o.each("select id, coalesce(parent_id, 0) from teams order by id", []any{&other, &parent}, func() { above[other] = parent })
	members := map[int64][]int64{}
	o.each("select team_id, user_id from team_members", []any{&other, &user}, func() {
		members[other] = append(members[other], user)
		mine[other] = mine[other] || user == id
	})
	for team, users := range members {
		for t := team; t != 0; t = above[t] {
			if mine[t] {
				for _, u := range users {
					v.team[u] = true
				}
			}
		}
	}
	var grants struct {
		Records map[string]map[string]string `json:"records"`
		Rights  []string                     `json:"rights"`
	}
	var holder int64
	o.each("select u.id, r.grants, r.fields from users u join roles r on r.key = any(u.roles) where r.grants is not null", []any{&holder, &grants, &r.fields}, func() {
		if holder == id {
			v.roles = append(v.roles, role{grants.Records, grants.Rights, r.fields})
		}
		grants.Records, grants.Rights, r.fields = nil, nil, nil
	})
	return v
}

func (v *viewer) has(right string) bool {
	return slices.ContainsFunc(v.roles, func(r role) bool { return slices.Contains(r.Rights, right) })
}

var widths = []string{"", "none", "own", "team", "all"}

// scope is the widest that one of his roles gives.
func (v *viewer) scope(kind, verb string) string {
	best := 1
	for _, r := range v.roles {
		best = max(best, slices.Index(widths, r.Records[kind][verb]))
	}
	return widths[best]
}

// reaches reports whether one of the users is within a scope.
func (v *viewer) reaches(scope string, users []int64) bool {
	return slices.ContainsFunc(users, func(u int64) bool { return v.own[u] || scope == "team" && v.team[u] })
}

// sees reports whether he may see a record.
func (v *viewer) sees(kind string, id int64) bool {
	w, there := v.o.owners[kind][id]
	if !there {
		return false
	}
	if kind == "note" || kind == "file" { // they lie on a card
		if !v.sees("client", w.client) {
			return false
		}
	}
	if v.verb == "export" && kind == "client" && !v.within("export", kind, id, w) {
		return false
	}
	return v.within("read", kind, id, w)
}

func (v *viewer) within(verb, kind string, id int64, w owned) bool {
	scope := v.scope(kind, verb)
	switch {
	case scope == "none":
		return false
	case scope == "all", w.nobodys, v.reaches(scope, w.users), v.reaches(scope, v.o.owners["client"][w.client].users):
		return true
	}
	return verb == "read" && v.o.shares[share{v.id, kind, id}]
}

// shown reports whether a field is not masked for him: a role that rules it, or
// works with what it belongs to and does not rule it, has a say.
func (v *viewer) shown(field string) bool {
	ruled := false
	for _, r := range v.roles {
		mask, has := r.fields[field]
		reads := slices.Index(widths, r.Records["client"]["read"]) > 1
		if has && mask == "shown" || !has && reads {
			return true
		}
		ruled = ruled || has
	}
	return !ruled
}

// may reports whether he may see a cell.
func (v *viewer) may(c cell) bool {
	for _, m := range c.masks {
		if !v.shown(m) {
			return false
		}
	}
	return v.sees(c.kind, c.id)
}

// visible are the ids of a kind that he may see.
func (v *viewer) visible(kind string) map[int64]bool {
	out := map[int64]bool{}
	for id := range v.o.owners[kind] {
		if v.sees(kind, id) {
			out[id] = true
		}
	}
	return out
}

// found are the markers in a text, however it is written.
func (o *firm) found(text string) (markers []string) {
	low := strings.ToLower(text)
	for at := 0; ; {
		i := strings.Index(low[at:], "zq")
		if i < 0 {
			break
		}
		if at += i; at+9 <= len(low) {
			if _, is := o.cells[low[at:at+9]]; is {
				markers = append(markers, low[at:at+9])
			}
		}
		at += 2
	}
	return append(markers, o.digits(text)...)
}

// digits are the numbers and days in a text, whatever stands between the digits.
func (o *firm) digits(text string) (markers []string) {
	if len(text) >= 10 {
		if _, is := o.cells[text[:10]]; is {
			markers = append(markers, text[:10])
		}
	}
	run := make([]byte, 0, 32)
	flush := func() {
		for i := 0; i+9 <= len(run); i++ {
			if _, is := o.cells[string(run[i:i+9])]; is {
				markers = append(markers, string(run[i:i+9]))
			}
		}
		run = run[:0]
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			run = append(run, c)
		case strings.IndexByte(" -().\xc2\xa0", c) >= 0:
		default:
			flush()
		}
	}
	flush()
	return markers
}
