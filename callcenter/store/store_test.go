package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"centralita/callcenter"
	"centralita/callcenter/floor"
	"centralita/callcenter/store"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

// server is one server's books.
type server struct {
	t     *testing.T
	db    *postgres.DB
	books *store.Books
}

func open(t *testing.T, db *postgres.DB, instance string) server {
	return server{t, db, store.New(db, instance)}
}

func (s server) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s server) count(sql string, args ...any) (n int) {
	s.t.Helper()
	s.ok(s.db.Conn(s.t.Context()).QueryRow(s.t.Context(), sql, args...).Scan(&n))
	return n
}

// begin returns a new inbound call on a channel, and its first step.
func (s server) begin(ctx context.Context, channel string) callcenter.Step {
	s.t.Helper()
	call := callcenter.NewInbound("pbx", channel, callcenter.Line{}, callcenter.Caller{Raw: "600111222"}, "910000001", noon)
	id, err := s.books.Number(ctx)
	s.ok(err)
	call.ID = id
	return call.Begin(noon)
}

// ring stores a new call that rings at a user, in one transaction; meanwhile runs before its commit.
func (s server) ring(channel string, user int64, meanwhile func()) (callcenter.Call, error) {
	ctx := s.t.Context()
	var call callcenter.Call
	err := s.books.InTx(ctx, func(ctx context.Context) error {
		out := s.begin(ctx, channel)
		call = out.Call
		if err := s.books.Reserve(ctx, user, call.ID, 0); err != nil {
			return err
		}
		if err := store.NewScribe(s.books, now).Write(ctx, call, out.Facts); err != nil {
			return err
		}
		if _, err := s.db.Conn(ctx).Exec(ctx, "select 1"); err != nil { // what was put off is sent
			return err
		}
		meanwhile()
		return nil
	})
	return call, err
}

func (s server) user(login string) (id int64) {
	s.t.Helper()
	s.ok(s.db.Conn(s.t.Context()).QueryRow(s.t.Context(), `
		insert into users (login, name, password_hash, roles, sip_user, sip_password)
		values ($1, $1, '', '{operator}', $1, '') returning id`, login).Scan(&id))
	return id
}

func TestOneAgentHasOneCallAcrossServers(t *testing.T) {
	db := pgtest.New(t)
	one, two := open(t, db, "one"), open(t, db, "two")
	user := one.user("ana")
	refused := make(chan error, 1)
	first, err := one.ring("1.1", user, func() {
		// The other server asks while the reservation is not committed yet: it must wait, and be refused.
		go func() {
			_, err := two.ring("1.2", user, func() {})
			refused <- err
		}()
		waiting := func() bool {
			return one.count(`select count(*) from pg_stat_activity where wait_event_type = 'Lock'`) > 0
		}
		for deadline := time.Now().Add(20 * time.Second); !waiting(); {
			if time.Now().After(deadline) {
				t.Error("the other server does not wait")
				return
			}
		}
	})
	one.ok(err)
	if err := <-refused; !errors.Is(err, floor.ErrOccupied) {
		t.Fatalf("the other server: %v", err)
	}
	if n := one.count(`select count(*) from calls`); n != 1 {
		t.Errorf("%d calls: a refused step leaves nothing", n)
	}
	if holder := one.count(`select call_id from agents where user_id = $1`, user); holder != int(first.ID) {
		t.Errorf("the agent is in call %d, not %d", holder, first.ID)
	}
}

func TestAnAgentIsHandedOverBeforeTheEndIsStored(t *testing.T) {
	s := open(t, pgtest.New(t), "one")
	user := s.user("ana")
	last, err := s.ring("1.1", user, func() {})
	s.ok(err)
	take := func(from callcenter.ID) error {
		return s.books.InTx(t.Context(), func(ctx context.Context) error {
			out := s.begin(ctx, "1.2")
			if err := s.books.Reserve(ctx, user, out.Call.ID, from); err != nil {
				return err
			}
			return store.NewScribe(s.books, now).Write(ctx, out.Call, out.Facts)
		})
	}
	if err := take(0); !errors.Is(err, floor.ErrOccupied) {
		t.Fatalf("an agent in a call: %v", err)
	}
	s.ok(take(last.ID))
	// The end of the last call comes late and frees nobody.
	s.ok(store.NewScribe(s.books, now).Write(t.Context(), last, []callcenter.Fact{callcenter.AgentFreed{UserID: user}}))
	if n := s.count(`select count(*) from agents where user_id = $1 and call_id <> $2`, user, last.ID); n != 1 {
		t.Error("the next caller has lost his agent")
	}
}

func TestACallIsStoredOnceAndFoundAgain(t *testing.T) {
	s := open(t, pgtest.New(t), "one")
	user := s.user("ana")
	call, err := s.ring("1.1", user, func() {})
	s.ok(err)
	if _, err := s.ring("1.1", s.user("luis"), func() {}); !errors.Is(err, floor.ErrKnown) {
		t.Errorf("the switch's call again: %v", err)
	}
	found, err := s.books.BySwitch(t.Context(), "pbx", "1.1")
	s.ok(err)
	if diff := cmp.Diff(call, found); diff != "" {
		t.Error(diff)
	}
	if _, err := s.books.BySwitch(t.Context(), "pbx", "1.9"); !errors.Is(err, floor.ErrNoCall) {
		t.Error(err)
	}
	legs := s.count(`select count(*) from call_legs where call_id = $1`, call.ID)
	stretches := s.count(`select count(*) from call_segments where call_id = $1 and ended_at is null`, call.ID)
	if legs != 1 || stretches != 1 {
		t.Errorf("%d legs, %d stretches", legs, stretches)
	}
}

func TestADeadServersCallsAreTakenOver(t *testing.T) {
	db := pgtest.New(t)
	dead, living := open(t, db, "dead"), open(t, db, "living")
	dead.ok(dead.books.Beat(t.Context()))
	call, err := dead.ring("1.1", dead.user("ana"), func() {})
	dead.ok(err)
	if calls, err := living.books.TakeOver(t.Context(), "pbx"); err != nil || len(calls) != 0 {
		t.Fatalf("of a living server: %v %v", calls, err)
	}
	living.count(`with gone as (update servers set seen_at = now() - interval '1 minute' returning 1) select count(*) from gone`)
	calls, err := living.books.TakeOver(t.Context(), "pbx")
	living.ok(err)
	if len(calls) != 1 || calls[0].ID != call.ID {
		t.Errorf("taken over: %+v", calls)
	}
}
