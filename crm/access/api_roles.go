package access

import (
	"context"
	"net/http"
	"slices"

	"centralita/internal/web"
)

func (a *API) registerRoles(r *web.Router) {
	op := func(method, path, id, summary string, p web.Permission, status int) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "access", Permission: p, Status: status, StepUp: p == UsersWrite}
	}
	web.Handle(r, op(http.MethodGet, "/roles", "list-roles", "The roles, who has them, and what can be given", web.SignedIn, 0), a.roles)
	web.Handle(r, op(http.MethodPost, "/roles", "add-role", "Make a role as a copy of another", UsersWrite, http.StatusCreated), a.addRole)
	web.Handle(r, op(http.MethodPatch, "/roles/{key}", "change-role", "Change what a role gives", UsersWrite, 0), a.changeRole)
	web.Handle(r, op(http.MethodPost, "/roles/{key}/reset", "reset-role", "Make a built-in role what it was", UsersWrite, 0), a.resetRole)
	web.Handle(r, op(http.MethodDelete, "/roles/{key}", "remove-role", "Remove a role that nobody has", UsersWrite, http.StatusNoContent), a.removeRole)
	web.Handle(r, op(http.MethodGet, "/teams", "list-teams", "Teams and branches", web.SignedIn, 0), a.teams)
	web.Handle(r, op(http.MethodPost, "/teams", "add-team", "Add a team", UsersWrite, http.StatusCreated), a.addTeam)
	web.Handle(r, op(http.MethodPut, "/teams/{id}", "change-team", "Write a team anew, with its members", UsersWrite, 0), a.changeTeam)
	web.Handle(r, op(http.MethodDelete, "/teams/{id}", "remove-team", "Remove a team", UsersWrite, http.StatusNoContent), a.removeTeam)
	web.Handle(r, op(http.MethodGet, "/deputies", "list-deputies", "Who stands in for whom", web.SignedIn, 0), a.deputies)
	web.Handle(r, op(http.MethodPost, "/deputies", "add-deputy", "Have somebody stand in", web.SignedIn, http.StatusCreated), a.addDeputy)
	web.Handle(r, op(http.MethodDelete, "/deputies/{id}", "remove-deputy", "End a deputy's time", web.SignedIn, http.StatusNoContent), a.removeDeputy)
	web.Handle(r, op(http.MethodGet, "/why", "why", "Why somebody can see a record, or cannot", web.SignedIn, 0), a.why)
}

// RoleView is a role and who has it.
type RoleView struct {
	Role
	UserIDs []int64 `json:"user_ids"`
}

// RoleBook is all roles, and everything that can be given.
type RoleBook struct {
	Items  []RoleView       `json:"items"`
	Kinds  []Kind           `json:"kinds"`
	Rights []web.Permission `json:"rights"`
	Fields []string         `json:"fields"`
}

// RoleBookOutput answers with the roles.
type RoleBookOutput struct{ Body RoleBook }

func (a *API) roles(ctx context.Context, _ *struct{}) (*RoleBookOutput, error) {
	all, err := a.s.Roles(ctx)
	if err != nil {
		return nil, err
	}
	users, err := a.s.Users(ctx)
	if err != nil {
		return nil, err
	}
	book := RoleBook{Kinds: kinds, Rights: Rights, Fields: MaskedFields}
	for _, r := range all {
		v := RoleView{Role: r, UserIDs: []int64{}}
		for _, u := range users {
			if u.Active && slices.Contains(u.Roles, r.Key) {
				v.UserIDs = append(v.UserIDs, u.ID)
			}
		}
		book.Items = append(book.Items, v)
	}
	return &RoleBookOutput{Body: book}, nil
}

// RoleOutput answers with a role.
type RoleOutput struct{ Body Role }

// AddRoleInput makes a role.
type AddRoleInput struct{ Body RoleDraft }

func (a *API) addRole(ctx context.Context, in *AddRoleInput) (*RoleOutput, error) {
	r, err := a.s.AddRole(ctx, in.Body)
	return &RoleOutput{Body: r}, err
}

// RoleKeyInput names a role.
type RoleKeyInput struct {
	Key string `path:"key" maxLength:"40"`
}

// ChangeRoleInput changes a role.
type ChangeRoleInput struct {
	RoleKeyInput
	Body RoleChange
}

func (a *API) changeRole(ctx context.Context, in *ChangeRoleInput) (*RoleOutput, error) {
	r, err := a.s.ChangeRole(ctx, in.Key, in.Body)
	return &RoleOutput{Body: r}, err
}

func (a *API) resetRole(ctx context.Context, in *RoleKeyInput) (*RoleOutput, error) {
	r, err := a.s.ResetRole(ctx, in.Key)
	return &RoleOutput{Body: r}, err
}

func (a *API) removeRole(ctx context.Context, in *RoleKeyInput) (*struct{}, error) {
	return nil, a.s.RemoveRole(ctx, in.Key)
}

// TeamsOutput lists teams.
type TeamsOutput struct {
	Body struct {
		Items []UserTeam `json:"items"`
	}
}

func (a *API) teams(ctx context.Context, _ *struct{}) (*TeamsOutput, error) {
	all, err := a.s.Teams(ctx)
	out := &TeamsOutput{}
	out.Body.Items = append([]UserTeam{}, all...)
	return out, err
}

// TeamOutput answers with a team.
type TeamOutput struct{ Body UserTeam }

// AddTeamInput adds a team.
type AddTeamInput struct{ Body TeamFields }

func (a *API) addTeam(ctx context.Context, in *AddTeamInput) (*TeamOutput, error) {
	t, err := a.s.AddTeam(ctx, in.Body)
	return &TeamOutput{Body: t}, err
}

// AccessIDInput names a thing by its id.
type AccessIDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

// ChangeTeamInput writes a team anew.
type ChangeTeamInput struct {
	AccessIDInput
	Body TeamFields
}

func (a *API) changeTeam(ctx context.Context, in *ChangeTeamInput) (*TeamOutput, error) {
	t, err := a.s.ChangeTeam(ctx, in.ID, in.Body)
	return &TeamOutput{Body: t}, err
}

func (a *API) removeTeam(ctx context.Context, in *AccessIDInput) (*struct{}, error) {
	return nil, a.s.RemoveTeam(ctx, in.ID)
}

// DeputiesInput narrows the list to one user.
type DeputiesInput struct {
	UserID int64 `query:"user_id" minimum:"1"`
}

// DeputiesOutput lists deputies.
type DeputiesOutput struct {
	Body struct {
		Items []Deputy `json:"items"`
	}
}

func (a *API) deputies(ctx context.Context, in *DeputiesInput) (*DeputiesOutput, error) {
	all, err := a.s.Deputies(ctx, in.UserID)
	out := &DeputiesOutput{}
	out.Body.Items = append([]Deputy{}, all...)
	return out, err
}

// DeputyOutput answers with a deputy.
type DeputyOutput struct{ Body Deputy }

// AddDeputyInput names a deputy.
type AddDeputyInput struct{ Body NewDeputy }

func (a *API) addDeputy(ctx context.Context, in *AddDeputyInput) (*DeputyOutput, error) {
	d, err := a.s.AddDeputy(ctx, in.Body)
	return &DeputyOutput{Body: d}, err
}

func (a *API) removeDeputy(ctx context.Context, in *AccessIDInput) (*struct{}, error) {
	return nil, a.s.RemoveDeputy(ctx, in.ID)
}

// WhyInput asks about one record and one user.
type WhyInput struct {
	Entity Entity `query:"entity" required:"true" maxLength:"40"`
	ID     int64  `query:"id" required:"true" minimum:"1"`
	UserID int64  `query:"user_id" required:"true" minimum:"1"`
}

// WhyOutput answers why.
type WhyOutput struct{ Body Why }

func (a *API) why(ctx context.Context, in *WhyInput) (*WhyOutput, error) {
	at := slices.IndexFunc(a.resources, func(r Resource) bool { return r.Entity == in.Entity })
	if at < 0 {
		return nil, errMissing
	}
	w, err := a.s.Explain(ctx, a.resources[at], in.ID, in.UserID)
	return &WhyOutput{Body: w}, err
}
