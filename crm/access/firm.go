package access

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Firm is what holds for everybody. TimeZone is an IANA name, Country ISO 3166
// alpha-2, Currency ISO 4217. AllowedCountries may be dialled besides those of
// the firm's own lines. A lead untouched for LeadWarnSeconds is late, for
// LeadBreachSeconds a breach.
type Firm struct {
	Name                  string   `json:"name"`
	TimeZone              string   `json:"time_zone"`
	Country               string   `json:"country"`
	Currency              string   `json:"currency"`
	AllowedCountries      []string `json:"allowed_countries"`
	LeadWarnSeconds       int      `json:"lead_warn_seconds"`
	LeadBreachSeconds     int      `json:"lead_breach_seconds"`
	PerUserCallsPerMinute int      `json:"per_user_calls_per_minute"`
	CallsPerMinute        int      `json:"calls_per_minute"`
	SecondFactorRoles     []string `json:"second_factor_roles" doc:"whoever has one of these roles needs a second factor"`
}

// FirmChange changes what is not nil.
type FirmChange struct {
	Name                  *string   `json:"name,omitempty" minLength:"1" maxLength:"100"`
	TimeZone              *string   `json:"time_zone,omitempty" maxLength:"60"`
	Country               *string   `json:"country,omitempty" pattern:"^[A-Z]{2}$"`
	Currency              *string   `json:"currency,omitempty" pattern:"^[A-Z]{3}$"`
	AllowedCountries      *[]string `json:"allowed_countries,omitempty" maxItems:"250"`
	LeadWarnSeconds       *int      `json:"lead_warn_seconds,omitempty" minimum:"1" maximum:"604800"`
	LeadBreachSeconds     *int      `json:"lead_breach_seconds,omitempty" minimum:"1" maximum:"2592000"`
	PerUserCallsPerMinute *int      `json:"per_user_calls_per_minute,omitempty" minimum:"1" maximum:"1000"`
	CallsPerMinute        *int      `json:"calls_per_minute,omitempty" minimum:"1" maximum:"10000"`
	SecondFactorRoles     *[]string `json:"second_factor_roles,omitempty" maxItems:"100"`
}

var (
	countryShape = regexp.MustCompile(`^[A-Z]{2}$`)
	roleShape    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

// apply changes f as c says and checks the outcome.
func (c FirmChange) apply(f *Firm) error {
	set(&f.Name, c.Name)
	set(&f.TimeZone, c.TimeZone)
	set(&f.Country, c.Country)
	set(&f.Currency, c.Currency)
	set(&f.LeadWarnSeconds, c.LeadWarnSeconds)
	set(&f.LeadBreachSeconds, c.LeadBreachSeconds)
	set(&f.PerUserCallsPerMinute, c.PerUserCallsPerMinute)
	set(&f.CallsPerMinute, c.CallsPerMinute)
	if c.AllowedCountries != nil {
		f.AllowedCountries = slices.Clone(*c.AllowedCountries)
	}
	if c.SecondFactorRoles != nil {
		f.SecondFactorRoles = slices.Clone(*c.SecondFactorRoles)
	}
	return f.check()
}

func (f *Firm) check() error {
	f.Name = strings.TrimSpace(f.Name)
	if n := utf8.RuneCountInString(f.Name); n < 1 || n > 100 || strings.ContainsFunc(f.Name, isControl) {
		return invalid("name", "1 to 100 characters")
	}
	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "" || f.TimeZone == "Local" {
		return invalid("time_zone", "not a known time zone")
	}
	slices.Sort(f.AllowedCountries)
	f.AllowedCountries = slices.Compact(f.AllowedCountries)
	for _, c := range f.AllowedCountries {
		if !countryShape.MatchString(c) {
			return invalid("allowed_countries", "two capital letters each")
		}
	}
	slices.Sort(f.SecondFactorRoles)
	f.SecondFactorRoles = slices.Compact(f.SecondFactorRoles)
	for _, role := range f.SecondFactorRoles {
		if !roleShape.MatchString(role) {
			return invalid("second_factor_roles", "keys of roles")
		}
	}
	if f.LeadWarnSeconds >= f.LeadBreachSeconds {
		return invalid("lead_breach_seconds", "must be more than the warning")
	}
	return nil
}
