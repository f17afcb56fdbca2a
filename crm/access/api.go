package access

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"centralita/internal/web"
)

// API is the HTTP face of the room.
type API struct {
	s         *Service
	resources []Resource
}

// NewAPI returns the face of s. It can tell why somebody may see a record of the
// resources.
func NewAPI(s *Service, resources ...Resource) *API { return &API{s: s, resources: resources} }

// Register adds the routes.
func (a *API) Register(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "access", Permission: p, Status: status,
			StepUp: p == UsersWrite, Secret: id == "add-user" || id == "set-password"} // a kept print of a password could be tried
	}
	login := op(http.MethodPost, "/session", "log-in", "Begin a session", web.Public, http.StatusOK)
	login.MaxBody = 4 << 10
	web.Handle(r, login, a.login)
	web.Handle(r, op(http.MethodGet, "/session", "get-session", "Who am I", web.Personal, 0), a.me)
	web.Handle(r, op(http.MethodDelete, "/session", "log-out", "End the session", web.Personal, http.StatusNoContent), a.logout)
	prefer := op(http.MethodPatch, "/session/preferences", "set-preferences", "Remember what the browser wants", web.Personal, 0)
	prefer.MaxBody = 16 << 10
	web.Handle(r, prefer, a.prefer)
	web.Handle(r, op(http.MethodGet, "/firm", "get-firm", "The firm's settings", web.SignedIn, 0), a.firm)
	web.Handle(r, op(http.MethodPatch, "/firm", "change-firm", "Change the firm's settings", SettingsWrite, 0), a.changeFirm)
	a.registerRoles(r)
	web.Handle(r, op(http.MethodGet, "/users", "list-users", "Who works here", web.SignedIn, 0), a.users)
	web.Handle(r, op(http.MethodPost, "/users", "add-user", "Add a user", UsersWrite, http.StatusCreated), a.addUser)
	web.Handle(r, op(http.MethodPatch, "/users/{id}", "change-user", "Change a user", UsersWrite, 0), a.changeUser)
	web.Handle(r, op(http.MethodPost, "/users/{id}/password", "set-password", "Give a user a new password", UsersWrite, http.StatusNoContent), a.setPassword)
	a.registerSessions(r)
	a.registerSecurity(r)
}

// Phone is the user's own account at the switch, in the softphone's words.
type Phone struct {
	Kind     string `json:"kind" enum:"browser,desk"`
	URI      string `json:"uri" example:"sip:a0123456789abcdef@centralita"`
	User     string `json:"user"`
	Password string `json:"password"`
	WSPath   string `json:"ws_path" doc:"where the softphone's socket is"`
}

// Me is what the signed-in user's browser needs to begin.
type Me struct {
	User        User             `json:"user"`
	Permissions []web.Permission `json:"permissions"`
	Fields      map[string]Mask  `json:"fields" doc:"fields that are masked or hidden for him; all others are shown"`
	Phone       Phone            `json:"phone"`
	Firm        Firm             `json:"firm"`
	Preferences map[string]any   `json:"preferences"`
	Due         due              `json:"due,omitempty" enum:"password_change_required,second_factor_setup_required" doc:"what he must do before anything else"`
}

// MeOutput answers with Me, and with the session's cookie after a login.
type MeOutput struct {
	SetCookie *http.Cookie `header:"Set-Cookie"`
	Body      Me
}

func (a *API) whoAmI(ctx context.Context, actor Actor) (*MeOutput, error) {
	u, err := a.s.store.user(ctx, actor.UserID, false)
	if err != nil {
		return nil, err
	}
	phone, preferences, err := a.s.store.mine(ctx, actor.UserID)
	if err != nil {
		return nil, err
	}
	firm, err := a.s.store.firm(ctx)
	if err != nil {
		return nil, err
	}
	me := Me{User: u, Due: dueOf(u, firm), Permissions: actor.rights().permissions(), Fields: actor.rights().Fields, Firm: firm, Phone: Phone{
		Kind: phone.Kind, URI: "sip:" + phone.SIPUser + "@" + a.s.opts.SIPDomain, User: phone.SIPUser, Password: phone.SIPPassword, WSPath: "/sip",
	}}
	if err := json.Unmarshal(preferences, &me.Preferences); err != nil {
		return nil, fmt.Errorf("preferences: %w", err)
	}
	return &MeOutput{Body: me}, nil
}

// LoginInput is a login and its password.
type LoginInput struct {
	Body struct {
		Login    string `json:"login" maxLength:"60"`
		Password string `json:"password" maxLength:"200"`
		Code     string `json:"code,omitempty" maxLength:"40" doc:"of the second factor, or a recovery code"`
	}
}

func (a *API) login(ctx context.Context, in *LoginInput) (*MeOutput, error) {
	token, actor, err := a.s.Login(ctx, in.Body.Login, in.Body.Password, in.Body.Code)
	if err != nil {
		return nil, err
	}
	out, err := a.whoAmI(ctx, actor)
	if err != nil {
		return nil, err
	}
	cookie := web.SessionCookie(ctx, token, a.s.opts.Life)
	out.SetCookie = &cookie
	return out, nil
}

func (a *API) me(ctx context.Context, _ *struct{}) (*MeOutput, error) {
	return a.whoAmI(ctx, ActorFrom(ctx))
}

// LogoutOutput has the browser forget its cookie.
type LogoutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *API) logout(ctx context.Context, _ *struct{}) (*LogoutOutput, error) {
	return &LogoutOutput{SetCookie: web.ClearedSessionCookie(ctx)}, a.s.Logout(ctx)
}

// PreferencesInput is what to remember; what is absent stays as it is.
type PreferencesInput struct {
	Body struct {
		Locale *string        `json:"locale,omitempty" enum:"en,es,ru"`
		Mobile *string        `json:"mobile,omitempty" maxLength:"80" doc:"own number, for reminders by SMS"`
		Theme  *string        `json:"theme,omitempty" enum:"light,dark,auto"`
		Audio  map[string]any `json:"audio,omitempty" doc:"the softphone's devices and volumes"`
		Board  map[string]any `json:"board,omitempty" doc:"how the boards are shown"`
	}
}

func (a *API) prefer(ctx context.Context, in *PreferencesInput) (*MeOutput, error) {
	patch := map[string]any{}
	if in.Body.Theme != nil {
		patch["theme"] = *in.Body.Theme
	}
	if in.Body.Audio != nil {
		patch["audio"] = in.Body.Audio
	}
	if in.Body.Board != nil {
		patch["board"] = in.Body.Board
	}
	if in.Body.Mobile != nil {
		if err := a.s.SetMobile(ctx, *in.Body.Mobile); err != nil {
			return nil, err
		}
	}
	if err := a.s.Prefer(ctx, in.Body.Locale, patch); err != nil {
		return nil, err
	}
	return a.whoAmI(ctx, ActorFrom(ctx))
}
