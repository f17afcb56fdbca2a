package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/recording"
	"centralita/callcenter/routing"
	"centralita/callcenter/store"
	"centralita/cmd/centralita/machine"
	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/demo"
	"centralita/crm/lead"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// demoCommand fills a base with demonstration data, or with as many made-up
// clients as are asked for.
func demoCommand(ctx context.Context, args []string) error {
	flags := newFlags("demo")
	data := flags.String("data", string(machine.DefaultDir()), "data directory of a running instance")
	url := flags.String("database", os.Getenv("DATABASE_URL"), "database URL instead of an instance's own")
	files := flags.String("files", os.Getenv("CENTRALITA_FILES_DIR"), "directory of the files; none: no recordings")
	clients := flags.Int("clients", 0, "add made-up clients until there are so many, whatever else is there; 0: the demonstration")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *url == "" {
		state, err := machine.Dir(*data).ReadState()
		if err != nil {
			return fmt.Errorf("no --database, and %w", err)
		}
		*url, *files = state.Postgres, machine.Dir(*data).Files()
	}
	if err := postgres.Migrate(ctx, *url); err != nil {
		return err
	}
	if *clients > 0 {
		return addClients(ctx, *url, *clients)
	}
	logins, loaded, err := loadDemo(ctx, *url, *files)
	if err != nil {
		return err
	}
	if !loaded {
		return demo.ErrNotEmpty
	}
	for _, l := range logins {
		fmt.Printf("%-10s %-8s %s\n", l.Role, l.Login, l.Password)
	}
	return nil
}

// addClients brings the number of clients up to n.
func addClients(ctx context.Context, url string, n int) error {
	db, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	began := time.Now()
	var have int
	if err := db.Conn(ctx).QueryRow(ctx, "select count(*) from clients").Scan(&have); err != nil {
		return err
	}
	if have < n {
		if err := demo.Fill(ctx, db, began, have, n); err != nil {
			return err
		}
	}
	fmt.Printf("%d clients, %d of them new, in %s\n", max(have, n), max(0, n-have), time.Since(began).Round(time.Second/10))
	return nil
}

// loadDemo fills an empty base and returns the logins. One that has data is left
// as it is; if they are the demonstration's its logins are returned all the same.
// files is where recordings go; empty: none are made.
func loadDemo(ctx context.Context, url, files string) (logins []machine.Login, loaded bool, err error) {
	db, err := postgres.Open(ctx, url)
	if err != nil {
		return nil, false, err
	}
	defer db.Close()
	journal := audit.NewLog(db)
	people, err := access.New(db, journal, nobody{}, access.Options{})
	if err != nil {
		return nil, false, err
	}
	err = demo.Load(ctx, demo.Options{
		DB: db, People: people, Ledger: lead.NewLedger(db, journal, nobody{}), Now: time.Now(),
		Calls: pastCalls{books: store.New(db, "demo"), files: files},
	})
	if err != nil && !errors.Is(err, demo.ErrNotEmpty) {
		return nil, false, err
	}
	for _, l := range demo.Logins() {
		if _, err := people.UserByLogin(ctx, l.Login); err == nil {
			logins = append(logins, machine.Login(l))
		}
	}
	if len(logins) < len(demo.Logins()) {
		logins = nil // another firm's, with a name or two in common
	}
	return logins, err == nil, nil
}

// nobody is connected while the demonstration is loaded.
type nobody struct{}

func (nobody) Signal(context.Context, string, any) {}
func (nobody) KickUser(context.Context, int64)     {}
func (nobody) KickSession(context.Context, int64)  {}

// pastCalls puts calls of the past into the call room's books.
type pastCalls struct {
	books *store.Books
	files string
}

// Begin stores the call as it began.
func (p pastCalls) Begin(ctx context.Context, c demo.PastCall) (int64, error) {
	call := room(c)
	call.Client.Channel = "demo-" + strconv.FormatInt(c.StartedAt.UnixNano(), 36) + "-" + phone.Digits(c.E164)
	var err error
	if call.ID, err = p.books.Number(ctx); err != nil {
		return 0, err
	}
	return int64(call.ID), p.scribe(c.StartedAt).Write(ctx, call, []callcenter.Fact{callcenter.Begun{}})
}

// Finish stores what it came to.
func (p pastCalls) Finish(ctx context.Context, c demo.PastCall) error {
	call := room(c)
	if c.Direction == "in" && c.UserID == 0 {
		if err := p.passedOver(ctx, call); err != nil {
			return err
		}
	}
	return p.scribe(c.EndedAt).Write(ctx, call, nil)
}

// scribe writes as at a moment of the past.
func (p pastCalls) scribe(at time.Time) *store.Scribe {
	return store.NewScribe(p.books, func() time.Time { return at })
}

// passedOver writes down why nobody got the call: some were talking, some away.
func (p pastCalls) passedOver(ctx context.Context, call callcenter.Call) error {
	agents, err := p.books.Agents(ctx)
	if err != nil {
		return err
	}
	for i := range agents {
		mood := (int64(call.ID) + agents[i].UserID) % 3
		agents[i].Registered, agents[i].Ready, agents[i].Busy = mood != 0, mood != 1, true
	}
	return p.books.Trace(ctx, call, routing.Decide(call, agents, 0, call.RingingAt), call.RingingAt)
}

// Record keeps the sound of a call as the recording of a real one is kept.
func (p pastCalls) Record(ctx context.Context, call int64, pcm []byte) error {
	if p.files == "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "centralita-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	name := "demo-" + strconv.FormatInt(call, 10)
	if err := os.WriteFile(filepath.Join(dir, name+".raw"), pcm, 0o600); err != nil {
		return err
	}
	scribe := store.NewScribe(p.books, time.Now)
	stored, err := p.books.Call(ctx, callcenter.ID(call))
	if err != nil {
		return err
	}
	stored.Client = callcenter.Leg{Channel: name}
	facts := []callcenter.Fact{callcenter.LegMade{Leg: stored.Client, Client: true}, callcenter.LegMoved{Channel: name, State: callcenter.LegUp}}
	if err := scribe.Write(ctx, stored, facts); err != nil {
		return err
	}
	processor := recording.Processor{
		Store: p.books, Monitor: dir, Archive: filepath.Join(p.files, "recordings"), Finished: func(context.Context, int64) {},
		Now: func() time.Time { return time.Now().Add(time.Minute) }, Log: slog.Default(),
	}
	return processor.Work(ctx, call, 1)
}

// room is the call as the call room knows it.
func room(c demo.PastCall) callcenter.Call {
	n := phone.Parse(c.E164, c.Line.Country)
	call := callcenter.Call{
		ID: callcenter.ID(c.ID), AsteriskID: "demo", Direction: callcenter.Direction(c.Direction), Phase: callcenter.Ended,
		Line: callcenter.Line{ID: c.Line.ID, Name: c.Line.Name, Number: c.Line.Number, Country: c.Line.Country, Color: c.Line.Color, Language: c.Line.Language}, Queue: callcenter.Queue{ID: c.Line.QueueID, Version: 1, Strategy: callcenter.LongestIdle},
		Caller:   callcenter.Caller{Raw: c.Raw, Name: c.CallerName, E164: c.E164},
		Identity: callcenter.Identity{E164: c.E164, Display: n.Display, Dialable: n.Dialable}, Dialled: c.Dialled,
		ClientID: c.ClientID, LeadID: c.LeadID, InteractionID: c.InteractionID, ResponsibleID: c.ResponsibleID, UserID: c.UserID,
		StartedAt: c.StartedAt, RingingAt: c.RingingAt, AnsweredAt: c.AnsweredAt, MessageAt: c.MessageAt, EndedAt: c.EndedAt,
		Outcome: callcenter.Outcome(c.Outcome), EndedBy: callcenter.Party(c.EndedBy), Cause: c.Cause,
	}
	if c.ClientID != 0 {
		call.Identity.Candidates = []callcenter.Candidate{{
			ClientID: c.ClientID, Name: c.ClientName, Kind: "person", ResponsibleID: c.ResponsibleID, Score: 100, Reason: "exact", Matched: c.E164,
		}}
	}
	return call
}
