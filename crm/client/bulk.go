package client

import (
	"context"
	"errors"
	"slices"

	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// sure is the confidence from which a reading of a number names a client where
// nobody is there to choose among candidates.
const sure = 85

// Point is a contact point that was read and can be stored.
type Point struct{ point }

// ReadPoint reads in as a contact point from that source, phones under the
// countries, the likeliest first. What a client's card would refuse is the same
// fault here.
func ReadPoint(in NewPoint, source string, countries []string) (Point, error) {
	p, err := readPoint(in, source, countries)
	return Point{p}, err
}

// Kind returns phone, email or messenger.
func (p Point) Kind() string { return p.kind }

// Value returns what the point is read as: E.164 for most phones.
func (p Point) Value() string { return p.value }

// Written returns the point as it was written.
func (p Point) Written() ContactPoint {
	return ContactPoint{Kind: p.kind, Raw: p.raw, Value: p.value, Label: p.label, Source: p.source}
}

// Numbers returns the numbers that a phone means for certain.
func (p Point) Numbers() []string {
	var all []string
	for i, e := range p.e164 {
		if i == 0 || p.confidence[i] >= sure {
			all = append(all, e)
		}
	}
	return all
}

// Check normalises f and refuses what no client can be.
func (f *Fields) Check() error { return f.check() }

// Fields returns what can be written of c.
func (c Client) Fields() Fields { return c.fields() }

// Keys are what many clients may be known by: numbers in E.164, addresses in
// lower case, ids.
type Keys struct {
	Numbers, Emails []string
	IDs             []int64
}

// Found is who is known by Keys. Clients holds all that ctx's actor may change;
// an id that is not in it is somebody else's affair. Of a client there is what
// can be written, the version, and the contact points without their readings.
type FoundMany struct {
	ByNumber, ByEmail map[string][]int64
	Clients           map[int64]Client
	Own               map[string]bool // numbers of the firm itself
}

// FindMany looks many clients up at once, and locks those found until ctx's
// transaction ends, if there is one.
func (s *Service) FindMany(ctx context.Context, k Keys) (FoundMany, error) {
	return s.store.findMany(ctx, k)
}

// Bulk is one of many clients to be written. ID 0 makes a new one, and is then
// replaced by its id; Version becomes what the client has afterwards.
type Bulk struct {
	ID      int64
	Version int
	Fields
	Add []Point
}

// Unknown reports whether a number in E.164 is neither a client's nor the firm's.
func (s *Service) Unknown(ctx context.Context, number string) (bool, error) {
	return s.store.unknown(ctx, number)
}

// WriteMany stores clients in ctx's transaction, which must exist: new ones and
// changed ones, in a handful of statements however many they are. The fields must
// have been checked, and the changed ones found by FindMany. Contact points that
// a client has already are left alone. The caller writes the log and tells.
func (s *Service) WriteMany(ctx context.Context, all []*Bulk) error {
	if _, in := postgres.Tx(ctx); !in {
		return errors.New("client: WriteMany outside of a transaction")
	}
	var fresh, changed []*Bulk
	for _, b := range all {
		if b.ID == 0 {
			fresh = append(fresh, b)
		} else {
			changed = append(changed, b)
		}
	}
	if err := s.store.insertMany(ctx, fresh); err != nil {
		return err
	}
	if err := s.store.updateMany(ctx, changed); err != nil {
		return err
	}
	return s.store.addManyPoints(ctx, all)
}

// Organisations returns the ids of organisations by name, as Fold writes it. Of
// several with one name it is the oldest.
func (s *Service) Organisations(ctx context.Context, names []string) (map[string]int64, error) {
	return s.store.organisationsByName(ctx, names)
}

// DeleteUntouched removes those clients that still have the version they were
// given and with whom nothing has happened: no contact, no lead, no note, nothing
// that refers to them. It returns the ids that are gone. It needs ctx's
// transaction; the caller writes the log.
func (s *Service) DeleteUntouched(ctx context.Context, versions map[int64]int) ([]int64, error) {
	return s.store.deleteUntouched(ctx, versions)
}

// RemoveValues takes contact points from clients, by kind and value.
func (s *Service) RemoveValues(ctx context.Context, id int64, points [][2]string) error {
	for _, p := range points {
		if err := s.store.removeValue(ctx, id, p[0], p[1]); err != nil {
			return err
		}
	}
	return nil
}

// countriesFrom returns the countries of the firm and its lines with first before
// them, for numbers that come from there.
func countriesFrom(first string, all []string) []string {
	if first == "" {
		return all
	}
	return append([]string{first}, slices.DeleteFunc(slices.Clone(all), func(c string) bool { return c == first })...)
}

// ReadUnder returns the countries under which numbers written in country are
// read, likeliest first. Nothing is fault.Invalid but what is no country.
func (s *Service) ReadUnder(ctx context.Context, country string) ([]string, error) {
	if country != "" && len(country) != 2 {
		return nil, fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.policy.country", "unknown")
	}
	all, err := s.ports.Lines.Countries(ctx)
	return countriesFrom(country, all), err
}
