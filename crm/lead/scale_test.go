package lead

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// fill makes a firm with a history: 100,000 leads, of which 400 are open, and their calls.
func fill(t *testing.T) *postgres.DB {
	t.Helper()
	db := pgtest.New(t)
	for _, sql := range []string{
		`insert into lines (name, number, country) select 'Line ' || i, '+3491000000' || i, 'ES' from generate_series(1, 2) i`,
		`insert into clients (kind, name, name_key) select 'person', 'c' || i, 'c' || i from generate_series(1, 20000) i`,
		`insert into leads (line_id, identity, client_id, number, source, state, closing, closed_at, opened_at, missed_at)
		 select 1 + i % 2, 'n:' || i, case when i % 3 = 0 then 1 + i % 20000 end, '+346' || lpad(i::text, 8, '0'),
		        (array['call','call','call','sms','manual'])[1 + i % 5], case when i % 250 = 0 then 'open' else 'closed' end,
		        case when i % 250 <> 0 then (array['converted','answered_resolved','spam','written_off'])[1 + i % 4] end,
		        case when i % 250 <> 0 then now() end, now() - make_interval(mins => 100000 - i), case when i % 2 = 0 then now() end
		 from generate_series(1, 100000) i`,
		`insert into lead_entries (lead_id, kind, call_id, closing) select id, k, case when source = 'call' and k = 'opened' then id end,
		        case when k = 'closed' then closing end
		 from leads cross join unnest(array['opened', 'closed']) k where k = 'opened' or state = 'closed'`,
		`insert into calls (id, asterisk_id, uniqueid, direction, phase, started_at, ended_at, lead_id, state)
		 select id, 'pbx', 'u' || id, 'in', 'ended', now() - interval '1 hour', now(), id, '{}' from leads where source = 'call'`,
		`insert into witnessed_calls (asterisk_id, uniqueid, linkedid, started_at, ended_at, settled)
		 select asterisk_id, uniqueid, uniqueid, started_at, ended_at, id % 1000 <> 0 from calls`,
		`insert into interactions (kind, direction, at, lead_id, ref_id) select 'call', 'in', started_at, lead_id, id from calls`,
		"vacuum analyze", // as autovacuum does
	} {
		if _, err := db.Conn(t.Context()).Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// plan is a node of EXPLAIN (FORMAT JSON).
type plan struct {
	Node     string `json:"Node Type"`
	Relation string `json:"Relation Name"`
	Plans    []plan
}

// scanned are the big tables that p reads from end to end.
func (p plan) scanned() (tables []string) {
	if p.Node == "Seq Scan" && strings.Contains("leads lead_entries interactions calls clients witnessed_calls", p.Relation) {
		tables = append(tables, p.Relation)
	}
	for _, sub := range p.Plans {
		tables = append(tables, sub.scanned()...)
	}
	return tables
}

// explain returns the plan that serves q whatever its parameters are, as for a statement that is run all day.
func explain(t *testing.T, db *postgres.DB, q query) plan {
	t.Helper()
	var explained []struct{ Plan plan }
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		conn := db.Conn(ctx)
		for _, sql := range []string{"set local plan_cache_mode = force_generic_plan", "prepare q as " + q.sql} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		call := "explain (format json) execute q"
		if n := len(q.args); n > 0 {
			call += "(null" + strings.Repeat(", null", n-1) + ")"
		}
		var text []byte
		if err := conn.QueryRow(ctx, call).Scan(&text); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, "deallocate q"); err != nil {
			return err
		}
		return json.Unmarshal(text, &explained)
	})
	if err != nil {
		t.Fatal(err)
	}
	return explained[0].Plan
}

// TestQueriesFindTheirIndexes explains what a working day asks on 100,000 leads. Counting is reading, but of an index.
func TestQueriesFindTheirIndexes(t *testing.T) {
	db := fill(t)
	statements := map[string]query{
		"lead":        {"select" + leadColumns + leadTables + " where l.id = $1", []any{int64(5)}},
		"board":       {fmt.Sprintf(sqlBoardRows, "true"), []any{boardRows}},
		"leadless":    {"select " + sqlCallsWithoutLead, nil},
		"classes":     {fmt.Sprintf(sqlClasses, "true"), nil},
		"journal":     {"select * from lead_entries e where e.lead_id = $1 order by e.id limit 1000", []any{int64(5)}},
		"open":        {sqlOpen + sqlOpened, openArgs(Contact{Source: "call", E164: "+34600000250", LineID: 1, CallID: 5, At: time.Now()}, 0)},
		"file out":    {sqlFileOut, []any{int64(0), []string{"n:250"}, int64(1), "call", time.Now(), int64(0), int64(0), int64(1_000_000)}},
		"lease":       {sqlLease, []any{int64(250), int64(1), 60.0}},
		"release":     {strings.Replace(sqlRelease, "{which}", "lease_user_id = $2", 1), []any{"why", int64(1)}},
		"answered":    {sqlAnswered, []any{int64(250), time.Now(), "answered", int64(1), int64(5), "answered"}},
		"missed":      {sqlMissed, []any{int64(250), time.Now(), "missed", int64(0), int64(5), "missed"}},
		"merge names": {"update leads set duplicate_of = $1 where duplicate_of = $2", []any{int64(1), int64(2)}},
	}
	for name, f := range map[string]Filter{
		"all": {}, "page 2": {Before: 50_000}, "open": {State: "open"}, "closed": {State: "closed"}, "class": {Class: "lost"},
		"closing": {Closing: "spam"}, "client": {ClientID: 7}, "line": {LineID: 1}, "source": {Source: "manual"},
		"line and closing": {LineID: 1, Closing: "spam", Before: 50_000},
	} {
		f.Limit = 101
		count, page, err := f.queries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		statements["list "+name] = page
		if len(count.args) == 1 && f.Source == "" && f.LineID == 0 || f.State == "open" {
			statements["count "+name] = count
		}
	}
	for name, q := range statements {
		if tables := explain(t, db, q).scanned(); len(tables) > 0 {
			t.Errorf("%s reads all of %v", name, tables)
		}
	}
	ledger := NewLedger(db, nil, nil)
	start := time.Now()
	board, err := ledger.Board(t.Context(), nil)
	if err != nil || board.Balance.Difference != 0 || board.Balance.CallsWithoutLead != 0 || board.Balance.Open != 400 || len(board.Rows) != 400 {
		t.Errorf("%+v %v", board.Balance, err)
	}
	drawn := time.Since(start)
	report, err := ledger.Check(t.Context())
	if err != nil || !report.OK() {
		t.Errorf("%+v %v", report, err)
	}
	t.Logf("board %v, check %v", drawn, time.Since(start)-drawn)
}
