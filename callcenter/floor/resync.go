package floor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"centralita/callcenter"
)

// Refusal is an error of Switch.Do that knows the Q.850 cause of it.
type Refusal struct {
	Cause int
	Err   error
}

// Error says what the switch said.
func (r *Refusal) Error() string { return fmt.Sprintf("switch refused (cause %d): %v", r.Cause, r.Err) }

// Unwrap returns the switch's own error.
func (r *Refusal) Unwrap() error { return r.Err }

func causeOf(err error) int {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal.Cause
	}
	return callcenter.CauseSubscriberAbsent
}

func commandName(command callcenter.Command) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", command), "callcenter.")
}

// Snapshot is what the switch has at the moment.
type Snapshot struct {
	AsteriskID string
	Channels   map[string]callcenter.Seen // every channel there is
	Bridges    []string
	Phones     map[string]bool // SIP users that are registered
	Orphans    []Arrival       // channels in our hands that no leg of ours explains
}

// Resync makes the floor agree with the switch: on start, and after every loss of the link. Calls of this server,
// and of servers that are dead, are taken over; those that ended meanwhile are ended; strays are removed. Agents
// are read anew.
func (f *Floor) Resync(ctx context.Context, snapshot Snapshot) error {
	f.mu.Lock()
	f.asterisk = snapshot.AsteriskID
	f.mu.Unlock()
	if err := f.RefreshAgents(ctx); err != nil {
		return err
	}
	for _, user := range f.hall.registerAll(snapshot.Phones) {
		endpoint, _ := f.hall.endpoint(user)
		f.tellPhone(user, endpoint, false)
	}
	for _, a := range f.actors() {
		a.inbox.put(message{resume: snapshot.Channels})
	}
	calls, err := f.Archive.TakeOver(ctx, snapshot.AsteriskID)
	if err != nil {
		return err
	}
	for _, call := range calls {
		f.adopt(call, snapshot.Channels)
	}
	for _, orphan := range snapshot.Orphans {
		f.Arrive(orphan)
	}
	return f.sweep(ctx, snapshot)
}

// TakeOver adopts the calls of servers that have died since the last look.
func (f *Floor) TakeOver(ctx context.Context, snapshot func(context.Context) (Snapshot, error)) error {
	calls, err := f.Archive.TakeOver(ctx, f.asteriskID())
	if err != nil {
		return err
	}
	var now Snapshot
	for _, call := range calls {
		if _, mine := f.Call(call.ID); mine {
			continue
		}
		if now.Channels == nil {
			if now, err = snapshot(ctx); err != nil {
				return err
			}
		}
		f.adopt(call, now.Channels)
	}
	return nil
}

// adopt gives a stored call a goroutine, unless it has one.
func (f *Floor) adopt(call callcenter.Call, channels map[string]callcenter.Seen) {
	if _, live := f.Call(call.ID); live {
		return
	}
	a := f.newActor()
	a.call = call
	a.seen.Store(&call)
	for _, user := range call.Askeds() {
		f.hall.adopt(user, call.ID)
	}
	f.know(a, call)
	a.inbox.put(message{resume: channels})
	f.wg.Go(func() {
		defer a.finish()
		a.run()
	})
}

// sweep removes legs and bridges of ours that belong to no live call, whichever server has that.
func (f *Floor) sweep(ctx context.Context, snapshot Snapshot) error {
	strange := map[callcenter.ID][]callcenter.Command{}
	suspect := func(name string, removal callcenter.Command) {
		if id := callOf(name); id != 0 {
			if _, live := f.Call(id); !live {
				strange[id] = append(strange[id], removal)
			}
		}
	}
	for channel := range snapshot.Channels {
		if Made(channel) && !f.Deliver(channel, callcenter.Tick{}) {
			suspect(channel, callcenter.Drop{Channel: channel})
		}
	}
	for _, bridge := range snapshot.Bridges {
		suspect(bridge, callcenter.Dissolve{Bridge: bridge})
	}
	elsewhere, err := f.Archive.Live(ctx, slices.Collect(maps.Keys(strange)))
	if err != nil {
		return err
	}
	for _, id := range elsewhere {
		delete(strange, id)
	}
	for id, removals := range strange {
		for _, removal := range removals {
			f.stray(ctx, removal, id)
		}
	}
	return nil
}

// named are the prefixes of what a call's own legs and bridges are called: the call's number follows.
var named = []string{"ag-", "cl-", "br-"}

// callOf returns the call whose leg or bridge has the name; 0 when it is not of our making.
func callOf(name string) callcenter.ID {
	for _, prefix := range named {
		if rest, ours := strings.CutPrefix(name, prefix); ours {
			digits, _, _ := strings.Cut(rest, "-")
			id, _ := strconv.ParseInt(digits, 10, 64)
			return callcenter.ID(id)
		}
	}
	return 0
}

func (f *Floor) stray(ctx context.Context, removal callcenter.Command, call callcenter.ID) {
	f.Log.Warn("stray removed from the switch", "call", call, "removal", commandName(removal))
	if err := f.Switch.Do(ctx, removal); err != nil {
		f.Log.Warn("stray stays in the switch", "call", call, "error", err)
	}
}

// Made reports whether the channel is a leg that a call of ours had made, rather than one that came by itself.
func Made(channel string) bool {
	return strings.HasPrefix(channel, "ag-") || strings.HasPrefix(channel, "cl-")
}
