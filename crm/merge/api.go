package merge

import (
	"context"
	"net/http"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/internal/web"
)

// API is the HTTP face of the room.
type API struct{ s *Service }

// NewAPI returns the face of s.
func NewAPI(s *Service) *API { return &API{s} }

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "merge", Permission: p, Status: status}
	}
	read, write := access.ClientsRead, access.ClientsWrite
	web.Handle(r, op(http.MethodPost, "/clients/similar", "similar-clients", "Who a client about to be created may be already", read, http.StatusOK), a.similar)
	web.Handle(r, op(http.MethodGet, "/clients/{id}/merges", "client-merges", "The merges a client is made of", read, 0), a.merges)
	web.Handle(r, op(http.MethodGet, "/clients/{id}/successor", "client-successor", "The client that a merged one is now", read, 0), a.successor)
	web.Handle(r, op(http.MethodPost, "/merges", "merge-clients", "Make one client of two", write, http.StatusCreated), a.merge)
	web.Handle(r, op(http.MethodPost, "/merges/preview", "preview-merge", "What a merge would move; nothing is changed", write, http.StatusOK), a.preview)
	web.Handle(r, op(http.MethodPost, "/merges/{id}/undo", "undo-merge", "Take a merge apart", write, http.StatusOK), a.undo)
	web.Handle(r, op(http.MethodGet, "/duplicates", "list-duplicates", "Pairs of clients that may be one, the likeliest first", write, 0), a.pairs)
	web.Handle(r, op(http.MethodPost, "/duplicates/look", "look-for-duplicates", "Look through the base again", write, http.StatusNoContent), a.look)
	web.Handle(r, op(http.MethodPost, "/duplicates/dismiss", "dismiss-duplicate", "Say that two clients are different", write, http.StatusNoContent), a.dismiss)
	web.Handle(r, op(http.MethodPost, "/duplicates/propose", "propose-duplicate", "Put a pair back on the list", write, http.StatusNoContent), a.propose)
}

// SimilarInput is what has been typed of a client so far.
type SimilarInput struct {
	Body struct {
		Name    string   `json:"name,omitempty" maxLength:"200"`
		Phones  []string `json:"phones,omitempty" maxItems:"20"`
		Emails  []string `json:"emails,omitempty" maxItems:"20"`
		Country string   `json:"country,omitempty" pattern:"^([A-Z]{2})?$"`
	}
}

// SimilarOutput are those it may be.
type SimilarOutput struct {
	Body struct {
		Items []Similar `json:"items"`
	}
}

func (a *API) similar(ctx context.Context, in *SimilarInput) (*SimilarOutput, error) {
	out := &SimilarOutput{}
	var err error
	draft := Draft{Name: in.Body.Name, Phones: in.Body.Phones, Emails: in.Body.Emails, Country: in.Body.Country}
	if out.Body.Items, err = a.s.Similar(ctx, draft); err != nil {
		return nil, err
	}
	if len(out.Body.Items) > 0 {
		err = a.s.ports.Audit.Look(ctx, "similar.search", "client", 0, in.Body)
	}
	return out, err
}

// OneClient names a client.
type OneClient struct {
	ID int64 `path:"id" minimum:"1"`
}

// MergesOutput are merges, the latest first.
type MergesOutput struct {
	Body struct {
		Items []Merge `json:"items"`
	}
}

func (a *API) merges(ctx context.Context, in *OneClient) (*MergesOutput, error) {
	out := &MergesOutput{}
	var err error
	out.Body.Items, err = a.s.Merges(ctx, in.ID)
	return out, err
}

// SuccessorOutput is the client that a merged one is now.
type SuccessorOutput struct{ Body client.Client }

func (a *API) successor(ctx context.Context, in *OneClient) (*SuccessorOutput, error) {
	c, err := a.s.Successor(ctx, in.ID)
	return &SuccessorOutput{c}, err
}

// MergeInput is the wish to merge two clients.
type MergeInput struct {
	Body struct {
		WinnerID      int64             `json:"winner_id" minimum:"1" doc:"Goes on"`
		LoserID       int64             `json:"loser_id" minimum:"1" doc:"Becomes a part of the winner"`
		WinnerVersion int               `json:"winner_version" minimum:"1"`
		LoserVersion  int               `json:"loser_version" minimum:"1"`
		Fields        map[string]Choice `json:"fields,omitempty" doc:"Whose value a field has; one that is not named keeps the winner's unless it is empty"`
	}
}

func (in *MergeInput) order() Order {
	b := in.Body
	return Order{b.WinnerID, b.LoserID, b.WinnerVersion, b.LoserVersion, b.Fields}
}

// MergeOutput is a merge.
type MergeOutput struct{ Body Merge }

func (a *API) merge(ctx context.Context, in *MergeInput) (*MergeOutput, error) {
	m, err := a.s.Merge(ctx, in.order())
	return &MergeOutput{m}, err
}

// PreviewOutput counts what would change its owner.
type PreviewOutput struct {
	Body struct {
		Rows map[string]int `json:"rows" doc:"By kind of thing"`
	}
}

func (a *API) preview(ctx context.Context, in *MergeInput) (*PreviewOutput, error) {
	out := &PreviewOutput{}
	var err error
	o := in.order()
	if out.Body.Rows, err = a.s.Preview(ctx, o); err != nil {
		return nil, err
	}
	for _, id := range []int64{o.WinnerID, o.LoserID} { // both stand side by side now
		if err := a.s.ports.Audit.Look(ctx, "client.merge.read", "client", id, nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// OneMerge names a merge.
type OneMerge struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) undo(ctx context.Context, in *OneMerge) (*MergeOutput, error) {
	m, err := a.s.Unmerge(ctx, in.ID)
	return &MergeOutput{m}, err
}

// PairsInput asks for a page of pairs.
type PairsInput struct {
	Cursor string `query:"cursor" maxLength:"80"`
}

// PairsOutput is a page of pairs.
type PairsOutput struct{ Body Page }

func (a *API) pairs(ctx context.Context, in *PairsInput) (*PairsOutput, error) {
	page, err := a.s.Pairs(ctx, in.Cursor)
	if err == nil {
		err = a.s.ports.Audit.Look(ctx, "duplicates.list", "client", 0, map[string]string{"cursor": in.Cursor})
	}
	if err != nil {
		return nil, err
	}
	return &PairsOutput{page}, nil
}

func (a *API) look(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.s.LookSoon(ctx)
}

// PairInput names a pair.
type PairInput struct {
	Body struct {
		AID int64 `json:"a_id" minimum:"1"`
		BID int64 `json:"b_id" minimum:"1"`
	}
}

func (a *API) dismiss(ctx context.Context, in *PairInput) (*struct{}, error) {
	return nil, a.s.Dismiss(ctx, in.Body.AID, in.Body.BID)
}

func (a *API) propose(ctx context.Context, in *PairInput) (*struct{}, error) {
	return nil, a.s.Propose(ctx, in.Body.AID, in.Body.BID)
}
