package app

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"centralita/callcenter"
	"centralita/crm/client"
	"centralita/crm/field"
	"centralita/crm/file"
)

// How large the firm is.
const (
	people  = 16
	roles   = 14
	teams   = 7
	records = 300 // of each kind
)

// Ids of records begin here, so that no number of one kind is one of another.
const (
	clientsFrom = (iota + 1) * 100_000
	leadsFrom
	callsFrom
	messagesFrom
	remindersFrom
	notesFrom
	filesFrom
	importsFrom
)

// firm is a random one, in which every cell holds something that is nowhere else.
type firm struct {
	*bed
	*rand.Rand
	cells  map[string]cell // by marker
	users  []int64
	tokens map[int64]string
	fields map[string]int64 // of the firm's own, by label
	terms  []int64
	rows   map[string][][]any
}

// cell is a value of a record, and who may see it besides whoever may see the record.
type cell struct {
	kind  string // of the record whose rights rule
	id    int64
	masks []string // fields that must be shown
}

func (c cell) String() string { return fmt.Sprintf("%s %d %v", c.kind, c.id, c.masks) }

func newFirm(t testing.TB, seed uint64) *firm {
	f := &firm{bed: newBed(t), Rand: rand.New(rand.NewPCG(seed, 19)), cells: map[string]cell{}, tokens: map[int64]string{}, fields: map[string]int64{}, rows: map[string][][]any{}}
	f.staff()
	f.ownFields()
	f.clientele()
	f.ledger()
	f.conversations()
	f.desk()
	f.store()
	for _, u := range f.users {
		f.tokens[u] = f.signIn(u)
	}
	return f
}

// mark returns a text that is nowhere else.
func (f *firm) mark(c cell) string {
	n := len(f.cells)
	letters := make([]byte, 5)
	for i := range letters {
		letters[i] = byte('a' + n%16)
		n /= 16
	}
	text := "zq" + string(letters) + "zq"
	f.cells[text] = c
	return text
}

// number returns a Spanish mobile number that is nowhere else.
func (f *firm) number(c cell) string {
	national := fmt.Sprintf("677%06d", len(f.cells))
	c.masks = append(append([]string{}, c.masks...), "client.phone")
	f.cells[national] = c
	return "+34" + national
}

// prose is words with a number among them.
func (f *firm) prose(c cell) string { return f.mark(c) + ", ring " + f.number(c) + " back" }

func (f *firm) add(table string, row ...any) { f.rows[table] = append(f.rows[table], row) }

func (f *firm) anybody() int64 { return f.users[f.IntN(len(f.users))] }

// owner is somebody, or nobody.
func (f *firm) owner() *int64 {
	if f.IntN(6) == 0 {
		return nil
	}
	return new(f.anybody())
}

func (f *firm) clientID() int64 { return clientsFrom + f.Int64N(records) }

// caller is a client, or somebody unknown.
func (f *firm) caller() *int64 {
	if f.IntN(4) == 0 {
		return nil
	}
	return new(f.clientID())
}

func (f *firm) chance(percent int) bool { return f.IntN(100) < percent }

// kindsOfRecords are those of the rights, with their verbs.
var kindsOfRecords = map[string][]string{
	"client": {"create", "read", "change", "delete", "export"}, "lead": {"create", "read", "change", "export"}, "call": {"create", "read", "export"},
	"recording": {"read", "delete", "export"}, "message": {"create", "read", "export"}, "reminder": {"create", "read", "change"},
	"note": {"create", "read", "change", "delete", "export"}, "file": {"create", "read", "change", "delete", "export"},
	"segment": {"create", "read", "change", "delete", "export"}, "view": {"create", "read", "change", "delete"}, "import": {"create", "read", "change", "delete"},
}

// staff makes users with random roles, in random teams, with random deputies.
func (f *firm) staff() {
	scopes := []string{"none", "own", "team", "all"}
	var keys []string
	for i := range roles {
		whole := i == 0 // the first one gives everything, so that everything is seen by somebody
		records := map[string]map[string]string{}
		for kind, verbs := range kindsOfRecords {
			records[kind] = map[string]string{}
			for _, verb := range verbs {
				records[kind][verb] = scopes[f.IntN(4)]
				if whole {
					records[kind][verb] = "all"
				}
			}
		}
		masks := map[string]string{}
		for _, field := range []string{"client.phone", "client.email", "client.note"} {
			if !whole && f.chance(50) {
				masks[field] = []string{"shown", "masked", "hidden"}[f.IntN(3)]
			}
		}
		rights := []string{"board.read"}
		for _, right := range []string{"audit.read", "exports.approve", "settings.read", "ledger.read", "leads.assign"} {
			if whole || f.chance(40) {
				rights = append(rights, right)
			}
		}
		key := fmt.Sprintf("own_%d", i)
		keys = append(keys, key)
		f.exec("insert into roles (key, name, builtin, grants, fields) values ($1, $1, false, $2, $3)", key, map[string]any{"records": records, "rights": rights}, masks)
	}
	for i := range people {
		f.users = append(f.users, int64(i+1))
		held := []string{keys[i%len(keys)]}
		if f.chance(30) {
			held = append(held, keys[f.IntN(len(keys))])
		}
		f.exec("insert into users (id, login, name, password_hash, roles, sip_user, sip_password) values ($1, $2, $2, 'x', $3, $2, 'x')", i+1, fmt.Sprintf("user%d", i+1), held)
	}
	f.exec("insert into users (id, login, name, password_hash, roles, sip_user, sip_password) values (1000, 'boss', 'boss', 'x', '{owner}', 'boss', 'x')")
	for i := range teams {
		var parent *int
		if i > 1 {
			parent = new(1 + f.IntN(i))
		}
		f.exec("insert into teams (id, parent_id, name) values ($1, $2, $3)", i+1, parent, fmt.Sprintf("team %d", i+1))
		for range 4 {
			f.exec("insert into team_members (team_id, user_id) values ($1, $2) on conflict do nothing", i+1, f.anybody())
		}
	}
	for range people / 3 {
		absent := f.anybody()
		f.exec(`insert into deputies (user_id, deputy_id, starts_at, ends_at) select $1::bigint, $2::bigint, now() - interval '1 day', now() + $3::int * interval '1 hour' where $1::bigint <> $2::bigint`,
			absent, f.anybody(), []int{-1, 24}[f.IntN(2)])
	}
}

// ownFields adds a section of each kind with fields of all types, each masked for somebody.
func (f *firm) ownFields() {
	ctx := f.t.Context()
	d, err := f.App.fields.AddDictionary(ctx, "Colours", []string{"Red", "Blue"})
	f.must(err)
	for _, t := range d.Terms {
		f.terms = append(f.terms, t.ID)
	}
	fields := []field.NewField{
		{Label: "word", Type: "text"}, {Label: "sum", Type: "number"}, {Label: "day", Type: "date"},
		{Label: "colour", Type: "choice", Options: field.Options{DictionaryID: d.ID}}, {Label: "friend", Type: "reference", Options: field.Options{Refers: "client"}},
		{Label: "matter", Type: "reference", Options: field.Options{Refers: "lead"}}, {Label: "paper", Type: "file"},
	}
	one, err := f.App.fields.AddSection(ctx, field.Section{Entity: "client", Kind: "fields", Title: "More"}, fields)
	f.must(err)
	two, err := f.App.fields.AddSection(ctx, field.Section{Entity: "client", Kind: "table", Title: "Rows"}, []field.NewField{{Label: "item", Type: "text"}})
	f.must(err)
	f.fields["section"], f.fields["table"] = one.ID, two.ID
	for _, x := range append(one.Fields, two.Fields...) {
		f.fields[x.Label] = x.ID
	}
	twice, err := f.App.fields.AddField(ctx, one.ID, field.NewField{Label: "twice", Type: "formula", Options: field.Options{Formula: "word + word"}})
	f.must(err)
	f.fields["twice"] = twice.ID
	for i := range roles {
		masks := map[string]string{}
		for _, label := range []string{"word", "sum", "day", "friend", "matter", "paper", "item", "twice"} {
			if i > 0 && f.chance(25) {
				masks[field.KeyOf(f.fields[label])] = []string{"masked", "hidden"}[f.IntN(2)]
			}
		}
		f.exec("update roles set fields = fields || $2 where key = $1", fmt.Sprintf("own_%d", i), masks)
	}
}

func (f *firm) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// custom is a cell in one of the firm's own fields.
func (f *firm) custom(id int64, label string) cell {
	return cell{"client", id, []string{field.KeyOf(f.fields[label])}}
}

// clientele makes clients with everything on their cards.
func (f *firm) clientele() {
	for i := range int64(records) {
		id := clientsFrom + i
		card := cell{kind: "client", id: id}
		kind, name := "person", f.mark(card)
		var office *int64
		if i < records/10 {
			kind = "organisation"
		} else if f.chance(60) {
			office = new(clientsFrom + f.Int64N(records/10))
		}
		f.add("clients", id, kind, name+" Client", client.Fold(name+" Client"), f.owner(), office, f.prose(cell{"client", id, []string{"client.note"}}), f.mark(card))
		city := f.mark(card)
		f.add("client_addresses", id, id, f.mark(card), f.mark(card), city, client.Fold(city))
		f.add("client_consents", id, id, "calls", true, "call", f.prose(card))
		if other := f.clientID(); other != id {
			f.add("client_relations", id, id, other, f.mark(card), "friend")
		}
		f.add("client_pins", f.anybody(), id)
		f.add("client_recents", f.anybody(), id)
		for j := range int64(2) {
			number, point := f.number(card), 2*id+j
			digits := []byte(number[1:])
			for a, b := 0, len(digits)-1; a < b; a, b = a+1, b-1 {
				digits[a], digits[b] = digits[b], digits[a]
			}
			f.add("contact_points", point, id, "phone", number, number, string(digits), "label "+f.number(card))
			f.add("contact_readings", number, point, id)
		}
		mail := f.mark(cell{"client", id, []string{"client.email"}}) + "@mail.example"
		f.add("contact_points", 2*id+1_000_000, id, "email", mail, mail, "", "")
		f.values(id)
	}
}

// values fills the firm's own fields of a client.
func (f *firm) values(id int64) {
	word := f.mark(f.custom(id, "word"))
	put := func(label string, text, number, date, ref any) {
		var key any
		if s, ok := text.(string); ok {
			key = client.Fold(s)
		}
		f.add("client_values", id, f.fields[label], text, key, number, date, ref)
	}
	put("word", word, nil, nil, nil)
	put("twice", word+word, nil, nil, nil)
	sum := 500_000_000 + len(f.cells)
	f.cells[fmt.Sprint(sum)] = f.custom(id, "sum")
	put("sum", nil, pgNumber(sum), nil, nil)
	day := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(id-clientsFrom))
	f.cells[day.Format(time.DateOnly)] = f.custom(id, "day")
	put("day", nil, nil, day, nil)
	put("colour", nil, nil, nil, f.terms[f.IntN(2)])
	put("friend", nil, nil, nil, f.clientID())
	put("matter", nil, nil, nil, leadsFrom+f.Int64N(records))
	put("paper", nil, nil, nil, filesFrom+id-clientsFrom)
	f.add("section_rows", id, f.fields["table"], id)
	item := f.mark(f.custom(id, "item"))
	f.add("row_values", id, f.fields["item"], item, client.Fold(item))
}

func (f *firm) ledger() {
	now := time.Now()
	for i := range int64(records) {
		id := leadsFrom + i
		card := cell{kind: "lead", id: id}
		state, closing, reason, closedAt := "open", any(nil), "", any(nil)
		if f.chance(30) {
			state, closing, reason, closedAt = "closed", "converted", f.prose(card), now
		}
		f.add("leads", id, fmt.Sprintf("u:%d", id), f.caller(), f.number(card), f.mark(card), "manual", state, f.owner(), f.prose(card), f.prose(card), closing, reason, closedAt)
		f.add("lead_entries", id, "note", map[string]any{"note": f.prose(card)})
	}
}

// conversations makes calls with their recordings, and messages.
func (f *firm) conversations() {
	sound := filepath.Join(f.config.Files.Dir, "recordings")
	f.must(os.MkdirAll(sound, 0o755))
	for i := range int64(records) {
		id, at := callsFrom+i, time.Now().Add(-time.Duration(i)*time.Minute)
		card := cell{kind: "call", id: id}
		who, user := f.caller(), f.owner()
		number, name := f.number(card), f.mark(card)
		call := callcenter.Call{ID: callcenter.ID(id), Direction: "in", Phase: "ended", Outcome: "answered", StartedAt: at, EndedAt: at, UserID: deref(user), ClientID: deref(who)}
		call.Caller = callcenter.Caller{Raw: number, Name: name, E164: number}
		call.Identity = callcenter.Identity{E164: number, Display: number}
		for _, other := range []int64{deref(who), f.clientID()} {
			if other != 0 {
				of := cell{kind: "client", id: other}
				call.Identity.Candidates = append(call.Identity.Candidates, callcenter.Candidate{ClientID: other, Name: f.mark(of), Matched: f.number(of)})
			}
		}
		state, err := json.Marshal(call)
		f.must(err)
		f.add("calls", id, "a", fmt.Sprint(id), "in", user, who, number, name, number, "ended", at, at, "answered", json.RawMessage(state))
		f.add("interactions", "call", "in", at, who, nil, user, id)
		content := []byte(f.mark(cell{kind: "recording", id: id}))
		sum := sha256.Sum256(content)
		f.must(os.WriteFile(filepath.Join(sound, fmt.Sprint(id)), content, 0o600))
		f.add("recordings", id, "ready", fmt.Sprint(id), fmt.Sprint(id), len(content), hex.EncodeToString(sum[:]))
	}
	for i := range int64(records) {
		id, at := messagesFrom+i, time.Now().Add(-time.Duration(i)*time.Minute)
		card := cell{kind: "message", id: id}
		who, user := f.caller(), f.owner()
		f.add("messages", id, "out", who, user, f.number(card), f.number(card), f.prose(card), "failed", "to "+f.number(card))
		f.add("interactions", "sms", "out", at, who, nil, user, id)
	}
}

// desk makes reminders, notes, files and imports.
func (f *firm) desk() {
	now := time.Now()
	blobs := file.NewDisk(filepath.Join(f.config.Files.Dir, "uploads"))
	sum := sha256.Sum256([]byte("paper"))
	for i := range int64(records) {
		f.add("reminders", remindersFrom+i, f.caller(), "user", f.anybody(), "app", f.prose(cell{kind: "reminder", id: remindersFrom + i}), "2030-01-01T10:00", "UTC", now, f.anybody())
		note := notesFrom + i
		who, user := f.clientID(), f.owner()
		f.add("notes", note, who, user, f.prose(cell{"note", note, []string{"client.note"}}))
		f.add("interactions", "note", "internal", now, who, nil, user, note)
		id := filesFrom + i
		blob := file.NewBlobName()
		if i < 20 {
			_, err := blobs.Put(blob, strings.NewReader("paper"))
			f.must(err)
		}
		bringer := f.owner()
		f.add("interactions", "file", "internal", now, clientsFrom+i, nil, bringer, id)
		f.add("files", id, clientsFrom+i, f.mark(cell{kind: "file", id: id})+".txt", "text/plain", 5, hex.EncodeToString(sum[:]), blob, bringer, now)
	}
	for i := range int64(people) {
		id := importsFrom + i
		card := cell{kind: "import", id: id}
		f.add("imports", id, f.mark(card)+".csv", 10, "done", map[string]any{"kind": "csv"}, map[string]any{}, map[string]any{}, f.users[i])
		for line := range 5 {
			f.add("import_rows", id, line+1, "failed", "invalid", nil, []string{f.mark(card), f.mark(card)})
			f.add("import_rows", id, line+100, "created", "", f.clientID(), nil)
		}
	}
	for range records {
		a, b := f.clientID(), f.clientID()
		if a < b {
			f.add("duplicate_pairs", a, b, 60, []string{"number"})
		}
	}
}

// columns of the tables, in the order in which they are filled.
var columns = []struct{ table, names string }{
	{"clients", "id kind name name_key responsible_id organisation_id note position"},
	{"client_addresses", "id client_id label street city city_key"},
	{"client_consents", "id client_id kind given how note"},
	{"client_relations", "id client_id other_id role other_role"},
	{"client_pins", "user_id client_id"},
	{"client_recents", "user_id client_id"},
	{"contact_points", "id client_id kind raw value digits_tail label"},
	{"contact_readings", "e164 contact_point_id client_id"},
	{"client_values", "client_id field_id text_value text_key number_value date_value ref_id"},
	{"section_rows", "id section_id client_id"},
	{"row_values", "row_id field_id text_value text_key"},
	{"leads", "id identity client_id number caller_name source state responsible_id note next_step_note closing closing_reason closed_at"},
	{"lead_entries", "lead_id kind detail"},
	{"calls", "id asterisk_id uniqueid direction user_id client_id caller_raw caller_name e164 phase started_at ended_at outcome state"},
	{"recordings", "call_id state source path size_bytes sha256"},
	{"messages", "id direction client_id user_id from_number to_number body state error"},
	{"reminders", "id client_id audience user_id channel text local_time time_zone due_at created_by"},
	{"notes", "id client_id user_id text"},
	{"files", "id client_id name mime size_bytes sha256 blob user_id ready_at"},
	{"imports", "id file_name size_bytes state format mapping policy created_by"},
	{"import_rows", "import_id line verdict code client_id cells"},
	{"interactions", "kind direction at client_id lead_id user_id ref_id"},
	{"duplicate_pairs", "a_id b_id score reasons"},
}

// store writes all rows, and shares some records.
func (f *firm) store() {
	for _, c := range columns {
		rows := f.rows[c.table]
		if c.table == "duplicate_pairs" {
			rows = distinct(rows)
		}
		n, err := f.db.Pool().CopyFrom(f.t.Context(), pgx.Identifier{c.table}, strings.Fields(c.names), pgx.CopyFromRows(rows))
		if err != nil || n == 0 {
			f.t.Fatalf("%s: %d rows, %v", c.table, n, err)
		}
		if strings.HasPrefix(c.names, "id ") {
			f.exec("select setval(pg_get_serial_sequence('" + c.table + "', 'id'), 5000000)")
		}
	}
	f.exec("select setval(pg_get_serial_sequence('users', 'id'), 5000)")
	for _, u := range f.users {
		f.exec("insert into segments (id, name, note, owner_id, filter) values ($1, $2, $3, $1, '{}')", u, f.mark(cell{kind: "segment", id: u}), f.mark(cell{kind: "segment", id: u}))
	}
	for range 300 {
		kind := f.IntN(3)
		f.exec(`insert into record_shares (entity, entity_id, user_id, reason, until) values ($1, $2, $3, 'call:1', now() + $4::int * interval '1 hour') on conflict do nothing`,
			[]string{"client", "lead", "call"}[kind], int64(kind+1)*100_000+f.Int64N(records), f.anybody(), []int{-1, 5}[f.IntN(2)])
	}
	f.exec("analyze")
}

func distinct(rows [][]any) (out [][]any) {
	seen := map[string]bool{}
	for _, r := range rows {
		if key := fmt.Sprint(r[:2]...); !seen[key] {
			seen[key] = true
			out = append(out, r)
		}
	}
	return out
}

func pgNumber(n int) pgtype.Numeric { return pgtype.Numeric{Int: big.NewInt(int64(n)), Valid: true} }
