package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"

	"centralita/internal/fault"
)

// believed is how long a session that was looked up is taken for valid.
const believed = 2 * time.Second

// seenEvery is how often the use of a session is written down.
const seenEvery = time.Minute

// maxKnown bounds the sessions kept in memory.
const maxKnown = 10_000

// newToken returns 256 random bits as text, and what the database keeps of them.
func newToken() (token string, hash [32]byte) {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails: see crypto/rand
	token = base64.RawURLEncoding.EncodeToString(raw[:])
	return token, sha256.Sum256([]byte(token))
}

// session is a row as far as the gate needs it.
type session struct {
	actor     Actor
	seenAt    time.Time
	expiresAt time.Time
	checkedAt time.Time
}

// live reports whether s may be used at now, idle being a browser's longest pause.
func (s session) live(now time.Time, idle time.Duration) bool {
	return now.Before(s.expiresAt) && (s.actor.program || now.Before(s.seenAt.Add(idle)))
}

// known is the memory of sessions looked up lately.
type known struct {
	mu     sync.RWMutex
	byHash map[[32]byte]session
}

func newKnown() *known { return &known{byHash: map[[32]byte]session{}} }

// get returns the session if it was looked up less than two seconds before now.
func (k *known) get(hash [32]byte, now time.Time) (session, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	s, ok := k.byHash[hash]
	age := now.Sub(s.checkedAt)
	return s, ok && age >= 0 && age < believed
}

func (k *known) put(hash [32]byte, s session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.byHash) >= maxKnown {
		for h, old := range k.byHash {
			if s.checkedAt.Sub(old.checkedAt) > believed || len(k.byHash) >= maxKnown {
				delete(k.byHash, h)
			}
		}
	}
	k.byHash[hash] = s
}

// drop forgets the sessions that match.
func (k *known) drop(match func(Actor) bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for h, s := range k.byHash {
		if match(s.actor) {
			delete(k.byHash, h)
		}
	}
}

// colleagues is the memory of users for whom something was prepared lately.
type colleagues struct {
	mu     sync.Mutex
	byUser map[int64]colleague
}

type colleague struct {
	actor   Actor
	at      time.Time
	renewed bool // somebody reads him anew
}

// get returns a user who is known well enough. Stale asks the caller to read him
// anew beside his work: he is older than what is believed, but not twice as old.
func (c *colleagues) get(user int64, now time.Time) (a Actor, stale, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.byUser[user]
	age := now.Sub(found.at)
	if !ok || age < 0 || age >= 2*believed {
		return Actor{}, false, false
	}
	if stale = age >= believed && !found.renewed; stale {
		found.renewed = true
		c.byUser[user] = found
	}
	return found.actor, stale, true
}

func (c *colleagues) put(user int64, a Actor, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byUser[user] = colleague{actor: a, at: now}
}

func (c *colleagues) drop(user int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byUser, user)
}

func (c *colleagues) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.byUser)
}

var errSession = fault.New(fault.Unauthenticated, "unauthenticated", "Sign in again.")

// Enter implements web.Gate: it returns ctx with the actor of a browser's live session.
func (s *Service) Enter(ctx context.Context, token string) (context.Context, error) {
	return s.enter(ctx, token, false)
}

// Allow implements web.Gate.
func (s *Service) Allow(ctx context.Context, p permission) error { return Allow(ctx, p) }

// lookUp reads a session once for all requests that wait for it.
func (s *Service) lookUp(ctx context.Context, hash [32]byte) (session, error) {
	got := s.flights.DoChan(string(hash[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), believed)
		defer cancel()
		now := s.opts.Now()
		found, err := s.store.session(ctx, hash, now)
		if err != nil {
			return session{}, err
		}
		found.checkedAt = now
		if found.live(now, s.opts.Idle) && now.Sub(found.seenAt) > seenEvery {
			if err := s.store.see(ctx, found.actor.SessionID, now); err != nil {
				return session{}, err
			}
			found.seenAt = now
		}
		s.known.put(hash, found)
		return found, nil
	})
	select {
	case r := <-got:
		if r.Err != nil {
			return session{}, r.Err
		}
		return r.Val.(session), nil
	case <-ctx.Done():
		return session{}, ctx.Err()
	}
}
