// Package recording turns what Asterisk has recorded of a call into something that can be kept and played: a
// compressed stereo file (client left, agent right), its waveform, its length and its SHA-256.
//
// Asterisk writes raw sound while the call lives; nothing of that depends on this server. When the call is over a
// durable job takes the file, and only after the result is stored and synced is the raw file removed: killed at any
// instant, the job starts over. Raw sound has no header that could be broken by a crash of Asterisk; a torn last
// frame is cut.
package recording

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"centralita/callcenter"
	"centralita/internal/jobs"
)

// State is how far a recording has come.
type State string

// The states of a recording.
const (
	Running    State = "recording"
	Processing State = "processing"
	Ready      State = "ready"
	Missing    State = "missing" // Asterisk has left nothing: the call ended before any sound
	Broken     State = "failed"
)

// Recording is what is known of a call's recording.
type Recording struct {
	CallID     int64  `json:"call_id"`
	State      State  `json:"state" enum:"recording,processing,ready,missing,failed"`
	DurationMS int    `json:"duration_ms"`
	SHA256     string `json:"sha256"`
	SizeBytes  int64  `json:"size_bytes"`
	Peaks      Peaks  `json:"peaks"`
	Path       string `json:"-"` // below the directory of recordings
	Source     string `json:"-"` // name of the raw file, without its ending
}

// Store keeps recordings.
type Store interface {
	// Recording returns the recording of a call, or a NotFound fault.
	Recording(ctx context.Context, call int64) (Recording, error)
	// SaveRecording stores the result of processing.
	SaveRecording(ctx context.Context, r Recording, problem string) error
}

// Args are those of the job that processes the recording of one call.
type Args struct {
	CallID int64 `json:"call_id"`
}

// Kind names the job.
func (Args) Kind() string { return "process_recording" }

// Queue takes durable jobs; the insertion rides in ctx's transaction.
type Queue interface {
	Insert(ctx context.Context, args jobs.Args, opts *jobs.Opts) error
}

// settleFor is how long after its last write a raw file counts as finished, and patience how long a file that is
// not there is waited for.
const (
	settleFor = 1500 * time.Millisecond
	patience  = 5
)

// Scribe orders the processing of a recording in the transaction that ends its call.
type Scribe struct {
	queue Queue
	now   func() time.Time
}

// NewScribe returns the scribe.
func NewScribe(queue Queue, now func() time.Time) *Scribe { return &Scribe{queue, now} }

// Write inserts the job when a call has closed that was recorded: every one from outside, and one to outside that was
// answered.
func (s *Scribe) Write(ctx context.Context, c callcenter.Call, facts []callcenter.Fact) error {
	if c.Direction == callcenter.Out && c.AnsweredAt.IsZero() {
		return nil
	}
	for _, fact := range facts {
		if _, closed := fact.(callcenter.Closed); closed {
			return s.queue.Insert(ctx, Args{CallID: int64(c.ID)}, &jobs.Opts{Queue: jobs.Heavy, ScheduledAt: s.now().Add(settleFor)})
		}
	}
	return nil
}

// Processor is the job's worker.
type Processor struct {
	Store    Store
	Monitor  string // directory Asterisk records into
	Archive  string // directory of the finished files
	Finished func(ctx context.Context, call int64)
	Now      func() time.Time
	Log      *slog.Logger
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// Work processes the recording of one call. attempt counts from 1.
func (p *Processor) Work(ctx context.Context, call int64, attempt int) error {
	r, err := p.Store.Recording(ctx, call)
	if err != nil {
		return err
	}
	if r.State == Ready {
		return p.discard(r)
	}
	if !plainName.MatchString(r.Source) {
		return p.Store.SaveRecording(ctx, Recording{CallID: call, State: Broken}, "name of the raw file is not plain")
	}
	raw := filepath.Join(p.Monitor, r.Source+".raw")
	info, err := os.Stat(raw)
	switch {
	case errors.Is(err, fs.ErrNotExist) && attempt >= patience:
		return p.Store.SaveRecording(ctx, Recording{CallID: call, State: Missing}, "")
	case err != nil:
		return fmt.Errorf("recording of call %d: %w", call, err)
	case p.Now().Sub(info.ModTime()) < settleFor:
		return jobs.Snooze(settleFor)
	}
	if err := p.convert(ctx, &r, raw); err != nil {
		return fmt.Errorf("recording of call %d: %w", call, err)
	}
	if err := p.Store.SaveRecording(ctx, r, ""); err != nil {
		return err
	}
	p.Finished(ctx, call)
	return p.discard(r)
}

func (p *Processor) discard(r Recording) error {
	err := os.Remove(filepath.Join(p.Monitor, r.Source+".raw"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// convert makes the kept file from the raw one and fills in r.
func (p *Processor) convert(ctx context.Context, r *Recording, raw string) error {
	sound, err := os.Open(raw)
	if err != nil {
		return err
	}
	defer sound.Close()
	if r.Peaks, r.DurationMS, err = measure(sound); err != nil {
		return err
	}
	if r.DurationMS == 0 {
		r.State = Missing
		return nil
	}
	if _, err := sound.Seek(0, 0); err != nil {
		return err
	}
	r.Path = fmt.Sprintf("%s/%d.opus", p.Now().UTC().Format("2006/01"), r.CallID)
	if r.SHA256, r.SizeBytes, err = encode(ctx, sound, filepath.Join(p.Archive, r.Path)); err != nil {
		return err
	}
	r.State = Ready
	return nil
}
