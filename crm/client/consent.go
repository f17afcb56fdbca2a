package client

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/phone"
)

const sqlAddConsent = `insert into client_consents (client_id, kind, given, how, note, user_id) values ($1, $2, $3, $4, $5, nullif($6::bigint, 0)) returning id, at`

// Consents and how they come.
var (
	consentKinds = []string{"sms", "calls", "email", "data"}
	consentWays  = []string{"spoken", "call", "written", "web", "email", "message", "other"}
)

// AddConsent notes that a client agreed to something, or took it back; what was
// noted before stays. An SMS STOP is no business of this: it is written and lifted
// by the client's own messages alone, and holds whatever is noted here.
func (s *Service) AddConsent(ctx context.Context, id int64, in NewConsent) (c Consent, err error) {
	in.Note = phone.Text(in.Note)
	bad := fault.New(fault.Invalid, "invalid_input", "Check the marked fields.")
	if !slices.Contains(consentKinds, in.Kind) {
		return c, bad.WithField("body.kind", "unknown")
	}
	if !slices.Contains(consentWays, in.How) {
		return c, bad.WithField("body.how", "unknown")
	}
	if utf8.RuneCountInString(in.Note) > 500 {
		return c, bad.WithField("body.note", "at most 500 characters")
	}
	actor := access.ActorFrom(ctx)
	c = Consent{UserName: actor.Name, NewConsent: in}
	err = s.alter(ctx, id, "client.consent.add", func(ctx context.Context) (any, any, error) {
		var at time.Time
		err := s.db.Conn(ctx).QueryRow(ctx, sqlAddConsent, id, in.Kind, in.Given, in.How, in.Note, actor.UserID).Scan(&c.ID, &at)
		c.At = at
		return nil, map[string]any{"consents": []Consent{c}}, named(err)
	})
	return c, err
}
