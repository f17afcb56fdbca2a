package main

import (
	"errors"
	"strings"
	"testing"

	"centralita/crm/audit"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

func TestAuditVerifyFailsWhenTheLogWasChanged(t *testing.T) {
	url, dir := pgtest.URL(t), t.TempDir()
	run := func(args ...string) (string, error) {
		args = append([]string{args[0], "--database", url, "--dir", dir}, args[1:]...)
		return saying(t, "", func() error { return auditCommand(t.Context(), args) })
	}
	db, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	log := audit.NewLog(db)
	keeper := audit.NewKeeper(log, audit.KeeperOptions{Dir: dir})
	for range 20 {
		if err := log.Record(t.Context(), "client.update", "client", 1, nil, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(keeper.Keep(t.Context()), keeper.Checkpoint(t.Context())); err != nil {
		t.Fatal(err)
	}
	if out, err := run("verify"); err != nil || !strings.Contains(out, "the log holds") || !strings.Contains(out, "20 entries") {
		t.Errorf("%v: %s", err, out)
	}
	_, err = db.Pool().Exec(t.Context(), `alter table audit_entries disable trigger all; update audit_entries set user_id = 5 where id = 7; delete from audit_entries where id = 12`)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := run("verify"); !errors.Is(err, errSilent) || !strings.HasPrefix(out, "edited         place 7: entry 7 ") || !strings.Contains(out, "deleted        place 12") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := run("verify", "--json"); !errors.Is(err, errSilent) || !strings.Contains(out, `"ok": false`) {
		t.Errorf("%v: %s", err, out)
	}
	for _, bad := range [][]string{nil, {"check"}, {"restored", "--database", url, "--dir", dir}, {"erase", "--database", url}, {"verify", "--database", url, "--dir", dir + "/none"}} {
		if err := auditCommand(t.Context(), bad); err == nil || errors.Is(err, errSilent) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
