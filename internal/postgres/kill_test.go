package postgres_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// migrateVariable has the test binary do nothing but migrate the database it names.
const migrateVariable = "CENTRALITA_TEST_MIGRATE"

func TestMain(m *testing.M) {
	if url := os.Getenv(migrateVariable); url != "" {
		if err := postgres.Migrate(context.Background(), url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestAMigrationKilledAtAnyStatementGoesOn kills the migrating process before
// each statement that it sends, one after the other: each restart must get
// past the place where the one before it died, without a helping hand, and the
// schema must come out as if nothing had happened.
func TestAMigrationKilledAtAnyStatementGoesOn(t *testing.T) {
	target := pgtest.EmptyURL(t)
	gate := newGate(t, target)
	deadlyFile := int64(-1)
	statement := 0
	for kills := 0; ; kills++ {
		if kills > 2000 {
			t.Fatal("no end in sight")
		}
		if now := applied(t, target); now != deadlyFile {
			deadlyFile, statement = now, 0
		}
		statement++
		if gate.migrate(t, statement) {
			t.Logf("%d kills", kills)
			break
		}
	}
	if diff := cmp.Diff(schema(t, pgtest.URL(t)), schema(t, target)); diff != "" {
		t.Errorf("the schema differs from that of an undisturbed migration (-want +got):\n%s", diff)
	}
}

// applied counts what is committed: files and job-queue versions. With each
// new one the statements are counted from its beginning.
func applied(t *testing.T, target string) (n int64) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, table := range []string{"goose_db_version", "river_migration"} {
		var exists bool
		if err := conn.QueryRow(t.Context(), `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&exists); err != nil {
			t.Fatal(err)
		}
		if !exists {
			continue
		}
		var rows int64
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		n += rows + 1
	}
	return n
}

// schema describes every column, constraint, index and function of a database.
func schema(t *testing.T, target string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `
		SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) FROM information_schema.columns WHERE table_schema = 'public'
		UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
		UNION ALL SELECT format('function %s', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(lines) < 100 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	return lines
}

// gate stands between the migrating process and the server: it kills the
// process before it lets a chosen statement through.
type gate struct {
	url    string // how the process reaches the server through the gate
	server string // the server's socket

	mu   sync.Mutex
	left int // statements still let through
	kill func()
}

func newGate(t *testing.T, target string) *gate {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	g := &gate{server: q.Get("host") + "/.s.PGSQL." + q.Get("port")}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	q.Set("host", host)
	q.Set("port", port)
	q.Set("sslmode", "disable")
	u.RawQuery = q.Encode()
	g.url = u.String()
	go g.accept(l)
	return g
}

// migrate runs the process and kills it before its n-th statement; true when
// it came to its end instead.
func (g *gate) migrate(t *testing.T, n int) bool {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), migrateVariable+"="+g.url)
	cmd.Stderr = os.Stderr
	killed := false
	g.mu.Lock() // no statement is let through before the process is known
	g.left = n
	g.kill = func() { killed = true; cmd.Process.Kill() }
	err = cmd.Start()
	g.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer watchdog.Stop()
	err = cmd.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.kill = nil
	if err != nil && !killed {
		t.Fatalf("a restart failed by itself: %v", err)
	}
	return !killed
}

func (g *gate) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		go g.serve(client)
	}
}

// serve passes one connection on, message by message.
func (g *gate) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", g.server)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { io.Copy(client, server); client.Close() }()
	in := bufio.NewReader(client)
	if err := pass(in, server, false); err != nil { // the start-up message has no type
		return
	}
	for {
		kind, err := in.Peek(1)
		if err != nil || !g.allow(kind[0]) || pass(in, server, true) != nil {
			return
		}
	}
}

// allow counts statements: simple queries and executions.
func (g *gate) allow(kind byte) bool {
	if kind != 'Q' && kind != 'E' {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left--; g.left == 0 && g.kill != nil {
		g.kill()
	}
	return g.left > 0
}

// pass copies one message of the wire protocol.
func pass(in *bufio.Reader, out io.Writer, typed bool) error {
	head := make([]byte, 4, 5)
	if typed {
		head = head[:5]
	}
	if _, err := io.ReadFull(in, head); err != nil {
		return err
	}
	size := int64(binary.BigEndian.Uint32(head[len(head)-4:])) - 4
	if size < 0 || size > 1<<24 {
		return errors.New("no message")
	}
	if _, err := out.Write(head); err != nil {
		return err
	}
	_, err := io.CopyN(out, in, size)
	return err
}
