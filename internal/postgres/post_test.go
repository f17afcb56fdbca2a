package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// echo answers a question with itself, and refuses one that says so.
func echo(_ context.Context, question json.RawMessage) (any, error) {
	if strings.Contains(string(question), "refuse") {
		return nil, errors.New("refused")
	}
	return question, nil
}

func post(t *testing.T, db *postgres.DB, name string) *postgres.Post {
	t.Helper()
	p := postgres.NewPost(db, name, echo)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return p
}

// within asks until it is answered: whom it asks may not listen yet.
func within(t *testing.T, p *postgres.Post, to string, question, reply any) {
	t.Helper()
	for range 50 {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		err := p.Ask(ctx, to, question, reply)
		cancel()
		if err == nil {
			return
		}
		if !errors.Is(err, postgres.ErrUnanswered) {
			t.Fatal(err)
		}
	}
	t.Fatalf("%s does not answer", to)
}

func TestServersAnswerOneAnother(t *testing.T) {
	db := pgtest.New(t)
	a, b := post(t, db, "a"), post(t, db, "b-2")
	var heard string
	within(t, a, "b-2", "hello", &heard)
	within(t, b, "a", "hello", &heard)
	var asking sync.WaitGroup
	for i := range 40 {
		asking.Go(func() {
			from, to, want, got := a, "b-2", fmt.Sprint("question ", i), ""
			if i%2 == 0 {
				from, to = b, "a"
			}
			if err := from.Ask(t.Context(), to, want, &got); err != nil || got != want {
				t.Errorf("%q: %q, %v", want, got, err)
			}
		})
	}
	asking.Wait()
	var refusal *postgres.AnswerError
	if err := a.Ask(t.Context(), "b-2", "refuse", &heard); !errors.As(err, &refusal) || refusal.Text != "refused" {
		t.Errorf("refused: %v", err)
	}
	if err := a.Ask(t.Context(), "b-2", strings.Repeat("x", 8000), &heard); err == nil {
		t.Error("a letter of any length")
	}
}

func TestPostToNobodyIsSaidToBeUnanswered(t *testing.T) {
	a := post(t, pgtest.New(t), "a")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var heard string
	if err := a.Ask(ctx, "nobody", "hello", &heard); !errors.Is(err, postgres.ErrUnanswered) {
		t.Errorf("%v", err)
	}
}

func TestPostTakesAnotherConnection(t *testing.T) {
	db := pgtest.New(t)
	a := post(t, db, "a")
	b := post(t, db, "b")
	var heard string
	within(t, a, "b", "hello", &heard)
	if _, err := db.Conn(t.Context()).Exec(t.Context(), `
		select pg_terminate_backend(pid) from pg_stat_activity
		where datname = current_database() and pid <> pg_backend_pid() and query ilike 'listen%'`); err != nil {
		t.Fatal(err)
	}
	within(t, b, "a", "hello again", &heard)
	if heard != "hello again" {
		t.Errorf("heard %q", heard)
	}
}
