package export_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/exchange/export"
	"centralita/crm/lead"
	"centralita/crm/line"
	"centralita/internal/fault"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/realtime"
	livestore "centralita/realtime/store"
)

const patience = 60 * time.Second

// world is a firm with sellers of different rights, on real parts.
type world struct {
	t       *testing.T
	db      *postgres.DB
	queue   *jobs.Queue
	people  *access.Service
	clients *client.Service
	exports *export.Service
	sam     access.Actor // may export what is his own
	sue     access.Actor // supervisor: all
	ada     access.Actor // admin: approves
	otto    access.Actor // owner: approves, too
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t)}
	live := realtime.NewLog(livestore.New(w.db), realtime.NewLocalBus())
	log := audit.NewLog(w.db)
	var err error
	if w.queue, err = jobs.New(w.db, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if w.people, err = access.New(w.db, log, live, access.Options{}); err != nil {
		t.Fatal(err)
	}
	w.clients = client.New(w.db, client.Ports{
		Lines: line.New(w.db, log, live), Leads: lead.NewLedger(w.db, log, live), Audit: log, Live: live, CauseText: strconv.Itoa,
	})
	w.exports = export.New(w.db, export.Ports{Queue: w.queue, Base: w.clients, People: w.people, Audit: log, Live: live})
	w.exec(`insert into roles (key, name, grants, fields) values ('seller', 'Seller', '{"records": {
		"client": {"create": "all", "read": "all", "change": "own", "export": "own"}}, "rights": []}', '{"client.email": "hidden", "client.note": "masked"}')`)
	w.sam, w.sue = w.user("sam", "seller"), w.user("sue", access.Supervisor)
	w.ada, w.otto = w.user("ada", access.Admin), w.user("otto", access.Owner)
	return w
}

func (w *world) user(login, role string) access.Actor {
	w.t.Helper()
	id := w.int(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ($1, $1, 'x', array[$2], $1, 'x') returning id`, login, role)
	a, err := w.people.ActorOf(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// start has the queue work until the test ends.
func (w *world) start() {
	w.t.Helper()
	if err := w.queue.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := w.queue.Stop(ctx); err != nil {
			w.t.Error(err)
		}
	})
}

func (w *world) as(a access.Actor) context.Context { return access.WithActor(w.t.Context(), a) }

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Conn(w.t.Context()).Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) int(sql string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.db.Conn(w.t.Context()).QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// people makes n clients of an owner.
func (w *world) make(n int, owner access.Actor) {
	w.t.Helper()
	w.exec(`with c as (insert into clients (kind, name, name_key, responsible_id, note)
			select 'person', 'Name' || i || ' Family' || i, 'name' || i || ' family' || i, $2, '=cmd call +34600999888' from generate_series(1, $1) i returning id),
		p as (insert into contact_points (client_id, kind, raw, value) select id, 'phone', '+346001' || lpad(id::text, 5, '0'), '+346001' || lpad(id::text, 5, '0') from c)
		insert into contact_points (client_id, kind, raw, value) select id, 'email', 'x' || id || '@example.com', 'x' || id || '@example.com' from c`, n, owner.UserID)
}

func wish(columns ...string) export.Wish {
	return export.Wish{Columns: columns, Titles: columns, Format: "csv", Delimiter: ";", Reason: "the yearly letter", Query: export.Query{Sort: "name"}}
}

func (w *world) request(a access.Actor, wish export.Wish) export.Export {
	w.t.Helper()
	e, err := w.exports.Request(w.as(a), wish)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// until waits for an export to be in a state.
func (w *world) until(id int64, state export.State) export.Export {
	w.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		e, err := w.exports.Get(w.as(w.ada), id)
		if err != nil {
			w.t.Fatal(err)
		}
		if e.State == state {
			return e
		}
		select {
		case <-deadline:
			w.t.Fatalf("the export is %s (%s), not %s", e.State, e.Problem, state)
		case <-tick.C:
		}
	}
}

func (w *world) fetch(a access.Actor, id int64) (string, error) {
	var b bytes.Buffer
	err := w.exports.Fetch(w.as(a), id, func(string, string) {}, &b)
	return b.String(), err
}

func TestAnExportHasWhatItsAuthorMayCarryAway(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.make(20, w.sam)
	w.make(30, w.sue)
	if _, err := w.exports.Request(w.as(w.sam), wish("name", "email")); fault.CodeOf(err) != "field_forbidden" {
		t.Errorf("a hidden column: %v", err)
	}
	e := w.until(w.request(w.sam, wish("id", "name", "phone", "note")).ID, export.Ready)
	text, err := w.fetch(w.sam, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n")
	if len(lines) != 1+20+1 || e.Total != 20 || lines[0] != "\ufeffid;name;phone;note" {
		t.Errorf("%d lines of %d clients: %s", len(lines), e.Total, lines[0])
	}
	if strings.Contains(text, "600999888") {
		t.Error("a masked note shows the number in it")
	}
	for _, line := range lines[1:] {
		if cells := strings.Split(line, ";"); len(cells) != 4 || strings.HasPrefix(cells[3], "=") {
			t.Errorf("row %q", line)
		}
	}
	for action, want := range map[string]int64{"export.request": 1, "client.export": 1, "export.download": 1} {
		if n := w.int(`select count(*) from audit_entries where action = $1 and user_id = $2`, action, w.sam.UserID); n != want {
			t.Errorf("%s: %d in the log", action, n)
		}
	}
}

func TestOthersFilesDoNotExist(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.make(3, w.sam)
	e := w.until(w.request(w.sam, wish("name")).ID, export.Ready)
	for name, a := range map[string]access.Actor{"supervisor": w.sue, "approver": w.ada, "owner": w.otto} {
		if text, err := w.fetch(a, e.ID); fault.KindOf(err) != fault.NotFound || text != "" {
			t.Errorf("%s: %q %v", name, text, err)
		}
	}
	if _, err := w.exports.Get(w.as(w.sue), e.ID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("get: %v", err)
	}
	w.exec(`update exports set expires_at = now() - interval '1 second' where id = $1`, e.ID)
	w.until(e.ID, export.Expired)
	if text, err := w.fetch(w.sam, e.ID); fault.KindOf(err) != fault.NotFound || text != "" {
		t.Errorf("after its time: %q %v", text, err)
	}
	if n := w.int(`select count(*) from parcels`); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

func TestALargeExportNeedsASecondPerson(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.make(12, w.sam)
	w.exec(`update export_settings set approval_rows = 10`)
	bare := wish("name")
	bare.Reason = " "
	if _, err := w.exports.Request(w.as(w.otto), bare); fault.CodeOf(err) != "reason_required" {
		t.Errorf("without a reason: %v", err)
	}
	e := w.request(w.otto, wish("name"))
	if e.State != export.Waiting {
		t.Fatalf("%s", e.State)
	}
	if n := w.int(`select count(*) from live_events where kind = 'export.waiting' and user_id = $1`, w.ada.UserID); n != 1 {
		t.Errorf("the second person was told %d times", n)
	}
	if _, err := w.exports.Decide(w.as(w.otto), e.ID, true, ""); fault.CodeOf(err) != "own_approval" {
		t.Errorf("his own: %v", err)
	}
	if _, err := w.exports.Decide(w.as(w.sue), e.ID, true, ""); fault.KindOf(err) != fault.NotFound {
		t.Errorf("somebody without the right: %v", err)
	}
	if _, err := w.exports.Decide(w.as(w.ada), e.ID, false, " "); fault.CodeOf(err) != "reason_required" {
		t.Errorf("refused without a reason: %v", err)
	}
	if refused, err := w.exports.Decide(w.as(w.ada), e.ID, false, "not now"); err != nil || refused.State != export.Refused || refused.Decision != "not now" {
		t.Errorf("%+v %v", refused, err)
	}
	second := w.request(w.otto, wish("name"))
	if _, err := w.exports.Decide(w.as(w.ada), second.ID, true, ""); err != nil {
		t.Fatal(err)
	}
	w.until(second.ID, export.Ready)
	if _, err := w.exports.Decide(w.as(w.ada), second.ID, false, "too late"); fault.CodeOf(err) != "export_state" {
		t.Errorf("after it: %v", err)
	}
	if n := w.int(`select count(*) from live_events where kind = 'export.decided' and user_id = $1`, w.otto.UserID); n != 2 {
		t.Errorf("its author was told %d times", n)
	}
}

func TestTheDailyShareHoldsUnderParallelWishes(t *testing.T) {
	w := newWorld(t)
	w.make(10, w.sam)
	w.exec(`update export_settings set daily_rows = 35, daily_exports = 9`)
	results := make(chan error, 8)
	for range 8 {
		go func() {
			_, err := w.exports.Request(w.as(w.sam), wish("name"))
			results <- err
		}()
	}
	given := 0
	for range 8 {
		if err := <-results; err == nil {
			given++
		} else if fault.CodeOf(err) != "export_quota" {
			t.Error(err)
		}
	}
	if given != 3 {
		t.Errorf("%d exports of 10 rows out of a share of 35", given)
	}
}

func TestNothingLeavesWhenTheLogCannotBeWritten(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.make(3, w.sam)
	e := w.until(w.request(w.sam, wish("name")).ID, export.Ready)
	w.exec(`create function no_log() returns trigger language plpgsql as $f$ begin raise exception 'disk full' using errcode = '53100'; end $f$`)
	w.exec(`create trigger no_log before insert on audit_entries for each statement execute function no_log()`)
	if text, err := w.fetch(w.sam, e.ID); err == nil || text != "" || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("fetched %q: %v", text, err)
	}
	if _, err := w.exports.Request(w.as(w.sam), wish("name")); err == nil {
		t.Error("an export was taken")
	}
	w.exec(`insert into exports (state, format, query, columns, titles, total, created_by) values ('queued', 'csv', '{}', '{name}', '{name}', 3, $1)`, w.sam.UserID)
	w.exec(`update exports set beat_at = now() - interval '1 hour' where state = 'queued'`)
	deadline := time.Now().Add(patience)
	for w.int(`select count(*) from river_job where kind = 'export_work' and attempt > 0 and args->>'turn' = '1'`) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("no worker tried")
		}
	}
	if n := w.int(`select count(*) from exports where state = 'running' or position > 0 and id <> $1`, e.ID); n != 0 {
		t.Error("a worker wrote without the log")
	}
}

func TestADisabledAuthorGetsNothingMore(t *testing.T) {
	w := newWorld(t)
	w.make(3, w.sam)
	e := w.request(w.sam, wish("name"))
	w.exec(`update users set active = false where id = $1`, w.sam.UserID)
	w.start()
	if e = w.until(e.ID, export.Failed); e.Problem != "user_disabled" || e.Position != 0 {
		t.Errorf("%+v", e)
	}
}

func TestACanaryIsInTheFileAndNowhereElse(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.make(40, w.sam)
	e := w.until(w.request(w.sue, wish("name", "phone", "email")).ID, export.Ready)
	text, err := w.fetch(w.sue, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	var name, number, email string
	if err := w.db.Conn(t.Context()).QueryRow(t.Context(), `select name, number, email from export_canaries where export_id = $1`, e.ID).Scan(&name, &number, &email); err != nil {
		t.Fatal(err)
	}
	row := ""
	for _, line := range strings.Split(text, "\r\n") {
		if strings.HasPrefix(line, name+";") && strings.HasSuffix(line, ";"+email) {
			row = line
		}
	}
	if name == "" || number == "" || email == "" || row == "" {
		t.Fatalf("canary %q %q %q is not in the file", name, number, email)
	}
	if e.Total != 40 || e.Position != 40 || w.int(`select count(*) from clients`) != 40 {
		t.Errorf("it counts: %+v", e)
	}
	if free, err := w.clients.Unknown(t.Context(), number); err != nil || !free {
		t.Errorf("its number is a client's: %v", err)
	}
	for _, contact := range []string{"+34600000000", number, strings.ToUpper(email)} {
		if err := w.exports.Heard(t.Context(), contact, "call"); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.int(`select count(*) from live_events where kind = 'canary.heard'`); n != 4 { // two approvers, two contacts
		t.Errorf("%d alerts", n)
	}
	heard, err := w.exports.Canaries(w.as(w.ada))
	if err != nil || len(heard) != 1 || heard[0].AuthorName != "sue" || heard[0].Times != 2 {
		t.Errorf("%+v %v", heard, err)
	}
	if n := w.int(`select count(*) from audit_entries where action = 'canary.heard'`); n != 2 {
		t.Errorf("%d in the log", n)
	}
}

func TestAFileOfManyPages(t *testing.T) {
	w := newWorld(t)
	w.make(2500, w.sam)
	w.exec(`update export_settings set approval_rows = 100000`)
	e := w.request(w.sue, wish("name", "phone", "responsible"))
	w.start()
	e = w.until(e.ID, export.Ready)
	whole, err := w.fetch(w.sue, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(whole, "\r\n"); lines != 2502 || strings.Count(whole, ";sam\r\n") != 2501 {
		t.Errorf("%d lines, %d with the name of the responsible", lines, strings.Count(whole, ";sam\r\n"))
	}
	names := map[string]bool{}
	for _, line := range strings.Split(whole, "\r\n") {
		if names[line] {
			t.Errorf("twice: %q", line)
		}
		names[line] = true
	}
}

func TestAWorkbook(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.make(5, w.sue)
	x := wish("name", "phone", "note")
	x.Format = "xlsx"
	e := w.until(w.request(w.sue, x).ID, export.Ready)
	text, err := w.fetch(w.sue, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows("Sheet1")
	if err != nil || len(rows) != 7 || fmt.Sprint(rows[0]) != "[name phone note]" {
		t.Errorf("%v %v", rows, err)
	}
	for i := range rows[1:] {
		if v, _ := book.GetCellValue("Sheet1", fmt.Sprintf("C%d", i+2)); strings.HasPrefix(v, "=") {
			t.Errorf("a formula: %q", v)
		}
	}
}
