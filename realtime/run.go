package realtime

import (
	"context"
	"errors"
	"slices"
	"time"
)

// leaveLimit bounds how long Run waits for connections to be closed.
const leaveLimit = 2 * time.Second

// Run keeps the hub true to the database until ctx ends; then it ends every
// socket with CloseGoingAway, waits up to two seconds for them to leave, and
// admits no more. To be called once.
func (h *Hub) Run(ctx context.Context) {
	tick := time.NewTicker(h.opts.CatchUpEvery)
	defer tick.Stop()
	presenceDone := make(chan struct{})
	go func() {
		defer close(presenceDone)
		h.presence.run()
	}()
	var told time.Time
	for ctx.Err() == nil {
		h.forgetOpening()
		h.catchUp(ctx)
		told = h.tellToRefetch(told)
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-h.nudge:
		}
	}
	h.shut()
	<-presenceDone
}

// lookNow has Run catch up without waiting for the tick.
func (h *Hub) lookNow() {
	select {
	case h.nudge <- struct{}{}:
	default:
	}
}

// catchUp compares the positions of the connected users, and the sessions, with
// the database.
func (h *Hub) catchUp(ctx context.Context) {
	known, users, sessions := h.connected()
	if len(sessions) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	h.endGone(ctx, sessions)
	positions, err := h.store.Positions(ctx, users)
	if err != nil {
		h.storeFailed(err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failing = false
	for userID, was := range known {
		st := h.streams[userID]
		if st == nil || !st.placed {
			continue
		}
		now := positions[userID]
		if st.suspect || now.Epoch != st.at.Epoch || now.Seq > st.at.Seq || now.Seq < was.Seq {
			h.doubt(st)
		}
	}
}

// connected returns what this hub believes of its users: their positions, the
// same users as a list, and all sessions.
func (h *Hub) connected() (known map[int64]Position, users, sessions []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known = make(map[int64]Position, len(h.streams))
	seen := make(map[int64]struct{}, h.sockets)
	for userID, st := range h.streams {
		if st.placed {
			known[userID] = st.at
			users = append(users, userID)
		}
		for _, s := range st.sockets {
			if _, twice := seen[s.peer.SessionID]; !twice {
				seen[s.peer.SessionID] = struct{}{}
				sessions = append(sessions, s.peer.SessionID)
			}
		}
	}
	return known, users, sessions
}

// endGone ends the sockets of those of the sessions that are over.
func (h *Hub) endGone(ctx context.Context, sessions []int64) {
	if h.opts.Ended == nil {
		return
	}
	gone, err := h.opts.Ended(ctx, sessions)
	if err != nil {
		h.storeFailed(err)
		return
	}
	if len(gone) > 0 {
		h.kick(func(p Peer) bool { return slices.Contains(gone, p.SessionID) })
	}
}

// tellToRefetch orders all browsers to fetch anew when signals were lost, and
// now and then while the bus is down; not more than once in half a second. It
// returns when that was last done.
func (h *Hub) tellToRefetch(told time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	since := time.Since(told)
	if !h.refetch && (!h.down || since < h.opts.RefetchEvery) {
		return told
	}
	if wait := time.Second/2 - since; wait > 0 {
		time.AfterFunc(wait, h.lookNow)
		return told
	}
	h.refetch = false
	for _, st := range h.streams {
		h.resync(st)
	}
	return time.Now()
}

// storeFailed logs the first failure of a row of them.
func (h *Hub) storeFailed(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	h.mu.Lock()
	first := !h.failing
	h.failing = true
	h.mu.Unlock()
	if first {
		h.opts.Logger.Warn("live positions cannot be read; trying on", "error", err)
	}
}

func (h *Hub) shut() {
	h.stop()
	h.mu.Lock()
	h.closed = true
	for _, s := range h.all() {
		h.end(s, CloseGoingAway)
	}
	h.mu.Unlock()
	left := make(chan struct{})
	go func() {
		defer close(left)
		h.handlers.Wait()
	}()
	limit := time.NewTimer(leaveLimit)
	defer limit.Stop()
	select {
	case <-left:
	case <-limit.C:
	}
	h.presence.close()
}
