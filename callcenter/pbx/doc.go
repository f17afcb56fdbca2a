// Package pbx is the call room's switch on Asterisk: commands of callcenter become ARI requests, ARI events become
// events of callcenter. It translates and decides nothing.
//
// Events are read in order by one goroutine that never waits for the call room. After every (re)connect to
// Asterisk a snapshot is taken first, so that the floor agrees with what is alive before it hears what happens next.
//
// The identities of all channels and bridges made here come from callcenter, so a repeated command is harmless.
package pbx
