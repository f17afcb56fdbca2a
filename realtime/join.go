package realtime

import "context"

// join answers a hello: it reads position and gap, while live events wait, and
// then makes the socket live.
func (h *Hub) join(ctx context.Context, s *Socket, hello hello) CloseCode {
	h.mu.Lock()
	if s.stage == greeting {
		s.stage = joining
		s.greet.Stop()
	}
	h.mu.Unlock()
	for {
		at, events, err := h.since(ctx, s.peer.UserID, hello.after())
		if err != nil {
			h.storeFailed(err)
			return CloseTryAgain
		}
		resumed := hello.resumes(at, events, h.opts.GapEvents, h.opts.QueueBytes/2)
		if !resumed {
			events = nil
		}
		if code, done := h.admit(s, at, events, resumed); done {
			return code
		}
	}
}

// admit makes s live unless what was read is older than what its stream has
// told the other sockets; then it is to be read again.
func (h *Hub) admit(s *Socket, at Position, gap []Event, resumed bool) (code CloseCode, done bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.stage != joining { // it was ended meanwhile
		return 0, true
	}
	st := h.streams[s.peer.UserID]
	if st.placed && st.at.Epoch != at.Epoch {
		h.doubt(st)
		return CloseTryAgain, true
	}
	if st.placed && at.Seq < st.at.Seq && (len(s.pending) == 0 || s.pending[0].seq > at.Seq+1) {
		return 0, false
	}
	if !h.greetBack(s, at, gap, resumed) {
		h.count.cutSlow.Add(1)
		return CloseSlowReader, true
	}
	h.enter(st, s, at)
	return 0, true
}

// greetBack queues the welcome, the gap, and what came while the gap was read.
func (h *Hub) greetBack(s *Socket, at Position, gap []Event, resumed bool) bool {
	ok := s.queue.push(queued{frame: welcomeFrame(at, resumed, s.peer.Tab)})
	for _, e := range gap {
		ok = ok && h.give(s, numbered{seq: e.Seq, frame: e.frame()})
	}
	s.seq = at.Seq
	for _, e := range s.pending {
		if e.seq > s.seq {
			ok = ok && h.give(s, e)
		}
	}
	s.pending = nil
	if ok && resumed {
		h.count.resumed.Add(1)
	}
	return ok
}

// enter makes s live in st, which learns its place from the first socket.
func (h *Hub) enter(st *stream, s *Socket, at Position) {
	s.stage = live
	h.presence.connected(st.userID, st.tabs())
	switch {
	case !st.placed:
		st.at, st.placed = at, true
		if st.suspect {
			h.doubt(st)
		}
	case at.Seq > st.at.Seq:
		h.doubt(st)
	}
}
