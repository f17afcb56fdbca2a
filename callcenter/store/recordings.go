package store

import (
	"context"
	"encoding/json"
	"fmt"

	"centralita/callcenter/recording"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

const oneRecording = `
select r.call_id, r.state, r.source, r.path, r.duration_ms, r.size_bytes, r.sha256, coalesce(r.peaks, '{}'), c.ended_at is null
from recordings r join calls c on c.id = r.call_id where r.call_id = $1`

// Recording returns the recording of a call.
func (b *Books) Recording(ctx context.Context, call int64) (recording.Recording, error) {
	var r recording.Recording
	var peaks []byte
	var live bool
	err := b.db.Conn(ctx).QueryRow(ctx, oneRecording, call).
		Scan(&r.CallID, &r.State, &r.Source, &r.Path, &r.DurationMS, &r.SizeBytes, &r.SHA256, &peaks, &live)
	switch {
	case postgres.IsNoRows(err):
		return r, fault.New(fault.NotFound, "recording_not_found", "There is no recording of this call.")
	case err != nil:
		return r, fmt.Errorf("read recording: %w", err)
	}
	if r.State == recording.Running && !live {
		r.State = recording.Processing
	}
	if err := json.Unmarshal(peaks, &r.Peaks); err != nil {
		return r, fmt.Errorf("read recording: %w", err)
	}
	return r, nil
}

const saveRecording = `
update recordings set state = $2, path = $3, duration_ms = $4, size_bytes = $5, sha256 = $6, peaks = $7, error = $8,
       ready_at = now()
where call_id = $1`

// SaveRecording stores the result of processing, and why it failed if it did.
func (b *Books) SaveRecording(ctx context.Context, r recording.Recording, problem string) error {
	peaks, err := json.Marshal(r.Peaks)
	if err != nil {
		return fmt.Errorf("save recording: %w", err)
	}
	_, err = b.db.Conn(ctx).Exec(ctx, saveRecording, r.CallID, r.State, r.Path, r.DurationMS, r.SizeBytes, r.SHA256,
		peaks, problem)
	if err != nil {
		return fmt.Errorf("save recording: %w", err)
	}
	return nil
}
