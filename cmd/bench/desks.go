package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"centralita/internal/siptest"
)

// desks are registered desk phones.
type desks []*siptest.UA

// account is how a phone signs in.
type account struct{ user, password string }

// staff returns the accounts of the product's agents from the first to the last,
// counted from 1.
func (w *world) staff(first, last int) []account {
	var list []account
	for i := first; i <= last; i++ {
		p := w.phones[agentLogin(i)]
		list = append(list, account{p.SIPUser, p.SIPPassword})
	}
	return list
}

// rivals returns the accounts of the queue's agents.
func rivals(first, last int) []account {
	var list []account
	for i := first; i <= last; i++ {
		list = append(list, account{peerPhone(i), peerSecret})
	}
	return list
}

// seat registers a phone for each account; script says what the i-th does when
// it is called.
func (w *world) seat(ctx context.Context, accounts []account, script func(i int) siptest.Script) (desks, error) {
	var d desks
	for i, a := range accounts {
		ua, err := siptest.Open(siptest.Config{User: a.user, Password: a.password, Server: w.state.SIP, Script: script(i)})
		if err != nil {
			return d, err
		}
		d = append(d, ua)
		// The server puts accounts into Asterisk a moment after it is ready.
		if err := within(ctx, startLimit, func() error { return ua.Register(ctx) }); err != nil {
			return d, fmt.Errorf("register %s: %w", a.user, err)
		}
	}
	return d, nil
}

func (d desks) close() {
	for _, ua := range d {
		ua.Close()
	}
}

// answering notes who calls and when the INVITE came, rings, and answers.
func answering(m *moments, after time.Duration) func(int) siptest.Script {
	answer := siptest.AnswerAfter(after)
	return func(int) siptest.Script {
		return func(ctx context.Context, c *siptest.Call) {
			from, _ := c.From()
			m.note(from, c.Log()[0].At)
			answer(ctx, c)
		}
	}
}

// awaitRegistered waits until the product knows that so many phones are there.
func (w *world) awaitRegistered(ctx context.Context, s session, want int) error {
	return within(ctx, startLimit, func() error {
		var presence struct {
			Items []struct {
				Registered bool   `json:"registered"`
				State      string `json:"state"`
			} `json:"items"`
		}
		if err := s.get(ctx, "/api/presence", &presence); err != nil {
			return err
		}
		there := 0
		for _, p := range presence.Items {
			if p.Registered {
				there++
			}
		}
		if there < want {
			return errors.New("phones are missing")
		}
		return nil
	})
}
