package floor

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/routing"
	"centralita/internal/phone"
)

// Errors that a wish can come back with.
var (
	// ErrNoCall says that there is no such call here, or that it is over.
	ErrNoCall = errors.New("floor: no such live call")
	// ErrNotNow says that the call's phase, or the user's part in it, does not allow the wish.
	ErrNotNow = errors.New("floor: not possible now")
	// ErrNoPhone says that the user's phone is not registered.
	ErrNoPhone = errors.New("floor: phone not registered")
	// ErrTaken says that the user is in a call already.
	ErrTaken = errors.New("floor: user is in a call")
	// ErrUnreached says that the server that has the call does not answer. The wish may have been carried out.
	ErrUnreached = errors.New("floor: the server that has the call does not answer")
	// ErrKnown is Books' answer to a call that is stored already.
	ErrKnown = errors.New("floor: call is stored already")
	// ErrOccupied is Books' answer to the reservation of an agent whom another call has.
	ErrOccupied = errors.New("floor: agent is reserved for another call")
)

// Config is what a floor works with. All fields are required; Now is the clock, and Instance this server's name.
type Config struct {
	Instance  string
	Switch    Switch
	Directory Directory
	Books     Books
	Archive   Archive
	Ledger    Ledger
	Scribes   []Scribe
	Roster    Roster
	Peers     Peers
	Presence  func(user int64) // called after an agent's presence changed
	Now       func() time.Time
	Log       *slog.Logger
}

// Floor owns the live calls of this server. Make one with New; it works once Resync has been called.
type Floor struct {
	Config
	hall *hall
	lost lost

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	refreshing sync.Mutex

	mu        sync.Mutex
	calls     map[callcenter.ID]*actor
	byChannel map[string]*actor
	asterisk  string // the switch's identity, known from the first Resync on
}

// New returns a floor with no calls.
func New(config Config) *Floor {
	f := &Floor{Config: config, lost: lost{calls: map[string]parting{}}, calls: map[callcenter.ID]*actor{}, byChannel: map[string]*actor{}}
	f.hall = newHall(config.Now, f.wake)
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f
}

// Close stops the goroutines of all calls and waits for them. The calls themselves go on in the switch.
func (f *Floor) Close() {
	f.cancel()
	f.wg.Wait()
}

// Arrival is a call that has reached the switch and waits to be claimed.
type Arrival struct {
	AsteriskID string
	Channel    string
	Number     string // as the network claims it: attackers' input
	Name       string
	Dialled    string
	At         time.Time
	Late       bool // heard of so late that he may be in the fall-back, or gone: nobody is rung before he is claimed
}

// clean makes what a caller claims safe to keep, and its time as precise as the store.
func (a Arrival) clean() Arrival {
	a.Number, a.Name, a.Dialled = phone.Text(a.Number), phone.Text(a.Name), phone.Text(a.Dialled)
	a.At = a.At.UTC().Truncate(time.Microsecond)
	return a
}

// Arrive takes in a new call. It returns at once.
func (f *Floor) Arrive(arrival Arrival) {
	arrival = arrival.clean()
	a := f.newActor()
	f.mu.Lock()
	if _, known := f.byChannel[arrival.Channel]; known {
		f.mu.Unlock()
		return
	}
	f.byChannel[arrival.Channel] = a
	f.mu.Unlock()
	f.wg.Go(func() { a.arrive(arrival) })
}

// Deliver hands an event of the switch to the call the channel belongs to; false when it belongs to none.
func (f *Floor) Deliver(channel string, event callcenter.Event) bool {
	f.mu.Lock()
	a, ok := f.byChannel[channel]
	f.mu.Unlock()
	if ok {
		a.inbox.put(message{event: event})
	}
	return ok
}

// Do carries out a user's wish on a call, whichever server has it, and returns the call after it. The error is
// ErrNoCall, ErrNotNow, ErrUnreached, or that of ctx or the store.
func (f *Floor) Do(ctx context.Context, call callcenter.ID, wish callcenter.Event) (callcenter.Call, error) {
	done, err := f.DoHere(ctx, call, wish)
	if errors.Is(err, ErrNoCall) {
		return f.Peers.Do(ctx, call, wish)
	}
	return done, err
}

// DoHere is Do for the calls of this server.
func (f *Floor) DoHere(ctx context.Context, call callcenter.ID, wish callcenter.Event) (callcenter.Call, error) {
	if c, ok := wish.(callcenter.Consult); ok {
		return f.consult(ctx, call, c)
	}
	return f.ask(ctx, call, wish)
}

// consult takes the colleague for the call first: his phone must be there, and he free.
func (f *Floor) consult(ctx context.Context, call callcenter.ID, wish callcenter.Consult) (callcenter.Call, error) {
	endpoint, registered := f.hall.endpoint(wish.To)
	switch {
	case !registered:
		return callcenter.Call{}, ErrNoPhone
	case !f.hall.take(wish.To, call):
		return callcenter.Call{}, ErrTaken
	}
	wish.Endpoint = endpoint
	done, err := f.ask(ctx, call, wish)
	if now, _ := f.Call(call); err != nil && !slices.Contains(now.Askeds(), wish.To) { // who is asked already stays so
		f.hall.free(wish.To, call, f.Now())
	}
	if errors.Is(err, ErrOccupied) {
		err = ErrTaken
	}
	return done, err
}

func (f *Floor) ask(ctx context.Context, call callcenter.ID, wish callcenter.Event) (callcenter.Call, error) {
	f.mu.Lock()
	a, ok := f.calls[call]
	f.mu.Unlock()
	if !ok {
		return callcenter.Call{}, ErrNoCall
	}
	reply := make(chan result, 1)
	a.inbox.put(message{event: wish, wish: true, reply: reply})
	select {
	case r := <-reply:
		return r.call, r.err
	case <-a.done:
		return callcenter.Call{}, ErrNoCall
	case <-ctx.Done():
		return callcenter.Call{}, ctx.Err()
	}
}

// Phone notes that a phone has come or gone. A conversation whose phone has gone waits for it.
func (f *Floor) Phone(endpoint string, there bool) {
	user := f.hall.register(endpoint, there)
	if user == 0 {
		return
	}
	f.tellPhone(user, endpoint, there)
	f.Presence(user)
}

func (f *Floor) tellPhone(user int64, endpoint string, there bool) {
	var event callcenter.Event = callcenter.PhoneLost{UserID: user}
	if there {
		event = callcenter.PhoneBack{UserID: user, Endpoint: endpoint}
	}
	for _, a := range f.actors() {
		a.inbox.put(message{event: event})
	}
}

// SetReady stores whether the user wants calls, and lets the next caller have him if he does.
func (f *Floor) SetReady(ctx context.Context, user int64, ready bool, reason string) error {
	f.refreshing.Lock() // what was read before must not be taken for news after
	defer f.refreshing.Unlock()
	if err := f.Roster.SetReady(ctx, user, ready, reason); err != nil {
		return err
	}
	f.hall.setReady(user, ready, reason)
	f.Presence(user)
	return nil
}

// Identify tells the live calls of a lead that somebody has said who the far party is: a client, or none of those he
// might have been when chosen is zero.
func (f *Floor) Identify(ctx context.Context, lead int64, chosen callcenter.Candidate) error {
	for _, a := range f.actors() {
		call := a.snapshot()
		if call.LeadID != lead {
			continue
		}
		identity, err := f.Directory.Identify(ctx, call.Caller.Raw, call.Line.Country)
		if err != nil {
			return err
		}
		a.inbox.put(message{event: callcenter.Identified{Identity: identity.With(chosen), ClientID: chosen.ClientID}})
	}
	return nil
}

// Agents returns the agents of the moment, ordered by user.
func (f *Floor) Agents() []routing.Agent { return f.hall.snapshot() }

// RefreshAgents reads the roster again: people who came or left, and reservations of other servers.
func (f *Floor) RefreshAgents(ctx context.Context) error {
	f.refreshing.Lock() // what was read earlier must not be taken for news later
	defer f.refreshing.Unlock()
	stored, err := f.Roster.Agents(ctx)
	if err != nil {
		return err
	}
	f.hall.load(stored)
	return nil
}

// Calls returns the live calls of this server.
func (f *Floor) Calls() []callcenter.Call {
	var calls []callcenter.Call
	for _, a := range f.actors() {
		if c := a.snapshot(); c.ID != 0 && !c.Over() {
			calls = append(calls, c)
		}
	}
	return calls
}

// Call returns a live call of this server.
func (f *Floor) Call(id callcenter.ID) (callcenter.Call, bool) {
	f.mu.Lock()
	a, ok := f.calls[id]
	f.mu.Unlock()
	if !ok {
		return callcenter.Call{}, false
	}
	return a.snapshot(), true
}

func (f *Floor) actors() []*actor {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]*actor, 0, len(f.calls))
	for _, a := range f.calls {
		list = append(list, a)
	}
	return list
}

func (f *Floor) wake(call callcenter.ID, o offer) {
	f.mu.Lock()
	a, ok := f.calls[call]
	f.mu.Unlock()
	if ok {
		a.inbox.put(message{offer: &o})
		return
	}
	go f.letGo(call, o.Choice)
}

// letGo ends the reservations of all whom a choice has taken.
func (f *Floor) letGo(call callcenter.ID, choice callcenter.Choice) {
	for _, asked := range choice.Askeds() {
		f.hall.free(asked.UserID, call, f.Now())
	}
}

// know makes the actor findable by its call and by the channels of its legs.
func (f *Floor) know(a *actor, call callcenter.Call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[call.ID] = a
	for _, leg := range append([]callcenter.Leg{call.Client, call.Agent, call.Third}, call.Others...) {
		if leg.Channel != "" {
			f.byChannel[leg.Channel] = a
		}
	}
}

func (f *Floor) forget(a *actor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, other := range f.calls {
		if other == a {
			delete(f.calls, id)
		}
	}
	for channel, other := range f.byChannel {
		if other == a {
			delete(f.byChannel, channel)
		}
	}
}

func (f *Floor) asteriskID() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asterisk
}
