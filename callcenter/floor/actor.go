package floor

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/routing"
)

// How long a step may wait for the store, and how often unsaved facts are tried again.
const (
	arrivalPatience = 1200 * time.Millisecond // below the dialplan's patience for a claim
	stepPatience    = 2 * time.Second
	retryPause      = time.Second
)

// message is one thing for a call's goroutine: an event, a user's wish (with reply), or an agent the hall has
// taken for it.
type message struct {
	event    callcenter.Event
	wish     bool
	decision *routing.Decision
	resume   map[string]callcenter.Seen
	reply    chan result
}

type result struct {
	call callcenter.Call
	err  error
}

// actor is the goroutine that owns one call.
type actor struct {
	f       *Floor
	inbox   *inbox[message]
	done    chan struct{}
	call    callcenter.Call // the goroutine's own
	unsaved []callcenter.Fact
	seen    atomic.Pointer[callcenter.Call] // what others may look at
}

func (f *Floor) newActor() *actor {
	return &actor{f: f, inbox: newInbox[message](), done: make(chan struct{})}
}

func (a *actor) snapshot() callcenter.Call {
	if c := a.seen.Load(); c != nil {
		return *c
	}
	return callcenter.Call{}
}

// arrive stores the caller with a lead, and only then claims him.
func (a *actor) arrive(arrival Arrival) {
	f := a.f
	defer a.finish()
	ctx, cancel := context.WithTimeout(f.ctx, arrivalPatience)
	defer cancel()
	call, err := f.inbound(ctx, arrival)
	if err != nil {
		f.Log.Error("caller left to the fall-back: directory", "channel", arrival.Channel, "error", err)
		return
	}
	if err := a.open(ctx, call, !arrival.Late); err != nil {
		if !errors.Is(err, ErrKnown) {
			f.Log.Error("caller left to the fall-back: not stored", "channel", arrival.Channel, "error", err)
		}
		return
	}
	a.run()
}

// open stores the new call, its lead and its first choice in one transaction, then acts on them. Without the choice
// the call is claimed first, and somebody chosen when the switch has given it to us.
func (a *actor) open(ctx context.Context, call callcenter.Call, choose bool) error {
	var out callcenter.Step
	err := a.f.Books.InTx(ctx, func(ctx context.Context) error {
		a.unhold(out.Call)
		fresh := call
		if err := a.f.Books.Create(ctx, &fresh); err != nil {
			return err
		}
		if err := a.f.Ledger.Open(ctx, &fresh); err != nil {
			return err
		}
		out = fresh.Begin(a.f.Now())
		if choose {
			if err := a.route(ctx, &out, nil); err != nil {
				return err
			}
		}
		return a.f.write(ctx, out.Call, out.Facts)
	})
	if err != nil {
		a.unhold(out.Call)
		return err
	}
	a.settle(out)
	return nil
}

// run is the life of the call from its first step to its last.
func (a *actor) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for !a.call.Over() || len(a.unsaved) > 0 {
		timer.Reset(a.patience())
		select {
		case <-a.inbox.ready:
			for _, m := range a.inbox.take() {
				a.handle(m)
			}
		case <-timer.C:
			a.handle(message{event: callcenter.Tick{}})
		case <-a.f.ctx.Done():
			return
		}
	}
}

func (a *actor) patience() time.Duration {
	wait, ok := a.call.Patience(a.f.Now())
	if !ok {
		wait = time.Hour
	}
	if len(a.unsaved) > 0 {
		wait = min(wait, retryPause)
	}
	return wait
}

// finish takes the call off the floor: the last thing its goroutine does.
func (a *actor) finish() {
	a.f.forget(a)
	close(a.done)
	for _, m := range a.inbox.take() {
		if m.decision != nil && m.decision.Choice.Verdict == callcenter.Chosen {
			a.f.hall.free(m.decision.Choice.UserID, a.call.ID, a.f.Now())
		}
	}
}

func (a *actor) handle(m message) {
	if m.wish && !a.call.Allowed(m.event) {
		m.reply <- result{a.call, ErrNotNow}
		return
	}
	err := a.step(m)
	if m.reply != nil {
		m.reply <- result{a.call, err}
	}
}

// step applies one message, stores what it made true, and gives the commands. When the store fails, the facts
// wait and the conversation goes on; a new offer is withdrawn instead.
func (a *actor) step(m message) error {
	ctx, cancel := context.WithTimeout(a.f.ctx, stepPatience)
	defer cancel()
	var out callcenter.Step
	err := a.f.Books.InTx(ctx, func(ctx context.Context) error {
		a.unholdNew(out.Call)
		out = a.apply(m)
		if err := a.route(ctx, &out, m.decision); err != nil {
			return err
		}
		if !out.Changed && len(a.unsaved) == 0 {
			return nil
		}
		return a.f.write(ctx, out.Call, append(a.unsaved[:len(a.unsaved):len(a.unsaved)], out.Facts...))
	})
	if err == nil {
		a.unsaved = nil
		a.settle(out)
		return nil
	}
	a.f.Log.Error("step not stored", "call", a.call.ID, "phase", a.call.Phase, "error", err)
	a.unholdNew(out.Call)
	if m.decision != nil { // an offer waits for the store; the caller goes back into the queue in a while
		a.release(m.decision)
		time.AfterFunc(retryPause, func() { a.inbox.put(message{event: callcenter.Tick{}}) })
		return err
	}
	out = a.apply(m)
	a.unsaved = append(a.unsaved, out.Facts...)
	a.settle(out)
	return err
}

func (a *actor) apply(m message) callcenter.Step {
	switch {
	case m.resume != nil:
		return a.call.Resume(m.resume, a.f.Now())
	case m.event != nil:
		return a.call.Apply(m.event, a.f.Now())
	}
	return callcenter.Step{Call: a.call}
}

// route finds an agent for a call that has come to need one. given is an agent the hall has taken already.
func (a *actor) route(ctx context.Context, out *callcenter.Step, given *routing.Decision) error {
	if !out.Call.NeedsAgent() || !(given != nil || out.Changed) {
		a.release(given)
		return nil
	}
	for {
		decision := given
		if given = nil; decision == nil {
			d := a.f.hall.decide(out.Call)
			decision = &d
		}
		user := decision.Choice.UserID
		if decision.Choice.Verdict == callcenter.Chosen {
			ok, err := a.f.Books.Reserve(ctx, user, out.Call.ID)
			if err != nil {
				a.f.hall.free(user, out.Call.ID, a.f.Now())
				return err
			}
			if !ok {
				a.f.hall.occupied(user)
				continue
			}
		}
		if err := a.f.Books.Trace(ctx, out.Call, *decision, a.f.Now()); err != nil {
			return err
		}
		more := out.Call.Apply(callcenter.Routed{Choice: decision.Choice}, a.f.Now())
		out.Call, out.Changed = more.Call, out.Changed || more.Changed
		out.Facts = append(out.Facts, more.Facts...)
		out.Commands = append(out.Commands, more.Commands...)
		return nil
	}
}

func (a *actor) release(given *routing.Decision) {
	if given != nil && given.Choice.Verdict == callcenter.Chosen {
		a.f.hall.free(given.Choice.UserID, a.call.ID, a.f.Now())
	}
}

// unhold lets go of the agent a failed or repeated transaction had taken.
func (a *actor) unhold(tried callcenter.Call) {
	if tried.Agent.UserID != 0 {
		a.f.hall.free(tried.Agent.UserID, tried.ID, a.f.Now())
	}
}

// unholdNew is unhold for a live call: an agent it had before the transaction stays.
func (a *actor) unholdNew(tried callcenter.Call) {
	if tried.Agent.UserID != a.call.Agent.UserID {
		a.unhold(tried)
	}
}

// settle makes the step the call's present: others see it, freed agents are free, the switch gets its commands. The
// browsers hear of presence last: phones ring first.
func (a *actor) settle(out callcenter.Step) {
	a.call = out.Call
	shown := out.Call
	a.seen.Store(&shown)
	a.f.know(a, out.Call)
	for _, fact := range out.Facts {
		if freed, ok := fact.(callcenter.AgentFreed); ok {
			a.f.hall.free(freed.UserID, out.Call.ID, a.f.Now())
		}
	}
	for _, command := range out.Commands {
		a.command(command)
	}
	a.f.hall.wait(out.Call)
	for _, fact := range out.Facts {
		a.f.presence(fact)
	}
}

// presence tells when a fact changed somebody's presence.
func (f *Floor) presence(fact callcenter.Fact) {
	switch t := fact.(type) {
	case callcenter.AgentTaken:
		f.Presence(t.UserID)
	case callcenter.AgentFreed:
		f.Presence(t.UserID)
	case callcenter.PickedUp:
		f.Presence(t.UserID)
	}
}

// command gives one command to the switch. A claim runs beside the others: the agent's phone need not wait for it.
func (a *actor) command(command callcenter.Command) {
	if claim, ok := command.(callcenter.Claim); ok {
		a.f.wg.Go(func() {
			if err := a.do(claim); err != nil {
				a.inbox.put(message{event: callcenter.ClaimLost{}})
			}
		})
		return
	}
	err := a.do(command)
	if err == nil {
		return
	}
	switch t := command.(type) {
	case callcenter.RingAgent:
		a.inbox.put(message{event: callcenter.LegGone{Channel: t.Leg.Channel, Cause: causeOf(err)}})
	case callcenter.DialClient:
		a.inbox.put(message{event: callcenter.LegGone{Channel: t.Channel, Cause: causeOf(err)}})
	}
}

func (a *actor) do(command callcenter.Command) error {
	ctx, cancel := context.WithTimeout(a.f.ctx, 3*time.Second)
	defer cancel()
	err := a.f.Switch.Do(ctx, command)
	if err != nil {
		a.f.Log.Log(ctx, slog.LevelInfo, "command refused", "call", a.call.ID, "command", commandName(command), "error", err)
	}
	return err
}
