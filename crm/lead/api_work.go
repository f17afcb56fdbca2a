package lead

import (
	"context"
	"time"

	"centralita/crm/access"
)

// LeadNoteInput is a new note.
type LeadNoteInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Note string `json:"note" maxLength:"1000"`
	}
}

func (a *API) note(ctx context.Context, in *LeadNoteInput) (*LeadOutput, error) {
	lead, err := a.ledger.SetNote(ctx, in.ID, in.Body.Note)
	return &LeadOutput{Body: lead}, err
}

func (a *API) lease(ctx context.Context, in *LeadIDInput) (*LeadOutput, error) {
	lead, err := a.ledger.Take(ctx, in.ID, access.ActorFrom(ctx).UserID)
	return &LeadOutput{Body: lead}, err
}

func (a *API) release(ctx context.Context, in *LeadIDInput) (*LeadOutput, error) {
	if _, err := a.ledger.read(ctx, in.ID); err != nil {
		return nil, err
	}
	if err := a.ledger.Release(ctx, in.ID, access.ActorFrom(ctx).UserID); err != nil {
		return nil, err
	}
	lead, err := a.ledger.read(ctx, in.ID)
	if err == nil {
		lead, err = a.ledger.shown(ctx, lead, nil)
	}
	return &LeadOutput{Body: lead}, err
}

// CloseLeadInput says how a lead is closed, and why.
type CloseLeadInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Closing Closing `json:"closing" enum:"converted,answered_resolved,called_back_reached,caller_returned,duplicate,spam,wrong_number,written_off"`
		Reason  string  `json:"reason,omitempty" maxLength:"1000" doc:"required for written_off and duplicate"`
	}
}

func (a *API) close(ctx context.Context, in *CloseLeadInput) (*LeadOutput, error) {
	lead, err := a.ledger.Close(ctx, in.ID, in.Body.Closing, in.Body.Reason)
	return &LeadOutput{Body: lead}, err
}

// ReopenLeadInput says why a closing is taken back.
type ReopenLeadInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"1000"`
	}
}

func (a *API) reopen(ctx context.Context, in *ReopenLeadInput) (*LeadOutput, error) {
	lead, err := a.ledger.Reopen(ctx, in.ID, in.Body.Reason)
	return &LeadOutput{Body: lead}, err
}

// NextStepInput dates what happens next; at null clears it.
type NextStepInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		At   *time.Time `json:"at" nullable:"true"`
		Note string     `json:"note,omitempty" maxLength:"1000"`
	}
}

func (a *API) nextStep(ctx context.Context, in *NextStepInput) (*LeadOutput, error) {
	lead, err := a.ledger.NextStep(ctx, in.ID, in.Body.At, in.Body.Note)
	return &LeadOutput{Body: lead}, err
}

// AssignLeadInput says who is responsible; null: nobody.
type AssignLeadInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		UserID *int64 `json:"user_id" nullable:"true" minimum:"1"`
	}
}

func (a *API) assign(ctx context.Context, in *AssignLeadInput) (*LeadOutput, error) {
	lead, err := a.ledger.Assign(ctx, in.ID, in.Body.UserID)
	return &LeadOutput{Body: lead}, err
}

// LinkLeadInput names the client whose lead it is.
type LinkLeadInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		ClientID int64 `json:"client_id" minimum:"1"`
	}
}

func (a *API) link(ctx context.Context, in *LinkLeadInput) (*LeadOutput, error) {
	lead, err := a.ledger.Link(ctx, a.clients, in.ID, in.Body.ClientID)
	return &LeadOutput{Body: lead}, err
}

func (a *API) unlink(ctx context.Context, in *LeadIDInput) (*LeadOutput, error) {
	lead, err := a.ledger.Unlink(ctx, a.clients, in.ID)
	return &LeadOutput{Body: lead}, err
}
