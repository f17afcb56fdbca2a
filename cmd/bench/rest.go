package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"centralita/crm/client"
)

// connections at which the API is measured.
var connections = []int{1, 16}

// measureLookup compares the look-up by number through the API with the same
// SELECT and JSON in a bare handler.
func measureLookup(ctx context.Context, w *world, r *report) error {
	s, err := w.signIn(ctx, agentLogin(1))
	if err != nil {
		return err
	}
	ask := func(i int) string { return url.QueryEscape(number(i*7919%w.clients + 1)) }
	host := strings.TrimPrefix(s.base, "http://")
	api := side{host, http.StatusOK, func(i int) []byte {
		return fmt.Appendf(nil, "GET /api/clients/by-number?number=%s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", ask(i), host, s.cookie)
	}}
	bare := side{peerAddr, http.StatusOK, func(i int) []byte {
		return fmt.Appendf(nil, "GET /by-number?number=%s HTTP/1.1\r\nHost: %s\r\n\r\n", ask(i), peerAddr)
	}}
	if err := sameAnswers(ctx, s, ask); err != nil {
		return err
	}
	return compare(ctx, w, r, "client by phone number through the API", "bare handler, same SELECT", api, bare, 0.6)
}

// sameAnswers fails when the two sides do not answer the same to a few numbers:
// then they would not do the same work.
func sameAnswers(ctx context.Context, s session, ask func(int) string) error {
	for i := range 20 {
		var ours, theirs client.NumberMatches
		if err := s.get(ctx, "/api/clients/by-number?number="+ask(i), &ours); err != nil {
			return err
		}
		bare := session{base: "http://" + peerAddr}
		if err := bare.get(ctx, "/by-number?number="+ask(i), &theirs); err != nil {
			return err
		}
		if len(ours.Items) == 0 {
			return fmt.Errorf("number %s is nobody's", ask(i))
		}
		// How a number is written for people, and weighed, is the product's own work.
		if diff := cmp.Diff(theirs, ours, cmpopts.IgnoreFields(client.NumberMatches{}, "Display"), cmpopts.IgnoreFields(client.Candidate{}, "Score", "Reason")); diff != "" {
			return fmt.Errorf("the peer does not answer as the product does: %s", diff)
		}
	}
	return nil
}

// measureLead compares a lead created through the API with one INSERT in a bare
// handler.
func measureLead(ctx context.Context, w *world, r *report) error {
	s, err := w.signIn(ctx, agentLogin(1))
	if err != nil {
		return err
	}
	host := strings.TrimPrefix(s.base, "http://")
	var made atomic.Int64 // every lead is a new one: a number that is nobody's
	body := func() []byte {
		text, err := json.Marshal(map[string]any{
			"number": fmt.Sprintf("+3491%07d", made.Add(1)+100_000), "line_id": 1, "note": "asked for an offer", "source": "manual",
		})
		if err != nil {
			panic(err) // these always have a JSON form
		}
		return text
	}
	post := func(head string) func(int) []byte {
		return func(int) []byte {
			b := body()
			return fmt.Appendf(nil, "%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", head, len(b), b)
		}
	}
	api := side{host, http.StatusCreated, post(fmt.Sprintf("POST /api/leads HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nOrigin: %s\r\n", host, s.cookie, s.base))}
	bare := side{peerAddr, http.StatusCreated, post(fmt.Sprintf("POST /leads HTTP/1.1\r\nHost: %s\r\n", peerAddr))}
	return compare(ctx, w, r, "lead created through the API", "bare handler, one INSERT", api, bare, 0.4)
}

// compare races both sides at each number of connections, after a short race
// that does not count.
func compare(ctx context.Context, w *world, r *report, what, peer string, api, bare side, least float64) error {
	for _, conns := range connections {
		if _, _, err := race(ctx, api, bare, conns, 1); err != nil {
			return err
		}
		ours, theirs, err := race(ctx, api, bare, conns, w.loadRounds)
		if err != nil {
			return err
		}
		plural := "s"
		if conns == 1 {
			plural = ""
		}
		r.add(figure{
			Figure: fmt.Sprintf("%s, %d connection%s", what, conns, plural), Peer: peer, Ours: ours, Theirs: &theirs,
			Verdict: []target{atLeast("req/s ×", ours.PerSecond/theirs.PerSecond, least), atMost("failed", float64(ours.Failures), 0)},
		})
	}
	return nil
}
