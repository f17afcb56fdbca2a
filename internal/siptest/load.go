package siptest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Kind is a manner of caller in a load. Behave runs from the INVITE on; what it
// leaves open is hung up.
type Kind struct {
	Name   string
	Behave func(ctx context.Context, c *Call) error
}

// HangUpRinging rings for d and gives up; when the call is answered before, it
// hangs up then.
func HangUpRinging(d time.Duration) Kind {
	return Kind{"hang up ringing", func(ctx context.Context, c *Call) error {
		if err := c.WaitRinging(ctx); err != nil {
			return ended(err)
		}
		pass(c.ctx, d)
		return ended(c.Hangup(ctx))
	}}
}

// Talk waits for an answer, patience long, talks for d and hangs up.
func Talk(patience, d time.Duration) Kind {
	return Kind{"talk", func(ctx context.Context, c *Call) error {
		waiting, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := c.WaitAnswered(waiting); err == nil {
			pass(c.ctx, d)
		}
		return ended(c.Hangup(ctx))
	}}
}

// Brief hangs up d after the INVITE, whatever has come by then.
func Brief(d time.Duration) Kind {
	return Kind{"brief", func(ctx context.Context, c *Call) error {
		pass(c.ctx, d)
		return ended(c.Hangup(ctx))
	}}
}

// MixedKinds are callers that give up while ringing, that talk, and that are
// gone after 0.2 s.
func MixedKinds() []Kind {
	return []Kind{HangUpRinging(1500 * time.Millisecond), Talk(20*time.Second, 2*time.Second), Brief(200 * time.Millisecond)}
}

// ended drops the error that the call is over: its End says how.
func ended(err error) error {
	var over *EndedError
	if errors.As(err, &over) {
		return nil
	}
	return err
}

// Load is a number of calls placed at a steady rate.
type Load struct {
	Count     int
	PerSecond float64 // calls begun per second
	Kinds     []Kind  // chosen evenly at random; MixedKinds when empty
	Seed      uint64  // of that choice: the same seed gives the same calls
	To        string
	From      func(i int) string // caller of call i, from 0; "+3460000" and five digits when nil
	Limit     time.Duration      // for the whole of it; one minute beyond the last call when 0
}

// Run places the calls from the UA and returns when all are over, with a record
// of each in order, and whatever went wrong with placing or ending them. When
// ctx or the limit ends first, open calls are cancelled and no more are placed.
func (l Load) Run(ctx context.Context, ua *UA) ([]Record, error) {
	if l.PerSecond <= 0 || l.Count < 1 {
		return nil, errors.New("a load needs a count and a rate")
	}
	if l.Limit == 0 {
		l.Limit = time.Duration(float64(l.Count)/l.PerSecond*float64(time.Second)) + time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, l.Limit)
	defer cancel()
	kinds, from := l.Kinds, l.From
	if len(kinds) == 0 {
		kinds = MixedKinds()
	}
	if from == nil {
		from = func(i int) string { return fmt.Sprintf("+3460000%05d", i) }
	}
	chance := rand.New(rand.NewPCG(l.Seed, 1))
	records, failures := make([]Record, l.Count), make([]error, l.Count)
	var calls sync.WaitGroup
	placed := 0
	began := time.Now()
	for i := range l.Count {
		kind := kinds[chance.IntN(len(kinds))]
		begin := began.Add(time.Duration(float64(i) / l.PerSecond * float64(time.Second)))
		if !pass(ctx, time.Until(begin)) {
			failures[i] = fmt.Errorf("%d of %d calls placed: %w", i, l.Count, ctx.Err())
			break
		}
		placed++
		invite := Invite{From: from(i), To: l.To}
		calls.Go(func() { records[i], failures[i] = ua.behave(ctx, invite, kind) })
	}
	calls.Wait()
	return records[:placed], errors.Join(failures...)
}

// behave places one call and sees it through.
func (u *UA) behave(ctx context.Context, invite Invite, kind Kind) (Record, error) {
	c, err := u.Invite(ctx, invite)
	if err != nil {
		return Record{}, err
	}
	if u.config.Journal != nil {
		u.config.Journal.mark(c.id, kind.Name)
	}
	err = kind.Behave(ctx, c)
	last, cancel := context.WithTimeout(u.ctx, patience)
	defer cancel()
	err = errors.Join(err, ended(c.Hangup(last)))
	record := c.Record()
	record.Kind = kind.Name
	return record, err
}
