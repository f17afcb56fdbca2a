package api

import (
	"time"

	"centralita/callcenter"
)

// CallView is a call as a browser sees it.
type CallView struct {
	ID              int64                `json:"id"`
	Direction       callcenter.Direction `json:"direction" enum:"in,out"`
	Phase           callcenter.Phase     `json:"phase"`
	Line            *LineView            `json:"line,omitempty"`
	Number          NumberView           `json:"number"`
	CallerName      string               `json:"caller_name"`
	Candidates      []CallCandidate      `json:"candidates"`
	ClientID        *int64               `json:"client_id,omitempty"`
	ClientName      string               `json:"client_name"`
	LeadID          *int64               `json:"lead_id,omitempty"`
	UserID          *int64               `json:"user_id,omitempty"`
	UserName        string               `json:"user_name"`
	StartedAt       time.Time            `json:"started_at"`
	RingingAt       *time.Time           `json:"ringing_at,omitempty"`
	AnsweredAt      *time.Time           `json:"answered_at,omitempty"`
	EndedAt         *time.Time           `json:"ended_at,omitempty"`
	Path            []VisitView          `json:"path" doc:"The places it has been to, the first one first"`
	QueuedAt        *time.Time           `json:"queued_at,omitempty"`
	Held            bool                 `json:"held"`
	Muted           bool                 `json:"muted"`
	Recording       bool                 `json:"recording"`
	Outcome         callcenter.Outcome   `json:"outcome"`
	EndedBy         callcenter.Party     `json:"ended_by"`
	Cause           int                  `json:"cause"`
	CauseText       string               `json:"cause_text"`
	LastContactAt   *time.Time           `json:"last_contact_at,omitempty"`
	OpenLeads       int                  `json:"open_leads"`
	Third           *ThirdView           `json:"third,omitempty"`
	Transfer        *TransferView        `json:"transfer,omitempty"`
	ResponsibleID   *int64               `json:"responsible_id,omitempty"`
	ResponsibleName string               `json:"responsible_name"`
}

// VisitView is a place that a call has been to.
type VisitView callcenter.Visit

// CallCandidate is a client the far party may be, as it was found when the call came.
type CallCandidate callcenter.Candidate

// LineView is the line of a call.
type LineView struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Number string `json:"number"`
	Color  string `json:"color"`
}

// NumberView is a number of the far party. Raw is what the network claimed and may hold anything.
type NumberView struct {
	Raw      string `json:"raw"`
	E164     string `json:"e164"`
	Display  string `json:"display"`
	Dialable bool   `json:"dialable"`
	Masked   bool   `json:"masked,omitempty" doc:"Not shown in full"`
}

// Names gives the name of a user, or "".
type Names func(user int64) string

// View shows a call.
func View(c callcenter.Call, names Names) CallView {
	v := CallView{
		ID: int64(c.ID), Direction: c.Direction, Phase: c.Phase,
		Number:     NumberView{Raw: c.Caller.Raw, E164: c.Caller.E164, Display: c.Identity.Display, Dialable: c.Identity.Dialable},
		CallerName: c.Caller.Name, Candidates: make([]CallCandidate, 0, len(c.Identity.Candidates)),
		ClientID: id(c.ClientID), LeadID: id(c.LeadID), UserID: id(c.UserID), UserName: names(c.UserID),
		StartedAt: c.StartedAt, RingingAt: moment(c.RingingAt), AnsweredAt: moment(c.AnsweredAt), EndedAt: moment(c.EndedAt),
		Path: []VisitView{}, QueuedAt: moment(c.QueuedAt), Held: c.Held, Muted: c.Muted, Recording: c.Phase == callcenter.Talking,
		Outcome: c.Outcome, EndedBy: c.EndedBy, Cause: c.Cause, CauseText: callcenter.CauseText(c.Cause),
		ResponsibleID: id(c.ResponsibleID), ResponsibleName: names(c.ResponsibleID),
	}
	for _, visit := range c.Path {
		v.Path = append(v.Path, VisitView(visit))
	}
	for _, candidate := range c.Identity.Candidates {
		v.Candidates = append(v.Candidates, CallCandidate(candidate))
	}
	if c.Line.ID != 0 {
		v.Line = &LineView{ID: c.Line.ID, Name: c.Line.Name, Number: c.Line.Number, Color: c.Line.Color}
	}
	v.sides(c, names)
	if client, ok := known(c); ok {
		v.ClientName, v.LastContactAt, v.OpenLeads = client.Name, client.LastContactAt, client.OpenLeads
	}
	return v
}

// known returns the candidate that the call's client is.
func known(c callcenter.Call) (callcenter.Candidate, bool) {
	for _, candidate := range c.Identity.Candidates {
		if candidate.ClientID == c.ClientID {
			return candidate, true
		}
	}
	return callcenter.Candidate{}, false
}

func id(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
