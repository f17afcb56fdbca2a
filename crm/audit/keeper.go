package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"centralita/internal/postgres"
)

// Rhythm of the keeper. Whoever rules the database can rewrite unnoticed what no
// checkpoint has seen: at most a minute and a second, or 10,000 entries.
const (
	sealEvery       = time.Second
	checkpointEvery = time.Minute
	checkpointAfter = 10_000
	verifyEvery     = 24 * time.Hour
)

// KeeperOptions configure a Keeper. Dir is where checkpoints and the key are
// kept, outside the database. Alarm is told that the log was found changed.
type KeeperOptions struct {
	Dir    string
	Now    func() time.Time
	Alarm  func()
	Logger *slog.Logger
}

// Keeper seals the log, signs checkpoints, and verifies the whole once a day. Each
// server has one; they take turns at sealing, and each signs into its own
// directory.
type Keeper struct {
	log  *Log
	opts KeeperOptions

	mu     sync.Mutex
	ledger *ledgerFile
	state  Seals
	check  chan struct{}
}

// Seals is what the keeper of one server knows.
type Seals struct {
	Sealed       int64      `json:"sealed" doc:"entries in the chain"`
	Unsealed     int64      `json:"unsealed"`
	OldestAt     *time.Time `json:"oldest_unsealed_at,omitempty"`
	Checkpoint   int64      `json:"checkpoint" doc:"entries the last checkpoint vouches for"`
	CheckpointAt *time.Time `json:"checkpoint_at,omitempty"`
	Key          string     `json:"key"`
	Trouble      string     `json:"trouble,omitempty" doc:"why no checkpoint can be written, or what was found changed"`
	Tampered     bool       `json:"tampered"`
	Verifying    bool       `json:"verifying"`
	Checked      *Check     `json:"checked,omitempty"`
}

// Check is one verification by a server itself.
type Check struct {
	At      time.Time `json:"at"`
	Seq     int64     `json:"seq"`
	TookMS  int64     `json:"took_ms"`
	Finding *Finding  `json:"finding,omitempty"`
}

// NewKeeper returns the keeper of log.
func NewKeeper(log *Log, opts KeeperOptions) *Keeper {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Alarm == nil {
		opts.Alarm = func() {}
	}
	return &Keeper{log: log, opts: opts, check: make(chan struct{}, 1)}
}

// Run keeps the log until ctx ends, and seals once more before it returns.
func (k *Keeper) Run(ctx context.Context) {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	var checks sync.WaitGroup
	defer checks.Wait()
	checks.Go(func() { k.checks(ctx) })
	for {
		if err := k.Keep(ctx); err != nil && ctx.Err() == nil {
			k.opts.Logger.WarnContext(ctx, "log not kept", "error", err)
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			if err := errors.Join(k.Keep(last), k.Checkpoint(last)); err != nil {
				k.opts.Logger.WarnContext(last, "log not sealed at the end", "error", err)
			}
			return
		case <-tick.C:
		}
	}
}

// Keep seals what is unsealed, and writes a checkpoint when it is time.
func (k *Keeper) Keep(ctx context.Context) error {
	if _, err := k.log.Seal(ctx); err != nil {
		return err
	}
	end, err := head(ctx, k.log.db.Conn(ctx))
	if err != nil {
		return err
	}
	n, oldest, err := k.log.lag(ctx)
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.state.Sealed, k.state.Unsealed, k.state.OldestAt = end.Seq, n, oldest
	due := k.due(end)
	k.mu.Unlock()
	if due {
		return k.Checkpoint(ctx)
	}
	return nil
}

// due reports whether a checkpoint at end is due.
func (k *Keeper) due(end Head) bool {
	if k.ledger == nil {
		return true
	}
	last := k.ledger.last
	grown := end.Seq - last.Seq
	return grown != 0 && (grown < 0 || grown >= checkpointAfter || k.opts.Now().Sub(last.At) >= checkpointEvery)
}

// Checkpoint signs the end of the chain, unless it is signed already. It signs no
// chain that contradicts the checkpoint before: that is told, and stays as it is
// until a restore is declared.
func (k *Keeper) Checkpoint(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.open()
	if err == nil {
		err = k.sign(ctx)
	}
	k.state.Trouble = ""
	if err != nil {
		k.state.Trouble = err.Error()
	}
	if tampered := errors.Is(err, errContradiction); tampered != k.state.Tampered {
		k.state.Tampered = tampered
		if tampered {
			k.opts.Logger.ErrorContext(ctx, "THE LOG WAS CHANGED", "error", err)
			err = errors.Join(err, k.log.alert(ctx, "log.changed", err.Error()))
			k.opts.Alarm()
		}
	}
	return err
}

func (k *Keeper) open() (err error) {
	if k.ledger == nil {
		k.ledger, err = openLedger(k.opts.Dir)
	}
	if err == nil {
		k.note()
	}
	return err
}

// note copies what the file says last into the state.
func (k *Keeper) note() {
	k.state.Key = k.ledger.key.name
	if last := k.ledger.last; !last.At.IsZero() {
		k.state.Checkpoint, k.state.CheckpointAt = last.Seq, &last.At
	}
}

var errContradiction = errors.New("the log is not the one that was signed")

func (k *Keeper) sign(ctx context.Context) error {
	conn := k.log.db.Conn(ctx)
	end, err := head(ctx, conn)
	if err != nil {
		return err
	}
	last := k.ledger.last
	if last.Seq > 0 {
		var hash []byte
		err := conn.QueryRow(ctx, "select hash from audit_chain where seq = $1", last.Seq).Scan(&hash)
		if postgres.IsNoRows(err) {
			return fmt.Errorf("%w: it had %d entries at %s and has %d", errContradiction, last.Seq, last.At.Format(time.RFC3339), end.Seq)
		}
		if err != nil {
			return err
		}
		if hex.EncodeToString(hash) != last.Hash {
			return fmt.Errorf("%w: entries before the %dth were rewritten", errContradiction, last.Seq)
		}
	}
	if end.Seq == last.Seq || bytes.Equal(end.Hash, origin) {
		return nil
	}
	if err := k.ledger.write(Checkpoint{Seq: end.Seq, Hash: hex.EncodeToString(end.Hash), At: k.opts.Now()}); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	k.note()
	return nil
}

// DeclareRestore signs, into dir, that the log was set back on purpose and why,
// and notes it in the log. From then on, checkpoints that speak of lost entries
// bind no more.
func (l *Log) DeclareRestore(ctx context.Context, dir, reason string) (Head, error) {
	if reason == "" {
		return Head{}, errors.New("say why the log was set back")
	}
	file, err := openLedger(dir)
	if err != nil {
		return Head{}, err
	}
	end, err := head(ctx, l.db.Conn(ctx))
	if err != nil {
		return Head{}, err
	}
	before := file.last.Seq
	err = file.write(Checkpoint{Seq: end.Seq, Hash: hex.EncodeToString(end.Hash), At: time.Now(), Reason: reason})
	if err != nil {
		return Head{}, err
	}
	return end, l.Record(ctx, "audit.restored", "audit", end.Seq, map[string]int64{"entries": before},
		map[string]any{"entries": end.Seq, "reason": reason})
}
