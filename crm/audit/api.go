package audit

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/web"
)

const pageSize = 100

// API is the HTTP face of the log.
type API struct {
	log    *Log
	keeper *Keeper
	veil   Veil
}

// Veil takes out of rows what ctx's actor may not see of the records that they
// speak of. That somebody did something stays.
type Veil func(ctx context.Context, rows []AuditRow) error

// NewAPI returns the face of log and of its keeper; veil is asked about every row
// for readers who do not see everything.
func NewAPI(log *Log, keeper *Keeper, veil Veil) *API {
	return &API{log: log, keeper: keeper, veil: veil}
}

// Register adds the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "audit", Permission: p}
	}
	read := access.AuditRead
	web.Handle(r, op(http.MethodGet, "/audit", "list-audit", "Who did what, newest first", read), a.list)
	web.Handle(r, op(http.MethodGet, "/audit/names", "list-audit-names", "Actions and kinds of things that the log knows", read), a.names)
	web.Handle(r, op(http.MethodGet, "/audit/state", "get-audit-state", "How far the log is sealed, signed and verified", read), a.state)
	web.Handle(r, op(http.MethodPost, "/audit/verify", "verify-audit", "Verify the log soon; the state says when it is done", read), a.verify)
	web.Handle(r, op(http.MethodGet, "/audit/readers", "list-audit-readers", "Who looked at how much", read), a.readers)
	web.Handle(r, op(http.MethodGet, "/audit/alerts", "list-audit-alerts", "What those who answer for the log have not seen yet", read), a.alerts)
	web.Handle(r, op(http.MethodPost, "/audit/alerts/{id}/seen", "see-audit-alert", "Close an alert", read), a.see)
	web.Handle(r, op(http.MethodGet, "/audit/quotas", "list-audit-quotas", "How much each role may look at", access.SettingsRead), a.quotas)
	widen := op(http.MethodPut, "/audit/quotas", "set-audit-quotas", "Say how much roles may look at", access.SettingsWrite)
	widen.StepUp = true
	web.Handle(r, widen, a.setQuotas)
}

// AuditInput asks for a page of entries.
type AuditInput struct {
	UserID   int64     `query:"user_id" minimum:"1"`
	Action   string    `query:"action" maxLength:"60"`
	Entity   string    `query:"entity" maxLength:"40"`
	EntityID int64     `query:"entity_id" minimum:"1"`
	Only     string    `query:"only" enum:"changes,looks" doc:"Both when absent"`
	Kind     string    `query:"kind" enum:"cards,numbers,searches,pages,recordings,exports" doc:"Only what counts as this"`
	From     time.Time `query:"from"`
	Until    time.Time `query:"until"`
	Q        string    `query:"q" maxLength:"200" doc:"Part of what was before or after, of an address or of a request's id"`
	Cursor   string    `query:"cursor" maxLength:"40"`
}

// AuditOutput is a page of entries.
type AuditOutput struct {
	Body struct {
		Items     []AuditRow `json:"items"`
		Next      string     `json:"next" doc:"cursor of the next page, empty at the end; with it a page may be empty"`
		ReachedAt *time.Time `json:"reached_at,omitempty" doc:"How far back the log was looked through"`
	}
}

func (a *API) list(ctx context.Context, in *AuditInput) (*AuditOutput, error) {
	f := Filter{
		UserID: in.UserID, Action: in.Action, Entity: in.Entity, EntityID: in.EntityID, Half: in.Only, Counts: Kind(in.Kind),
		From: in.From, Until: in.Until, Text: in.Q, Limit: pageSize,
		Shallow: !access.SeesAll(ctx),
	}
	if in.Cursor != "" {
		before, err := strconv.ParseInt(in.Cursor, 36, 64)
		if err != nil || before < 1 {
			return nil, fault.New(fault.Invalid, "cursor_invalid", "This page does not exist any more. Start again.")
		}
		f.Before = before
	}
	err := a.log.Look(ctx, "audit.list", "audit", 0, Asked(map[string]any{
		"user_id": f.UserID, "action": f.Action, "entity": f.Entity, "entity_id": f.EntityID, "only": f.Half, "kind": f.Counts,
		"from": f.From, "until": f.Until, "text": f.Text, "before": f.Before,
	}))
	if err != nil {
		return nil, err
	}
	page, err := a.log.Page(ctx, f)
	if err == nil && f.Shallow {
		err = a.veil(ctx, page.Items)
	}
	if err != nil {
		return nil, err
	}
	out := &AuditOutput{}
	out.Body.Items, out.Body.ReachedAt = page.Items, page.ReachedAt
	if page.Next > 0 {
		out.Body.Next = strconv.FormatInt(page.Next, 36)
	}
	return out, nil
}

// NamesOutput answers with the words of the log.
type NamesOutput struct{ Body Names }

func (a *API) names(ctx context.Context, _ *struct{}) (*NamesOutput, error) {
	n, err := a.log.Names(ctx)
	return &NamesOutput{Body: n}, err
}

// SealsOutput answers with the state of the chain.
type SealsOutput struct{ Body Seals }

func (a *API) state(ctx context.Context, _ *struct{}) (*SealsOutput, error) {
	s, err := a.keeper.State(ctx)
	return &SealsOutput{Body: s}, err
}

func (a *API) verify(ctx context.Context, _ *struct{}) (*SealsOutput, error) {
	a.keeper.Ask()
	return a.state(ctx, nil)
}
