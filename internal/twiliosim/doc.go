// Package twiliosim is a Twilio on loopback: the messaging part of its wire
// protocol, with the same authentication, replies, error bodies and webhook
// signatures. Newcomers see their SMS arrive without an account, and tests have
// a carrier that misbehaves on demand.
//
// Order of things for an accepted message: it is recorded, the request is
// answered (or the fault of the moment strikes), and then the status callbacks
// go out one after the other to the URL that the request named. What the
// recorder holds is the truth of what a person's phone would have shown: tests
// use it as their oracle.
//
// Beside the API it serves, to loopback only: GET /sim/outbox, POST
// /sim/inbound, POST /sim/status, POST /sim/faults, and a page at /.
//
// Some recipients are magic, as with the real one: +15005550001 is refused as no
// valid number, +15005550004 as one that unsubscribed, and +15005550009 is
// accepted but never reached. Nothing is kept on disk.
package twiliosim
