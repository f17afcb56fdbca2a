// Package e2e starts the whole product for a test, as a firm would: the real
// binary, `centralita run` on a data directory of its own, with PostgreSQL,
// Asterisk and the loopback Twilio as its children, all on free loopback ports.
//
// A test sees it from outside alone: the HTTP API with a login per role, the
// live socket, SIP phones and callers of package siptest, the outbox of the
// loopback Twilio, and SQL for what no API shows. It may kill and stop every
// process. What a caller's own journal says is the truth that the product's
// books are compared with.
//
// Close the test with Product.Settled: nothing may be left in the switch, the
// ledger must balance, and no data race may have been seen. Where a part is
// missing the test fails; nothing is skipped. Setting CENTRALITA_SOAK makes the
// tests run in their full size.
package e2e
