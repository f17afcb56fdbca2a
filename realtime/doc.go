// Package realtime is the line to the browser: one numbered stream of events per
// user, kept in PostgreSQL, and unnumbered signals to everybody. It carries
// bytes and knows no domain word.
//
// # Order of things
//
// Log.Append takes the user's next number and writes the event in the caller's
// transaction; the row of the stream stays locked until the commit, so numbers
// are handed out in the order of commits and none is missing. After the commit
// the encoded frame goes to the Bus. The Bus is a nudge and may lose anything:
// each Hub compares the positions of its connected users with PostgreSQL every
// few seconds, reads what it has missed, and never delivers n+1 before n, nor n
// twice on one socket.
//
// # Protocol of the live socket
//
// All frames are JSON objects in text messages with their type in "t". The
// client sends, within five seconds of connecting,
//
//	{"t":"hello","epoch":"<last epoch or empty>","seq":<last number seen or 0>}
//
// and is answered once:
//
//	{"t":"welcome","epoch":"…","seq":M,"resumed":true,"tab":"<id>"}
//
// With resumed true every event after its number follows, up to M and then the
// new ones. With resumed false (first visit, foreign or old epoch, a number
// ahead of the stream or out of range, a gap that is too long or was pruned) the
// client adopts epoch and M, and fetches all state anew. It adopts the position
// first and fetches afterwards, so that no change falls in between. Signals are
// not kept: after every welcome the client fetches what signals keep fresh.
// Then come
//
//	{"t":"event","seq":n,"kind":"…","at":"<RFC 3339>","data":{…}}
//	{"t":"signal","kind":"…","data":{…}}
//	{"t":"resync","epoch":"…","seq":M}
//	{"t":"ping"}
//
// resync orders the client to adopt the position and fetch all state: signals
// were lost, a gap was too long, or the stream was made anew. A ping comes every
// fifteen seconds; a client that has read nothing for forty is on a dead line.
// The client may send {"t":"ping"} and is answered {"t":"pong"}. Every other
// frame of the client goes to Options.Message untouched.
//
// # Ends
//
// A socket ends with one of the codes of CloseCode. All but CloseTooManyTabs and
// CloseSessionEnded invite the client to come back and resume. A reader that
// lets more than Options.QueueBytes pile up is cut alone, and what was held for
// it is freed at once.
package realtime
