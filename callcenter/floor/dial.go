package floor

import (
	"context"
	"errors"

	"centralita/callcenter"
)

// Dial makes an outbound call for a user: his own phone first, then the number. The number must have been checked
// by the caller. guard runs in the transaction that stores the call, before it is stored: what it refuses is not
// dialled. The errors are ErrNoPhone, ErrTaken, guard's, and the store's.
func (f *Floor) Dial(ctx context.Context, user int64, line callcenter.Line, identity callcenter.Identity, raw string,
	guard func(ctx context.Context, call *callcenter.Call) error) (callcenter.Call, error) {
	endpoint, registered := f.hall.endpoint(user)
	if !registered {
		return callcenter.Call{}, ErrNoPhone
	}
	call := callcenter.NewOutbound(f.asteriskID(), user, endpoint, line,
		callcenter.Caller{Raw: raw, E164: identity.E164}, f.Now()).Know(identity)
	a := f.newActor()
	out, err := a.openOutbound(ctx, call, guard)
	if err != nil {
		return callcenter.Call{}, err
	}
	a.settle(try{out: out})
	f.wg.Go(func() {
		defer a.finish()
		a.run()
	})
	return out.Call, nil
}

func (a *actor) openOutbound(ctx context.Context, call callcenter.Call,
	guard func(ctx context.Context, call *callcenter.Call) error) (callcenter.Step, error) {
	var out callcenter.Step
	var err error
	if call.ID, err = a.f.Books.Number(ctx); err != nil {
		return out, err
	}
	if !a.f.hall.take(call.UserID, call.ID) {
		return out, ErrTaken
	}
	err = a.f.Books.InTx(ctx, func(ctx context.Context) error {
		fresh := call
		if err := guard(ctx, &fresh); err != nil {
			return err
		}
		if err := a.f.Books.Reserve(ctx, fresh.UserID, fresh.ID, 0); err != nil {
			return err
		}
		if err := a.f.Ledger.Open(ctx, &fresh); err != nil {
			return err
		}
		out = fresh.Begin(a.f.Now())
		return a.f.write(ctx, out.Call, out.Facts)
	})
	if err != nil {
		a.f.hall.free(call.UserID, call.ID, a.f.Now())
	}
	if errors.Is(err, ErrOccupied) {
		err = ErrTaken
	}
	return out, err
}
