package audit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"centralita/crm/audit"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// chained is a log with a keeper, a directory for checkpoints, and a clock that
// the test moves.
type chained struct {
	t      *testing.T
	db     *postgres.DB
	log    *audit.Log
	keeper *audit.Keeper
	dir    string
	now    time.Time
}

func newChained(t *testing.T) *chained {
	c := &chained{t: t, db: pgtest.New(t), dir: t.TempDir(), now: time.Now()}
	c.log = audit.NewLog(c.db)
	c.restart()
	return c
}

// restart is a server that stops and starts.
func (c *chained) restart() {
	c.keeper = audit.NewKeeper(c.log, audit.KeeperOptions{Dir: c.dir, Now: func() time.Time { return c.now }})
}

// grow writes n entries and signs each time as many as are asked for.
func (c *chained) grow(n, every int) {
	c.t.Helper()
	for i := range n {
		err := c.log.Record(as(c.t.Context(), int64(i%7+1), "operator"), "client.update", "client", int64(i),
			map[string]any{"name": fmt.Sprint("before ", i)}, map[string]any{"name": fmt.Sprint("after ", i), "note": strings.Repeat("x", i%50)})
		if err != nil {
			c.t.Fatal(err)
		}
		if i%every == every-1 {
			c.sign()
		}
	}
}

func (c *chained) sign() {
	c.t.Helper()
	c.seal()
	if err := c.keeper.Checkpoint(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chained) seal() {
	c.t.Helper()
	if _, err := c.log.Seal(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chained) verify() audit.Verdict {
	c.t.Helper()
	v, err := c.log.Verify(c.t.Context(), c.dir, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return v
}

// god is what the owner of the database may do: no trigger stops him.
func (c *chained) god(sql string, args ...any) {
	c.t.Helper()
	err := c.db.InTx(c.t.Context(), func(ctx context.Context) error {
		if _, err := c.db.Conn(ctx).Exec(ctx, "set local session_replication_role = replica"); err != nil {
			return err
		}
		_, err := c.db.Conn(ctx).Exec(ctx, sql, args...)
		return err
	})
	if err != nil {
		c.t.Fatalf("%s: %v", sql, err)
	}
}

func TestTheLogRefusesToBeChanged(t *testing.T) {
	c := newChained(t)
	c.grow(3, 3)
	for _, sql := range []string{
		"update audit_entries set action = 'x'", "delete from audit_entries", "truncate audit_entries",
		"update audit_chain set hash = hash", "delete from audit_chain", "truncate audit_chain",
	} {
		if _, err := c.db.Pool().Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: allowed", sql)
		}
	}
	if v := c.verify(); !v.OK || v.Entries != 3 || v.Anchored != 3 || v.Unsealed != 0 {
		t.Errorf("%+v", v)
	}
}

// The head of an untouched log of 40 entries, of which 36 are anchored, and one
// way to change it each; first names the place of the first bad row.
func mutations(r *rand.Rand) []struct {
	name, kinds string
	do          func(c *chained) (first int64)
} {
	place := func() int64 { return 1 + r.Int64N(36) }
	return []struct {
		name, kinds string
		do          func(c *chained) (first int64)
	}{
		{"edit", audit.Edited, func(c *chained) int64 {
			n := place()
			set := []string{
				"after = jsonb_set(after, '{name}', '\"other\"')", "before = null", "user_id = 99", "at = at - interval '1 second'", "action = 'client.read'",
				"entity_id = entity_id + 1", "ip = '10.0.0.1'", "request_id = 'x'", "session_id = 1", "after = after || '{\"more\": 1}'",
			}[r.IntN(10)]
			c.god("update audit_entries set "+set+" where id = (select entry_id from audit_chain where seq = $1)", n)
			return n
		}},
		{"delete", audit.Deleted, func(c *chained) int64 {
			n := place()
			c.god("delete from audit_entries where id = (select entry_id from audit_chain where seq = $1)", n)
			if r.IntN(2) == 0 {
				c.god("delete from audit_chain where seq = $1", n)
			}
			return n
		}},
		{"insert", audit.Inserted, func(c *chained) int64 {
			if r.IntN(2) == 0 { // under the ids that are settled
				c.god("update audit_sealing set settled = 40")
				c.god("insert into audit_entries (id, action, entity, entity_id) values (-$1::bigint, 'client.read', 'client', 1)", place())
				return 0
			}
			c.god("insert into audit_entries (at, action, entity, entity_id) values (now() - interval '1 hour', 'client.read', 'client', 1)")
			c.seal()
			return 41
		}},
		{"swap", audit.Swapped, func(c *chained) int64 {
			a := 1 + r.Int64N(18)
			b := a + 1 + r.Int64N(18)
			c.god(`update audit_chain set entry_id = case seq when $1 then -$2::bigint else -$1::bigint end where seq in ($1, $2)`, a, b)
			c.god(`update audit_chain set entry_id = -entry_id where entry_id < 0`)
			return a
		}},
		{"cut", audit.Cut, func(c *chained) int64 {
			n := place()
			c.god("delete from audit_entries where id in (select entry_id from audit_chain where seq >= $1)", n)
			c.god("delete from audit_chain where seq >= $1", n)
			return n
		}},
		{"cut and go on", audit.Rewritten, func(c *chained) int64 {
			n := 30 + r.Int64N(6)
			c.god("delete from audit_entries where id in (select entry_id from audit_chain where seq >= $1)", n)
			c.god("delete from audit_chain where seq >= $1", n)
			c.god("update audit_sealing set settled = 0")
			for range 12 {
				if err := c.log.Record(c.t.Context(), "client.read", "client", 1, nil, nil); err != nil {
					c.t.Fatal(err)
				}
			}
			c.seal()
			return 36
		}},
		{"rewrite", audit.Rewritten, func(c *chained) int64 {
			n := place()
			c.god("update audit_entries set user_id = 99 where id = (select entry_id from audit_chain where seq = $1)", n)
			c.god("delete from audit_chain where seq >= $1", n)
			c.god("update audit_sealing set settled = 0")
			c.seal() // by the product's own code: every hash is right again
			return (n + 11) / 12 * 12
		}},
		{"restore an old backup", audit.Cut, func(c *chained) int64 {
			n := 12 + r.Int64N(12)
			c.god("delete from audit_entries where id > (select entry_id from audit_chain where seq = $1)", n)
			c.god("delete from audit_chain where seq > $1", n)
			c.god("update audit_sealing set settled = 0")
			return n + 1
		}},
		{"erase unseen", audit.Erased, func(c *chained) int64 {
			n := place()
			c.god("update audit_entries set before = null, after = null where id = (select entry_id from audit_chain where seq = $1)", n)
			c.god("update audit_chain set salt = null, digest = hash where seq = $1", n)
			return n
		}},
	}
}

// TestTheOwnerOfTheDatabaseIsFoundOut changes the log in every way, as superuser,
// and expects each change to be found, its kind and its first bad row named. It
// works on 40 entries with a checkpoint after each 12th; what stands behind the
// last checkpoint is what a minute of work is in the product, and is not touched.
func TestTheOwnerOfTheDatabaseIsFoundOut(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	c := newChained(t)
	c.grow(40, 12)
	c.seal()
	if v := c.verify(); !v.OK || v.Entries != 40 || v.Anchored != 36 {
		t.Fatalf("before: %+v", v)
	}
	c.god(`create table kept_entries as select * from audit_entries; create table kept_chain as select * from audit_chain; create table kept_sealing as select * from audit_sealing`)
	found, made, rounds := 0, 0, 30
	if os.Getenv("CENTRALITA_SOAK") != "" {
		rounds = 200
	}
	for range rounds {
		for _, m := range mutations(r) {
			made++
			first := m.do(c)
			if v := c.verify(); v.OK || v.Findings[0].Kind != m.kinds && !(m.kinds == audit.Erased && v.Findings[0].Kind == audit.Edited) || first != 0 && v.Findings[0].Seq != first {
				t.Errorf("%s at %d: %d found, %+v", m.name, first, v.Bad, v.Findings)
			} else {
				found++
			}
			c.god(`delete from audit_entries; delete from audit_chain; delete from audit_sealing;
				insert into audit_entries select * from kept_entries; insert into audit_chain select * from kept_chain; insert into audit_sealing select * from kept_sealing;
				select setval(pg_get_serial_sequence('audit_entries', 'id'), 40)`)
		}
	}
	t.Logf("%d of %d changes found", found, made)
	if v := c.verify(); !v.OK {
		t.Errorf("after: %+v", v)
	}
}

func TestManyWritersMakeOneChain(t *testing.T) {
	c := newChained(t)
	other := audit.NewLog(c.db)
	stop := make(chan struct{})
	var sealers, writers sync.WaitGroup
	for _, log := range []*audit.Log{c.log, other} {
		sealers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := log.Seal(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for w := range 200 {
		writers.Go(func() {
			ctx := as(t.Context(), int64(w+1), "operator")
			for i := range 10 {
				err := c.db.InTx(ctx, func(ctx context.Context) error {
					if err := c.log.Record(ctx, "client.update", "client", int64(w*10+i), nil, i); err != nil {
						return err
					}
					if i%5 == 4 {
						return errUndone // an id that never comes
					}
					return nil
				})
				if err != nil && err != errUndone {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	sealers.Wait()
	c.sign()
	v := c.verify()
	if !v.OK || v.Entries != 1600 || v.Anchored != 1600 || v.Unsealed != 0 {
		t.Errorf("%+v", v)
	}
	if forks := number(t, c.db, "select count(*) - count(distinct entry_id) + max(seq) - count(*) from audit_chain"); forks != 0 {
		t.Errorf("%d forks or gaps", forks)
	}
}

var errUndone = fmt.Errorf("undone")

func TestAnEntryCommittedLateFindsItsPlace(t *testing.T) {
	c := newChained(t)
	err := c.db.InTx(t.Context(), func(ctx context.Context) error {
		if err := c.log.Record(ctx, "late", "client", 1, nil, nil); err != nil {
			return err
		}
		c.grow(20, 10)
		c.seal()
		if v := c.verify(); !v.OK || v.Entries != 20 {
			t.Errorf("meanwhile: %+v", v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.sign()
	if v := c.verify(); !v.OK || v.Entries != 21 || v.Unsealed != 0 {
		t.Errorf("%+v", v)
	}
}

func TestAnErasureLeavesAChainThatHolds(t *testing.T) {
	c := newChained(t)
	c.grow(20, 10)
	ctx := as(t.Context(), 3, "admin")
	if _, err := c.log.Erase(ctx, "client", 7, ""); err == nil {
		t.Error("erased without a reason")
	}
	if n, err := c.log.Erase(ctx, "client", 7, "asked for by the person"); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	c.sign()
	if v := c.verify(); !v.OK || v.Erased != 1 || v.Entries != 21 {
		t.Errorf("%+v", v)
	}
	if n := number(t, c.db, "select count(*) from audit_entries where after::text like '%after 7%' or before::text like '%before 7%'"); n != 0 {
		t.Error("the text is still there")
	}
	if _, err := c.db.Pool().Exec(t.Context(), "update audit_entries set after = null"); err == nil {
		t.Error("the log can be changed after an erasure")
	}
	c.god("update audit_entries set user_id = 99 where entity_id = 7 and action = 'client.update'")
	if v := c.verify(); v.OK || v.Findings[0].Kind != audit.Edited {
		t.Errorf("an erased entry was edited: %+v", v)
	}
}

func TestNobodySignsWhatContradictsHim(t *testing.T) {
	c := newChained(t)
	c.grow(24, 12)
	c.god("delete from audit_entries where id > 10")
	c.god("delete from audit_chain where seq > 10")
	c.restart()
	for range 2 {
		if err := c.keeper.Checkpoint(t.Context()); err == nil {
			t.Error("signed a log whose tail was cut")
		}
	}
	state, err := c.keeper.State(t.Context())
	if err != nil || !state.Tampered || state.Trouble == "" {
		t.Errorf("%+v %v", state, err)
	}
	if n := number(t, c.db, "select count(*) from audit_alerts where kind = 'log.changed'"); n != 1 {
		t.Errorf("%d alerts", n)
	}
	if _, err := c.log.DeclareRestore(t.Context(), c.dir, ""); err == nil {
		t.Error("a restore without a reason")
	}
	if _, err := c.log.DeclareRestore(t.Context(), c.dir, "the disk died, backup of Monday"); err != nil {
		t.Fatal(err)
	}
	c.restart()
	c.grow(5, 5)
	if v := c.verify(); !v.OK || len(v.Restores) != 2 || v.Anchored != v.Entries {
		t.Errorf("after the declared restore: %+v", v)
	}
}

func TestTheFileOfCheckpointsIsWatchedToo(t *testing.T) {
	c := newChained(t)
	c.grow(30, 5)
	path := filepath.Join(c.dir, time.Now().UTC().Format("checkpoints-2006-01.log"))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, changed := range map[string]string{
		"a line gone":    strings.Join(append(append([]string{}, lines[:2]...), lines[3:]...), ""),
		"a line changed": strings.Replace(string(text), `"seq":10`, `"seq":11`, 1),
		"rubbish":        lines[0] + "rubbish\n" + strings.Join(lines[1:], ""),
	} {
		write(changed)
		if v := c.verify(); v.OK || v.Findings[0].Kind != audit.BadCheckpoint {
			t.Errorf("%s: %+v", name, v)
		}
	}
	write(string(text) + `{"seq": 3`) // a process died while it wrote
	c.restart()
	c.grow(5, 5)
	if v := c.verify(); !v.OK || v.Anchored != 35 {
		t.Errorf("after a torn line: %+v", v)
	}
	if err := os.Chmod(filepath.Join(c.dir, "audit.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.restart()
	if err := c.keeper.Checkpoint(t.Context()); err == nil {
		t.Error("signed with a key that everybody can read")
	}
}
