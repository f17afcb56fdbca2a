package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/postgres"
)

const userUsage = `usage: centralita user list
       centralita user add -roles ROLE[,ROLE] [-name NAME] [-locale en|es|ru] [-phone browser|desk] LOGIN
       centralita user password LOGIN
       centralita user disable LOGIN
A password is read from standard input, its first line.`

// userCommand manages users from the machine itself, for the day when no administrator can log in.
func userCommand(ctx context.Context, args []string) error {
	acts := map[string]func(context.Context, *access.Service, userFlags) error{
		"list": listUsers, "add": addUser, "password": setPassword, "disable": disableUser,
	}
	if len(args) == 0 || acts[args[0]] == nil {
		return errors.New(userUsage)
	}
	flags := newFlags("user " + args[0])
	open := databaseFlags(flags)
	given := userFlags{
		name: flags.String("name", "", "full name; default: the login"), roles: flags.String("roles", "operator", "operator, manager, supervisor, admin; several by comma"),
		locale: flags.String("locale", "en", "en, es or ru"), phone: flags.String("phone", "browser", "browser or desk"), rest: flags,
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	db, err := open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	people, err := openPeople(db)
	if err != nil {
		return err
	}
	return acts[args[0]](ctx, people, given)
}

func openPeople(db *postgres.DB) (*access.Service, error) {
	return access.New(db, audit.NewLog(db), silent{}, access.Options{})
}

// userFlags are what the commands were told.
type userFlags struct {
	name, roles, locale, phone *string
	rest                       *flag.FlagSet
}

func (f userFlags) login() (string, error) {
	if f.rest.NArg() != 1 {
		return "", errors.New(userUsage)
	}
	return f.rest.Arg(0), nil
}

func listUsers(ctx context.Context, people *access.Service, _ userFlags) error {
	users, err := people.Users(ctx)
	if err != nil {
		return err
	}
	for _, u := range users {
		state := "active"
		if !u.Active {
			state = "disabled"
		}
		fmt.Printf("%-20s %-9s %-8s %-30s %s\n", u.Login, state, u.PhoneKind, strings.Join(u.Roles, ","), u.Name)
	}
	return nil
}

func addUser(ctx context.Context, people *access.Service, f userFlags) error {
	login, err := f.login()
	if err != nil {
		return err
	}
	password, err := readPassword()
	if err != nil {
		return err
	}
	if *f.name == "" {
		*f.name = login
	}
	u, err := people.AddUser(ctx, access.NewUser{Login: login, Name: *f.name, Roles: strings.Split(*f.roles, ","),
		Locale: *f.locale, PhoneKind: *f.phone, Password: password})
	if err == nil {
		fmt.Printf("added %s, user %d\n", u.Login, u.ID)
	}
	return err
}

func setPassword(ctx context.Context, people *access.Service, f userFlags) error {
	u, err := f.user(ctx, people)
	if err != nil {
		return err
	}
	password, err := readPassword()
	if err != nil {
		return err
	}
	return people.SetPassword(ctx, u.ID, password, false)
}

func disableUser(ctx context.Context, people *access.Service, f userFlags) error {
	u, err := f.user(ctx, people)
	if err != nil {
		return err
	}
	off := false
	_, err = people.ChangeUser(ctx, u.ID, access.UserChange{Active: &off})
	return err
}

func (f userFlags) user(ctx context.Context, people *access.Service) (access.User, error) {
	login, err := f.login()
	if err != nil {
		return access.User{}, err
	}
	u, err := people.UserByLogin(ctx, login)
	if err != nil {
		return access.User{}, fmt.Errorf("user %q: %w", login, err)
	}
	return u, nil
}

func readPassword() (string, error) {
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprint(os.Stderr, "password: ")
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.Join(errors.New("no password on standard input"), err)
	}
	return line, nil
}
