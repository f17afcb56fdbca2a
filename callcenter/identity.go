package callcenter

import (
	"slices"
	"time"
)

// Identity is who the caller may be. A number is a claim: it names candidates, and a client only when there is
// exactly one.
type Identity struct {
	E164       string      `json:"e164"`
	Display    string      `json:"display"`
	Dialable   bool        `json:"dialable"`
	Candidates []Candidate `json:"candidates"` // best first
}

// Candidate is a client the caller may be, and why.
type Candidate struct {
	ClientID        int64      `json:"client_id"`
	Name            string     `json:"name"`
	Kind            string     `json:"kind"`
	ResponsibleID   int64      `json:"responsible_id,omitempty"`
	ResponsibleName string     `json:"responsible_name"`
	Score           int        `json:"score"`  // 0 to 100
	Reason          string     `json:"reason"` // stable key: exact, national, trunk_prefix, tail, shared
	Matched         string     `json:"matched"`
	LastContactAt   *time.Time `json:"last_contact_at,omitempty"`
	LastUserID      int64      `json:"last_user_id,omitempty"` // who of ours took part in that
	OpenLeads       int        `json:"open_leads"`
}

// Client returns the one client the identity names; ok is false when there is none, or more than one candidate.
func (i Identity) Client() (Candidate, bool) {
	if len(i.Candidates) != 1 {
		return Candidate{}, false
	}
	return i.Candidates[0], true
}

// With returns the identity with a candidate whom somebody has named among the others, first if he is none of them.
func (i Identity) With(named Candidate) Identity {
	known := func(c Candidate) bool { return c.ClientID == named.ClientID }
	if named.ClientID != 0 && !slices.ContainsFunc(i.Candidates, known) {
		i.Candidates = append([]Candidate{named}, i.Candidates...)
	}
	return i
}

// Responsible returns the user whom all candidates belong to, or 0.
func (i Identity) Responsible() int64 {
	var user int64
	for n, c := range i.Candidates {
		if n > 0 && c.ResponsibleID != user {
			return 0
		}
		user = c.ResponsibleID
	}
	return user
}

// Know returns the call with what is known of its far party: the identity, and by it the client and his responsible.
func (c Call) Know(i Identity) Call {
	c.Identity, c.ResponsibleID = i, i.Responsible()
	if client, ok := i.Client(); ok {
		c.ClientID = client.ClientID
	}
	return c
}
