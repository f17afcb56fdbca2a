package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// saying runs do with text on standard input and returns what it printed.
func saying(t *testing.T, text string, do func() error) (string, error) {
	t.Helper()
	stdin, stdout := os.Stdin, os.Stdout
	defer func() { os.Stdin, os.Stdout = stdin, stdout }()
	files := make([]*os.File, 2)
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	if _, err := files[0].WriteString(text); err != nil {
		t.Fatal(err)
	}
	if _, err := files[0].Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	os.Stdin, os.Stdout = files[0], files[1]
	err := do()
	printed, readErr := os.ReadFile(files[1].Name())
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(printed), err
}

func TestLedgerCheckFailsWhenItDoesNotBalance(t *testing.T) {
	url := pgtest.URL(t)
	check := func(more ...string) (string, error) {
		return saying(t, "", func() error { return ledgerCommand(t.Context(), append([]string{"check", "--database", url}, more...)) })
	}
	if out, err := check("--json"); err != nil || !strings.Contains(out, `"ok": true`) {
		t.Errorf("%v: %s", err, out)
	}
	db, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Conn(t.Context()).Exec(t.Context(), "insert into leads (identity, source) values ('x', 'call')"); err != nil {
		t.Fatal(err)
	}
	if out, err := check(); !errors.Is(err, errSilent) || !strings.Contains(out, "DOES NOT BALANCE") || !strings.Contains(out, "(no line)") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := check("--json"); !errors.Is(err, errSilent) || !strings.Contains(out, `"difference": -1`) {
		t.Errorf("%v: %s", err, out)
	}
	if err := ledgerCommand(t.Context(), nil); err == nil {
		t.Error("no word is taken for check")
	}
}

func TestUsersFromTheMachineItself(t *testing.T) {
	url := pgtest.URL(t)
	user := func(text string, args ...string) (string, error) {
		args = append([]string{args[0], "--database", url}, args[1:]...)
		return saying(t, text, func() error { return userCommand(t.Context(), args) })
	}
	if out, err := user("quite long enough\n", "add", "-roles", "manager,admin", "-name", "Ann", "ann"); err != nil || !strings.Contains(out, "added ann") {
		t.Errorf("%v: %s", err, out)
	}
	for _, bad := range [][]string{{"add", "ann"}, {"add"}, {"add", "-roles", "king", "bob"}, {"disable", "ann"}, {"password", "nobody"}} {
		if _, err := user("quite long enough\n", bad...); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
	if _, err := user("", "password", "ann"); err == nil {
		t.Error("an empty password")
	}
	if _, err := user("even longer than that\n", "password", "ann"); err != nil {
		t.Error(err)
	}
	if out, err := user("", "list"); err != nil || !strings.Contains(out, "ann") || !strings.Contains(out, "admin,manager") || strings.Contains(out, "argon2") {
		t.Errorf("%v: %s", err, out)
	}
}
