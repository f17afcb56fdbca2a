package realtime

import (
	"context"
	"time"
)

// readLimit bounds one look at the database.
const readLimit = 3 * time.Second

// stream is one user's connected sockets and how far they have been told.
// Guarded by the hub's lock.
type stream struct {
	userID  int64
	sockets []*Socket // oldest first; all but the ended
	at      Position  // every event up to here was given to all live sockets
	placed  bool      // at is known
	suspect bool      // there may be more than at: read it
	reading bool
}

// tabs counts the sockets that have joined.
func (st *stream) tabs() int {
	n := 0
	for _, s := range st.sockets {
		if s.stage == live {
			n++
		}
	}
	return n
}

// event gives a committed event to its user's sockets, or has the gap read that
// lies before it.
func (h *Hub) event(m Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	st := h.streams[m.UserID]
	switch {
	case st == nil:
	case !st.placed:
		st.suspect = true
	case m.At.Epoch != st.at.Epoch || m.At.Seq > st.at.Seq+1:
		h.doubt(st)
	case m.At.Seq == st.at.Seq+1:
		h.advance(st, numbered{seq: m.At.Seq, frame: m.Frame})
	}
}

// advance gives event e, the one after st.at, to every socket.
func (h *Hub) advance(st *stream, e numbered) {
	st.at.Seq = e.seq
	var slow []*Socket
	for _, s := range st.sockets {
		switch {
		case s.stage == joining && len(s.pending) >= h.opts.QueueFrames:
			slow = append(slow, s)
		case s.stage == joining:
			s.pending = append(s.pending, e)
		case s.stage == live && e.seq > s.seq:
			if !h.give(s, e) {
				slow = append(slow, s)
			}
		}
	}
	h.cut(slow)
}

// give queues an event; false when the reader is too slow for it.
func (h *Hub) give(s *Socket, e numbered) bool {
	if !s.queue.push(queued{frame: e.frame}) {
		return false
	}
	s.seq = e.seq
	h.count.delivered.Add(1)
	return true
}

func (h *Hub) cut(slow []*Socket) {
	for _, s := range slow {
		h.count.cutSlow.Add(1)
		h.end(s, CloseSlowReader)
	}
}

// doubt has the stream read from the database, once at a time.
func (h *Hub) doubt(st *stream) {
	st.suspect = true
	if st.placed && !st.reading && !h.closed {
		st.reading = true
		go h.read(st)
	}
}

// read brings st up to the database, again and again while it is suspect.
// After an error the next round of catching up tries again.
func (h *Hub) read(st *stream) {
	for {
		h.mu.Lock()
		if !st.suspect || h.streams[st.userID] != st {
			st.reading = false
			h.mu.Unlock()
			return
		}
		st.suspect = false
		after := st.at
		h.mu.Unlock()

		at, events, err := h.since(context.Background(), st.userID, after.Seq)

		h.mu.Lock()
		if err != nil {
			st.suspect, st.reading = true, false
			h.mu.Unlock()
			h.storeFailed(err)
			return
		}
		h.apply(st, after, at, events)
		h.mu.Unlock()
	}
}

// since reads a gap, with few others at a time.
func (h *Hub) since(ctx context.Context, userID, after int64) (Position, []Event, error) {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	select {
	case h.reads <- struct{}{}:
		defer func() { <-h.reads }()
	case <-ctx.Done():
		return Position{}, nil, ctx.Err()
	}
	h.count.gapReads.Add(1)
	return h.store.Since(ctx, userID, after, h.opts.GapEvents+1)
}

// apply brings st, which may have moved since it was at after, to the position
// and events that were then read.
func (h *Hub) apply(st *stream, after, at Position, events []Event) {
	switch {
	case st.at.Epoch != after.Epoch: // somebody else did it
	case at.Epoch != st.at.Epoch || at.Seq < after.Seq:
		h.renew(st, at)
	case at.Seq <= st.at.Seq:
	case !whole(after.Seq, at.Seq, events, h.opts.GapEvents, h.opts.QueueBytes/2):
		h.renew(st, at)
	default:
		for _, e := range events {
			if e.Seq > st.at.Seq {
				h.advance(st, numbered{seq: e.Seq, frame: e.frame()})
			}
		}
	}
}

// renew moves st to a position that cannot be reached event by event.
func (h *Hub) renew(st *stream, at Position) {
	ahead := at.Epoch == st.at.Epoch && at.Seq > st.at.Seq
	st.at = at
	for _, s := range append([]*Socket(nil), st.sockets...) {
		switch {
		case s.stage == joining:
			h.end(s, CloseTryAgain)
		case s.stage == live && ahead:
			s.seq = max(s.seq, at.Seq) // it may have joined after this was read
		case s.stage == live:
			s.seq = at.Seq
		}
	}
	h.resync(st)
}

// resync tells all live sockets of st to fetch everything anew.
func (h *Hub) resync(st *stream) {
	var at Position
	var frame []byte
	var slow []*Socket
	for _, s := range st.sockets {
		if s.stage != live {
			continue
		}
		if own := (Position{Epoch: st.at.Epoch, Seq: s.seq}); frame == nil || own != at {
			at, frame = own, resyncFrame(own)
		}
		h.count.resynced.Add(1)
		if !s.queue.push(queued{frame: frame}) {
			slow = append(slow, s)
		}
	}
	h.cut(slow)
}
