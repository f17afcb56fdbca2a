package lead

import (
	"context"
	"net/http"
	"strconv"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/fault"
	"centralita/internal/web"
)

const pageSize = 100

// API is the HTTP face of the ledger.
type API struct {
	ledger  *Ledger
	free    Free
	clients Clients
}

// NewAPI returns the face of ledger; free may be nil.
func NewAPI(ledger *Ledger, free Free, clients Clients) *API {
	return &API{ledger: ledger, free: free, clients: clients}
}

// Register adds the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "leads", Permission: p}
	}
	create := op(http.MethodPost, "/leads", "create-lead", "Open a lead by hand, or continue the open one", access.LeadsWork)
	create.Status = http.StatusCreated
	web.Handle(r, op(http.MethodGet, "/leads/board", "get-lead-board", "What is being lost now, and who is free", access.BoardRead), a.board)
	web.Handle(r, op(http.MethodGet, "/leads", "list-leads", "Leads, newest first", access.LeadsRead), a.list)
	web.Handle(r, create, a.create)
	web.Handle(r, op(http.MethodGet, "/leads/{id}", "get-lead", "A lead and its journal", access.LeadsRead), a.get)
	web.Handle(r, op(http.MethodPatch, "/leads/{id}", "set-lead-note", "Change a lead's note", access.LeadsWork), a.note)
	web.Handle(r, op(http.MethodPost, "/leads/{id}/lease", "lease-lead", "Take, or keep, the only right to work a lead", access.LeadsWork), a.lease)
	web.Handle(r, op(http.MethodDelete, "/leads/{id}/lease", "release-lead", "Give the lease back", access.LeadsWork), a.release)
	web.Handle(r, op(http.MethodPost, "/leads/{id}/close", "close-lead", "Close a lead, and say how", access.LeadsWork), a.close)
	web.Handle(r, op(http.MethodPost, "/leads/{id}/reopen", "reopen-lead", "Take a closing back", access.LeadsWork), a.reopen)
	web.Handle(r, op(http.MethodPost, "/leads/{id}/next-step", "set-next-step", "Date what happens next, or clear it", access.LeadsWork), a.nextStep)
	web.Handle(r, op(http.MethodPost, "/leads/{id}/link", "link-lead", "Make a lead, and its number, an existing client's", access.LeadsWork), a.link)
	web.Handle(r, op(http.MethodDelete, "/leads/{id}/link", "unlink-lead", "Take a lead away from its client again", access.LeadsWork), a.unlink)
	web.Handle(r, op(http.MethodPost, "/leads/{id}/assign", "assign-lead", "Make somebody responsible", access.LeadsAssign), a.assign)
}

// LeadBoardOutput answers with the board.
type LeadBoardOutput struct{ Body Board }

func (a *API) board(ctx context.Context, _ *struct{}) (*LeadBoardOutput, error) {
	b, err := a.ledger.Board(ctx, a.free)
	return &LeadBoardOutput{Body: b}, err
}

// LeadListInput narrows and pages the list.
type LeadListInput struct {
	State    string `query:"state" maxLength:"40"`
	Class    string `query:"class" maxLength:"40"`
	Closing  string `query:"closing" maxLength:"40"`
	Source   string `query:"source" maxLength:"40"`
	ClientID int64  `query:"client_id" minimum:"1"`
	LineID   int64  `query:"line_id" minimum:"1"`
	Cursor   string `query:"cursor" maxLength:"40"`
}

// LeadListOutput is a page of leads. Total counts all pages.
type LeadListOutput struct {
	Body struct {
		Items []Lead `json:"items"`
		Next  string `json:"next" doc:"cursor of the next page, empty at the end"`
		Total int64  `json:"total"`
	}
}

func (a *API) list(ctx context.Context, in *LeadListInput) (*LeadListOutput, error) {
	f := Filter{State: in.State, Class: in.Class, Closing: in.Closing, Source: in.Source, ClientID: in.ClientID, LineID: in.LineID, Limit: pageSize + 1}
	if in.Cursor != "" {
		before, err := strconv.ParseInt(in.Cursor, 36, 64)
		if err != nil || before < 1 {
			return nil, fault.New(fault.Invalid, "cursor_invalid", "This page does not exist any more. Start again.")
		}
		f.Before = before
	}
	noted := a.ledger.audit.Looking(ctx, "lead.list", "lead", 0, audit.Asked(map[string]any{
		"state": f.State, "class": f.Class, "closing": f.Closing, "source": f.Source, "client_id": f.ClientID, "line_id": f.LineID, "before": f.Before,
	}))
	leads, total, err := a.ledger.List(ctx, f)
	if leads, err = audit.Shown(noted, leads, err); err != nil {
		return nil, err
	}
	out := &LeadListOutput{}
	if len(leads) > pageSize {
		leads = leads[:pageSize]
		out.Body.Next = strconv.FormatInt(leads[pageSize-1].ID, 36)
	}
	out.Body.Items, out.Body.Total = leads, total
	return out, nil
}

// LeadOutput answers with a lead.
type LeadOutput struct{ Body Lead }

// NewLeadInput is a lead entered by hand.
type NewLeadInput struct {
	Body struct {
		ClientID int64  `json:"client_id,omitempty" minimum:"0"`
		Number   string `json:"number,omitempty" maxLength:"80"`
		LineID   int64  `json:"line_id,omitempty" minimum:"0"`
		Note     string `json:"note,omitempty" maxLength:"1000"`
		Source   string `json:"source,omitempty" enum:"manual"`
	}
}

func (a *API) create(ctx context.Context, in *NewLeadInput) (*LeadOutput, error) {
	b := in.Body
	lead, err := a.ledger.Create(ctx, New{ClientID: b.ClientID, Number: b.Number, LineID: b.LineID, Note: b.Note})
	return &LeadOutput{Body: lead}, err
}

// LeadIDInput names a lead.
type LeadIDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

// LeadDetailOutput answers with a lead and its journal.
type LeadDetailOutput struct{ Body LeadDetail }

func (a *API) get(ctx context.Context, in *LeadIDInput) (*LeadDetailOutput, error) {
	noted := a.ledger.audit.Looking(ctx, "lead.read", "lead", in.ID, nil)
	lead, err := a.ledger.Get(ctx, in.ID)
	return audit.Shown(noted, &LeadDetailOutput{Body: lead}, err)
}
