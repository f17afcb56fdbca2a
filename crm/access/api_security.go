package access

import (
	"context"
	"net/http"

	"centralita/internal/web"
)

// registerSecurity adds the routes of passwords, second factors and tokens.
func (a *API) registerSecurity(r *web.Router) {
	mine := func(method, path, id, summary string) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "access", Permission: web.Personal, MaxBody: 16 << 10}
	}
	fresh := func(op web.Op) web.Op { op.StepUp = true; return op }
	web.Handle(r, mine(http.MethodPost, "/session/proof", "prove-myself", "Show again who I am"), a.prove)
	web.Handle(r, mine(http.MethodPost, "/my/password", "change-my-password", "Change my password"), a.changePassword)
	web.Handle(r, mine(http.MethodGet, "/my/second-factor", "get-my-second-factor", "My second factor"), a.secondFactor)
	web.Handle(r, fresh(mine(http.MethodPost, "/my/second-factor", "begin-second-factor", "Begin to set up a second factor")), a.beginSecond)
	web.Handle(r, mine(http.MethodPost, "/my/second-factor/confirm", "confirm-second-factor", "Confirm it by a code"), a.confirmSecond)
	web.Handle(r, fresh(mine(http.MethodPost, "/my/second-factor/recovery-codes", "renew-recovery-codes", "Replace my recovery codes")), a.renewCodes)
	web.Handle(r, fresh(mine(http.MethodDelete, "/my/second-factor", "remove-my-second-factor", "Do without a second factor")), a.removeMySecond)
	web.Handle(r, mine(http.MethodGet, "/my/tokens", "list-my-tokens", "My API tokens"), a.myTokens)
	add := fresh(mine(http.MethodPost, "/my/tokens", "add-token", "Make an API token"))
	add.Status = http.StatusCreated
	web.Handle(r, add, a.addToken)
	web.Handle(r, mine(http.MethodDelete, "/my/tokens/{id}", "revoke-my-token", "Revoke one of my API tokens"), a.revokeMine)
	all := func(method, path, id, summary string, p web.Permission) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "access", Permission: p}
	}
	web.Handle(r, fresh(all(http.MethodDelete, "/users/{id}/second-factor", "reset-second-factor", "Take away a second factor that was lost", UsersWrite)), a.resetSecond)
	web.Handle(r, all(http.MethodGet, "/tokens", "list-tokens", "All API tokens", SessionsManage), a.tokens)
	web.Handle(r, all(http.MethodDelete, "/tokens/{id}", "revoke-token", "Revoke anybody's API token", SessionsManage), a.revoke)
}

// ProofInput is a password, or a code of a second factor.
type ProofInput struct {
	Body struct {
		Password string `json:"password,omitempty" maxLength:"200"`
		Code     string `json:"code,omitempty" maxLength:"40"`
	}
}

func (a *API) prove(ctx context.Context, in *ProofInput) (*struct{}, error) {
	return nil, a.s.Prove(ctx, in.Body.Password, in.Body.Code)
}

// ChangePasswordInput is the password one has and the one to have.
type ChangePasswordInput struct {
	Body struct {
		Current  string `json:"current" maxLength:"200"`
		Password string `json:"password" maxLength:"200"`
	}
}

// CookieOutput gives the browser another cookie.
type CookieOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *API) changePassword(ctx context.Context, in *ChangePasswordInput) (*CookieOutput, error) {
	token, err := a.s.ChangePassword(ctx, in.Body.Current, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return &CookieOutput{SetCookie: web.SessionCookie(ctx, token, a.s.opts.Life)}, nil
}

// SecondFactorOutput tells how one's second factor stands.
type SecondFactorOutput struct {
	Body struct {
		Enabled   bool `json:"enabled"`
		Required  bool `json:"required" doc:"one's role needs it"`
		CodesLeft int  `json:"recovery_codes_left"`
	}
}

func (a *API) secondFactor(ctx context.Context, _ *struct{}) (*SecondFactorOutput, error) {
	enabled, required, left, err := a.s.SecondFactor(ctx)
	out := &SecondFactorOutput{}
	out.Body.Enabled, out.Body.Required, out.Body.CodesLeft = enabled, required, left
	return out, err
}

// EnrolmentOutput is what an authenticator app needs.
type EnrolmentOutput struct{ Body Enrolment }

func (a *API) beginSecond(ctx context.Context, _ *struct{}) (*EnrolmentOutput, error) {
	e, err := a.s.BeginSecondFactor(ctx)
	return &EnrolmentOutput{Body: e}, err
}

// CodeInput is the code that an app shows.
type CodeInput struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"40"`
	}
}

// CodesOutput are recovery codes, shown this once.
type CodesOutput struct {
	Body struct {
		Codes []string `json:"recovery_codes"`
	}
}

func (a *API) confirmSecond(ctx context.Context, in *CodeInput) (*CodesOutput, error) {
	return codesOutput(a.s.ConfirmSecondFactor(ctx, in.Body.Code))
}

func (a *API) renewCodes(ctx context.Context, _ *struct{}) (*CodesOutput, error) {
	return codesOutput(a.s.RenewRecoveryCodes(ctx))
}

func codesOutput(codes []string, err error) (*CodesOutput, error) {
	out := &CodesOutput{}
	out.Body.Codes = codes
	return out, err
}

func (a *API) removeMySecond(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.s.RemoveSecondFactor(ctx, ActorFrom(ctx).UserID)
}

func (a *API) resetSecond(ctx context.Context, in *IDInput) (*struct{}, error) {
	return nil, a.s.RemoveSecondFactor(ctx, in.ID)
}

// TokensOutput lists tokens.
type TokensOutput struct {
	Body struct {
		Items []Token `json:"items"`
	}
}

func (a *API) listTokens(ctx context.Context, owner int64) (*TokensOutput, error) {
	all, err := a.s.Tokens(ctx, owner)
	out := &TokensOutput{}
	out.Body.Items = all
	return out, err
}

func (a *API) myTokens(ctx context.Context, _ *struct{}) (*TokensOutput, error) {
	return a.listTokens(ctx, ActorFrom(ctx).UserID)
}

func (a *API) tokens(ctx context.Context, _ *struct{}) (*TokensOutput, error) {
	return a.listTokens(ctx, 0)
}

// AddTokenInput makes a token.
type AddTokenInput struct{ Body NewAPIToken }

// AddTokenOutput shows a token, this once.
type AddTokenOutput struct {
	Body struct {
		Secret string `json:"secret" doc:"send it as Authorization: Bearer; it is never shown again" example:"ctl_…"`
		Token  Token  `json:"token"`
	}
}

func (a *API) addToken(ctx context.Context, in *AddTokenInput) (*AddTokenOutput, error) {
	secret, t, err := a.s.AddToken(ctx, in.Body)
	out := &AddTokenOutput{}
	out.Body.Secret, out.Body.Token = secret, t
	return out, err
}

func (a *API) revokeMine(ctx context.Context, in *IDInput) (*struct{}, error) {
	return nil, a.s.RevokeToken(ctx, in.ID, ActorFrom(ctx).UserID)
}

func (a *API) revoke(ctx context.Context, in *IDInput) (*struct{}, error) {
	return nil, a.s.RevokeToken(ctx, in.ID, 0)
}
