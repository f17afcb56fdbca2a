// Package callcenter is the call: what a telephone conversation with a client is, which states it goes
// through, what the switch must do about it, and how it ends.
//
// A Call changes in one way only: Apply takes an event and returns what has become true (facts) and what the
// switch must now do (commands). Apply is pure: no clock, no I/O, no goroutine; the same call and the same
// event give the same result. Package floor feeds it events, commits the facts in one transaction, and only
// then carries out the commands and tells the browsers.
//
// A call ends once, through one door (end), with one outcome, one party who ended it, and the cause of the
// switch. After that, Apply answers every event with nothing.
//
// The package imports the standard library alone. It never knows a database, a socket, a browser, or Asterisk.
package callcenter
