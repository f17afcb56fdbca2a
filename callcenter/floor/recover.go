package floor

import (
	"context"
	"errors"

	"centralita/callcenter"
	"centralita/internal/phone"
)

// Recover makes the books agree with the switch's evidence of an inbound call: one that nobody stored gets its lead,
// marked as recovered, and one that ended without a server is ended. A call that lives on this floor is left to it.
func (f *Floor) Recover(ctx context.Context, e callcenter.Evidence) error {
	f.mu.Lock()
	_, live := f.byChannel[e.Channel]
	f.mu.Unlock()
	if live {
		return nil
	}
	return f.Books.InTx(ctx, func(ctx context.Context) error {
		call, err := f.Archive.BySwitch(ctx, e.AsteriskID, e.Channel)
		if errors.Is(err, ErrNoCall) {
			call, err = f.open(ctx, e)
		}
		if err != nil {
			return err
		}
		out := call.Testify(e, f.Now())
		if !out.Changed {
			return nil
		}
		return f.write(ctx, out.Call, out.Facts)
	})
}

// open stores a call that only the switch knows.
func (f *Floor) open(ctx context.Context, e callcenter.Evidence) (callcenter.Call, error) {
	line, err := f.Directory.Line(ctx, e.Dialled)
	if err != nil {
		return callcenter.Call{}, err
	}
	identity, err := f.Directory.Identify(ctx, e.Number, line.Country)
	if err != nil {
		return callcenter.Call{}, err
	}
	call := callcenter.NewInbound(e.AsteriskID, e.Channel, line,
		callcenter.Caller{Raw: phone.Text(e.Number), Name: phone.Text(e.Name), E164: identity.E164}, phone.Text(e.Dialled), e.StartedAt)
	call.Recovered, call.Phase, call.Next = true, callcenter.Fallback, nil
	call = call.Know(identity)
	if call.ID, err = f.Books.Number(ctx); err != nil {
		return call, err
	}
	if err := f.Ledger.Open(ctx, &call); err != nil {
		return call, err
	}
	return call, f.write(ctx, call, []callcenter.Fact{callcenter.Begun{}, callcenter.LegMade{Leg: call.Client, Client: true}})
}

// inbound asks the directory who is calling, and on which line.
func (f *Floor) inbound(ctx context.Context, a Arrival) (callcenter.Call, error) {
	line, err := f.Directory.Line(ctx, a.Dialled)
	if err != nil {
		return callcenter.Call{}, err
	}
	identity, err := f.Directory.Identify(ctx, a.Number, line.Country)
	if err != nil {
		return callcenter.Call{}, err
	}
	call := callcenter.NewInbound(a.AsteriskID, a.Channel, line,
		callcenter.Caller{Raw: a.Number, Name: a.Name, E164: identity.E164}, a.Dialled, a.At).Know(identity)
	call.Familiar.Redial = f.lost.who(call.Caller.E164, f.Now())
	return call, nil
}

func (f *Floor) write(ctx context.Context, call callcenter.Call, facts []callcenter.Fact) error {
	for _, scribe := range f.Scribes {
		if err := scribe.Write(ctx, call, facts); err != nil {
			return err
		}
	}
	return nil
}
