package importing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"centralita/crm/exchange/importing"
	"centralita/internal/postgres"
)

// workerURL names the database for a process that only works, and gets killed.
const workerURL = "CENTRALITA_TEST_IMPORT_WORKER"

func TestMain(m *testing.M) {
	if url := os.Getenv(workerURL); url != "" {
		if err := workUntilKilled(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		return
	}
	m.Run()
}

// workUntilKilled is a server reduced to its jobs.
func workUntilKilled(url string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	db, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	w := &world{db: db}
	if err := w.assemble(); err != nil {
		return err
	}
	if err := w.queue.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return w.queue.Stop(context.Background())
}

// soak reports whether the tests run in their full size.
func soak() bool { return os.Getenv("CENTRALITA_SOAK") != "" }

// many is a list of n clients; every tenth is somebody from before with another
// address, every hundredth cannot be taken.
func many(n int) string {
	var b strings.Builder
	b.WriteString("name,phone,email,company\n")
	for i := range n {
		number, of := fmt.Sprintf("6%08d", i), i
		switch {
		case i%100 == 99:
			number = "none"
		case i%10 == 9:
			number, of = fmt.Sprintf("6%08d", i-5), i-5
		}
		fmt.Fprintf(&b, "Client %d,%s,c%d@example.com,Company %d\n", of, number, i, i%50)
	}
	return b.String()
}

// oracle says what an import of many(n) comes to.
func oracle(n int) (created, updated, failed int) {
	for i := range n {
		switch {
		case i%100 == 99:
			failed++
		case i%10 == 9:
			updated++
		default:
			created++
		}
	}
	return created, updated, failed
}

func TestAKilledServerLeavesNoHalfRow(t *testing.T) {
	rows, kills := 3000, 4
	if soak() {
		rows, kills = 50_000, 20
	}
	w := newWorld(t)
	im := w.upload("many.csv", many(rows))
	if _, err := w.imports.Run(w.as(w.anna), im.ID); err != nil {
		t.Fatal(err)
	}
	for round := range kills {
		worker := exec.Command(os.Args[0])
		worker.Env = append(os.Environ(), workerURL+"="+w.db.URL())
		worker.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		worker.Stderr = os.Stderr
		if err := worker.Start(); err != nil {
			t.Fatal(err)
		}
		w.beyond(im.ID, rows*round/(kills+1))
		<-time.After(rand.N(30 * time.Millisecond)) // anywhere in a batch
		if err := worker.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := worker.Wait(); err == nil {
			t.Fatal("the worker ended by itself")
		}
		w.whole(im.ID)
		w.exec(`update imports set beat_at = now() - interval '1 hour' where state = 'running'`)
		if err := w.imports.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.start()
	im = w.until(im.ID, importing.Done)
	created, updated, failed := oracle(rows)
	if im.Created != created || im.Updated != updated || im.Failed != failed || im.Skipped != 0 || im.Position != rows {
		t.Errorf("%s; expected %d+%d+0+%d", counts(im), created, updated, failed)
	}
	w.whole(im.ID)
	if n := w.int(`select count(*) from clients where kind = 'person'`); n != int64(created) {
		t.Errorf("%d persons instead of %d", n, created)
	}
	if n := w.int(`select count(*) from clients where kind = 'organisation'`); n != 50 {
		t.Errorf("%d organisations instead of 50", n)
	}
}

// beyond waits until an import has come so far, or is over.
func (w *world) beyond(id int64, position int) {
	w.t.Helper()
	deadline := time.After(5 * patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for w.int(`select count(*) from imports where id = $1 and (position > $2 or state <> 'running')`, id, position) == 0 {
		select {
		case <-deadline:
			w.t.Fatalf("the import does not come beyond row %d", position)
		case <-tick.C:
		}
	}
}

// whole checks that verdicts, position and clients agree, and no client is there
// twice or in part.
func (w *world) whole(id int64) {
	w.t.Helper()
	for what, sql := range map[string]string{
		"rows without a verdict or twice": `select abs(i.position - (select count(*) from import_rows r where r.import_id = i.id and r.line > 0)) from imports i where i.id = $1`,
		"counts that differ":              `select abs(i.position - i.created - i.updated - i.skipped - i.failed) from imports i where i.id = $1`,
		"verdicts without their client":   `select count(*) from import_rows r where r.import_id = $1 and r.verdict in ('created', 'updated') and not exists (select from clients c where c.id = r.client_id)`,
		"clients without a verdict":       `select count(*) from clients c where not exists (select from import_rows r where r.import_id = $1 and r.client_id = c.id and r.verdict = 'created')`,
		"clients without a number":        `select count(*) from clients c where $1 > 0 and c.kind = 'person' and not exists (select from contact_points p where p.client_id = c.id and p.kind = 'phone')`,
		"numbers that cannot be found":    `select count(*) from contact_points p where $1 > 0 and p.kind = 'phone' and not exists (select from contact_readings r where r.contact_point_id = p.id)`,
		"numbers of two clients":          `select count(*) - count(distinct value) from contact_points where $1 > 0 and kind = 'phone'`,
		"clients the log does not know":   `select count(*) from clients c where $1 > 0 and not exists (select from audit_entries a where a.action = 'client.create' and a.entity_id = c.id)`,
	} {
		if n := w.int(sql, id); n != 0 {
			w.t.Errorf("%d %s", n, what)
		}
	}
}

// The figure to reach is 100,000 rows in a minute on two processors that have
// nothing else to do.
func TestSpeed(t *testing.T) {
	rows := 2000
	if soak() {
		rows = 100_000
	}
	w := newWorld(t)
	im := w.upload("many.csv", many(rows))
	w.start()
	began := time.Now()
	if _, err := w.imports.Run(w.as(w.anna), im.ID); err != nil {
		t.Fatal(err)
	}
	w.beyond(im.ID, rows-1)
	took := time.Since(began)
	t.Logf("%d rows in %v: %.0f a second", rows, took.Round(time.Millisecond), float64(rows)/took.Seconds())
	if soak() && took > time.Minute {
		t.Errorf("%d rows took %v", rows, took)
	}
}
