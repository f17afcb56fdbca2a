package client

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"centralita/internal/fault"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

const (
	sqlAddAddress = `insert into client_addresses (client_id, kind, label, street, postal_code, city, city_key, region, country)
		values ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8, nullif($9, '')) returning id`
	sqlAddress       = `select id, kind, label, street, postal_code, city, region, coalesce(country, '') from client_addresses where id = $2 and client_id = $1`
	sqlChangeAddress = `update client_addresses set kind = $3, label = $4, street = $5, postal_code = $6, city = $7, city_key = nullif($8, ''), region = $9,
		country = nullif($10, ''), updated_at = now() where id = $2 and client_id = $1`
	sqlRemoveAddress = `delete from client_addresses where id = $2 and client_id = $1`
	sqlCountAddress  = `select count(*) from client_addresses where client_id = $1`
)

const maxAddresses = 50

var errNoAddress = fault.New(fault.NotFound, "address_not_found", "There is no such address.")

var addressKinds = []string{"main", "home", "work", "billing", "delivery", "other"}

// check normalises a and refuses what no address can be.
func (a *NewAddress) check() error {
	bad := fault.New(fault.Invalid, "invalid_input", "Check the marked fields.")
	empty := true
	for _, part := range []struct {
		name string
		text *string
		most int
	}{
		{"label", &a.Label, 60}, {"street", &a.Street, 200}, {"postal_code", &a.PostalCode, 20}, {"city", &a.City, 100},
		{"region", &a.Region, 100}, {"country", &a.Country, 2},
	} {
		*part.text = phone.Text(*part.text)
		empty = empty && (*part.text == "" || part.name == "label")
		if utf8.RuneCountInString(*part.text) > part.most {
			bad = bad.WithField("body."+part.name, fmt.Sprintf("at most %d characters", part.most))
		}
	}
	if empty {
		bad = bad.WithField("body.street", "required")
	}
	if !slices.Contains(addressKinds, a.Kind) {
		bad = bad.WithField("body.kind", "unknown")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// AddAddress gives a client an address.
func (s *Service) AddAddress(ctx context.Context, id int64, in NewAddress) (a Address, err error) {
	if err := in.check(); err != nil {
		return a, err
	}
	a.NewAddress = in
	err = s.alter(ctx, id, "client.address.add", func(ctx context.Context) (any, any, error) {
		conn, n := s.db.Conn(ctx), 0
		if err := conn.QueryRow(ctx, sqlCountAddress, id).Scan(&n); err != nil {
			return nil, nil, named(err)
		}
		if n >= maxAddresses {
			return nil, nil, fault.New(fault.Conflict, "too_many", "There are as many of them as there can be.")
		}
		err := conn.QueryRow(ctx, sqlAddAddress, id, in.Kind, in.Label, in.Street, in.PostalCode, in.City, Fold(in.City), in.Region, in.Country).Scan(&a.ID)
		return nil, addressed(a), named(err)
	})
	return a, err
}

// ChangeAddress writes an address of a client anew.
func (s *Service) ChangeAddress(ctx context.Context, id, addressID int64, in NewAddress) (a Address, err error) {
	if err := in.check(); err != nil {
		return a, err
	}
	a = Address{addressID, in}
	err = s.alter(ctx, id, "client.address.update", func(ctx context.Context) (any, any, error) {
		old, err := s.store.address(ctx, id, addressID)
		if err != nil || old == a {
			return nil, nil, err
		}
		_, err = s.db.Conn(ctx).Exec(ctx, sqlChangeAddress, id, addressID, in.Kind, in.Label, in.Street, in.PostalCode, in.City, Fold(in.City), in.Region, in.Country)
		return addressed(old), addressed(a), named(err)
	})
	return a, err
}

// RemoveAddress takes an address from a client and returns what it was.
func (s *Service) RemoveAddress(ctx context.Context, id, addressID int64) (a Address, err error) {
	err = s.alter(ctx, id, "client.address.remove", func(ctx context.Context) (any, any, error) {
		if a, err = s.store.address(ctx, id, addressID); err != nil {
			return nil, nil, err
		}
		_, err := s.db.Conn(ctx).Exec(ctx, sqlRemoveAddress, id, addressID)
		return addressed(a), nil, named(err)
	})
	return a, err
}

// addressed is an address as the log keeps it.
func addressed(a Address) any { return map[string]any{"addresses": []Address{a}} }

func (s *Store) address(ctx context.Context, id, addressID int64) (Address, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlAddress, id, addressID)
	if err != nil {
		return Address{}, named(err)
	}
	a, err := pgx.CollectOneRow(rows, scanAddress)
	if postgres.IsNoRows(err) {
		return a, errNoAddress
	}
	return a, named(err)
}
