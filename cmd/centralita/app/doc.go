// Package app joins the rooms into one server. It is wiring: who is given to whom, in what order things start and
// stop, and the few adapters between rooms that must not know each other. It decides nothing.
//
// Start: the database and its migrations, then the rooms, then the jobs, the link to Asterisk and the face to the
// browsers at once. The server is useful without Asterisk and without Redis, and says so at /readyz; without its
// database it is not. Stop: no new requests, sockets told to come back elsewhere, jobs finished; calls go on in
// Asterisk for whoever comes next.
package app
