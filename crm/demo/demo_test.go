package demo_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/demo"
	"centralita/crm/lead"
	"centralita/crm/line"
	"centralita/internal/fault"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// nobody is connected.
type nobody struct{}

func (nobody) Signal(context.Context, string, any) {}
func (nobody) KickUser(context.Context, int64)     {}
func (nobody) KickSession(context.Context, int64)  {}

// room is a call room that keeps the columns other rooms read.
type room struct {
	db     *postgres.DB
	sounds *int
}

func (r room) Begin(ctx context.Context, c demo.PastCall) (id int64, err error) {
	err = r.db.Conn(ctx).QueryRow(ctx, `insert into calls (asterisk_id, direction, line_id, client_id, caller_raw, caller_name, dialled, e164, phase, started_at, state)
		values ('demo', $1, $2, nullif($3::bigint, 0), $4, $5, $6, $7, 'ended', $8, '{}') returning id`,
		c.Direction, c.Line.ID, c.ClientID, c.Raw, c.CallerName, c.Dialled, c.E164, c.StartedAt).Scan(&id)
	return id, err
}

func (r room) Finish(ctx context.Context, c demo.PastCall) error {
	_, err := r.db.Conn(ctx).Exec(ctx, `update calls set lead_id = nullif($2::bigint, 0), interaction_id = nullif($3::bigint, 0), ended_at = $4, outcome = $5, ended_by = $6,
		user_id = nullif($7::bigint, 0) where id = $1`, c.ID, c.LeadID, c.InteractionID, c.EndedAt, c.Outcome, c.EndedBy, c.UserID)
	return err
}

func (r room) Record(_ context.Context, _ int64, pcm []byte) error {
	if len(pcm) > 8000*4*3 {
		*r.sounds++
	}
	return nil
}

func load(t *testing.T, db *postgres.DB, now time.Time) (*lead.Ledger, int, error) {
	t.Helper()
	journal, sounds := audit.NewLog(db), 0
	people, err := access.New(db, journal, nobody{}, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ledger := lead.NewLedger(db, journal, nobody{})
	err = demo.Load(t.Context(), demo.Options{DB: db, People: people, Ledger: ledger, Calls: room{db, &sounds}, Now: now})
	return ledger, sounds, err
}

func value(t *testing.T, db *postgres.DB, sql string) (v string) {
	t.Helper()
	if err := db.Conn(t.Context()).QueryRow(t.Context(), "select ("+sql+")::text").Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func TestTheDemonstrationIsABelievableFirm(t *testing.T) {
	db := pgtest.New(t)
	ledger, sounds, err := load(t, db, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		`select count(*) from users`: "8", `select count(*) from lines`: "3", `select count(distinct country) from lines`: "2",
		`select count(*) from clients`: "300", `select count(*) from users where phone_kind = 'desk'`: "1",
		`select count(distinct class) from leads_now where state = 'open'`:                                                                           "9",
		`select count(*) from calls where direction = 'in' and lead_id is null`:                                                                      "0",
		`select count(*) from calls where ended_at is null or ended_at > now()`:                                                                      "0",
		`select count(*) from leads where closed_at > now() or closed_at < opened_at`:                                                                "0",
		`select count(*) from reminders where channel = 'sms' or audience = 'client'`:                                                                "0",
		`select count(*) from messages where state in ('queued', 'sending')`:                                                                         "0",
		`select count(*) from contact_points p where kind = 'phone' and not exists (select from contact_readings r where r.contact_point_id = p.id)`: "0",
		`select count(*) >= 90 from calls`:                                                                                                           "true", `select count(*) > 3 from clients where language = 'ru'`: "true",
		`select count(*) > 100 from client_addresses`: "true", `select count(*) > 50 from client_tags`: "true", `select count(*) > 5 from client_relations`: "true",
		`select count(*) > 50 from client_consents`: "true", `select count(*) > 100 from clients where source_id is not null`: "true",
		`select count(*) > 5 from clients where organisation_id is not null`: "true", `select count(*) > 200 from interactions`: "true",
	} {
		if got := value(t, db, sql); got != want {
			t.Errorf("%s = %s, want %s", sql, got, want)
		}
	}
	if sounds < 5 {
		t.Errorf("%d recordings", sounds)
	}
	report, err := ledger.Check(t.Context())
	if err != nil || !report.OK() {
		t.Errorf("the ledger does not balance: %+v, %v", report, err)
	}
}

func TestTheSameEveryTime(t *testing.T) {
	a, b := pgtest.New(t), pgtest.New(t)
	now := time.Date(2026, 5, 14, 11, 0, 0, 0, time.UTC)
	for _, db := range []*postgres.DB{a, b} {
		if _, _, err := load(t, db, now); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{
		`select md5(string_agg(name || coalesce(responsible_id, 0) || created_at, ',' order by id)) from clients`,
		`select md5(string_agg(client_id || street || coalesce(city_key, ''), ',' order by id)) from client_addresses`,
		`select md5(string_agg(client_id || ':' || tag_id, ',' order by client_id, tag_id)) from client_tags`,
		`select md5(string_agg(client_id || ':' || other_id || role, ',' order by id)) from client_relations`,
		`select md5(string_agg(outcome || started_at || e164, ',' order by id)) from calls`,
		`select md5(string_agg(state || coalesce(closing, '') || opened_at, ',' order by id)) from leads`,
	} {
		if x, y := value(t, a, sql), value(t, b, sql); x != y {
			t.Errorf("%s: %s, %s", sql, x, y)
		}
	}
}

func TestABaseInUseIsLeftAlone(t *testing.T) {
	db := pgtest.New(t)
	if _, err := db.Conn(t.Context()).Exec(t.Context(), `insert into clients (kind, name, name_key) values ('person', 'Real', 'real')`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := load(t, db, time.Now()); fault.CodeOf(err) != "not_empty" {
		t.Errorf("loaded into a base in use: %v", err)
	}
	if got := value(t, db, `select (select count(*) from users) + (select count(*) from lines)`); got != "0" {
		t.Errorf("%s rows were left behind", got)
	}
}

func TestBulkClientsAreFound(t *testing.T) {
	db := pgtest.New(t)
	before := value(t, db, `select count(*) from pg_indexes where tablename in ('clients', 'contact_points', 'contact_readings')`)
	if err := demo.Fill(t.Context(), db, time.Now(), 0, 21_000); err != nil {
		t.Fatal(err)
	}
	if got := value(t, db, `select count(*) from clients`); got != "21000" {
		t.Errorf("%s clients", got)
	}
	if after := value(t, db, `select count(*) from pg_indexes where tablename in ('clients', 'contact_points', 'contact_readings')`); after != before {
		t.Errorf("%s indexes became %s", before, after)
	}
	if keys := value(t, db, `select count(*) from pg_constraint where contype = 'f' and conrelid in ('clients'::regclass, 'contact_points'::regclass, 'contact_readings'::regclass)`); keys != "7" {
		t.Errorf("%s references", keys)
	}
	if err := demo.Fill(t.Context(), db, time.Now(), 21_000, 21_010); err != nil {
		t.Fatal(err)
	}
	clients := client.New(db, client.Ports{Lines: line.New(db, audit.NewLog(db), nobody{})})
	number := value(t, db, `select value from contact_points where client_id = 14000 and kind = 'phone' order by id limit 1`)
	id, err := clients.Identify(t.Context(), strings.Replace(number, "+", "00", 1), "ES")
	if err != nil || len(id.Candidates) == 0 || id.Candidates[0].ClientID != 14000 {
		t.Errorf("%s: %+v, %v", number, id, err)
	}
}
