package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// What can be wrong with the log.
const (
	Edited        = "edited"         // an entry does not say what it said when it was sealed
	Swapped       = "swapped"        // two entries have changed places
	Deleted       = "deleted"        // an entry, or its place, is not there any more
	Inserted      = "inserted"       // an entry got in beside the chain, or long after its time
	Cut           = "cut"            // a checkpoint saw more entries: the tail was cut, or an old backup restored
	Rewritten     = "rewritten"      // the chain agrees with itself, and not with a checkpoint
	Erased        = "erased"         // texts were taken out without an entry that says so
	BadCheckpoint = "bad_checkpoint" // the file of checkpoints was changed
)

// Finding is one thing that is wrong. Seq is the place in the chain, 0 when there
// is none; EntryID the entry.
type Finding struct {
	Kind    string     `json:"kind"`
	Seq     int64      `json:"seq,omitempty"`
	EntryID int64      `json:"entry_id,omitempty"`
	At      *time.Time `json:"at,omitempty"`
	Text    string     `json:"text"`
}

// Verdict is the outcome of a verification. Findings are in the order of the
// chain, so the first is the first bad row; no more than a screenful is kept, Bad
// counts all. Anchored is the last entry that a checkpoint vouches for: what lies
// behind it could have been rewritten by whoever rules the database.
type Verdict struct {
	OK          bool          `json:"ok"`
	Entries     int64         `json:"entries"`
	Unsealed    int64         `json:"unsealed"`
	Anchored    int64         `json:"anchored"`
	Checkpoints int           `json:"checkpoints"`
	LastAt      *time.Time    `json:"last_checkpoint_at,omitempty"`
	Restores    []string      `json:"restores"`
	Erased      int64         `json:"erased"`
	Bad         int64         `json:"bad"`
	Findings    []Finding     `json:"findings"`
	Took        time.Duration `json:"took_ns"`
}

// maxFindings is how many findings are told.
const maxFindings = 20

// strayAfter is how much later than its own time an entry may be sealed: longer
// than any transaction of the product lasts. It is also how far back an entry that
// somebody slips in unnoticed can be dated.
const strayAfter = 5 * time.Minute

// verifyBatch is how many entries are read at a time.
const verifyBatch = 20_000

const sqlVerify = "select c.seq, c.entry_id, c.salt, c.digest, c.hash, e.id, e.at, coalesce(e.user_id, 0), coalesce(e.session_id, 0)," + `
	coalesce(e.action, ''), coalesce(e.entity, ''), coalesce(e.entity_id, 0), e.before::text, e.after::text, coalesce(e.ip, ''), coalesce(e.request_id, '')
	from audit_chain c left join audit_entries e on e.id = c.entry_id
	where c.seq > $1 order by c.seq limit $2`

// verifier walks the chain.
type verifier struct {
	verdict  Verdict
	must     map[int64]Checkpoint
	seqs     []int64 // of must, ascending
	erasures map[int64]bool
	prev     []byte
	next     int64
	floor    time.Time // of the last checkpoint passed
	suspects []suspect
}

// suspect is an entry that is not what was sealed, and the hash it stands behind.
type suspect struct {
	link
	behind []byte
}

// Verify walks the whole chain and compares it with the checkpoints in dir; ""
// compares with none. progress, which may be nil, is told how many entries have
// been looked at. It sees the database as it was at one moment, and keeps nobody
// from writing.
func (l *Log) Verify(ctx context.Context, dir string, progress func(entries int64)) (Verdict, error) {
	start := time.Now()
	v := &verifier{prev: origin, next: 1, erasures: map[int64]bool{}}
	v.verdict.Findings, v.verdict.Restores = []Finding{}, []string{}
	if err := v.readCheckpoints(dir); err != nil {
		return Verdict{}, err
	}
	tx, err := l.db.Pool().BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return Verdict{}, fmt.Errorf("verify log: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	for _, step := range []func(context.Context, pgx.Tx) error{v.readErasures, v.walker(progress), v.strays} {
		if err := step(ctx, tx); err != nil {
			return Verdict{}, fmt.Errorf("verify log: %w", err)
		}
	}
	v.tail()
	v.pair()
	v.verdict.OK, v.verdict.Took = v.verdict.Bad == 0, time.Since(start)
	return v.verdict, nil
}

func (v *verifier) readCheckpoints(dir string) error {
	v.must = map[int64]Checkpoint{}
	if dir == "" {
		return nil
	}
	read, err := readCheckpoints(dir)
	if err != nil {
		return err
	}
	var lost []Checkpoint
	v.must, lost = read.binding()
	v.seqs = slices.Sorted(maps.Keys(v.must))
	for _, f := range read.findings {
		v.complain(f)
	}
	v.verdict.Checkpoints = len(read.all)
	for _, c := range read.all {
		if c.Reason != "" {
			v.verdict.Restores = append(v.verdict.Restores, fmt.Sprintf("%s: set back to entry %d: %s", c.At.Format(time.RFC3339), c.Seq, c.Reason))
		}
	}
	if len(lost) > 0 {
		v.verdict.Restores = append(v.verdict.Restores, fmt.Sprintf("%d checkpoints speak of entries that restores have lost", len(lost)))
	}
	if n := len(read.all); n > 0 {
		v.verdict.LastAt = &read.all[n-1].At
	}
	return nil
}

// readErasures reads which entries may have lost their texts.
func (v *verifier) readErasures(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `
		select jsonb_array_elements_text(e.after -> 'entries')::bigint from audit_entries e
		where e.action = 'audit.erase' and e.action not like '%.read'`)
	if err != nil {
		return err
	}
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error {
		v.erasures[id] = true
		return nil
	})
	return err
}

// walker walks the chain from its beginning to its end.
func (v *verifier) walker(progress func(int64)) func(context.Context, pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error {
		for {
			rows, err := tx.Query(ctx, sqlVerify, v.next-1, verifyBatch)
			if err != nil {
				return err
			}
			n := 0
			for ; rows.Next(); n++ {
				if err := v.row(rows); err != nil {
					rows.Close()
					return err
				}
			}
			if err := rows.Err(); err != nil {
				return err
			}
			if progress != nil {
				progress(v.verdict.Entries)
			}
			if n < verifyBatch {
				return nil
			}
		}
	}
}

// row looks at one place of the chain.
func (v *verifier) row(rows pgx.Rows) error {
	var k link
	var claimed int64
	var there *int64
	var at *time.Time
	err := rows.Scan(&k.seq, &claimed, &k.salt, &k.digest, &k.hash, &there, &at, &k.user, &k.session, &k.action, &k.entity, &k.entityID,
		&k.before, &k.after, &k.ip, &k.request)
	if err != nil {
		return err
	}
	if k.seq > v.next {
		v.complain(Finding{Kind: Deleted, Seq: v.next, Text: fmt.Sprintf("places %d to %d of the chain are missing", v.next, k.seq-1)})
	}
	v.next, k.id = k.seq+1, claimed
	v.verdict.Entries++
	if there == nil {
		v.complain(Finding{Kind: Deleted, Seq: k.seq, EntryID: claimed, Text: fmt.Sprintf("entry %d is missing", claimed)})
	} else {
		k.at = *at
		v.entry(k)
	}
	v.prev = k.hash
	v.checkpoint(k.seq, k.hash)
	return nil
}

// entry compares an entry with its hash and with the time of its neighbours.
func (v *verifier) entry(k link) {
	if k.digest != nil {
		v.verdict.Erased++
		if !v.erasures[k.id] || k.before != nil || k.after != nil {
			v.blame(Erased, k, "lost its texts, and no erasure says so")
		}
	}
	if !bytes.Equal(k.follow(v.prev), k.hash) {
		v.blame(Edited, k, "does not say what it said when it was sealed")
		if len(v.suspects) < maxFindings {
			v.suspects = append(v.suspects, suspect{k, v.prev})
		}
	} else if !v.floor.IsZero() && k.at.Before(v.floor.Add(-strayAfter)) {
		v.blame(Inserted, k, "is dated "+v.floor.Sub(k.at).Round(time.Second).String()+" before the checkpoint that it was sealed after")
	}
}

func (v *verifier) blame(kind string, k link, what string) {
	v.complain(Finding{Kind: kind, Seq: k.seq, EntryID: k.id, At: &k.at, Text: fmt.Sprintf("entry %d %s", k.id, what)})
}

func (v *verifier) complain(f Finding) {
	v.verdict.Bad++
	if len(v.verdict.Findings) < maxFindings {
		v.verdict.Findings = append(v.verdict.Findings, f)
	}
}

// checkpoint compares the chain with what was signed at this place.
func (v *verifier) checkpoint(seq int64, hash []byte) {
	signed, is := v.must[seq]
	if !is {
		return
	}
	v.floor = signed.At
	if signed.Hash == hex.EncodeToString(hash) {
		v.verdict.Anchored = seq
		return
	}
	v.complain(Finding{Kind: Rewritten, Seq: seq, At: &signed.At, Text: fmt.Sprintf(
		"the chain up to %d is not the one that was signed at %s; entries after %d were rewritten", seq, signed.At.Format(time.RFC3339), v.verdict.Anchored)})
}

// tail looks for checkpoints beyond the end of the chain.
func (v *verifier) tail() {
	end := v.next - 1
	if n := len(v.seqs); n > 0 && v.seqs[n-1] > end {
		last := v.must[v.seqs[n-1]]
		v.complain(Finding{Kind: Cut, Seq: end + 1, At: &last.At, Text: fmt.Sprintf(
			"the log ends at %d, and had %d entries at %s: the tail was cut, or an older backup was restored", end, last.Seq, last.At.Format(time.RFC3339))})
	}
}

// strays looks for entries that got in beside the chain, and counts those that
// wait for their place.
func (v *verifier) strays(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `
		select e.id, e.at from audit_entries e
		where e.id <= (select settled from audit_sealing) and not exists (select from audit_chain c where c.entry_id = e.id)
		order by e.id`)
	if err != nil {
		return err
	}
	var k link
	_, err = pgx.ForEachRow(rows, []any{&k.id, &k.at}, func() error {
		stray := k
		v.blame(Inserted, stray, "stands beside the chain: it was not written by the product")
		return nil
	})
	if err != nil {
		return err
	}
	return tx.QueryRow(ctx, `select count(*) from audit_entries e
		where e.id > (select settled from audit_sealing) and not exists (select from audit_chain c where c.entry_id = e.id)`).Scan(&v.verdict.Unsealed)
}

// pair finds edited entries that hold each other's content.
func (v *verifier) pair() {
	for i, a := range v.suspects {
		for _, b := range v.suspects[i+1:] {
			if a.holds(b) && b.holds(a) {
				v.rename(a.seq, b.id)
				v.rename(b.seq, a.id)
			}
		}
	}
}

// holds reports whether b's content is what once stood in s's place.
func (s suspect) holds(b suspect) bool {
	was := b.link
	was.seq, was.salt, was.digest = s.seq, s.salt, nil
	if bytes.Equal(was.follow(s.behind), s.hash) {
		return true // whole rows changed places
	}
	was.id = s.id
	return bytes.Equal(was.follow(s.behind), s.hash) // their contents did
}

func (v *verifier) rename(seq, other int64) {
	for i := range v.verdict.Findings {
		if f := &v.verdict.Findings[i]; f.Seq == seq && f.Kind == Edited {
			f.Kind, f.Text = Swapped, fmt.Sprintf("entry %d has changed places with entry %d", f.EntryID, other)
		}
	}
}
