package main

import (
	"os"
	"path/filepath"
	"testing"

	"centralita/callcenter"
	"centralita/callcenter/store"
	"centralita/crm/demo"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

func TestDemoFillsAnEmptyBaseOnce(t *testing.T) {
	url, files := pgtest.URL(t), t.TempDir()
	logins, loaded, err := loadDemo(t.Context(), url, files)
	if err != nil || !loaded || len(logins) != len(demo.Logins()) {
		t.Fatalf("%v, loaded %v, %v", logins, loaded, err)
	}
	db, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	heard(t, db, files)
	var traced bool
	if err := db.Conn(t.Context()).QueryRow(t.Context(), `select bool_and(exists (select from call_traces t where t.call_id = c.id and t.lead_id = c.lead_id))
		from calls c where direction = 'in' and user_id is null`).Scan(&traced); err != nil || !traced {
		t.Errorf("missed calls without the reason: %v, %v", traced, err)
	}
	again, loaded, err := loadDemo(t.Context(), url, files)
	if err != nil || loaded || len(again) != len(logins) {
		t.Errorf("a second time: %v, loaded %v, %v", again, loaded, err)
	}
	if err := demoCommand(t.Context(), []string{"-database", url}); err == nil {
		t.Error("the command filled a base that is not empty")
	}
	if err := demoCommand(t.Context(), []string{"-database", url, "-clients", "400"}); err != nil {
		t.Error(err)
	}
	var n int
	if err := db.Conn(t.Context()).QueryRow(t.Context(), `select count(*) from clients`).Scan(&n); err != nil || n != 400 {
		t.Errorf("%d clients, %v", n, err)
	}
}

// heard finds every recording ready, its file there, and the call in the call
// room's own words.
func heard(t *testing.T, db *postgres.DB, files string) {
	t.Helper()
	rows, err := db.Conn(t.Context()).Query(t.Context(), `select call_id, state, path, duration_ms from recordings`)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int64]string{}
	for rows.Next() {
		var (
			call        int64
			state, path string
			length      int
		)
		if err := rows.Scan(&call, &state, &path, &length); err != nil {
			t.Fatal(err)
		}
		if state != "ready" || length < 5000 {
			t.Errorf("recording of call %d is %s, %d ms", call, state, length)
		}
		found[call] = path
	}
	if err := rows.Err(); err != nil || len(found) < 5 {
		t.Fatalf("%d recordings, %v", len(found), err)
	}
	books := store.New(db, "test")
	for call, path := range found {
		if info, err := os.Stat(filepath.Join(files, "recordings", path)); err != nil || info.Size() < 1000 {
			t.Errorf("file of call %d: %v", call, err)
		}
		c, err := books.Call(t.Context(), callcenter.ID(call))
		if err != nil || c.LeadID == 0 || int64(c.ID) != call || c.Line.Name == "" || !c.Over() {
			t.Errorf("call %d: %+v, %v", call, c, err)
		}
	}
}
