package access

import (
	"context"
)

// FirmOutput answers with the firm.
type FirmOutput struct{ Body Firm }

func (a *API) firm(ctx context.Context, _ *struct{}) (*FirmOutput, error) {
	f, err := a.s.Firm(ctx)
	return &FirmOutput{Body: f}, err
}

// FirmInput changes the firm.
type FirmInput struct{ Body FirmChange }

func (a *API) changeFirm(ctx context.Context, in *FirmInput) (*FirmOutput, error) {
	f, err := a.s.ChangeFirm(ctx, in.Body)
	return &FirmOutput{Body: f}, err
}

// UsersOutput lists users.
type UsersOutput struct {
	Body struct {
		Items []User `json:"items"`
	}
}

func (a *API) users(ctx context.Context, _ *struct{}) (*UsersOutput, error) {
	all, err := a.s.Users(ctx)
	out := &UsersOutput{}
	out.Body.Items = all
	return out, err
}

// UserOutput answers with a user.
type UserOutput struct{ Body User }

// AddUserInput adds a user.
type AddUserInput struct{ Body NewUser }

func (a *API) addUser(ctx context.Context, in *AddUserInput) (*UserOutput, error) {
	u, err := a.s.AddUser(ctx, in.Body)
	return &UserOutput{Body: u}, err
}

// ChangeUserInput changes a user.
type ChangeUserInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body UserChange
}

func (a *API) changeUser(ctx context.Context, in *ChangeUserInput) (*UserOutput, error) {
	u, err := a.s.ChangeUser(ctx, in.ID, in.Body)
	return &UserOutput{Body: u}, err
}

// PasswordInput is a new password.
type PasswordInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Password string `json:"password" maxLength:"200"`
		Change   bool   `json:"must_change,omitempty" doc:"have him choose another when he comes"`
	}
}

func (a *API) setPassword(ctx context.Context, in *PasswordInput) (*struct{}, error) {
	return nil, a.s.SetPassword(ctx, in.ID, in.Body.Password, in.Body.Change)
}
