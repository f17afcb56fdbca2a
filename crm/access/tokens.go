package access

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"centralita/internal/fault"
	"centralita/internal/web"
)

// maxTokens bounds the live tokens of one owner.
const maxTokens = 50

// Token is the token of a program, as people see it; never the secret itself.
type Token struct {
	ID        int64            `json:"id"`
	Name      string           `json:"name"`
	OwnerID   int64            `json:"owner_id"`
	OwnerName string           `json:"owner_name"`
	Scopes    []web.Permission `json:"scopes" doc:"it has those of them that its owner has at the time of use"`
	CreatedAt time.Time        `json:"created_at"`
	ExpiresAt time.Time        `json:"expires_at"`
	UsedAt    *time.Time       `json:"used_at,omitempty" doc:"last use, to the minute; absent: never"`
	UsedFrom  string           `json:"used_from" doc:"address of the last use"`
}

// NewAPIToken is what it takes to make one.
type NewAPIToken struct {
	Name   string           `json:"name" minLength:"1" maxLength:"60"`
	Scopes []web.Permission `json:"scopes" minItems:"1" maxItems:"60"`
	Days   int              `json:"expires_in_days" minimum:"1" maximum:"365"`
}

func (n *NewAPIToken) normalise(a Actor) error {
	n.Name = strings.TrimSpace(n.Name)
	if c := utf8.RuneCountInString(n.Name); c < 1 || c > 60 || strings.ContainsFunc(n.Name, isControl) {
		return invalid("name", "1 to 60 characters")
	}
	slices.Sort(n.Scopes)
	n.Scopes = slices.Compact(n.Scopes)
	for _, p := range n.Scopes {
		if p == web.SignedIn || !a.Has(p) {
			return invalid("scopes", "only rights that you have yourself")
		}
	}
	if len(n.Scopes) == 0 || n.Days < 1 || n.Days > 365 {
		return invalid("expires_in_days", "1 to 365")
	}
	return nil
}

// AddToken makes a token for a program of the actor's, and returns its secret,
// which is shown this once.
func (s *Service) AddToken(ctx context.Context, n NewAPIToken) (secret string, t Token, err error) {
	a := ActorFrom(ctx)
	if err := n.normalise(a); err != nil {
		return "", Token{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.store.user(ctx, a.UserID, true); err != nil {
			return err
		}
		now := s.opts.Now()
		have, err := s.store.tokens(ctx, a.UserID, now)
		if err != nil {
			return err
		}
		if len(have) >= maxTokens {
			return fault.New(fault.Conflict, "too_many_tokens", "You have 50 tokens. Revoke one that is not used any more.")
		}
		var hash [32]byte
		secret, hash = newAPIToken()
		id, err := s.store.addToken(ctx, a.UserID, hash, n, now)
		if err != nil {
			return err
		}
		t = Token{ID: id, Name: n.Name, OwnerID: a.UserID, OwnerName: a.Name, Scopes: n.Scopes, CreatedAt: now, ExpiresAt: now.AddDate(0, 0, n.Days)}
		return s.audit.Record(ctx, "add", "token", id, nil, t)
	})
	return secret, t, err
}

// Tokens returns the live tokens of an owner, or with 0 of everybody, newest first.
func (s *Service) Tokens(ctx context.Context, owner int64) ([]Token, error) {
	return s.store.tokens(ctx, owner, s.opts.Now())
}

// RevokeToken ends a token at once. With owner not 0 it must be one of his;
// another's is not found.
func (s *Service) RevokeToken(ctx context.Context, id, owner int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		t, err := s.store.token(ctx, id)
		if err != nil {
			return err
		}
		if owner != 0 && t.OwnerID != owner {
			return errNoSession
		}
		if _, err := s.end(ctx, ending{user: t.OwnerID, only: id}); err != nil {
			return err
		}
		return s.audit.Record(ctx, "revoke", "token", id, t, nil)
	})
}
