package siptest

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// Journal is the oracle of a test: what the agents themselves saw of their
// calls, independent of the product under test.
type Journal struct {
	mu    sync.Mutex
	calls []*Call
	kinds map[string]string // of a load, by Call-ID
}

// NewJournal returns an empty journal; give it to any number of UAs.
func NewJournal() *Journal { return &Journal{kinds: map[string]string{}} }

// Record is one call as an agent saw it. Times that never came are zero.
type Record struct {
	CallID     string    `json:"call_id"`
	Outgoing   bool      `json:"outgoing"` // placed by the agent
	Kind       string    `json:"kind,omitempty"`
	From       string    `json:"from"`
	To         string    `json:"to"`
	Started    time.Time `json:"started"`
	FirstReply time.Time `json:"first_reply"`
	Ringing    time.Time `json:"ringing"`
	Answered   time.Time `json:"answered"`
	Statuses   []int     `json:"statuses"` // of the INVITE, in order
	Over       bool      `json:"over"`
	End        End       `json:"end"`
}

// Heeded reports whether the other side gave any 1xx or 2xx: from then on a
// caller believes that somebody knows of the call.
func (r Record) Heeded() bool {
	for _, status := range r.Statuses {
		if status < 300 {
			return true
		}
	}
	return false
}

// Record returns what this side saw of the call so far.
func (c *Call) Record() Record {
	user, _ := c.From()
	r := Record{CallID: c.id, Outgoing: c.outgoing, From: user, To: c.To(), Started: c.started}
	r.Statuses, r.FirstReply, r.Ringing, r.Answered = c.statuses()
	r.End, r.Over = c.End()
	return r
}

func (j *Journal) enter(c *Call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, c)
}

func (j *Journal) mark(callID, kind string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kinds[callID] = kind
}

// Records returns a record of every call entered, in order of their beginning.
func (j *Journal) Records() []Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	records := make([]Record, len(j.calls))
	for i, c := range j.calls {
		records[i] = c.Record()
		records[i].Kind = j.kinds[c.id]
	}
	return records
}

// WriteJSON writes the records, one JSON object per line.
func (j *Journal) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	for _, record := range j.Records() {
		if err := encoder.Encode(record); err != nil {
			return fmt.Errorf("write journal: %w", err)
		}
	}
	return nil
}
