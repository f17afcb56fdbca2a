package floor

import (
	"context"
	"errors"
	"log/slog"
	"slices"
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
	event  callcenter.Event
	wish   bool
	offer  *offer
	resume map[string]callcenter.Seen
	reply  chan result
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
// the call is claimed first, and somebody chosen when the switch has given it to us. That the lead is a new one is
// taken for granted at first, where nothing speaks against it: that saves a trip to the store.
func (a *actor) open(ctx context.Context, call callcenter.Call, choose bool) (err error) {
	if call.ID, err = a.f.Books.Number(ctx); err != nil {
		return err
	}
	err = a.openWith(ctx, call, choose, func(ctx context.Context, call *callcenter.Call) error {
		known, err := a.f.Ledger.OpenNew(ctx, call)
		if err == nil && !known {
			err = errNotNew
		}
		return err
	})
	if err == nil || errors.Is(err, ErrKnown) || ctx.Err() != nil {
		return err
	}
	return a.openWith(ctx, call, choose, a.f.Ledger.Open)
}

// errNotNew says that it must be looked up whether a lead is a new one.
var errNotNew = errors.New("floor: the lead may be known")

// openWith is open with one way to the lead.
func (a *actor) openWith(ctx context.Context, call callcenter.Call, choose bool, lead func(context.Context, *callcenter.Call) error) error {
	var t try
	err := a.inTx(ctx, &t, func(ctx context.Context) error {
		fresh := call
		if err := lead(ctx, &fresh); err != nil {
			return err
		}
		t.decided, t.out = nil, fresh.Begin(a.f.Now())
		a.place(ctx, &t)
		if choose {
			if err := a.route(ctx, &t); err != nil {
				return err
			}
		}
		return a.store(ctx, t, t.out.Facts)
	})
	if err != nil {
		return err
	}
	a.settle(t)
	return nil
}

// try is a step on its way into the store: what it makes of the call, the agents it has taken for that, if any, and
// what routing has said.
type try struct {
	out     callcenter.Step
	offer   *offer
	decided []routing.Decision
}

// add applies one more event to what the try makes of the call.
func (t *try) add(event callcenter.Event, now time.Time) {
	more := t.out.Call.Apply(event, now)
	t.out.Call, t.out.Changed = more.Call, t.out.Changed || more.Changed
	t.out.Facts = append(t.out.Facts, more.Facts...)
	t.out.Commands = append(t.out.Commands, more.Commands...)
}

// inTx is Books.InTx for a try: fn, which may run again, fills it. Somebody who turns out to be in a call of another
// server is not offered again; when the transaction fails, nobody is taken.
func (a *actor) inTx(ctx context.Context, t *try, fn func(ctx context.Context) error) error {
	for {
		err := a.f.Books.InTx(ctx, fn)
		if err == nil {
			return nil
		}
		if t.offer == nil || !errors.Is(err, ErrOccupied) {
			a.release(t)
			return err
		}
		for _, asked := range t.offer.Choice.Askeds() { // one of them: who it is not is known within a second
			a.f.hall.occupied(asked.UserID)
		}
		t.offer = nil
	}
}

// release lets go of the agent whom the try has taken.
func (a *actor) release(t *try) {
	if t.offer != nil {
		a.f.letGo(t.out.Call.ID, t.offer.Choice)
	}
	t.offer = nil
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
		a.release(&try{out: callcenter.Step{Call: a.call}, offer: m.offer})
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
	gone := make(chan struct{})
	defer close(gone)
	t := try{offer: m.offer}
	err := a.inTx(ctx, &t, func(ctx context.Context) error {
		t.decided, t.out = nil, a.apply(m)
		a.handOver(t.out, gone)
		if c, ok := m.event.(callcenter.Consult); ok && t.out.Changed {
			if err := a.f.Books.Reserve(ctx, c.To, a.call.ID, 0); err != nil {
				return err
			}
		}
		if err := a.route(ctx, &t); err != nil {
			return err
		}
		if !t.out.Changed && len(a.unsaved) == 0 {
			return nil
		}
		return a.store(ctx, t, append(a.unsaved[:len(a.unsaved):len(a.unsaved)], t.out.Facts...))
	})
	if m.offer != nil && m.offer.from.next != nil {
		close(m.offer.from.next)
	}
	if err == nil {
		a.unsaved = nil
		a.settle(t)
		return nil
	}
	if _, asks := m.event.(callcenter.Consult); asks { // which is refused, and nothing has changed
		return err
	}
	a.f.Log.Error("step not stored", "call", a.call.ID, "phase", a.call.Phase, "error", err)
	if m.offer != nil { // an offer waits for the store; the caller goes back into the queue in a while
		time.AfterFunc(retryPause, func() { a.inbox.put(message{event: callcenter.Tick{}}) })
		return err
	}
	t.out = a.apply(m)
	a.unsaved = append(a.unsaved, t.out.Facts...)
	a.settle(t)
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

// place looks up where the call wants to go. A place that is not known any more is the voicemail: no caller is lost
// because of a setting.
func (a *actor) place(ctx context.Context, t *try) {
	for t.out.Call.Next != nil {
		to := *t.out.Call.Next
		place, err := a.f.Directory.Place(ctx, to)
		if err != nil {
			a.f.Log.Warn("place of a call not found", "call", t.out.Call.ID, "place", to, "error", err)
			place = callcenter.Place{Destination: callcenter.Destination{Kind: callcenter.ToVoicemail}}
		}
		t.add(callcenter.Reached{Place: place}, a.f.Now())
	}
}

// route finds agents for a call that has come to need one, unless the try has some already; a call that overflows is
// tried at its next place.
func (a *actor) route(ctx context.Context, t *try) error {
	a.place(ctx, t)
	if !t.out.Call.NeedsAgent() || (t.offer == nil && !t.out.Changed && !t.out.Look) {
		a.release(t)
		return nil
	}
	for t.out.Call.NeedsAgent() {
		if t.offer == nil {
			chosen := a.f.hall.decide(t.out.Call)
			t.offer = &chosen
		}
		choice := t.offer.Choice
		for _, asked := range choice.Askeds() {
			if err := a.f.Books.Reserve(ctx, asked.UserID, t.out.Call.ID, t.offer.from.call); err != nil {
				return err
			}
		}
		t.decided = append(t.decided, t.offer.Decision)
		t.add(callcenter.Routed{Choice: choice}, a.f.Now())
		if t.out.Call.Next == nil {
			return nil
		}
		a.place(ctx, t)
		t.offer = nil
	}
	return nil
}

// store writes what the try has made true, and why routing chose as it did if it was asked.
func (a *actor) store(ctx context.Context, t try, facts []callcenter.Fact) error {
	if err := a.f.write(ctx, t.out.Call, facts); err != nil {
		return err
	}
	for _, decision := range t.decided {
		if err := a.f.Books.Trace(ctx, t.out.Call, decision, a.f.Now()); err != nil {
			return err
		}
	}
	return nil
}

// handOver lets those who wait have the agents whom the step frees while it is being stored: what frees them has
// happened, whatever becomes of the transaction. gone is closed when their legs have been told to go.
func (a *actor) handOver(out callcenter.Step, gone <-chan struct{}) {
	if !slices.Contains(out.Commands, callcenter.Command(callcenter.Drop{Channel: a.call.Agent.Channel})) {
		gone = nil // his phone is free already
	}
	owes := map[int64]bool{} // who is not free yet
	for _, fact := range out.Facts {
		if due, ok := fact.(callcenter.WrapUpDue); ok {
			owes[due.UserID] = true
		}
		if freed, ok := fact.(callcenter.AgentFreed); ok && !owes[freed.UserID] {
			if next := a.f.hall.handOver(freed.UserID, out.Call.ID, gone, a.f.Now()); next != nil {
				a.await(next, headStart) // the two would wait for each other in the store
			}
		}
	}
}

// settle makes the step the call's present: others see it, freed agents are free, the switch gets its commands. The
// browsers hear of presence last: phones ring first.
func (a *actor) settle(t try) {
	out := t.out
	had := a.call.Agent.UserID
	a.call = out.Call
	shown := out.Call
	a.seen.Store(&shown)
	a.f.know(a, out.Call)
	for _, fact := range out.Facts {
		switch fact := fact.(type) {
		case callcenter.WrapUpDue:
			a.f.beginWrapUp(fact.UserID, out.Call.ID, fact.Until)
		case callcenter.Unanswered:
			a.f.hall.setReady(fact.UserID, false, callcenter.NoAnswerReason)
		case callcenter.AgentFreed:
			a.f.hall.free(fact.UserID, out.Call.ID, a.f.Now())
		case callcenter.Closed:
			a.f.lost.note(out.Call, had, a.f.Now())
		}
	}
	if t.offer != nil && t.offer.from.done != nil {
		a.await(t.offer.from.done, stepPatience) // his phone has one line
	}
	a.give(out.Commands)
	a.f.hall.wait(out.Call)
	for _, fact := range out.Facts {
		a.f.presence(fact)
	}
}

// await waits for a channel to be closed, but not for long.
func (a *actor) await(closed <-chan struct{}, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-closed:
	case <-timer.C:
	case <-a.f.ctx.Done():
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

// headStart is how long what is not urgent lets what is go first: on a busy machine the two would slow each other
// down. The switch waits for a claim a hundred times as long.
const headStart = 15 * time.Millisecond

// breath is how long the switch gets to send an INVITE that it has accepted, before it has to serve the claim too.
const breath = 3 * time.Millisecond

// give gives commands to the switch. A claim waits for the others, but not for long, and nothing waits for it.
func (a *actor) give(commands []callcenter.Command) {
	given := make(chan struct{})
	defer close(given)
	for _, command := range commands {
		if claim, ok := command.(callcenter.Claim); ok {
			a.f.wg.Go(func() { a.claim(claim, given) })
			continue
		}
		a.command(command)
	}
}

func (a *actor) claim(claim callcenter.Claim, given <-chan struct{}) {
	a.await(given, headStart)
	a.await(nil, breath)
	if err := a.do(claim); err != nil {
		a.inbox.put(message{event: callcenter.ClaimLost{}})
	}
}

// command gives one command to the switch.
func (a *actor) command(command callcenter.Command) {
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
