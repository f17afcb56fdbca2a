// Package floor is the room at work: every live call has one goroutine that owns it, and the hall knows who of
// the agents is there, free and ready.
//
// A call's goroutine takes one message at a time: an event of the switch, a wish of a user, a choice of the hall,
// or the passing of time. For each it applies the event (package callcenter), stores the facts in one transaction
// together with the ledger's entries and the browsers' news, and only then gives the switch its commands. A caller
// is stored, with a lead, before the switch is told to do anything for him; when he cannot be stored he is not
// claimed, and Asterisk's dialplan serves him.
//
// When the store fails in the middle of a live call, the call goes on and its facts are kept until they can be
// stored: people who talk are not cut off because a database restarts. Only a new offer waits for the store.
//
// The floor ends with Close: goroutines stop, calls stay as they are in the switch, and the next Resync, of this
// server or another one, takes them over. It never knows SQL, HTTP, or Asterisk's words.
package floor
