package floor

import (
	"context"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/routing"
)

// Switch carries out commands on the telephone switch. Do returns once the switch has accepted the command; an
// error of a claim or of a new leg says that it will not come about. It may be called from many goroutines.
type Switch interface {
	Do(ctx context.Context, command callcenter.Command) error
}

// Directory knows the lines, the queues and the client base. It is asked before a call is stored, so it must be quick:
// one indexed look-up for Identify, memory alone for the others.
type Directory interface {
	// Line returns the line that was dialled, or the firm's default line.
	Line(ctx context.Context, dialled string) (callcenter.Line, error)
	// Identify says who may be behind a number claimed on a line of the given country. A number that cannot be
	// read, or is withheld, has no candidates and is no error.
	Identify(ctx context.Context, raw, country string) (callcenter.Identity, error)
	// Place looks up where a call wants to go. One that is not known (any more) is an error.
	Place(ctx context.Context, to callcenter.Destination) (callcenter.Place, error)
}

// Books is what a step of a call needs of the store. Every method but InTx works in ctx's transaction when there is
// one; what it finds wrong may show as late as at the commit.
type Books interface {
	// InTx runs fn in one transaction; fn may run again after a serialization failure. It returns ErrKnown when the
	// switch's call that fn stores is stored already, and ErrOccupied when another call has the agent that fn reserves.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	// Number returns the ID of a new call.
	Number(ctx context.Context) (callcenter.ID, error)
	// Reserve takes the user for the call. He may be given up by the call from (0: none), whose end is not stored yet.
	Reserve(ctx context.Context, user int64, call, from callcenter.ID) error
	// Trace stores why routing chose as it did.
	Trace(ctx context.Context, call callcenter.Call, decision routing.Decision, at time.Time) error
}

// Archive finds calls that are stored and have no goroutine.
type Archive interface {
	// BySwitch returns the stored call that the switch knows by a channel; ErrNoCall when there is none.
	BySwitch(ctx context.Context, asteriskID, channel string) (callcenter.Call, error)
	// TakeOver returns the calls that are not over and belong to this server or to one that is dead, oldest
	// first, and makes them this server's.
	TakeOver(ctx context.Context, asteriskID string) ([]callcenter.Call, error)
	// Live returns those of the calls that are not over, whoever has them.
	Live(ctx context.Context, calls []callcenter.ID) ([]callcenter.ID, error)
}

// Ledger is the lead ledger. Open runs in the transaction that stores the call.
type Ledger interface {
	// Open opens or continues the lead of an inbound call, or finds that of an outbound one, and sets LeadID and
	// InteractionID.
	Open(ctx context.Context, call *callcenter.Call) error
	// OpenNew is Open for an inbound call that by all that is known opens a new lead: nothing waits for it, and when
	// it was wrong the transaction fails. False: it cannot be known, Open is to be asked.
	OpenNew(ctx context.Context, call *callcenter.Call) (bool, error)
}

// Scribe writes what became true of a call, in the transaction that makes it true: the tables of calls, the
// ledger, and the news for the browsers are scribes.
type Scribe interface {
	Write(ctx context.Context, call callcenter.Call, facts []callcenter.Fact) error
}

// Roster knows the agents' standing wishes and reservations, which outlive a process.
type Roster interface {
	// Agents returns every active user with a phone, as stored; Registered is unset.
	Agents(ctx context.Context) ([]routing.Agent, error)
	// SetReady stores whether a user wants calls.
	SetReady(ctx context.Context, user int64, ready bool, reason string) error
	// EndWrapUp stores that the user is done with a conversation, and what became of it.
	EndWrapUp(ctx context.Context, user int64, w WrapUp) error
	// ExtendWrapUp gives him more time for it; ErrNotNow when no time runs.
	ExtendWrapUp(ctx context.Context, user int64, call callcenter.ID, by time.Duration) (until time.Time, err error)
}

// WrapUp is what became of a conversation, as its agent says.
type WrapUp struct {
	Call        callcenter.ID
	Disposition int64 // 0: none
	Note        string
	At          time.Time
	Expired     bool // its time is over: he has not said anything
}

// Peers are the other servers of the firm.
type Peers interface {
	// Do is Floor.Do for a call that this server has not: ErrNoCall when no other one has it either.
	Do(ctx context.Context, call callcenter.ID, wish callcenter.Event) (callcenter.Call, error)
}
