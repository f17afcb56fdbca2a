package client

import (
	"context"
	"time"

	"centralita/crm/access"
)

// Card is everything that the first look at a card shows, except what other rooms
// keep: how many there is of that is in Counts.
type Card struct {
	Client       Client      `json:"client"`
	Organisation *Named      `json:"organisation,omitempty" doc:"The employer, when it may be seen"`
	Addresses    []Address   `json:"addresses"`
	Tags         []Tag       `json:"tags"`
	Consents     []Consent   `json:"consents" doc:"Latest first; the first of a kind is what holds. An SMS STOP stands in sms_opt_out_at alone"`
	Relations    []Relation  `json:"relations"`
	People       []Colleague `json:"people" doc:"Who works for the organisation"`
	Counts       Counts      `json:"counts"`
	Pinned       bool        `json:"pinned"`
}

// Named is a client by name.
type Named struct {
	ID   int64  `json:"id"`
	Kind string `json:"kind" enum:"person,organisation"`
	Name string `json:"name"`
}

// Counts are how many things of a kind ctx's actor would see on a card.
type Counts struct {
	Leads int `json:"leads"`
	Files int `json:"files"`
}

// Address is where a client is. Country is ISO 3166-1 alpha-2, or empty.
type Address struct {
	ID int64 `json:"id"`
	NewAddress
}

// NewAddress is an address as somebody wrote it; something of it must be there.
type NewAddress struct {
	Kind       string `json:"kind" enum:"main,home,work,billing,delivery,other"`
	Label      string `json:"label,omitempty" maxLength:"60"`
	Street     string `json:"street,omitempty" maxLength:"200"`
	PostalCode string `json:"postal_code,omitempty" maxLength:"20"`
	City       string `json:"city,omitempty" maxLength:"100"`
	Region     string `json:"region,omitempty" maxLength:"100"`
	Country    string `json:"country,omitempty" pattern:"^([A-Z]{2})?$"`
}

// Consent says that a client agreed to something, or took that back.
type Consent struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"at"`
	UserName string    `json:"user_name"`
	NewConsent
}

// NewConsent is what somebody notes of a consent.
type NewConsent struct {
	Kind  string `json:"kind" enum:"sms,calls,email,data"`
	Given bool   `json:"given"`
	How   string `json:"how" enum:"spoken,call,written,web,email,message,other"`
	Note  string `json:"note,omitempty" maxLength:"500"`
}

// Relation is another client with whom one has to do. Role is what that one is to
// this client, OwnRole what this client is to that one.
type Relation struct {
	ID         int64      `json:"id"`
	Other      Named      `json:"other"`
	Role       string     `json:"role"`
	OwnRole    string     `json:"own_role"`
	Phone      string     `json:"phone"`
	Masked     bool       `json:"masked,omitempty"`
	ArchivedAt *time.Time `json:"archived_at,omitempty"`
}

// NewRelation relates a client to another.
type NewRelation struct {
	OtherID int64  `json:"other_id" minimum:"1"`
	Role    string `json:"role,omitempty" maxLength:"60" doc:"What the other is to this client"`
	OwnRole string `json:"own_role,omitempty" maxLength:"60" doc:"What this client is to the other"`
}

// Colleague is a person of an organisation.
type Colleague struct {
	Named
	Position   string     `json:"position"`
	Phone      string     `json:"phone"`
	Masked     bool       `json:"masked,omitempty"`
	ArchivedAt *time.Time `json:"archived_at,omitempty"`
}

// Card returns the card of a client whom ctx's actor may see, in three round
// trips, or fault.NotFound. What is on it of other clients is of those whom he
// may see as well.
func (s *Service) Card(ctx context.Context, id int64) (c Card, err error) {
	if c.Client, err = s.Get(ctx, id); err != nil {
		return c, err
	}
	return c, s.store.card(ctx, &c)
}

// alter changes what hangs on a client, whom ctx's actor may change and who is
// locked meanwhile: it records what do returns and tells. With nothing before and
// nothing after there was no change.
func (s *Service) alter(ctx context.Context, id int64, action string, do func(ctx context.Context) (before, after any, err error)) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.lock(ctx, id); err != nil {
			return err
		}
		if err := s.CanChange(ctx, id); err != nil {
			return err
		}
		before, after, err := do(ctx)
		if err != nil || before == nil && after == nil {
			return err
		}
		return s.tell(ctx, action, id, before, after)
	})
}

// tell records a change of a client and announces it.
func (s *Service) tell(ctx context.Context, action string, id int64, before, after any) error {
	s.ports.Live.Signal(ctx, "client.changed", map[string]int64{"id": id})
	return s.ports.Audit.Record(ctx, action, "client", id, before, after)
}

// seenNumber is a number as ctx's actor may see it, and whether some of it is kept
// from him.
func seenNumber(ctx context.Context, number string) (string, bool) {
	mask := access.FieldMask(ctx, access.PhoneField)
	return mask.Number(number), mask != access.Shown && number != ""
}
