package access

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/alexedwards/argon2id"
)

// hashing costs 50 to 100 ms of one core and 19 MB while it lasts.
var hashing = argon2id.Params{Memory: 19 * 1024, Iterations: 4, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hasher checks and makes password hashes, a few at a time: a flood of logins
// may wait, but can neither fill the memory nor take every core.
type hasher struct {
	turns chan struct{}
	dummy string
	tidy  *time.Timer
}

// rest is how long after the last hash its memory is given back to the system,
// which the runtime alone would do minutes later.
const rest = time.Second

func newHasher() (*hasher, error) {
	dummy, err := argon2id.CreateHash("nobody has this password", &hashing)
	if err != nil {
		return nil, fmt.Errorf("hash: %w", err)
	}
	return &hasher{turns: make(chan struct{}, 2), dummy: dummy, tidy: time.AfterFunc(rest, debug.FreeOSMemory)}, nil
}

func (h *hasher) turn(ctx context.Context) (func(), error) {
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns; h.tidy.Reset(rest) }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a turn: %w", ctx.Err())
	}
}

// make returns the hash of a new password.
func (h *hasher) make(ctx context.Context, password string) (string, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	hash, err := argon2id.CreateHash(password, &hashing)
	if err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	return hash, nil
}

// matches compares; an empty hash (nobody by that name) takes as long as any other.
func (h *hasher) matches(ctx context.Context, password, hash string) (bool, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("compare: %w", err)
	}
	return ok && known, nil
}
