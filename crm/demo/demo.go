// Package demo fills an empty base with a small firm that could be: eight people,
// three lines in two countries, three hundred clients and three weeks of calls,
// with leads of every class on the board. The same base comes out every time, its
// times counted back from the moment it is loaded.
//
// It goes through the ledger and the rules of the other rooms wherever these let
// something happen in the past; what no rule allows, a closing of last week, it
// writes as they would have. All of it is one transaction: it is there whole or
// not at all. It never sends anything, and makes no reminder that would.
package demo

import (
	"context"
	"fmt"
	"time"

	"centralita/crm/access"
	"centralita/crm/lead"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// Password opens every account of the demonstration. It is no secret: the data
// are for a machine that only its owner reaches.
const Password = "centralita-demo"

// clientCount is how many clients the firm has.
const clientCount = 300

// Login lets a newcomer in.
type Login struct{ Role, Login, Password string }

// Logins returns one account per role, the humblest first.
func Logins() []Login {
	return []Login{
		{access.Operator, "carmen", Password}, {access.Manager, "javier", Password},
		{access.Supervisor, "elena", Password}, {access.Admin, "admin", Password},
	}
}

// People adds the users.
type People interface {
	AddUser(ctx context.Context, n access.NewUser) (access.User, error)
}

// Line is a business line as a call carries it.
type Line struct {
	ID                                     int64
	Name, Number, Country, Color, Language string
	Members                                []int64
	QueueID                                int64
}

// PastCall is a call that is over. Times that did not come are zero; so are ids
// that are not there.
type PastCall struct {
	ID, ClientID, ResponsibleID, LeadID, InteractionID, UserID int64
	Direction, Outcome, EndedBy                                string
	Cause                                                      int
	Line                                                       Line
	Raw, CallerName, ClientName, E164, Dialled                 string
	StartedAt, RingingAt, AnsweredAt, MessageAt, EndedAt       time.Time
}

// Calls is the room of calls: Begin stores one and returns its id, Finish what it
// came to. Record keeps sound of it: 8 kHz, 16 bit, the client left.
type Calls interface {
	Begin(ctx context.Context, c PastCall) (int64, error)
	Finish(ctx context.Context, c PastCall) error
	Record(ctx context.Context, call int64, pcm []byte) error
}

// Options are what the demonstration is made with. Now is the moment that its
// times are counted back from.
type Options struct {
	DB     *postgres.DB
	People People
	Ledger *lead.Ledger
	Calls  Calls
	Now    time.Time
}

// ErrNotEmpty says that somebody works with the base already.
var ErrNotEmpty = fault.New(fault.Conflict, "not_empty", "The base is not empty: demonstration data would mix with real ones.")

// Load fills an empty base. One that has a user or a client is left as it is,
// with ErrNotEmpty.
func Load(ctx context.Context, o Options) error {
	return o.DB.InTx(ctx, func(ctx context.Context) error {
		s := newStory(o)
		steps := []func(context.Context) error{s.empty, s.firm, s.people, s.teams, s.lines, s.clients, s.cards, s.sections, s.past, s.board, s.messages, s.notes, s.reminders, s.looks, s.settle}
		for i, step := range steps {
			if err := step(ctx); err != nil {
				return fmt.Errorf("demo, step %d: %w", i+1, err)
			}
		}
		return nil
	})
}
