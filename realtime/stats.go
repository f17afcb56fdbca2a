package realtime

import "sync/atomic"

// counters count since the hub was made.
type counters struct {
	delivered, cutSlow, resumed, resynced, refused, gapReads atomic.Int64
}

// Stats is a hub at one moment.
type Stats struct {
	Sockets   int   // connected now
	Users     int   // with a socket now
	HeldBytes int   // frames waiting now, all sockets; a shared frame counts for each
	MostHeld  int   // of it, for the one socket that holds most
	BusDown   bool  // messages of other processes don't arrive now
	Delivered int64 // events queued for a socket
	CutSlow   int64 // sockets cut for reading too slowly
	Resumed   int64 // hellos answered with the whole gap
	Resynced  int64 // orders to fetch everything anew, to sockets that had joined
	Refused   int64 // sockets ended for what the client sent
	GapReads  int64 // reads of a stream from the database
}

// Stats returns the present numbers, for metrics and tests.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	st := Stats{
		Sockets: h.sockets, Users: len(h.streams), BusDown: h.down,
		Delivered: h.count.delivered.Load(), CutSlow: h.count.cutSlow.Load(), Resumed: h.count.resumed.Load(),
		Resynced: h.count.resynced.Load(), Refused: h.count.refused.Load(), GapReads: h.count.gapReads.Load(),
	}
	for _, s := range h.all() {
		held := s.queue.held()
		st.HeldBytes += held
		st.MostHeld = max(st.MostHeld, held)
	}
	return st
}
