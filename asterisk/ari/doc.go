// Package ari speaks Asterisk's REST interface safely. It knows channels, bridges and endpoints,
// and nothing of what a call means to the program above it.
//
// The types, event names and formats are those of github.com/CyCoreSystems/ari/v5 (imported as
// arilib). Its connection and its event bus are not used: they stop the process on an event type
// they do not know, lose events in silence, know no context and no time limit.
//
// # Commands
//
// A Client sends commands. Each takes a context and ends within Config.Timeout (3 s), with nil or
// with an *Error that matches exactly one of the Err… values by errors.Is. A command whose error is
// ErrUnreachable may or may not have been carried out; everything we create has an ID that we
// choose, so that it can be sent again: ErrConflict then says that the first one had arrived.
// Whoever creates a channel must be ready for its events before the command returns.
//
// # Events
//
// Client.Listen opens the event socket and keeps it open: Stream.Next gives, in order, a Connected,
// the Events of that connection, a Disconnected, the next Connected with a higher epoch, and so on.
// Asterisk does not keep events for a socket that is gone: whoever sees a Connected must take
// a Snapshot and compare. Reading from the socket never waits for the consumer; what is not
// consumed yet is queued in memory without limit, because Asterisk throws out a slow reader.
// Events that are malformed or of an unknown type are counted and logged once, never fatal.
//
// When another process has taken the application's name, Asterisk sends nothing more to us, ever:
// the Stream ends with ErrReplaced and the process should exit.
//
// # Texts
//
// Names, numbers, dialled strings and variables in events come from callers, that is from
// attackers. They are valid UTF-8 without NUL, and nothing else is promised of them.
package ari
