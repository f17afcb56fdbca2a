package access

import (
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"centralita/internal/fault"
	"centralita/internal/web"
)

type permission = web.Permission

// User is somebody who works here, as everybody who is signed in may see him.
type User struct {
	ID        int64     `json:"id"`
	Login     string    `json:"login"`
	Name      string    `json:"name"`
	Roles     []string  `json:"roles"`
	Locale    string    `json:"locale" enum:"en,es,ru"`
	PhoneKind string    `json:"phone_kind" enum:"browser,desk"`
	Mobile    string    `json:"mobile" doc:"own number in E.164, for reminders by SMS; empty when there is none"`
	Active    bool      `json:"active"`
	CreatedAt time.Time `json:"created_at"`

	MustChangePassword bool `json:"must_change_password" doc:"at his next login"`
	SecondFactor       bool `json:"second_factor" doc:"is set up"`
}

// NewUser is what it takes to add one.
type NewUser struct {
	Login     string   `json:"login" minLength:"1" maxLength:"60"`
	Name      string   `json:"name" minLength:"1" maxLength:"100"`
	Roles     []string `json:"roles" minItems:"1" maxItems:"20"`
	Locale    string   `json:"locale,omitempty" enum:"en,es,ru"`
	PhoneKind string   `json:"phone_kind,omitempty" enum:"browser,desk"`
	Password  string   `json:"password" maxLength:"200"`

	MustChangePassword bool `json:"must_change_password,omitempty" doc:"have him choose another when he comes"`
}

// UserChange changes what is not nil.
type UserChange struct {
	Name      *string   `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Roles     *[]string `json:"roles,omitempty" minItems:"1" maxItems:"20"`
	Locale    *string   `json:"locale,omitempty" enum:"en,es,ru"`
	PhoneKind *string   `json:"phone_kind,omitempty" enum:"browser,desk"`
	Mobile    *string   `json:"mobile,omitempty" maxLength:"80"`
	Active    *bool     `json:"active,omitempty"`
}

// PhoneAccount is a user's account at the telephone switch, for the switch
// itself. SIPUser is random, so that nobody can guess it and no caller can be
// taken for it. Kind is "browser" or "desk".
type PhoneAccount struct {
	UserID               int64
	Name                 string
	SIPUser, SIPPassword string
	Kind                 string
	Active               bool
}

// newSIPIdentity returns the random name and password of a phone.
func newSIPIdentity() (user, password string) {
	var name [8]byte
	var secret [16]byte
	_, _ = rand.Read(name[:])
	_, _ = rand.Read(secret[:])
	return "a" + hex.EncodeToString(name[:]), hex.EncodeToString(secret[:])
}

var (
	loginShape = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,59}$`)
	locales    = []string{"en", "es", "ru"}
	phoneKinds = []string{"browser", "desk"}
)

func invalid(field, message string) error {
	return fault.New(fault.Invalid, "invalid_input", "Some of the input cannot be used.").WithField("body."+field, message)
}

// normalise checks u and gives it its final form.
func (u *NewUser) normalise() error {
	u.Login = strings.ToLower(strings.TrimSpace(u.Login))
	if u.Locale == "" {
		u.Locale = "en"
	}
	if u.PhoneKind == "" {
		u.PhoneKind = "browser"
	}
	if !loginShape.MatchString(u.Login) {
		return invalid("login", "letters, digits, dot, hyphen, underscore and @ only")
	}
	if err := checkName(&u.Name); err != nil {
		return err
	}
	if err := tidyRoles(&u.Roles); err != nil {
		return err
	}
	if !slices.Contains(locales, u.Locale) {
		return invalid("locale", "en, es or ru")
	}
	if !slices.Contains(phoneKinds, u.PhoneKind) {
		return invalid("phone_kind", "browser or desk")
	}
	return checkPassword(u.Password, u.Login)
}

// apply changes u as c says.
func (c UserChange) apply(u *User) error {
	if c.Name != nil {
		u.Name = *c.Name
		if err := checkName(&u.Name); err != nil {
			return err
		}
	}
	if c.Roles != nil {
		u.Roles = slices.Clone(*c.Roles)
		if err := tidyRoles(&u.Roles); err != nil {
			return err
		}
	}
	if c.Locale != nil && !slices.Contains(locales, *c.Locale) {
		return invalid("locale", "en, es or ru")
	}
	if c.PhoneKind != nil && !slices.Contains(phoneKinds, *c.PhoneKind) {
		return invalid("phone_kind", "browser or desk")
	}
	set(&u.Locale, c.Locale)
	set(&u.PhoneKind, c.PhoneKind)
	set(&u.Mobile, c.Mobile)
	set(&u.Active, c.Active)
	return nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func checkName(name *string) error {
	*name = strings.TrimSpace(*name)
	if n := utf8.RuneCountInString(*name); n < 1 || n > 100 || strings.ContainsFunc(*name, isControl) {
		return invalid("name", "1 to 100 characters")
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// tidyRoles sorts roles and keeps each once; whether they exist is for the store.
func tidyRoles(roles *[]string) error {
	slices.Sort(*roles)
	*roles = slices.Compact(*roles)
	if len(*roles) == 0 {
		return invalid("roles", "at least one")
	}
	return nil
}
