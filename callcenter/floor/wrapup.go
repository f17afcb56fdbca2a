package floor

import (
	"context"
	"time"

	"centralita/callcenter"
)

// EndWrapUp stores what became of the user's conversation, and lets the next caller have him.
func (f *Floor) EndWrapUp(ctx context.Context, user int64, w WrapUp) error {
	f.refreshing.Lock() // what was read before must not be taken for news after
	defer f.refreshing.Unlock()
	w.At = f.Now()
	if err := f.Roster.EndWrapUp(ctx, user, w); err != nil {
		return err
	}
	f.hall.endWrapUp(user, w.Call, f.Now())
	f.Presence(user)
	return nil
}

// ExtendWrapUp gives the user more time after a conversation.
func (f *Floor) ExtendWrapUp(ctx context.Context, user int64, call callcenter.ID, by time.Duration) error {
	until, err := f.Roster.ExtendWrapUp(ctx, user, call, by)
	if err != nil {
		return err
	}
	f.beginWrapUp(user, call, until)
	f.Presence(user)
	return nil
}

// beginWrapUp keeps calls from the user, and looks again when the time is over.
func (f *Floor) beginWrapUp(user int64, call callcenter.ID, until time.Time) {
	f.hall.beginWrapUp(user, call, until)
	if until.IsZero() {
		return
	}
	time.AfterFunc(until.Sub(f.Now())+time.Millisecond, func() {
		ctx, cancel := context.WithTimeout(f.ctx, stepPatience)
		defer cancel()
		if err := f.RefreshAgents(ctx); err != nil && f.ctx.Err() == nil { // which ends what is over
			f.Log.Warn("end of a wrap-up not stored", "user", user, "error", err)
			return
		}
		f.Presence(user)
	})
}

// beginWrapUp notes that the user is not done with a conversation.
func (h *hall) beginWrapUp(user int64, call callcenter.ID, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wraps[user] = wrap{call, h.now()}
	if a, ok := h.agents[user]; ok {
		a.WrapUp, a.WrapCall, a.WrapUntil = true, int64(call), until
	}
}

// endWrapUp notes that he is, if it is that one, and lets the next caller have him.
func (h *hall) endWrapUp(user int64, call callcenter.ID, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, ok := h.agents[user]
	if !ok || a.WrapCall != int64(call) {
		return
	}
	delete(h.wraps, user)
	a.WrapUp, a.WrapCall, a.WrapUntil, a.IdleSince = false, 0, time.Time{}, now
	h.serve(a)
}

// wrap is a wrap-up that this server knows of before the store does.
type wrap struct {
	call callcenter.ID
	at   time.Time
}

// inStoreBy is how long the store may take to know of a wrap-up; later what it says is right.
const inStoreBy = 3 * time.Second
