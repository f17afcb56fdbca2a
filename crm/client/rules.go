package client

import (
	"time"
	"unicode/utf8"

	"centralita/internal/fault"
	"centralita/internal/phone"
)

// Fields are what can be written of a client, contact points apart.
type Fields struct {
	Kind           string
	Name           string
	ResponsibleID  *int64
	OrganisationID *int64
	Position       string
	SourceID       *int64
	Note           string
	Language       string
	TimeZone       string
}

// limits in characters, as the schema has them.
const (
	maxName     = 200
	maxNote     = 10_000
	maxPosition = 100
)

var errNotFound = fault.New(fault.NotFound, "client_not_found", "There is no such client.")

// check normalises f and refuses what no client can be.
func (f *Fields) check() error {
	bad := fault.New(fault.Invalid, "invalid_input", "Check the marked fields.")
	if utf8.RuneCountInString(f.Name) > maxName {
		bad = bad.WithField("body.name", "at most 200 characters")
	}
	if f.Name = phone.Text(f.Name); f.Name == "" {
		bad = bad.WithField("body.name", "required")
	}
	if f.Kind != "person" && f.Kind != "organisation" {
		bad = bad.WithField("body.kind", "person or organisation")
	}
	if f.Kind == "organisation" && f.OrganisationID != nil {
		bad = bad.WithField("body.organisation_id", "only a person belongs to an organisation")
	}
	if f.Position = phone.Text(f.Position); utf8.RuneCountInString(f.Position) > maxPosition {
		bad = bad.WithField("body.position", "at most 100 characters")
	}
	if utf8.RuneCountInString(f.Note) > maxNote {
		bad = bad.WithField("body.note", "at most 10,000 characters")
	}
	if l := f.Language; l != "" && l != "en" && l != "es" && l != "ru" {
		bad = bad.WithField("body.language", "en, es or ru")
	}
	if f.TimeZone != "" {
		if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "Local" {
			bad = bad.WithField("body.time_zone", "unknown time zone")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// fields returns what can be written of c.
func (c Client) fields() Fields {
	return Fields{
		Kind: c.Kind, Name: c.Name, ResponsibleID: c.ResponsibleID, OrganisationID: c.OrganisationID,
		Position: c.Position, SourceID: c.SourceID, Note: c.Note, Language: c.Language, TimeZone: c.TimeZone,
	}
}
